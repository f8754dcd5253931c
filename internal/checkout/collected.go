package checkout

import (
	"strings"

	"github.com/kvitto/kvitto/internal/market"
)

// Known is what is known of the payment: what the shop stated, filled in with
// what the customer added in the purchase flow.
func (s *Session) Known() Content { return s.Content.filledWith(s.Collected) }

// filledWith takes from a person what nobody else said. What the content says
// stays: the shop is never overruled.
func (c Content) filledWith(person *Content) Content {
	if person == nil {
		return c
	}
	c.BillingAddress = fillObject(AddressFields, c.BillingAddress, person.BillingAddress)
	c.Customer = fillObject(CustomerFields, c.Customer, person.Customer)
	return c
}

// fillObject fills the properties of base that say nothing.
func fillObject[T any](fields []TextField[T], base, from *T) *T {
	if from == nil || base == nil {
		if base == nil {
			return from
		}
		return base
	}
	filled := *base
	for i := range fields {
		if at := fields[i].At(&filled); at.Value == "" {
			overlayText(at, fields[i].At(from))
		}
	}
	return &filled
}

// tellApart are the details that name a person.
var tellApart = []string{"billing_address.email", "billing_address.phone", market.PathNationalID}

// anotherPerson tells whether the next content is about somebody else than the
// newest authorization: a detail that was known then is another now. One that
// was not known tells nothing, nor one that is not said any more.
func (s *Session) anotherPerson(next *Session) bool {
	a := s.Authorization
	if a == nil || a.Content == nil {
		return false
	}
	then, now := a.Content.filledWith(s.Collected), next.Known()
	for _, path := range tellApart {
		before, after := personValue(&then, path), personValue(&now, path)
		if before != "" && after != "" && before != after {
			return true
		}
	}
	return false
}

// personText is the property of a person at a path such as
// billing_address.city; nil when the content has not its object. With create
// the object is made.
func personText(c *Content, path string, create bool) *Text {
	object, name, _ := strings.Cut(path, ".")
	switch object {
	case "billing_address":
		return objectText(AddressFields, &c.BillingAddress, name, create)
	case "shipping_address":
		return objectText(AddressFields, &c.ShippingAddress, name, create)
	case "customer":
		return objectText(CustomerFields, &c.Customer, name, create)
	}
	return nil
}

func objectText[T any](fields []TextField[T], object **T, name string, create bool) *Text {
	if *object == nil {
		if !create {
			return nil
		}
		*object = new(T)
	}
	for i := range fields {
		if fields[i].Name == name {
			return fields[i].At(*object)
		}
	}
	return nil
}

// personValue is the value at the path, "" when there is none.
func personValue(c *Content, path string) string {
	if at := personText(c, path, false); at != nil {
		return at.Value
	}
	return ""
}

// notApproved is how an order differs from what was approved. What the customer
// typed is part of the approval, but no shop has to know it: the order may say
// it where the shop had stated nothing, and may leave it out.
func notApproved(stated, collected, request *Content) []Violation {
	violations := Match(stated, request)
	if len(violations) == 0 || collected == nil || collected.BillingAddress == nil {
		return violations
	}
	// A missing shipping address was a copy of the billing address.
	said := Content{BillingAddress: stated.BillingAddress, ShippingAddress: shippingOf(stated)}
	typed := Content{BillingAddress: collected.BillingAddress}
	if sentAddress(stated.ShippingAddress) == nil {
		typed.ShippingAddress = collected.BillingAddress
	}
	var left []Violation
	for _, v := range violations {
		sent := personValue(request, v.Path)
		if sent != "" && personValue(&said, v.Path) == "" && personValue(&typed, v.Path) == sent {
			continue
		}
		left = append(left, v)
	}
	return left
}

// shippingAddress is where the order goes: what was stated or, without it, the
// billing address, with what the customer typed. Nil when nothing is known.
func (c *Content) shippingAddress() *Address {
	address := sentAddress(shippingOf(c))
	if address == nil {
		return nil
	}
	complete := *address
	if complete.Country.Value == "" {
		complete.Country = TextOf(c.EffectiveCountry())
	}
	return &complete
}
