package wire

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"unsafe"

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

// decoder reads the properties of the protocol out of a body. Values of a wrong
// type are noted, and reading goes on.
type decoder struct {
	scanner
	kept     strings.Builder // the strings of the content, a chunk at a time
	path     []segment       // of the value that is being read
	problems []checkout.Violation
	notes    []Note

	usualLine usual[checkout.Line] // kept from body to body: shops differ little
}

// segment is a step of a path: a property, or an element of a list.
type segment struct {
	name  string
	index int // when name is empty
}

// Note tells that a value was taken otherwise than sent.
type Note struct {
	Path string
	Sent string
	Read int64
}

// decoders are at rest; nearly every exchange needs one.
var decoders = sync.Pool{New: func() any {
	return &decoder{scanner: scanner{names: make([]string, 0, 2*linearMax)}, path: make([]segment, 0, 8)}
}}

// newDecoder reads the body where it lies, without a copy: nobody changes it
// meanwhile, and whatever is returned of it is copied out of it.
func newDecoder(body []byte) *decoder {
	d := decoders.Get().(*decoder)
	d.body = unsafe.String(unsafe.SliceData(body), len(body))
	return d
}

// release ends the use of a decoder. What it returned stays valid.
func (d *decoder) release() {
	names, path := d.names[:cap(d.names)], d.path[:cap(d.path)]
	clear(names) // views of the body
	clear(path)
	*d = decoder{scanner: scanner{names: names[:0]}, path: path[:0], usualLine: d.usualLine}
	decoders.Put(d)
}

// chunkMax is the size of a chunk of kept strings, in bytes.
const chunkMax = 4096

// keep copies a string out of the body: a content must not hold on to a body
// of a megabyte for the sake of a name. Strings share chunks, so that a cart
// costs a few allocations.
func (d *decoder) keep(text string) string {
	if len(text) > chunkMax/4 {
		return strings.Clone(text)
	}
	if d.kept.Len()+len(text) > d.kept.Cap() {
		d.kept = strings.Builder{}
		d.kept.Grow(min(max(len(d.body)-d.at, 0)/2+len(text), chunkMax))
	}
	start := d.kept.Len()
	d.kept.WriteString(text)
	return d.kept.String()[start:]
}

// pathString is the protocol's way of naming the value: order_lines[0].name.
func (d *decoder) pathString() string {
	var path strings.Builder
	for _, step := range d.path {
		if step.name == "" {
			path.WriteString("[" + strconv.Itoa(step.index) + "]")
			continue
		}
		if path.Len() > 0 {
			path.WriteByte('.')
		}
		path.WriteString(step.name)
	}
	return path.String()
}

// wrongType passes over the next value, which is not what the protocol wants.
func (d *decoder) wrongType(expected string) {
	raw := d.value()
	if d.err != nil {
		return
	}
	path := d.pathString()
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

func clip(raw string) string {
	if len(raw) <= sentMax {
		return strings.Clone(raw)
	}
	return strings.ToValidUTF8(raw[:sentMax], "") + "…"
}

// readText reads a string property. A JSON null is an absent property. With
// numbers, a JSON number is taken as its text: shops send
// "merchant_reference2": 13.
func (d *decoder) readText(into *checkout.Text, numbers bool) {
	switch kind := d.peek(); {
	case kind == kindString:
		*into = checkout.TextOf(d.keep(d.text()))
	case kind == kindNull:
		d.value()
	case kind == kindNumber && numbers:
		*into = checkout.TextOf(d.keep(d.value()))
	default:
		d.wrongType("string")
	}
}

// readInteger reads an integer property. A fraction is cut off, which is
// noted: the real server blames the sum that then fails, not the number.
func (d *decoder) readInteger(into *checkout.Integer) {
	switch d.peek() {
	case kindNumber:
		raw := d.value()
		if d.err != nil {
			return
		}
		number, exact, ok := money.ParseInteger(raw)
		if !ok {
			path := d.pathString()
			d.problems = append(d.problems, checkout.Violation{
				Path: path, Rule: checkout.RuleRange, Stage: stageOfPath(path),
				Sent: clip(raw), Expected: "a 64-bit integer"})
			return
		}
		if !exact {
			d.notes = append(d.notes, Note{Path: d.pathString(), Sent: clip(raw), Read: number})
		}
		*into = checkout.IntegerOf(number)
	case kindNull:
		d.value()
	default:
		d.wrongType("integer")
	}
}

func (d *decoder) readBoolean(into *checkout.Boolean) {
	switch d.peek() {
	case kindTrue, kindFalse:
		*into = checkout.BooleanOf(d.value() == "true")
	case kindNull:
		d.value()
	default:
		d.wrongType("boolean")
	}
}

// next tells whether a value of the kind comes next. If not, there is nothing
// to read: null, or a wrong type, is passed over.
func (d *decoder) next(kind byte, expected string) bool {
	switch d.peek() {
	case kind:
		return true
	case kindNull:
		d.value()
	default:
		d.wrongType(expected)
	}
	return false
}

// properties reads an object that comes next; read must pass over each value.
func (d *decoder) properties(read func(name string)) {
	d.object(func(name string) {
		d.path = append(d.path, segment{name: name})
		read(name)
		d.path = d.path[:len(d.path)-1]
	})
}

// elements reads a list that comes next; read must pass over each value.
func (d *decoder) elements(read func(index int)) {
	d.list(func(index int) {
		d.path = append(d.path, segment{index: index})
		read(index)
		d.path = d.path[:len(d.path)-1]
	})
}

// document reads the one object a body must be.
func (d *decoder) document(read func(name string)) error {
	if d.peek() != kindObject {
		d.value()
		d.fail("the outermost value must be an object")
		return d.err
	}
	d.properties(read)
	d.end()
	return d.err
}
