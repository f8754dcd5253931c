package wire

// Pretty lays compact JSON out the way the recorded server does: two spaces of
// indent, a space on both sides of the colon, objects of a list on the line of
// the bracket. compact must be valid JSON without white space outside strings.
func Pretty(dst, compact []byte) []byte {
	var p layout
	p.buf = dst
	for i := 0; i < len(compact); i++ {
		switch c := compact[i]; c {
		case '"':
			end := stringEnd(compact, i)
			p.buf = append(p.buf, compact[i:end]...)
			i = end - 1
		case '{', '[':
			p.open(c, i+1 < len(compact) && (compact[i+1] == '}' || compact[i+1] == ']'))
		case '}', ']':
			p.close(c)
		case ',':
			p.next()
		case ':':
			p.buf = append(p.buf, " : "...)
		default:
			p.buf = append(p.buf, c)
		}
	}
	return p.buf
}

// stringEnd is the index after the closing quote of the string at start.
func stringEnd(compact []byte, start int) int {
	for i := start + 1; i < len(compact); i++ {
		switch compact[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(compact)
}

type layout struct {
	buf    []byte
	stack  []byte // open brackets
	indent int    // of objects only
	empty  bool   // the bracket just opened closes at once
}

func (p *layout) open(bracket byte, empty bool) {
	p.buf = append(p.buf, bracket)
	p.stack = append(p.stack, bracket)
	p.empty = empty
	switch {
	case empty:
	case bracket == '{':
		p.indent++
		p.newline()
	default:
		p.buf = append(p.buf, ' ')
	}
}

func (p *layout) close(bracket byte) {
	p.stack = p.stack[:len(p.stack)-1]
	switch {
	case p.empty:
		p.buf = append(p.buf, ' ')
		p.empty = false
	case bracket == '}':
		p.indent--
		p.newline()
	default:
		p.buf = append(p.buf, ' ')
	}
	p.buf = append(p.buf, bracket)
}

func (p *layout) next() {
	p.buf = append(p.buf, ',')
	if len(p.stack) > 0 && p.stack[len(p.stack)-1] == '{' {
		p.newline()
		return
	}
	p.buf = append(p.buf, ' ')
}

func (p *layout) newline() {
	p.buf = append(p.buf, '\n')
	for range p.indent {
		p.buf = append(p.buf, ' ', ' ')
	}
}
