package wire

import (
	"strings"

	"github.com/kvitto/kvitto/internal/checkout"
)

// shape is how an object of the protocol is read: the domain's field tables,
// indexed by name, and readers for what is not a string or an integer.
type shape[T any] struct{ properties map[string]*property[T] }

// property is one of the three.
type property[T any] struct {
	name    string
	text    *checkout.TextField[T]
	integer *checkout.IntegerField[T]
	other   func(*decoder, *T)
}

func shapeOf[T any](texts []checkout.TextField[T], integers []checkout.IntegerField[T], others map[string]func(*decoder, *T)) *shape[T] {
	s := &shape[T]{make(map[string]*property[T], len(texts)+len(integers)+len(others))}
	for i := range texts {
		s.add(property[T]{name: texts[i].Name, text: &texts[i]})
	}
	for i := range integers {
		s.add(property[T]{name: integers[i].Name, integer: &integers[i]})
	}
	for name, read := range others {
		s.add(property[T]{name: name, other: read})
	}
	return s
}

func (s *shape[T]) add(p property[T]) { s.properties[p.name] = &p }

// property reads one property into the object; unknown ones are passed over,
// as recorded traffic shows.
func (s *shape[T]) property(d *decoder, name string, into *T) {
	s.properties[name].read(d, into)
}

// read reads a property; nil is an unknown one.
func (p *property[T]) read(d *decoder, into *T) {
	switch {
	case p == nil:
		d.value()
	case p.text != nil:
		d.readText(p.text.At(into), p.text.Numbers)
	case p.integer != nil:
		d.readInteger(p.integer.At(into))
	default:
		p.other(d, into)
	}
}

// usual is the order in which the objects of a list have had their properties
// so far. They are written by one program, so that the next one is nearly
// always the one that came here before, and looking it up is spared.
type usual[T any] []*property[T]

// usualMax bounds an order.
const usualMax = 32

// find is the property of the name, which is the at-th of its object.
func (u *usual[T]) find(s *shape[T], name string, at int) *property[T] {
	if at < len(*u) {
		if p := (*u)[at]; p != nil && p.name == name {
			return p
		}
	}
	p := s.properties[name]
	switch {
	case at < len(*u):
		(*u)[at] = p
	case at == len(*u) && at < usualMax:
		*u = append(*u, p)
	}
	return p
}

// readObject reads an object property.
func readObject[T any](d *decoder, s *shape[T], into **T) {
	if !d.next(kindObject, "object") {
		return
	}
	object := new(T)
	d.properties(func(name string) { s.property(d, name, object) })
	*into = object
}

var (
	addressShape      = shapeOf(checkout.AddressFields, nil, nil)
	attachmentShape   = shapeOf(checkout.AttachmentFields, nil, nil)
	customerShape     = shapeOf(checkout.CustomerFields, nil, nil)
	merchantURLShape  = shapeOf(checkout.MerchantURLFields, nil, nil)
	optionShape       = shapeOf(checkout.OptionFields, nil, nil)
	identifierShape   = shapeOf(checkout.ProductIdentifierFields, nil, nil)
	subscriptionShape = shapeOf(checkout.SubscriptionTextFields, checkout.SubscriptionIntegerFields, nil)

	lineShape = shapeOf(checkout.LineTextFields, checkout.LineIntegerFields, map[string]func(*decoder, *checkout.Line){
		"product_identifiers": func(d *decoder, l *checkout.Line) { readObject(d, identifierShape, &l.ProductIdentifiers) },
		"subscription":        func(d *decoder, l *checkout.Line) { readObject(d, subscriptionShape, &l.Subscription) },
	})

	// Read-only properties (client_token, status, expires_at,
	// payment_method_categories, authorization_token) are not here: they are
	// passed over whatever they hold, as a recorded order call shows.
	contentShape = shapeOf(checkout.ContentTextFields, checkout.ContentIntegerFields, map[string]func(*decoder, *checkout.Content){
		"attachment":                func(d *decoder, c *checkout.Content) { readObject(d, attachmentShape, &c.Attachment) },
		"auto_capture":              func(d *decoder, c *checkout.Content) { d.readBoolean(&c.AutoCapture) },
		"billing_address":           func(d *decoder, c *checkout.Content) { readObject(d, addressShape, &c.BillingAddress) },
		"custom_payment_method_ids": func(d *decoder, c *checkout.Content) { d.readTexts(&c.CustomPaymentMethodIDs) },
		"customer":                  func(d *decoder, c *checkout.Content) { readObject(d, customerShape, &c.Customer) },
		"merchant_urls":             func(d *decoder, c *checkout.Content) { readObject(d, merchantURLShape, &c.MerchantURLs) },
		"options":                   func(d *decoder, c *checkout.Content) { readObject(d, optionShape, &c.Options) },
		"order_lines":               func(d *decoder, c *checkout.Content) { d.readLines(&c.OrderLines) },
		"shipping_address":          func(d *decoder, c *checkout.Content) { readObject(d, addressShape, &c.ShippingAddress) },
	})
)

// readTexts reads a list of strings; an element that is no string is a problem
// of its own.
func (d *decoder) readTexts(into *[]string) {
	if !d.next(kindList, "array of strings") {
		return
	}
	list := []string{}
	d.elements(func(int) {
		if d.peek() != kindString {
			d.wrongType("string")
			return
		}
		list = append(list, d.keep(d.text()))
	})
	*into = list
}

// readLines reads order_lines. A line that is not an object makes the whole
// list bad ("Bad value: order_lines"). Lines beyond the limit are passed over:
// one more than the limit is enough to refuse them.
func (d *decoder) readLines(into *[]checkout.Line) {
	if !d.next(kindList, "array of order lines") {
		return
	}
	// There are at most as many lines as braces left: one allocation for all.
	lines := make([]checkout.Line, 0, min(strings.Count(d.body[d.at:], "{"), checkout.LinesMax+1))
	bad := false
	d.elements(func(int) {
		switch {
		case d.peek() != kindObject:
			raw := d.value()
			if !bad && d.err == nil {
				d.problems = append(d.problems, checkout.Violation{
					Path: "order_lines", Rule: checkout.RuleType, Stage: checkout.StageFields, Sent: clip(raw),
					Expected: "an object for each line", Hint: "the value at " + d.pathString() + " is not an object"})
			}
			bad = true
		case len(lines) > checkout.LinesMax:
			d.value()
		default:
			lines = append(lines, checkout.Line{})
			line, at := &lines[len(lines)-1], 0
			d.properties(func(name string) {
				d.usualLine.find(lineShape, name, at).read(d, line)
				at++
			})
		}
	})
	if !bad {
		*into = lines
	}
}
