package checkout_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/checkout"
)

// approved is a content in which every compared property has a value.
func approved() checkout.Content {
	c := whole()
	l := &c.OrderLines[0]
	l.ImageURL, l.ProductURL, l.MerchantData, l.QuantityUnit = text("https://i"), text("https://p"), text("{}"), text("pcs")
	l.ProductIdentifiers = &checkout.ProductIdentifiers{
		Brand: text("b"), CategoryPath: text("c"), Color: text("d"), GlobalTradeItemNumber: text("e"),
		ManufacturerPartNumber: text("f"), Size: text("g"),
	}
	return c
}

// compared walks every property that an order must repeat: its path, and how to
// change or to leave it out.
func compared(each func(path string, change, leaveOut func(*checkout.Content))) {
	comparedTexts(each, "billing_address.", checkout.AddressFields, func(c *checkout.Content) *checkout.Address { return c.BillingAddress })
	comparedTexts(each, "shipping_address.", checkout.AddressFields, func(c *checkout.Content) *checkout.Address { return c.ShippingAddress })
	comparedTexts(each, "order_lines[0].", checkout.LineTextFields, func(c *checkout.Content) *checkout.Line { return &c.OrderLines[0] })
	comparedTexts(each, "order_lines[0].product_identifiers.", checkout.ProductIdentifierFields,
		func(c *checkout.Content) *checkout.ProductIdentifiers { return c.OrderLines[0].ProductIdentifiers })
	comparedTexts(each, "order_lines[0].subscription.", checkout.SubscriptionTextFields,
		func(c *checkout.Content) *checkout.Subscription { return c.OrderLines[0].Subscription })
	for _, f := range checkout.LineIntegerFields {
		at := func(c *checkout.Content) *checkout.Integer { return f.At(&c.OrderLines[0]) }
		each("order_lines[0]."+f.Name, func(c *checkout.Content) { at(c).Value++ }, func(c *checkout.Content) { *at(c) = checkout.Integer{} })
	}
	each("order_lines[0].subscription.interval_count",
		func(c *checkout.Content) { c.OrderLines[0].Subscription.IntervalCount = integer(2) },
		func(c *checkout.Content) { c.OrderLines[0].Subscription.IntervalCount = checkout.Integer{} })
}

func comparedTexts[T any](
	each func(path string, change, leaveOut func(*checkout.Content)),
	parent string, fields []checkout.TextField[T], at func(*checkout.Content) *T,
) {
	for _, f := range fields {
		each(parent+f.Name,
			func(c *checkout.Content) { *f.At(at(c)) = text("something else") },
			func(c *checkout.Content) { *f.At(at(c)) = checkout.Text{} })
	}
}

func TestTheApprovedContentMatches(t *testing.T) {
	t.Parallel()
	for _, c := range []checkout.Content{swedish(), american(), approved()} {
		request := copied(c)
		if differences := checkout.Match(&c, &request); differences != nil {
			t.Errorf("%v", broken(differences))
		}
	}
}

// TestEveryComparedProperty: a change is named, with both values, and alone.
// A property that stands on one side only differs too, as quoted messages show.
func TestEveryComparedProperty(t *testing.T) {
	t.Parallel()
	walked := 0
	compared(func(path string, change, leaveOut func(*checkout.Content)) {
		walked++
		for _, alter := range []func(*checkout.Content){change, leaveOut} {
			before, request := approved(), approved()
			alter(&request)
			differences := checkout.Match(&before, &request)
			if path == "order_lines[0].type" && request.OrderLines[0].Type.Value == "" {
				requireSame(t, "no type is physical", []string{}, broken(differences))
				continue
			}
			requireSame(t, "differences", []string{path + " matches_authorization"}, broken(differences))
			if differences[0].Sent == differences[0].Expected || differences[0].Stage != checkout.StageMatch {
				t.Errorf("%s: %+v", path, differences[0])
			}
			requireSame(t, "and the other way", []string{path + " matches_authorization"}, broken(checkout.Match(&request, &before)))
		}
	})
	if walked != 13+13+7+6+2+6+1 {
		t.Errorf("%d properties were compared", walked)
	}
}

// TestComparedAtTheTop: amounts, currency and country.
func TestComparedAtTheTop(t *testing.T) {
	t.Parallel()
	for path, alter := range map[string]func(*checkout.Content){
		"order_amount":      func(c *checkout.Content) { c.OrderAmount.Value++ },
		"order_tax_amount":  func(c *checkout.Content) { c.OrderTaxAmount.Value++ },
		"purchase_currency": func(c *checkout.Content) { c.PurchaseCurrency = text("EUR") },
		"purchase_country":  func(c *checkout.Content) { c.PurchaseCountry = text("FI") },
	} {
		before, request := swedish(), swedish()
		alter(&request)
		differences := checkout.Match(&before, &request)
		requireSame(t, path, []string{path + " matches_authorization"}, broken(differences))
		requireExplained(t, differences)
	}
}

// TestNotCompared: an order may say something else here.
func TestNotCompared(t *testing.T) {
	t.Parallel()
	before, request := approved(), approved()
	request.Locale, request.Design, request.Intent, request.AcquiringChannel = text("en-GB"), text("x"), text("tokenize"), text("IN_STORE")
	request.MerchantReference1, request.MerchantReference2, request.MerchantData = text("4711"), text("b"), text("c")
	request.MerchantURLs = &checkout.MerchantURLs{Confirmation: text("https://example.com/other")}
	request.Customer = &checkout.Customer{DateOfBirth: text("1978-12-31"), Type: text("organization")}
	request.Options, request.Attachment = &checkout.Options{ColorText: text("#000000")}, &checkout.Attachment{Body: text("{}")}
	request.AutoCapture, request.CustomPaymentMethodIDs = checkout.BooleanOf(true), []string{"string"}
	requireSame(t, "differences", []string{}, broken(checkout.Match(&before, &request)))
}

// TestEmptyAndAbsentAreEqual, for strings, numbers and objects.
func TestEmptyAndAbsentAreEqual(t *testing.T) {
	t.Parallel()
	bare := cart(swedish(), checkout.Line{Name: text("a"), Quantity: integer(1), UnitPrice: integer(100), TotalAmount: integer(100)})
	bare.BillingAddress, bare.ShippingAddress = &checkout.Address{City: text("Stockholm")}, &checkout.Address{City: text("Lund")}
	full := copied(bare)
	l := &full.OrderLines[0]
	for _, f := range checkout.LineTextFields {
		if at := f.At(l); !at.Set {
			*at = text("")
		}
	}
	for _, f := range checkout.AddressFields {
		if at := f.At(full.BillingAddress); !at.Set {
			*at = text("")
		}
	}
	l.TaxRate, l.TotalTaxAmount, l.TotalDiscountAmount = integer(0), integer(0), integer(0)
	l.ProductIdentifiers, l.Subscription = &checkout.ProductIdentifiers{Brand: text("")}, &checkout.Subscription{}
	full.OrderTaxAmount = integer(0)
	requireSame(t, "bare approved, full ordered", []string{}, broken(checkout.Match(&bare, &full)))
	requireSame(t, "full approved, bare ordered", []string{}, broken(checkout.Match(&full, &bare)))
}

// TestAddressesThatWereNotSent: an order that leaves an address out takes the
// approved one; an address that was never sent before matches anything. An
// object with nothing in it is as good as none.
func TestAddressesThatWereNotSent(t *testing.T) {
	t.Parallel()
	for name, nothing := range map[string]*checkout.Address{
		"absent": nil, "empty": {}, "empty strings": {City: text(""), Country: text("")},
	} {
		known, unknown := swedish(), swedish()
		known.BillingAddress, known.ShippingAddress = address("SE"), address("SE")
		unknown.BillingAddress, unknown.ShippingAddress = nothing, nothing
		requireSame(t, name+" in the order", []string{}, broken(checkout.Match(&known, &unknown)))
		requireSame(t, name+" in the approval", []string{}, broken(checkout.Match(&unknown, &known)))
	}
}

// TestShippingIsCopiedFromBilling when it was not sent.
func TestShippingIsCopiedFromBilling(t *testing.T) {
	t.Parallel()
	for name, nothing := range map[string]*checkout.Address{"absent": nil, "empty": {}} {
		before, request := swedish(), swedish()
		before.BillingAddress, before.ShippingAddress = address("SE"), nothing
		request.BillingAddress, request.ShippingAddress = address("SE"), address("SE")
		requireSame(t, name+": the copy", []string{}, broken(checkout.Match(&before, &request)))
		request.ShippingAddress.City = text("Lund")
		requireSame(t, name+": another city", []string{"shipping_address.city matches_authorization"}, broken(checkout.Match(&before, &request)))
	}
}

// TestCountryOfAnOrder: the purchase country or the billing country that
// overrides it, on either side; letter case does not count.
func TestCountryOfAnOrder(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		approved, approvedBilling, sent, sentBilling string
		matches                                      bool
	}{
		{"US", "", "US", "", true},
		{"US", "", "us", "", true},
		{"US", "US", "GB", "US", true}, // recorded
		{"GB", "US", "US", "", true},
		{"GB", "US", "GB", "", true},
		{"GB", "US", "gb", "us", true},
		{"US", "", "GB", "US", true},
		{"US", "", "GB", "", false},
		{"US", "", "CA", "", false},
		{"GB", "US", "CA", "", false},
	} {
		before, request := american(), american()
		before.PurchaseCountry, request.PurchaseCountry = text(row.approved), text(row.sent)
		before.BillingAddress = &checkout.Address{Country: text(row.approvedBilling)}
		request.BillingAddress = &checkout.Address{Country: text(row.sentBilling)}
		differences := checkout.Match(&before, &request)
		if row.matches != (len(differences) == 0) {
			t.Errorf("%+v: %v", row, broken(differences))
		}
		if !row.matches && (differences[0].Path != "purchase_country" || differences[0].Sent != row.sent) {
			t.Errorf("%+v: %+v", row, differences[0])
		}
	}
}

// TestCartOfAnotherSize: the quoted sentence, last, and no line compared.
func TestCartOfAnotherSize(t *testing.T) {
	t.Parallel()
	before := cart(swedish(), cartLine("physical", 1, 100), cartLine("physical", 1, 200))
	request := cart(swedish(), cartLine("physical", 1, 100), cartLine("digital", 1, 999), cartLine("physical", 1, 1))
	differences := checkout.Match(&before, &request)
	requireSame(t, "differences", []string{"order_amount matches_authorization", "order_lines cart_size"}, broken(differences))
	last := differences[len(differences)-1]
	if want := "Incorrect number of items in the cart. Expected: 2, Actual: 3"; last.Hint != want || last.Path != checkout.CartSizePath {
		t.Errorf("%q at %s, want %q", last.Hint, last.Path, want)
	}
	if last.Sent != int64(3) || last.Expected != int64(2) {
		t.Errorf("sent %v, expected %v", last.Sent, last.Expected)
	}
}

// TestOrderOfTheLinesMatters: the cart is a list.
func TestOrderOfTheLinesMatters(t *testing.T) {
	t.Parallel()
	first, second := cartLine("physical", 1, 100), cartLine("physical", 1, 100)
	second.Name = text("another")
	before, request := cart(swedish(), first, second), cart(swedish(), second, first)
	requireSame(t, "swapped", []string{
		"order_lines[0].name matches_authorization", "order_lines[1].name matches_authorization",
	}, broken(checkout.Match(&before, &request)))
}

// TestWhiteSpaceAndCaseAreDifferencesWithAHint: strict, as the real server is,
// but said.
func TestWhiteSpaceAndCaseAreDifferencesWithAHint(t *testing.T) {
	t.Parallel()
	before, request := swedish(), swedish()
	before.BillingAddress = address("SE")
	request.BillingAddress = address("se")
	request.BillingAddress.PostalCode, request.BillingAddress.City = text("12345"), text("STOCKHOLM")
	request.BillingAddress.Email = text("bob@example.com")
	for _, v := range checkout.Match(&before, &request) {
		hinted := strings.Contains(v.Hint, "white space or letter case")
		if hinted != (v.Path != "billing_address.email") {
			t.Errorf("%s: hint %q", v.Path, v.Hint)
		}
		if v.Path == "billing_address.country" {
			t.Error("the letter case of a country differs")
		}
	}
	if got := len(checkout.Match(&before, &request)); got != 3 {
		t.Errorf("%d differences, want postal_code, city, email", got)
	}
}

// TestMatchLeavesItsInputsAlone: it fills in the type of a line, in a copy.
func TestMatchLeavesItsInputsAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawPatch(t), drawPatch(t)
		aBefore, bBefore := copied(a), copied(b)
		checkout.Match(&a, &b)
		requireSame(t, "approved", aBefore, a)
		requireSame(t, "request", bBefore, b)
	})
	a, b := cart(swedish(), cartLine("", 1, 1)), cart(swedish(), cartLine("", 1, 1))
	checkout.Match(&a, &b)
	if a.OrderLines[0].Type.Value != "" || b.OrderLines[0].Type.Value != "" {
		t.Error("the type was filled in")
	}
}
