package portal

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kvitto/kvitto/internal/timeline"
	"github.com/kvitto/kvitto/internal/wire"
)

// listing is a body, line by line, with what is wrong written beside the lines
// it is about.
type listing struct {
	Name   string // request or response: the beginning of its anchors
	Label  string
	Lines  []line
	JSON   bool
	Empty  string // why there are no lines
	Bytes  int
	Folded bool // lines were left out
}

// line is one line of a listing. A property and its value are one line, so are
// an opening and a closing bracket.
type line struct {
	Number int // from 1; 0 is a line that is not in the body
	Indent string
	Key    string // with its quotes; empty in lists
	Value  string // a value, or a bracket
	Kind   string // of the value: string, number, word, bracket
	Comma  bool
	Notes  []note
	Absent bool // the property is not there, and should be
	// Changed marks a value that was corrected.
	Changed bool
	// Skipped lines were left out; then the line is nothing else.
	Skipped int

	path  string // of the property
	close int    // of an opening bracket: the line of its closing one; 0 for others
}

// note is what is to be said about a place of a body.
type note struct {
	Path   string
	Anchor string // of the note; empty for none
	Link   string // to where more is said
	Text   string
}

// The bounds of a listing.
const (
	linesMax   = 300 // shown whole
	linesHead  = 40  // at the beginning of a longer one
	linesAbout = 5   // around a note
)

// listBody lists a body with the notes at their places.
func listBody(name, label string, body []byte, notes []note) listing {
	l := listing{Name: name, Label: label, Bytes: len(body)}
	lines, ok := jsonLines(body)
	if !ok {
		lines = textLines(body)
	}
	l.JSON = ok
	for i := range notes {
		lines = annotate(lines, notes[i])
	}
	l.Lines = fold(numbered(joined(lines)))
	l.Folded = slices.ContainsFunc(l.Lines, func(one line) bool { return one.Skipped > 0 })
	return l
}

// jsonLines are the lines of a JSON value; ok is false for what is none.
func jsonLines(body []byte) (lines []line, ok bool) {
	decoder := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	var open []int   // lines of the brackets that are open
	last := []int{0} // line of the last element at each depth, plus one
	key := ""
	for {
		token, err := decoder.ReadToken()
		if err == io.EOF {
			return lines, len(lines) > 0
		}
		if err != nil {
			return nil, false
		}
		kind := token.Kind()
		if kind == '"' && isName(decoder) {
			key = timeline.Quoted(token)
			continue
		}
		if kind == '}' || kind == ']' {
			opening := open[len(open)-1]
			open, last = open[:len(open)-1], last[:len(last)-1]
			lines[opening].close = len(lines)
			lines = append(lines, line{Indent: lines[opening].Indent, Value: token.String(), Kind: "bracket"})
			last[len(last)-1] = len(lines)
			continue
		}
		if before := last[len(last)-1]; before > 0 {
			lines[before-1].Comma = true
		}
		lines = append(lines, line{
			Indent: strings.Repeat("  ", len(open)), Key: key, Value: timeline.Quoted(token), Kind: kindName(kind), path: wire.PropertyPath(decoder.StackPointer()),
		})
		key = ""
		last[len(last)-1] = len(lines)
		if kind == '{' || kind == '[' {
			open, last = append(open, len(lines)-1), append(last, 0)
		}
	}
}

// malformation is where and why a body is no JSON object; ok is false when it is one.
func malformation(body []byte) (lineNumber, column int, what string, ok bool) {
	_, err := wire.DecodeRequest(body)
	where, ok := errors.AsType[*wire.Malformation](err)
	if !ok || len(body) == 0 {
		return 0, 0, "", false
	}
	before := body[:where.Offset]
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1, where.What, true
}

// isName tells whether the string just read was a property name: inside an
// object every second token is.
func isName(decoder *jsontext.Decoder) bool {
	kind, length := decoder.StackIndex(decoder.StackDepth())
	return kind == '{' && length%2 == 1
}

func kindName(kind jsontext.Kind) string {
	switch kind {
	case '"':
		return "string"
	case '0':
		return "number"
	case '{', '[':
		return "bracket"
	default:
		return "word"
	}
}

// textLines are the lines of a body that is not JSON.
func textLines(body []byte) (lines []line) {
	if len(body) == 0 {
		return nil
	}
	for text := range strings.SplitSeq(strings.TrimSuffix(string(body), "\n"), "\n") {
		if runes := []rune(text); len(runes) > timeline.ValueShown {
			text = string(runes[:timeline.ValueShown]) + "…"
		}
		lines = append(lines, line{Value: text, Kind: "text"})
	}
	return lines
}

// annotate puts a note at its line; one about a property that is not there
// becomes a line of its own in the object that should have it.
func annotate(lines []line, n note) []line {
	within := -1 // the innermost object that is there
	for i := range lines {
		l := &lines[i]
		if l.Key == "" && l.path == "" && l.close == 0 {
			continue // a closing bracket
		}
		if l.path == n.Path && !l.Absent {
			l.Notes = append(l.Notes, n)
			return lines
		}
		if l.close > 0 && (l.path == "" || strings.HasPrefix(n.Path, l.path+".") || strings.HasPrefix(n.Path, l.path+"[")) {
			within = i
		}
	}
	if within < 0 {
		return lines
	}
	parent := &lines[within]
	at := parent.close
	rest := strings.TrimPrefix(strings.TrimPrefix(n.Path, parent.path), ".")
	absent := line{Indent: parent.Indent + "  ", Key: `"` + rest + `"`, Kind: "absent", Absent: true, Notes: []note{n}}
	lines = append(lines[:at], append([]line{absent}, lines[at:]...)...)
	for i := range lines {
		if lines[i].close >= at {
			lines[i].close++
		}
	}
	return lines
}

// joined puts the brackets of what is empty on one line.
func joined(lines []line) []line {
	kept := lines[:0]
	for i := 0; i < len(lines); i++ {
		l := lines[i]
		if l.close == i+1 {
			l.Value += lines[i+1].Value
			l.Comma = lines[i+1].Comma
			i++
		}
		kept = append(kept, l)
	}
	return kept
}

func numbered(lines []line) []line {
	number := 0
	for i := range lines {
		if !lines[i].Absent {
			number++
			lines[i].Number = number
		}
	}
	return lines
}

// fold leaves the long stretches away where nothing is to be said.
func fold(lines []line) []line {
	if len(lines) <= linesMax {
		return lines
	}
	keep := make([]bool, len(lines))
	keep[len(lines)-1] = true
	for i := range lines {
		if i < linesHead {
			keep[i] = true
		}
		for around := max(0, i-linesAbout); len(lines[i].Notes) > 0 && around <= min(len(lines)-1, i+linesAbout); around++ {
			keep[around] = true
		}
	}
	var kept []line
	skipped := 0
	for i := range lines {
		if !keep[i] {
			skipped++
			continue
		}
		if skipped > 0 {
			kept = append(kept, line{Skipped: skipped})
			skipped = 0
		}
		kept = append(kept, lines[i])
	}
	return kept
}
