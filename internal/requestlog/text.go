package requestlog

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// TextMax bounds Query.Text, in bytes.
const TextMax = 512

// wanted is one word of a search: an exchange that is found has all of them.
type wanted struct {
	text   []byte // in lower case
	digits bool   // it may be an amount
	path   []step // of a body, where the word is path=value
	value  []byte // in lower case
}

// step is a property's name, or the index of an array.
type step struct {
	name  string
	array bool // name is the index; any when it is empty
}

// readText splits what somebody typed at spaces; quotes hold words together.
func readText(text string) (all []wanted) {
	var current []byte
	quoted := false
	end := func() {
		if lower := bytes.ToLower(current); len(lower) > 0 {
			all = append(all, wantedOf(lower, string(current)))
		}
		current = current[:0]
	}
	for _, c := range []byte(strings.ToValidUTF8(text, "")) {
		switch {
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ' ' || c == '\t' || c == '\n' || c == '\r'):
			end()
		default:
			current = append(current, c)
		}
	}
	end()
	return all
}

var pathWithValue = regexp.MustCompile(`^([A-Za-z_]\w*(?:\[\d*\])*(?:\.[A-Za-z_]\w*(?:\[\d*\])*)*)=(.+)$`)

func wantedOf(lower []byte, sent string) wanted {
	w := wanted{text: lower, digits: isDigits(lower)}
	if parts := pathWithValue.FindStringSubmatch(sent); parts != nil {
		w.path, w.value = steps(parts[1]), bytes.ToLower([]byte(parts[2]))
	}
	return w
}

func isDigits(text []byte) bool {
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func steps(path string) (all []step) {
	for _, part := range strings.Split(path, ".") {
		name, indexes, _ := strings.Cut(part, "[")
		all = append(all, step{name: name})
		for indexes != "" {
			var index string
			index, indexes, _ = strings.Cut(indexes, "]")
			indexes = strings.TrimPrefix(indexes, "[")
			all = append(all, step{name: index, array: true})
		}
	}
	return all
}

// in tells whether the word is one of the ids or in one of the bodies.
func (w *wanted) in(n *names, bodies ...[]byte) bool {
	for _, id := range [...][]byte{n.correlationID, n.sessionID, n.orderID, n.authorizationToken} {
		if bytes.EqualFold(id, w.text) {
			return true
		}
	}
	for _, body := range bodies {
		if w.inBody(body) || w.path != nil && w.atPath(body) {
			return true
		}
	}
	return false
}

// inBody tells whether a string or a name of the body has the word, or its
// amount is the number.
func (w *wanted) inBody(body []byte) (found bool) {
	var lower []byte
	lex(body, func(kind kind, name, text []byte) bool {
		if number := kind == kindBare && isDigits(text); number {
			found = w.digits && string(name) == "order_amount" && bytes.Equal(text, w.text)
		} else {
			lower = appendLower(lower[:0], text)
			found = hasWord(lower, w.text)
		}
		return !found
	})
	return found
}

// hasWord tells whether word stands in text, not as a part of a longer one.
func hasWord(text, word []byte) bool {
	for from := 0; ; {
		i := bytes.Index(text[from:], word)
		if i < 0 {
			return false
		}
		i += from
		if boundary(text, i) && boundary(text, i+len(word)) {
			return true
		}
		from = i + 1
	}
}

// boundary tells whether no word goes across a place of the text.
func boundary(text []byte, i int) bool {
	if i == 0 || i == len(text) {
		return true
	}
	before := i - 1
	for before > 0 && text[before]&0xc0 == 0x80 { // within a character
		before--
	}
	return wordRune(text[before:]) == 0 || wordRune(text[i:]) == 0
}

// atPath tells whether the body has the value at the path.
func (w *wanted) atPath(body []byte) bool {
	if len(body) == 0 || !bytes.Contains(body, []byte(w.path[0].name)) {
		return false
	}
	decoder := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	return w.within(decoder, w.path)
}

// within looks for the rest of the path in the next value.
func (w *wanted) within(in *jsontext.Decoder, path []step) bool {
	if len(path) == 0 {
		value, err := in.ReadValue()
		if err != nil {
			return false
		}
		text := []byte(value)
		if value.Kind() == '"' {
			text, _ = jsontext.AppendUnquote(nil, value)
		}
		return bytes.Equal(bytes.ToLower(text), w.value)
	}
	if opening := in.PeekKind(); opening == '{' && path[0].array || opening == '[' && !path[0].array || opening != '{' && opening != '[' {
		_ = in.SkipValue()
		return false
	}
	if _, err := in.ReadToken(); err != nil {
		return false
	}
	for index := 0; in.PeekKind() != '}' && in.PeekKind() != ']'; index++ {
		is := path[0].array && (path[0].name == "" || path[0].name == strconv.Itoa(index))
		if !path[0].array {
			name, err := in.ReadToken()
			if err != nil {
				return false
			}
			is = name.String() == path[0].name
		}
		if is && w.within(in, path[1:]) {
			return true
		}
		if !is && in.SkipValue() != nil {
			return false
		}
		if in.PeekKind() == 0 {
			return false
		}
	}
	_, _ = in.ReadToken() // the end of it; an error comes again
	return false
}
