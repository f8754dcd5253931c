package requestlog

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// secrets are the JSON properties whose values are never stored, wherever they
// stand in a body. Identity numbers are of no use to explain an answer; the
// others open doors. They stand under a letter of theirs that bodies have few
// of: looking for it first takes a fifth of the time of looking for the names,
// and once is enough for two names.
var secrets = [...]struct {
	rare  byte
	names []string
}{
	{'f', []string{"last_four_ssn", "national_identification_number"}},
	{'k', []string{"client_token"}},
	{'w', []string{"password", "webhook_secret", answers}},
}

// answers is the object of a customer's answers. It is no secret, but the
// one-time code in it is: elsewhere a code is anything.
const (
	answers     = "answers"
	oneTimeCode = "code"
)

const (
	// mask stands for a value that is not stored.
	mask = "***"
	// withheld stands for a body that names a secret but cannot be rewritten.
	withheld = "(not stored: it is not valid JSON and may hold a secret value)"
)

func secret(name string) bool {
	if name == answers {
		return false
	}
	for i := range secrets {
		if slices.Contains(secrets[i].names, name) {
			return true
		}
	}
	return false
}

// secretAt tells whether the value at a path is secret.
func secretAt(path string) bool {
	const code = answers + "." + oneTimeCode
	return secret(lastName(path)) || path == code || strings.HasSuffix(path, "."+code)
}

// Redacted is a body without its secrets, for those who show what was sent
// elsewhere than in an exchange.
func Redacted(body []byte) []byte {
	var plain redaction // what it meets is found nowhere
	return plain.redact(body)
}

// redact returns the body as it may be stored: itself when it names nothing
// secret, and nothing personal where that is masked, else a copy that differs
// only in the masked values.
func (x *redaction) redact(body []byte) []byte {
	if start := bytes.TrimLeft(body, " \t\r\n"); len(start) > 0 && start[0] != '{' && start[0] != '[' {
		defer func(wary bool) { x.wary = wary }(x.wary)
		x.wary = true
	}
	if !x.suspicious(body) {
		return body
	}
	if redacted, err := x.redactJSON(body, 0); err == nil {
		return redacted
	}
	if x.namesSecret(body) {
		return []byte(withheld)
	}
	return body
}

// suspicious tells whether the body could name what must be masked. It is all
// that the usual body costs.
func (x *redaction) suspicious(body []byte) bool {
	return x.mentions(body) || escapedASCII(body) >= 0 || x.wary && x.namesPerson(body)
}

func containsSecret(body []byte) bool {
	for i := range secrets {
		if contains(body, secrets[i].rare, secrets[i].names) {
			return true
		}
	}
	return false
}

// contains tells whether one of the names, which have the rare letter, is in
// the body.
func contains(body []byte, rare byte, names []string) bool {
	for from := 0; from < len(body); from++ {
		i := bytes.IndexByte(body[from:], rare)
		if i < 0 {
			return false
		}
		from += i
		for _, name := range names {
			start := from - strings.IndexByte(name, rare)
			if start >= 0 && len(body)-start >= len(name) && string(body[start:start+len(name)]) == name {
				return true
			}
		}
	}
	return false
}

// escapedASCII is the place of the first \u escape that stands for a character
// a name could be made of, or for the backslash of another escape; -1 when
// there is none. Escapes of other letters, which PHP shops send for every å,
// do not count.
func escapedASCII(body []byte) int {
	for from := 0; ; {
		i := bytes.Index(body[from:], []byte(`\u00`))
		if i < 0 {
			return -1
		}
		i += from
		if len(body) >= i+6 && '2' <= body[i+4] && body[i+4] <= '7' && hexDigit(body[i+5]) >= 0 {
			return i
		}
		from = i + 4
	}
}

// hexDigit is the value of a hexadecimal digit; -1 of anything else.
func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// deepest is how many documents within strings within documents are rewritten;
// the string below that is masked as a whole. It bounds the work.
const deepest = 4

var errMore = errors.New("more than one value")

// redactJSON copies a JSON document with the values of secrets masked, also in
// strings that hold a document themselves, as attachment.body does.
func (x *redaction) redactJSON(body []byte, depth int) ([]byte, error) {
	r := redactor{
		redaction: x, body: body, depth: depth, out: make([]byte, 0, len(body)),
		in: jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)),
	}
	for {
		err := r.step()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if r.values != 1 {
		return nil, errMore
	}
	return append(r.out, body[r.copied:]...), nil
}

// redactor walks one document.
type redactor struct {
	*redaction
	in     *jsontext.Decoder
	body   []byte
	out    []byte
	copied int // how much of body is in out
	depth  int
	values int      // at the top
	way    how      // of the value that comes next
	kind   string   // under which that value is found as a whole
	names  []string // the last that was read, by depth
}

// named notes a property's name and how its value is stored.
func (r *redactor) named(name string) {
	depth := r.in.StackDepth()
	for len(r.names) <= depth {
		r.names = append(r.names, "")
	}
	r.names[depth] = name
	r.kind = keyedOf(name)
	switch {
	case secret(name) || name == oneTimeCode && r.object(depth-1) == answers:
		r.way = hidden
	case r.personal:
		object := ""
		for level := depth - 1; level > 0 && object == ""; level-- { // through lists
			object = r.object(level)
		}
		r.way = personalHow(object, name)
		if r.eraser != nil {
			r.way = r.eraser.how(object, name, r.way)
		}
	}
}

// object is the name of the property whose object stands at a level; "" when a
// list stands there.
func (r *redactor) object(level int) string {
	if level < 1 {
		return ""
	}
	if kind, _ := r.in.StackIndex(level); kind != '{' {
		return ""
	}
	return r.names[level]
}

// step reads one token, or one value where the whole value matters.
func (r *redactor) step() error {
	kind, length := r.in.StackIndex(r.in.StackDepth())
	name := kind == '{' && length%2 == 0
	way, keyed := r.way, r.kind
	r.way, r.kind = asItIs, ""
	next := r.in.PeekKind()
	if r.in.StackDepth() == 0 && next != 0 {
		r.values++
	}
	nested := next == '{' || next == '['
	switch {
	case name && next == '"':
		token, err := r.in.ReadToken()
		if err == nil {
			r.named(token.String())
		}
		return err
	case way == hidden && keyed == "", nested && way != asItIs && way != objectApart:
		value, err := r.in.ReadValue()
		if err == nil {
			r.replace(value, r.instead(value))
		}
		return err
	case !nested && (way != asItIs || keyed != ""):
		value, err := r.in.ReadValue()
		if err == nil {
			if stored := r.scalar(way, keyed, value); !bytes.Equal(stored, value) {
				r.replace(value, stored)
			}
		}
		return err
	case next == '"':
		value, err := r.in.ReadValue()
		if err == nil {
			r.text(value)
		}
		return err
	default:
		_, err := r.in.ReadToken()
		return err
	}
}

// instead stands for a value that is hidden.
func (r *redactor) instead(value jsontext.Value) jsontext.Value {
	if r.eraser != nil {
		return r.eraser.erased(value)
	}
	return quote(mask)
}

// text redacts a string that holds a document.
func (r *redactor) text(value jsontext.Value) {
	if r.eraser != nil {
		r.withoutPerson(value)
		return
	}
	if !r.suspicious(value) {
		return
	}
	// Invalid UTF-8 is an error that leaves a usable text.
	inner, _ := jsontext.AppendUnquote(nil, value)
	if redacted, changed := r.redactString(inner, r.depth+1); changed {
		r.replace(value, quote(string(redacted)))
	}
}

// redactString is redact for a string: only one that begins like a document is
// one, so that a product may be called "password manager".
func (x *redaction) redactString(text []byte, depth int) (redacted []byte, changed bool) {
	start := bytes.TrimLeft(text, " \t\r\n")
	if len(start) == 0 || strings.IndexByte(`{["`, start[0]) < 0 || !x.suspicious(text) {
		return text, false
	}
	if depth > deepest {
		return []byte(mask), true
	}
	redacted, err := x.redactJSON(text, depth)
	if err == nil {
		return redacted, !bytes.Equal(redacted, text)
	}
	if x.namesSecret(text) {
		return []byte(mask), true
	}
	return text, false
}

// replace writes replacement for the value that was just read.
func (r *redactor) replace(value, replacement jsontext.Value) {
	end := int(r.in.InputOffset())
	r.out = append(r.out, r.body[r.copied:end-len(value)]...)
	r.out = append(r.out, replacement...)
	r.copied = end
}

// namesSecret tells whether a text that is no JSON names what must be masked, as
// it stands or with its escapes undone. What is escaped more often than anybody does is
// taken for a name.
func (x *redaction) namesSecret(text []byte) bool {
	for range deepest {
		if x.mustNotStay(text) {
			return true
		}
		if escapedASCII(text) < 0 {
			return false
		}
		text = unescapeASCII(text)
	}
	return true
}

// unescapeASCII undoes the escapes that escapedASCII finds.
func unescapeASCII(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for {
		i := escapedASCII(text)
		if i < 0 {
			return append(out, text...)
		}
		out = append(out, text[:i]...)
		out = append(out, byte(hexDigit(text[i+4])<<4|hexDigit(text[i+5])))
		text = text[i+6:]
	}
}
