package wire

import "github.com/kvitto/kvitto/internal/checkout"

// shape is how an object of the protocol is read: the domain's field tables,
// indexed by name, and readers for what is not a string or an integer.
type shape[T any] struct {
	texts    map[string]*checkout.TextField[T]
	integers map[string]*checkout.IntegerField[T]
	others   map[string]func(*decoder, *T)
}

func shapeOf[T any](texts []checkout.TextField[T], integers []checkout.IntegerField[T], others map[string]func(*decoder, *T)) *shape[T] {
	s := &shape[T]{
		texts:    make(map[string]*checkout.TextField[T], len(texts)),
		integers: make(map[string]*checkout.IntegerField[T], len(integers)),
		others:   others,
	}
	for i := range texts {
		s.texts[texts[i].Name] = &texts[i]
	}
	for i := range integers {
		s.integers[integers[i].Name] = &integers[i]
	}
	return s
}

// property reads one property into the object; unknown ones are passed over,
// as recorded traffic shows.
func (s *shape[T]) property(d *decoder, name []byte, into *T) {
	if f, ok := s.texts[string(name)]; ok {
		d.readText(f.At(into), f.Numbers)
	} else if f, ok := s.integers[string(name)]; ok {
		d.readInteger(f.At(into))
	} else if read, ok := s.others[string(name)]; ok {
		read(d, into)
	} else {
		d.skip()
	}
}

// readObject reads an object property.
func readObject[T any](d *decoder, s *shape[T], into **T) {
	if !d.enter('{', "object") {
		return
	}
	object := new(T)
	d.properties(func(name []byte) { s.property(d, name, object) })
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

// readTexts reads a list of strings; one that is not a string spoils the list.
func (d *decoder) readTexts(into *[]string) {
	if !d.enter('[', "array of strings") {
		return
	}
	list := []string{}
	for d.err == nil && d.json.PeekKind() != ']' {
		raw := d.skip()
		if raw == nil {
			return
		}
		if raw.Kind() != '"' {
			d.wrongType(raw, "string")
			continue
		}
		list = append(list, d.text(raw))
	}
	d.token()
	*into = list
}

// readLines reads order_lines. A line that is not an object makes the whole
// list bad ("Bad value: order_lines"). Lines beyond the limit are passed over:
// one more than the limit is enough to refuse them.
func (d *decoder) readLines(into *[]checkout.Line) {
	if !d.enter('[', "array of order lines") {
		return
	}
	lines := make([]checkout.Line, 0, 4)
	bad := false
	for d.err == nil && d.json.PeekKind() != ']' {
		if d.json.PeekKind() != '{' {
			raw := d.skip()
			if raw == nil {
				return
			}
			if !bad {
				d.problems = append(d.problems, checkout.Violation{
					Path: "order_lines", Rule: checkout.RuleType, Stage: checkout.StageFields, Sent: clip(raw),
					Expected: "an object for each line", Hint: "the value at " + propertyPath(d.json.StackPointer()) + " is not an object"})
			}
			bad = true
			continue
		}
		if len(lines) > checkout.LinesMax {
			d.skip()
			continue
		}
		lines = append(lines, checkout.Line{})
		line := &lines[len(lines)-1]
		if d.token() {
			d.properties(func(name []byte) { lineShape.property(d, name, line) })
		}
	}
	d.token()
	if !bad {
		*into = lines
	}
}
