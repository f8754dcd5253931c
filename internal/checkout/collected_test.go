package checkout_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/market"
)

// typed is a session whose customer typed all that the shop had not stated.
func typed(t testing.TB, stated checkout.Content) (d *desk, token string) {
	t.Helper()
	c := &customer{desk: open(t, stated), flow: checkout.Flow{Answers: checkout.Answers{Details: allDetails()}}}
	result := c.agrees(c.says(nil))
	if result.AuthorizationToken == "" {
		t.Fatalf("%+v", result)
	}
	return c.desk, result.AuthorizationToken
}

func withBilling(a *checkout.Address) checkout.Content {
	content := swedish()
	content.BillingAddress = a
	return content
}

// TestPromise3WhatTheCustomerTypedIsPartOfTheOrder: the shop's order is compared
// with the shop's own words. What the customer typed it may repeat and may leave
// out, and the order has it either way.
func TestPromise3WhatTheCustomerTypedIsPartOfTheOrder(t *testing.T) {
	t.Parallel()
	mail := &checkout.Address{Email: text("shop@example.com")}
	complete := *allDetails().BillingAddress
	repeated := complete
	repeated.Email = mail.Email
	wrongCity := repeated
	wrongCity.City = text("Lund")
	for name, c := range map[string]struct {
		stated, ordered *checkout.Address
		shipping        *checkout.Address
		differs         string
		want            *checkout.Address
	}{
		"nothing stated, nothing ordered":        {nil, nil, nil, "", &complete},
		"nothing stated, all ordered":            {nil, &complete, nil, "", &complete},
		"nothing stated, another ordered":        {nil, address("SE"), nil, "", address("SE")},
		"a part stated, nothing ordered":         {mail, nil, nil, "", &repeated},
		"a part stated, that part ordered":       {mail, mail, nil, "", &repeated},
		"a part stated, all ordered":             {mail, &repeated, nil, "", &repeated},
		"a part stated, all shipped to":          {mail, mail, &repeated, "", &repeated},
		"a part stated, the typed mail ordered":  {mail, &complete, nil, "billing_address.email", nil},
		"a part stated, another city ordered":    {mail, &wrongCity, nil, "billing_address.city", nil},
		"a part stated, shipped to another city": {mail, mail, &wrongCity, "shipping_address.city", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, token := typed(t, withBilling(c.stated))
			body := withBilling(c.ordered)
			body.ShippingAddress = c.shipping
			_, refusal := d.order(token, body)
			if c.differs != "" {
				refused(t, refusal, checkout.KindNotMatching)
				requireSame(t, "named", []string{c.differs + " matches_authorization"}, broken(refusal.Violations))
				return
			}
			accepted(t, refusal)
			requireSame(t, "address of the order", c.want, d.session.Order.Content.BillingAddress)
			requireSame(t, "person of the order", allDetails().Customer, d.session.Order.Content.Customer)
		})
	}
}

// TestTheShopIsNeverOverruled: what it stated stays, whatever the customer
// types, and its e-mail address stays when the customer signs in with another.
func TestTheShopIsNeverOverruled(t *testing.T) {
	t.Parallel()
	stated := swedish()
	stated.BillingAddress = address("SE")
	stated.Customer = &checkout.Customer{NationalIdentificationNumber: text("190001010000")}
	c := &customer{desk: open(t, stated), flow: checkout.Flow{CheckCode: func(string, string) bool { return true }}}
	result := c.agrees(c.says(func(a *checkout.Answers) {
		a.Login, a.Code, a.Details = text("other@example.com"), text("123456"), allDetails()
	}))
	if !result.Approved {
		t.Fatalf("%+v", result)
	}
	known := c.session.Known()
	requireSame(t, "address", stated.BillingAddress, known.BillingAddress)
	requireSame(t, "person", stated.Customer, known.Customer)
	if c.session.Collected != nil {
		t.Errorf("nothing was missing: %+v", c.session.Collected)
	}
}

// TestALoginIsAnAddressWhereNobodyElseSaysOne.
func TestALoginIsAnAddressWhereNobodyElseSaysOne(t *testing.T) {
	t.Parallel()
	for login, kind := range map[string]market.DetailType{"customer@email.se": market.DetailEmail, "+46 70 174 06 15": market.DetailPhone} {
		at := func(a *checkout.Address) checkout.Text {
			if kind == market.DetailEmail {
				return a.Email
			}
			return a.Phone
		}
		c := &customer{desk: open(t, swedish()), flow: checkout.Flow{CheckCode: func(string, string) bool { return true }}}
		asked := c.says(func(a *checkout.Answers) { a.Login, a.Code = text(login), text("123456") })
		if asked.Ask == nil || asked.Ask.Step != checkout.StepDetails {
			t.Fatalf("%s: %+v", login, asked.Ask)
		}
		for _, field := range asked.Ask.Fields {
			if field.Type == kind {
				t.Errorf("%s: asked for again as %s", login, field.Path)
			}
		}
		details := allDetails()
		result := c.agrees(c.says(func(a *checkout.Answers) { a.Details = details }))
		if known := c.session.Known(); !result.Approved || at(known.BillingAddress).Value != login {
			t.Errorf("%s: %+v", login, known.BillingAddress)
		}
		if c.session.Content.BillingAddress != nil {
			t.Errorf("%s: the shop stated nothing: %+v", login, c.session.Content.BillingAddress)
		}
	}
}

// TestWhatWasTypedOnceIsNotAskedAgain, and an update of the shop wins over it.
func TestWhatWasTypedOnceIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	d, _ := typed(t, swedish())
	c := &customer{desk: d}
	if ask := c.says(nil).Ask; ask == nil || ask.Step != checkout.StepConfirm {
		t.Fatalf("%+v", ask)
	}
	d.update(checkout.Content{BillingAddress: &checkout.Address{City: text("Lund"), Email: text("")}})
	known := d.session.Known()
	if known.BillingAddress.City.Value != "Lund" || known.BillingAddress.StreetAddress != allDetails().BillingAddress.StreetAddress ||
		known.BillingAddress.Email != allDetails().BillingAddress.Email {
		t.Errorf("%+v", known.BillingAddress)
	}
}

// TestTheCollectedShippingAddress is where the order goes, complete, and only
// where it was asked for and something was approved.
func TestTheCollectedShippingAddress(t *testing.T) {
	t.Parallel()
	collect := func(b *checkout.Browser) { b.CollectShippingAddress = true }
	c := &customer{desk: open(t, swedish()), flow: checkout.Flow{Answers: checkout.Answers{Details: allDetails()}}, more: collect}
	want := *allDetails().BillingAddress
	want.Country = text("SE")
	requireSame(t, "typed", &want, c.agrees(c.says(nil)).CollectedShippingAddress)

	stated := swedish()
	stated.BillingAddress, stated.ShippingAddress = address("SE"), address("NO")
	stated.Customer = allDetails().Customer
	c = &customer{desk: open(t, stated), more: collect}
	requireSame(t, "stated", address("NO"), c.agrees(c.says(nil)).CollectedShippingAddress)

	d := open(t, stated)
	for _, outcome := range []checkout.Outcome{checkout.OutcomeDeny, checkout.OutcomeCancel, checkout.OutcomeError, checkout.OutcomeInvalidFields} {
		call := d.call(outcome, checkout.Content{})
		call.CollectShippingAddress = true
		if _, _, result, _ := d.session.Authorize(call); result.CollectedShippingAddress != nil {
			t.Errorf("%s: %+v", outcome, result.CollectedShippingAddress)
		}
	}
}

// TestDetailsAreChecked: each mistake is told at its own field, and what was
// typed well is kept.
func TestDetailsAreChecked(t *testing.T) {
	t.Parallel()
	c := &customer{desk: open(t, swedish()), flow: checkout.Flow{}}
	if ask := c.says(nil).Ask; ask == nil || len(ask.Problems) > 0 || len(ask.Fields) != 8 {
		t.Fatalf("first: %+v", ask)
	}
	long := string(make([]byte, 100))
	for _, row := range []struct {
		change func(*checkout.Address, *checkout.Customer)
		want   string
	}{
		{func(a *checkout.Address, _ *checkout.Customer) { a.City = text("") }, "billing_address.city required"},
		{func(a *checkout.Address, _ *checkout.Customer) { a.City = checkout.Text{} }, "billing_address.city required"},
		{func(a *checkout.Address, _ *checkout.Customer) { a.City = text(long) }, "billing_address.city invalid"},
		{func(a *checkout.Address, _ *checkout.Customer) { a.City = text("\xff") }, "billing_address.city invalid"},
		{func(a *checkout.Address, _ *checkout.Customer) { a.PostalCode = text("12345678901") }, "billing_address.postal_code invalid"},
		{func(a *checkout.Address, _ *checkout.Customer) { a.Email = text("customer") }, "billing_address.email invalid"},
		{func(a *checkout.Address, _ *checkout.Customer) { a.Email = text("a b@c.se") }, "billing_address.email invalid"},
		{func(a *checkout.Address, _ *checkout.Customer) { a.Phone = text("none") }, "billing_address.phone invalid"},
		{func(a *checkout.Address, _ *checkout.Customer) { a.Phone = text("1234") }, "billing_address.phone invalid"},
		{func(_ *checkout.Address, p *checkout.Customer) { p.NationalIdentificationNumber = text("abc") }, "customer.national_identification_number invalid"},
		{func(a *checkout.Address, p *checkout.Customer) {
			*a, p.NationalIdentificationNumber = checkout.Address{}, text("<b>")
		},
			"billing_address.given_name required, billing_address.family_name required, billing_address.email required, " +
				"billing_address.phone required, billing_address.street_address required, billing_address.postal_code required, " +
				"billing_address.city required, customer.national_identification_number invalid"},
	} {
		details := allDetails()
		row.change(details.BillingAddress, details.Customer)
		ask := c.says(func(a *checkout.Answers) { a.Details = details }).Ask
		if ask == nil || ask.Step != checkout.StepDetails || problems(ask) != row.want {
			t.Errorf("%q, want %q", problems(ask), row.want)
		}
	}
}

func TestDatesOfBirth(t *testing.T) {
	t.Parallel()
	german := swedish()
	german.PurchaseCountry, german.PurchaseCurrency = text("DE"), text("EUR")
	for born, want := range map[string]string{
		"1970-07-10": "", "2026-02-28": "", "2026-03-02": "customer.date_of_birth invalid", "1970-02-30": "customer.date_of_birth invalid",
		"10-07-1970": "customer.date_of_birth invalid", "1899-12-31": "customer.date_of_birth invalid", "": "customer.date_of_birth required",
	} {
		c := &customer{desk: open(t, german)}
		details := allDetails()
		details.Customer = &checkout.Customer{DateOfBirth: text(born)}
		ask := c.says(func(a *checkout.Answers) { a.Details = details }).Ask
		if ask == nil || problems(ask) != want {
			t.Errorf("%q: %+v", born, ask)
		}
	}
}

// TestTheFormKnowsWhoGetsTheParcel, and an organization has no birthday.
func TestTheFormKnowsWhoGetsTheParcel(t *testing.T) {
	t.Parallel()
	stated := swedish()
	stated.ShippingAddress, stated.Customer = address("SE"), &checkout.Customer{Type: text("organization")}
	ask := (&customer{desk: open(t, stated)}).says(nil).Ask
	if ask == nil || len(ask.Fields) != 7 {
		t.Fatalf("%+v", ask)
	}
	for _, field := range ask.Fields {
		if field.Value == "" {
			t.Errorf("%s is not filled in", field.Path)
		}
	}
}

// TestAnythingTypedIsHarmless: whatever a page sends as answers, the result is a
// question or an approval, what the shop stated stays, and the session's content
// stays valid.
func TestAnythingTypedIsHarmless(t *testing.T) {
	t.Parallel()
	anyText := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "a@b.se", "070 123 45 67", "1941-03-21", "999999", "123456", "pay_later", "klarna", "\xff"}))
	rapid.Check(t, func(rt *rapid.T) {
		value := func(name string) checkout.Text {
			return checkout.Text{Value: anyText.Draw(rt, name), Set: rapid.Bool().Draw(rt, name+" set")}
		}
		details := &checkout.Content{BillingAddress: &checkout.Address{}, Customer: &checkout.Customer{}, OrderAmount: integer(1)}
		for i := range checkout.AddressFields {
			*checkout.AddressFields[i].At(details.BillingAddress) = value(checkout.AddressFields[i].Name)
		}
		for i := range checkout.CustomerFields {
			*checkout.CustomerFields[i].At(details.Customer) = value(checkout.CustomerFields[i].Name)
		}
		d := open(t, withBilling(&checkout.Address{City: text("Lund")}))
		c := &customer{desk: d, flow: checkout.Flow{
			CheckCode: func(_, code string) bool { return code != "999999" },
			Answers:   checkout.Answers{Login: value("login"), Code: value("code"), Details: details, Category: value("category")},
		}}
		stated := copied(d.session.Content)
		result := c.says(nil)
		if result.Ask != nil && result.Ask.Step == checkout.StepConfirm {
			result = c.agrees(result)
		}
		if result.Ask == nil && !result.Approved {
			rt.Fatalf("%+v", result)
		}
		requireSame(rt, "stated", stated, d.session.Content)
		known := d.session.Known()
		if violations := checkout.Validate(checkout.OperationUpdate, &known, nil); len(violations) > 0 {
			rt.Fatalf("the session became invalid: %v", broken(violations))
		}
		if known.BillingAddress.Country.Set || known.BillingAddress.City.Value != "Lund" || known.OrderAmount.Value != 9500 {
			rt.Fatalf("what was not asked for was taken: %+v", known.BillingAddress)
		}
		d.wait(time.Minute)
	})
}
