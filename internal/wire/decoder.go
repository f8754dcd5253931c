package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/money"
)

// ErrMalformed is any body that is not one JSON object: syntax, duplicate
// names, invalid UTF-8, nesting deeper than DepthMax, text after the object.
// The edge answers 400 BAD_REQUEST. The cause is wrapped.
var ErrMalformed = errors.New("the body is not a JSON object")

// DepthMax bounds the nesting of a body. No property of the protocol is nested
// deeper than four; the rest is room for unknown properties.
const DepthMax = 64

// sentMax bounds what is quoted from a body in a violation.
const sentMax = 200

// decoder walks a body once. Strings without escapes are cut out of the body
// instead of copied; a content therefore keeps the body it was read from.
type decoder struct {
	json     *jsontext.Decoder
	body     string
	problems []checkout.Violation
	notes    []Note
	err      error // the first malformation; everything stops there
}

// Note tells that a value was taken otherwise than sent.
type Note struct {
	Path string
	Sent string
	Read int64
}

func newDecoder(body []byte) *decoder {
	return &decoder{json: jsontext.NewDecoder(bytes.NewBuffer(body)), body: string(body)}
}

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %w", ErrMalformed, err)
	}
}

// value reads the next value whole and returns its raw bytes, nil on failure.
func (d *decoder) value() jsontext.Value {
	raw, err := d.json.ReadValue()
	if err != nil {
		d.fail(err)
		return nil
	}
	return raw
}

// token reads a structural token.
func (d *decoder) token() bool {
	if _, err := d.json.ReadToken(); err != nil {
		d.fail(err)
		return false
	}
	return true
}

// text is the string of a raw JSON string that was just read: a piece of the
// body where possible.
func (d *decoder) text(raw jsontext.Value) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		end := int(d.json.InputOffset())
		return d.body[end-len(raw)+1 : end-1]
	}
	unquoted, err := jsontext.AppendUnquote(nil, raw)
	if err != nil {
		d.fail(err)
		return ""
	}
	return string(unquoted)
}

// name reads a property name. The bytes live until the next read.
func (d *decoder) name() []byte {
	raw := d.value()
	if raw == nil {
		return nil
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	return []byte(d.text(raw))
}

// skip passes over a value, keeping the bound on nesting.
func (d *decoder) skip() jsontext.Value {
	depth := d.json.StackDepth()
	raw := d.value()
	if raw != nil && len(raw) > 2*(DepthMax-depth) && deeperThan(raw, DepthMax-depth) {
		d.fail(errors.New("nested deeper than " + strconv.Itoa(DepthMax) + " levels"))
		return nil
	}
	return raw
}

func deeperThan(raw []byte, limit int) bool {
	depth, inString := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > limit {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// wrongType records that the value just read is not what the protocol wants.
func (d *decoder) wrongType(raw jsontext.Value, expected string) {
	path := propertyPath(d.json.StackPointer())
	d.problems = append(d.problems, checkout.Violation{
		Path: path, Rule: checkout.RuleType, Stage: stageOfPath(path),
		Sent: clip(raw), Expected: expected, Hint: "the value has another JSON type",
	})
}

// stageOfPath: country and currency are looked at first, also when they have
// the wrong type.
func stageOfPath(path string) checkout.Stage {
	if path == "purchase_country" || path == "purchase_currency" {
		return checkout.StageMarket
	}
	return checkout.StageFields
}

func clip(raw []byte) string {
	if len(raw) <= sentMax {
		return string(raw)
	}
	return strings.ToValidUTF8(string(raw[:sentMax]), "") + "…"
}

// propertyPath turns a JSON pointer into the protocol's way of naming a
// property: /order_lines/0/name is order_lines[0].name.
func propertyPath(pointer jsontext.Pointer) string {
	var path strings.Builder
	for part := range pointer.Tokens() {
		if _, err := strconv.Atoi(part); err == nil && path.Len() > 0 {
			path.WriteString("[" + part + "]")
			continue
		}
		if path.Len() > 0 {
			path.WriteByte('.')
		}
		path.WriteString(part)
	}
	return path.String()
}

// readText reads a string property. A JSON null is an absent property. With
// numbers, a JSON number is taken as its text: shops send
// "merchant_reference2": 13.
func (d *decoder) readText(into *checkout.Text, numbers bool) {
	switch d.json.PeekKind() {
	case '"':
		if raw := d.value(); raw != nil {
			*into = checkout.TextOf(d.text(raw))
		}
	case 'n':
		d.value()
	case '0':
		raw := d.value()
		if raw == nil {
			return
		}
		if !numbers {
			d.wrongType(raw, "string")
			return
		}
		*into = checkout.TextOf(string(raw))
	default:
		if raw := d.skip(); raw != nil {
			d.wrongType(raw, "string")
		}
	}
}

// readInteger reads an integer property. A fraction is cut off, which is
// noted: the real server blames the sum that then fails, not the number.
func (d *decoder) readInteger(into *checkout.Integer) {
	switch d.json.PeekKind() {
	case '0':
		raw := d.value()
		if raw == nil {
			return
		}
		number, exact, ok := money.ParseInteger(string(raw))
		if !ok {
			path := propertyPath(d.json.StackPointer())
			d.problems = append(d.problems, checkout.Violation{
				Path: path, Rule: checkout.RuleRange, Stage: stageOfPath(path),
				Sent: clip(raw), Expected: "a 64-bit integer"})
			return
		}
		if !exact {
			d.notes = append(d.notes, Note{Path: propertyPath(d.json.StackPointer()), Sent: clip(raw), Read: number})
		}
		*into = checkout.IntegerOf(number)
	case 'n':
		d.value()
	default:
		if raw := d.skip(); raw != nil {
			d.wrongType(raw, "integer")
		}
	}
}

func (d *decoder) readBoolean(into *checkout.Boolean) {
	switch d.json.PeekKind() {
	case 't', 'f':
		raw := d.value()
		if raw != nil {
			*into = checkout.BooleanOf(raw[0] == 't')
		}
	case 'n':
		d.value()
	default:
		if raw := d.skip(); raw != nil {
			d.wrongType(raw, "boolean")
		}
	}
}

// enter opens an object property. false means there is nothing to read: null,
// a wrong type or a malformation.
func (d *decoder) enter(open jsontext.Kind, expected string) bool {
	switch d.json.PeekKind() {
	case open:
		return d.token()
	case 'n':
		d.value()
	default:
		if raw := d.skip(); raw != nil {
			d.wrongType(raw, expected)
		}
	}
	return false
}

// properties calls read for each property of the object just entered, until it
// closes.
func (d *decoder) properties(read func(name []byte)) {
	for d.err == nil {
		if d.json.PeekKind() == '}' {
			d.token()
			return
		}
		name := d.name()
		if d.err != nil {
			return
		}
		read(name)
	}
}

// document reads the one object a body must be.
func (d *decoder) document(read func(name []byte)) error {
	if kind := d.json.PeekKind(); kind != '{' {
		d.skip()
		d.fail(errors.New("the outermost value must be an object"))
		return d.err
	}
	if d.token() {
		d.properties(read)
	}
	if d.err == nil {
		if _, err := d.json.ReadToken(); !errors.Is(err, io.EOF) {
			d.fail(errors.New("there is text after the object"))
		}
	}
	return d.err
}
