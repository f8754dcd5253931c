package wire

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kvitto/kvitto/internal/checkout"
)

// Request is a decoded body.
type Request struct {
	Content  checkout.Content
	Problems []checkout.Violation // values of a wrong type
	Notes    []Note               // values taken otherwise than sent
}

// DecodeRequest reads the body of create, update and place order. The error is
// ErrMalformed; values of a wrong type are no error here but Problems, to be
// named with everything else that is wrong.
func DecodeRequest(body []byte) (Request, error) {
	d := newDecoder(body)
	defer d.release()
	var r Request
	err := d.document(func(name string) { contentShape.property(d, name, &r.Content) })
	r.Problems, r.Notes = d.problems, d.notes
	return r, err
}

// DecodeContent reads back what AppendContent wrote. Anything unexpected in it
// is an error: it was written by us.
func DecodeContent(data []byte) (checkout.Content, error) {
	r, err := DecodeRequest(data)
	if err == nil && len(r.Problems) > 0 {
		err = fmt.Errorf("%w: %s has the wrong type", ErrMalformed, r.Problems[0].Path)
	}
	return r.Content, err
}

// TokenRequest is the decoded body of create customer token.
type TokenRequest struct {
	Request
	Description checkout.Text
	IntendedUse checkout.Text
}

// DecodeTokenRequest reads the body of create customer token.
func DecodeTokenRequest(body []byte) (TokenRequest, error) {
	d := newDecoder(body)
	defer d.release()
	var r TokenRequest
	err := d.document(func(name string) {
		switch name {
		case "description":
			d.readText(&r.Description, true)
		case "intended_use":
			d.readText(&r.IntendedUse, false)
		default:
			contentShape.property(d, name, &r.Content)
		}
	})
	r.Problems, r.Notes = d.problems, d.notes
	return r, err
}

// DecodeAdvance reads {"advance":"48h1m"}; problems are values of a wrong type.
func DecodeAdvance(body []byte) (text string, problems []checkout.Violation, err error) {
	d := newDecoder(body)
	defer d.release()
	var advance checkout.Text
	err = d.document(func(name string) {
		if name == "advance" {
			d.readText(&advance, false)
			return
		}
		d.value()
	})
	return advance.Value, d.problems, err
}

// Annotate adds what the notes explain to the hints of the violations: a sum
// that fails may fail because a fraction in it was cut off.
func (r *Request) Annotate(violations []checkout.Violation) {
	for i := range violations {
		v := &violations[i]
		for _, note := range r.Notes {
			if !takesPart(note.Path, v) {
				continue
			}
			hint := fmt.Sprintf("%s %s was read as %d: fractions are cut off", note.Path, note.Sent, note.Read)
			if v.Hint != "" {
				hint = v.Hint + "; " + hint
			}
			v.Hint = hint
		}
	}
}

// numbersOf are the properties whose numbers a sum is made of.
var numbersOf = map[checkout.Rule][]string{
	checkout.RuleLineTotal:      {"quantity", "unit_price", "total_discount_amount", "total_amount"},
	checkout.RuleLineTax:        {"total_amount", "tax_rate", "total_tax_amount"},
	checkout.RuleOrderAmount:    {"order_amount", "total_amount"},
	checkout.RuleOrderTaxAmount: {"order_tax_amount", "total_tax_amount", "total_amount"},
}

// takesPart tells whether the number at path is part of what was violated: for
// a line's sum a number of that line, for an order's sum one of any line.
func takesPart(path string, v *checkout.Violation) bool {
	if path == v.Path {
		return true
	}
	parent := parentOf(path)
	name := strings.TrimPrefix(strings.TrimPrefix(path, parent), ".")
	ofLine := v.Rule == checkout.RuleLineTotal || v.Rule == checkout.RuleLineTax
	return slices.Contains(numbersOf[v.Rule], name) && (!ofLine || parent == parentOf(v.Path))
}

func parentOf(path string) string {
	if dot := strings.LastIndexByte(path, '.'); dot >= 0 {
		return path[:dot]
	}
	return ""
}
