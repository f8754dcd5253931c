package risk

import (
	"unicode/utf8"

	"github.com/kvitto/kvitto/internal/checkout"
)

// size says whether an input is as large as the protocol allows, at most.
type size byte

const (
	sizeUnknown size = iota
	sizeUsual
	sizeLarger
)

// usual tells whether the worst case of an expression holds for the input: it is
// what the protocol lets through. Then nothing has to count steps.
func (s *situation) usual() bool {
	if s.size == sizeUnknown {
		s.size = sizeLarger
		if fits(s.in.MerchantID, merchantMax) && fits(s.in.Login, emailMax) && usual(s.content) {
			s.size = sizeUsual
		}
	}
	return s.size == sizeUsual
}

func usual(c *checkout.Content) bool {
	if len(c.OrderLines) > checkout.LinesMax || !within(c, checkout.ContentTextFields) ||
		!within(c.BillingAddress, checkout.AddressFields) || !within(c.ShippingAddress, checkout.AddressFields) || !within(c.Customer, checkout.CustomerFields) {
		return false
	}
	for i := range c.OrderLines {
		line := &c.OrderLines[i]
		if !within(line, checkout.LineTextFields) || !within(line.ProductIdentifiers, checkout.ProductIdentifierFields) {
			return false
		}
	}
	return true
}

func within[T any](object *T, fields []checkout.TextField[T]) bool {
	if object == nil {
		return true
	}
	for i := range fields {
		if !fits(fields[i].At(object).Value, fields[i].Max) {
			return false
		}
	}
	return true
}

func fits(text string, characters int) bool {
	return len(text) <= characters || utf8.RuneCountInString(text) <= characters
}
