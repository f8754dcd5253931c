package checkout

import (
	"fmt"
	"strings"
)

// CartSizePath is the pseudo path of a differing number of lines; the message
// of a 409 shows the violation's hint in its place.
const CartSizePath = "order_lines"

// Match compares an order request with what was authorized and returns one
// violation for every differing property. Compared are amounts, country,
// currency, lines and addresses (documented); locale, customer, merchant
// references and URLs are not. Rules where the facts are open:
//
//   - an address or tax amount that the request leaves out is taken as approved;
//   - an address that was never sent before matches anything;
//   - a missing shipping address was a copy of the billing address;
//   - "" and an absent property are equal, as are 0 and an absent amount, and
//     an address with nothing in it and an absent one.
func Match(authorized, request *Content) []Violation {
	m := &matching{}
	m.country(authorized, request)
	if !strings.EqualFold(authorized.PurchaseCurrency.Value, request.PurchaseCurrency.Value) {
		m.differ("purchase_currency", request.PurchaseCurrency.Value, authorized.PurchaseCurrency.Value)
	}
	matchAddress(m, "billing_address", authorized.BillingAddress, request.BillingAddress)
	matchAddress(m, "shipping_address", shippingOf(authorized), request.ShippingAddress)
	if authorized.OrderAmount.Value != request.OrderAmount.Value {
		m.differ("order_amount", request.OrderAmount.Value, authorized.OrderAmount.Value)
	}
	if request.OrderTaxAmount.Set && authorized.OrderTaxAmount.Value != request.OrderTaxAmount.Value {
		m.differ("order_tax_amount", request.OrderTaxAmount.Value, sentInteger(authorized.OrderTaxAmount))
	}
	m.lines(authorized.OrderLines, request.OrderLines)
	return m.violations
}

// matching collects what differs. Where erased is set, the first side is of an order
// that a person was erased from, and what reads so there is not compared; elsewhere
// the word is one like others, for a shop may write it itself.
type matching struct {
	violations []Violation
	erased     bool
}

func (m *matching) differ(path string, sent, expected any) {
	m.violations = append(m.violations, Violation{Path: path, Rule: RuleMatch, Stage: StageMatch, Sent: sent, Expected: expected})
}

// country accepts the purchase country itself or the billing country that
// overrides it, on either side: a recorded order said GB with a billing
// address in the US.
func (m *matching) country(authorized, request *Content) {
	effective := request.EffectiveCountry()
	if strings.EqualFold(effective, authorized.EffectiveCountry()) ||
		strings.EqualFold(request.PurchaseCountry.Value, authorized.PurchaseCountry.Value) {
		return
	}
	m.differ("purchase_country", request.PurchaseCountry.Value, authorized.EffectiveCountry())
}

func matchAddress(m *matching, path string, authorized, request *Address) {
	if sentAddress(authorized) == nil || sentAddress(request) == nil {
		return
	}
	before := len(m.violations)
	matchTexts(m, path, AddressFields, authorized, request)
	for i := before; i < len(m.violations); i++ {
		v := &m.violations[i]
		sent, _ := v.Sent.(string)
		expected, _ := v.Expected.(string)
		if squeeze(sent) == squeeze(expected) {
			v.Hint = "the values differ only in white space or letter case"
		}
	}
}

// sentAddress is the address, or nil when nothing is in it: an empty object
// says as little as an absent one.
func sentAddress(a *Address) *Address {
	if a == nil {
		return nil
	}
	for i := range AddressFields {
		if AddressFields[i].At(a).Value != "" {
			return a
		}
	}
	return nil
}

func squeeze(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), "")) }

func matchTexts[T any](m *matching, parent string, fields []TextField[T], authorized, request *T) {
	for i := range fields {
		f := &fields[i]
		a, r := f.At(authorized).Value, f.At(request).Value
		if a == r || (m.erased && strings.Contains(a, Erased)) || (f.Format == FormatCountry && strings.EqualFold(a, r)) {
			continue
		}
		m.differ(join(parent, f.Name), sentText(*f.At(request)), sentText(*f.At(authorized)))
	}
}

func sentText(t Text) any {
	if !t.Set {
		return nil
	}
	return t.Value
}

// lines compares the cart as a list. When the number of lines differs that is
// said once and no line is compared, as quoted messages show.
func (m *matching) lines(authorized, request []Line) {
	if len(authorized) != len(request) {
		m.violations = append(m.violations, Violation{
			Path: CartSizePath, Rule: RuleCartSize, Stage: StageMatch,
			Sent: int64(len(request)), Expected: int64(len(authorized)),
			Hint: fmt.Sprintf("Incorrect number of items in the cart. Expected: %d, Actual: %d", len(authorized), len(request)),
		})
		return
	}
	for i := range authorized {
		m.line(linePath(i), &authorized[i], &request[i])
	}
}

func (m *matching) line(path string, authorized, request *Line) {
	a, r := *authorized, *request
	if a.Type.Value == "" {
		a.Type.Value = LinePhysical
	}
	if r.Type.Value == "" {
		r.Type.Value = LinePhysical
	}
	matchTexts(m, path, LineTextFields, &a, &r)
	matchIntegers(m, path, LineIntegerFields, &a, &r)
	matchTexts(m, path+".product_identifiers", ProductIdentifierFields, orEmpty(a.ProductIdentifiers), orEmpty(r.ProductIdentifiers))
	matchTexts(m, path+".subscription", SubscriptionTextFields, orEmpty(a.Subscription), orEmpty(r.Subscription))
	matchIntegers(m, path+".subscription", SubscriptionIntegerFields, orEmpty(a.Subscription), orEmpty(r.Subscription))
}

func matchIntegers[T any](m *matching, parent string, fields []IntegerField[T], authorized, request *T) {
	for i := range fields {
		f := &fields[i]
		if a, r := f.At(authorized), f.At(request); a.Value != r.Value {
			m.differ(join(parent, f.Name), sentInteger(*r), sentInteger(*a))
		}
	}
}

func orEmpty[T any](object *T) *T {
	if object == nil {
		return new(T)
	}
	return object
}
