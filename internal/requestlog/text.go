package requestlog

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// TextMax bounds Query.Text, in bytes.
const TextMax = 4096

// wanted is one word of a search: an exchange that is found has all of them.
type wanted struct {
	text   []byte // in lower case
	ascii  bool   // it stands in bodies as it is, but for its case
	rare   byte   // a letter of it that few bodies have
	rareAt int
	digits bool   // it may be an amount
	path   []step // of a body, where the word is path=value
	value  []byte // in lower case
	keyed  [][]byte
}

// step is a property's name, or the index of an array.
type step struct {
	name  string
	array bool // name is the index; any when it is empty
}

// readText splits what somebody typed at spaces; quotes hold words together.
func (x *redaction) readText(text string) (all []wanted) {
	var current []byte
	quoted := false
	end := func() {
		if lower := bytes.ToLower(current); len(lower) > 0 {
			all = append(all, x.wantedOf(lower, string(current)))
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

func (x *redaction) wantedOf(lower []byte, sent string) wanted {
	w := wanted{text: lower, digits: isDigits(lower), ascii: !slices.ContainsFunc(lower, escaped), rareAt: rarest(lower)}
	w.rare = lower[w.rareAt]
	w.keyed = x.keyedWords(sent)
	if parts := pathWithValue.FindStringSubmatch(sent); parts != nil {
		w.path, w.value = steps(parts[1]), bytes.ToLower([]byte(parts[2]))
		if kind := keyedOf(lastName(parts[1])); kind != "" {
			w.keyed = append(w.keyed, x.appendKeyed(nil, kind, parts[2]))
		}
	}
	return w
}

// escaped tells whether a byte may stand in JSON in other ways.
func escaped(c byte) bool {
	return c >= utf8.RuneSelf || c < ' ' || c == '/' || c == '"' || c == '\\'
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

// in tells whether the word is one of the ids, stands for a keyed hash, or is in
// one of the bodies.
func (w *wanted) in(k *kept) bool {
	for _, id := range [...][]byte{k.correlationID, k.sessionID, k.orderID, k.authorizationToken} {
		if bytes.EqualFold(id, w.text) {
			return true
		}
	}
	for keyed := k.keyed; len(keyed) >= keyedSize; keyed = keyed[keyedSize:] {
		if slices.ContainsFunc(w.keyed, func(hash []byte) bool { return bytes.Equal(hash, keyed[:keyedSize]) }) {
			return true
		}
	}
	for _, body := range [...][]byte{k.request, k.response} {
		if w.inBody(body) || w.path != nil && w.atPath(body) {
			return true
		}
	}
	return false
}

// inBody tells whether a string or a name of the body has the word, or its
// amount is the number.
func (w *wanted) inBody(body []byte) (found bool) {
	if !w.mayBeIn(body) {
		return false
	}
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

// mayBeIn tells whether the letters of the word are in the body, or could be:
// most bodies need not be looked at more closely.
func (w *wanted) mayBeIn(body []byte) bool {
	if !w.ascii || bytes.Contains(body, []byte(`\u`)) {
		return true
	}
	for from := 0; from < len(body); from++ {
		i := bytes.IndexByte(body[from:], w.rare)
		if upper := w.rare - 'a' + 'A'; 'a' <= w.rare && w.rare <= 'z' {
			until := len(body) - from
			if i >= 0 {
				until = i
			}
			if j := bytes.IndexByte(body[from:from+until], upper); j >= 0 {
				i = j
			}
		}
		if i < 0 {
			return false
		}
		from += i
		start := from - w.rareAt
		if start >= 0 && len(body)-start >= len(w.text) && bytes.EqualFold(body[start:start+len(w.text)], w.text) {
			return true
		}
	}
	return false
}

// frequent are the letters of bodies, the most frequent first.
const frequent = `"_ etaoinrsldcmup0125-:.,/hgb4367891fyvwkjxqz`

// rarest is the place of the letter that stands in fewest bodies.
func rarest(text []byte) (at int) {
	rank := -1
	for i, c := range text {
		if r := strings.IndexByte(frequent, c); r > rank {
			at, rank = i, r
		}
	}
	return at
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
