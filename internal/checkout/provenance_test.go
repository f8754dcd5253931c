package checkout_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/checkout"
)

// valueOf is what a content says at a compared path.
func valueOf(c *checkout.Content, path string) string {
	shipping := c.ShippingAddress
	if shipping == nil {
		shipping = c.BillingAddress
	}
	all := map[string]string{
		"order_amount": fmt.Sprint(c.OrderAmount), "order_tax_amount": fmt.Sprint(c.OrderTaxAmount), "order_lines": fmt.Sprint(len(c.OrderLines)),
		"purchase_currency": c.PurchaseCurrency.Value, "purchase_country": c.EffectiveCountry(),
	}
	flatTexts(all, "billing_address", checkout.AddressFields, c.BillingAddress)
	flatTexts(all, "shipping_address", checkout.AddressFields, shipping)
	for i := range c.OrderLines {
		line := fmt.Sprintf("order_lines[%d]", i)
		flatTexts(all, line, checkout.LineTextFields, &c.OrderLines[i])
		for _, f := range checkout.LineIntegerFields {
			all[line+"."+f.Name] = fmt.Sprint(*f.At(&c.OrderLines[i]))
		}
	}
	if value := all[path]; !strings.HasPrefix(path, "order_lines[") {
		return value
	}
	line, _, _ := strings.Cut(path, ".")
	_, there := all[line+".name"]
	return fmt.Sprint(there, all[path])
}

// drawSaid is a change that a request made to what is compared.
func drawSaid(t *rapid.T) checkout.Content {
	amounts := rapid.Int64Range(1, 3)
	towns := rapid.SampledFrom([]string{"Lund", "Umea"})
	switch rapid.IntRange(0, 4).Draw(t, "said") {
	case 0:
		return checkout.Content{MerchantReference1: text("nothing compared")}
	case 1:
		return checkout.Content{BillingAddress: &checkout.Address{City: text(towns.Draw(t, "city"))}}
	case 2:
		return checkout.Content{ShippingAddress: &checkout.Address{City: text(towns.Draw(t, "city"))}}
	case 3:
		return checkout.Content{OrderTaxAmount: integer(amounts.Draw(t, "tax"))}
	default:
		lines := []checkout.Line{cartLine("physical", 1, amounts.Draw(t, "unit")), cartLine("physical", 1, amounts.Draw(t, "unit"))}
		patch := cart(checkout.Content{}, lines[:rapid.IntRange(1, 2).Draw(t, "lines")]...)
		return patch
	}
}

// TestADifferenceNamesTheRequestThatSetTheValue: the first revision since which
// the value has been what was approved.
func TestADifferenceNamesTheRequestThatSetTheValue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		content := cart(swedish(), cartLine("physical", 1, 1))
		history := []checkout.Stated{{Content: &content, Origin: checkout.Origin{Revision: 1}}}
		for i := range rapid.IntRange(0, 8).Draw(t, "updates") {
			next := history[i].Content.Merge(drawSaid(t))
			history = append(history, checkout.Stated{Content: &next, Origin: checkout.Origin{Revision: int64(i + 2)}})
		}
		approved := history[len(history)-1].Content
		request := cart(swedish(), cartLine("digital", 2, 7))
		request.OrderTaxAmount, request.PurchaseCountry, request.PurchaseCurrency = integer(99), text("FI"), text("EUR")
		request.BillingAddress, request.ShippingAddress = &checkout.Address{City: text("Kiruna")}, &checkout.Address{City: text("Kiruna")}
		violations := checkout.Match(approved, &request)
		attribute(violations, history)
		for _, v := range violations {
			first := len(history) - 1
			for first > 0 && valueOf(history[first-1].Content, v.Path) == valueOf(approved, v.Path) {
				first--
			}
			if got, want := v.ExpectedBy.Revision, history[first].Origin.Revision; got != want {
				t.Fatalf("%s was set by revision %d, named is %d", v.Path, want, got)
			}
		}
	})
}

// TestAnAddressWithNothingInItSetNothing, nor did a country that another
// overrode: the later request is named.
func TestAnAddressWithNothingInItSetNothing(t *testing.T) {
	t.Parallel()
	first := swedish()
	first.PurchaseCountry = text("NO")
	first.BillingAddress, first.ShippingAddress = &checkout.Address{}, &checkout.Address{City: text("")}
	second := first.Merge(checkout.Content{BillingAddress: &checkout.Address{City: text("Lund"), Country: text("SE")}})
	history := []checkout.Stated{
		{Content: &first, Origin: checkout.Origin{Revision: 1, Operation: "create"}},
		{Content: &second, Origin: checkout.Origin{Revision: 2, Operation: "update"}},
	}
	request := swedish()
	request.PurchaseCountry = text("FI")
	request.BillingAddress, request.ShippingAddress = &checkout.Address{City: text("Umea")}, &checkout.Address{City: text("Umea")}
	violations := checkout.Match(&second, &request)
	attribute(violations, history)
	named := map[string]string{}
	for _, v := range violations {
		named[v.Path] = v.ExpectedBy.Operation
	}
	requireSame(t, "named", map[string]string{
		"purchase_country": "update", "billing_address.city": "update", "billing_address.country": "update",
		"shipping_address.city": "update", "shipping_address.country": "update",
	}, named)
}

func TestWithoutAHistoryNobodyIsNamed(t *testing.T) {
	t.Parallel()
	violations := []checkout.Violation{{Path: "order_amount"}}
	attribute(violations, nil)
	requireSame(t, "violations", []checkout.Violation{{Path: "order_amount"}}, violations)
}

// TestALineBehindDoesNotMakeTheLinesBeforeItNew: when the cart grew later, a
// value of an earlier line is still that of the request that sent it.
func TestALineBehindDoesNotMakeTheLinesBeforeItNew(t *testing.T) {
	t.Parallel()
	line := func(name string, amount int64) checkout.Line {
		return checkout.Line{Name: text(name), Quantity: integer(1), UnitPrice: integer(amount), TotalAmount: integer(amount)}
	}
	first := checkout.Content{OrderLines: []checkout.Line{line("shirt", 100)}, OrderAmount: checkout.IntegerOf(100)}
	grown := checkout.Content{OrderLines: []checkout.Line{line("shirt", 100), line("socks", 50)}, OrderAmount: checkout.IntegerOf(150)}
	history := []checkout.Stated{
		{Content: &first, Origin: checkout.Origin{CorrelationID: "create"}},
		{Content: &grown, Origin: checkout.Origin{CorrelationID: "update"}},
	}
	violations := []checkout.Violation{
		{Path: "order_lines[0].total_amount"}, {Path: "order_lines[1].total_amount"}, {Path: "order_amount"}, {Path: checkout.CartSizePath},
	}
	attribute(violations, history)
	for i, want := range []string{"create", "update", "update", "update"} {
		if got := violations[i].ExpectedBy.CorrelationID; got != want {
			t.Errorf("%s: expected by %q, want %q", violations[i].Path, got, want)
		}
	}
}

// attribute goes the whole way back.
func attribute(violations []checkout.Violation, history []checkout.Stated) {
	if len(history) == 0 {
		return
	}
	a := checkout.Attribute(violations, history[len(history)-1])
	for i := len(history) - 2; i >= 0 && !a.Done(); i-- {
		a.Earlier(history[i])
	}
}

// TestASearchThatIsGivenUpNamesNobody.
func TestASearchThatIsGivenUpNamesNobody(t *testing.T) {
	t.Parallel()
	first, second := cart(swedish(), cartLine("physical", 1, 100)), cart(swedish(), cartLine("physical", 2, 100))
	violations := []checkout.Violation{{Path: "order_lines[0].quantity"}, {Path: "order_lines[0].unit_price"}}
	a := checkout.Attribute(violations, checkout.Stated{Content: &second, Origin: checkout.Origin{CorrelationID: "update"}})
	a.Earlier(checkout.Stated{Content: &first, Origin: checkout.Origin{CorrelationID: "create"}})
	a.GiveUp(7)
	if violations[0].ExpectedBy.CorrelationID != "update" || violations[0].Hint != "" {
		t.Errorf("%+v", violations[0])
	}
	if violations[1].ExpectedBy != (checkout.Origin{}) || violations[1].Hint != "the expected value was set at revision 7 or earlier" {
		t.Errorf("%+v", violations[1])
	}
}

// TestAnUpdateAfterTheAuthorizationIsSaid: the order has what the session has.
func TestAnUpdateAfterTheAuthorizationIsSaid(t *testing.T) {
	t.Parallel()
	approved, session := cart(swedish(), cartLine("physical", 1, 100)), cart(swedish(), cartLine("physical", 1, 200))
	other := cart(swedish(), cartLine("physical", 1, 300))
	for want, order := range map[bool]checkout.Content{true: session, false: other} {
		violations := checkout.Match(&approved, &order)
		checkout.UpdatedAfterwards(violations, &approved, &session, 3)
		for _, v := range violations {
			if strings.Contains(v.Hint, "reauthorize") != want {
				t.Errorf("%s: hint %q", v.Path, v.Hint)
			}
		}
	}
}
