package checkout_test

import (
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
)

// TestAnotherPersonIsANewCustomer: what one person agreed to does not let
// another one pass, whatever call states who pays now.
func TestAnotherPersonIsANewCustomer(t *testing.T) {
	t.Parallel()
	alice := *allDetails()
	stating := func(change func(*checkout.Address, *checkout.Customer)) checkout.Content {
		address, customer := *alice.BillingAddress, *alice.Customer
		change(&address, &customer)
		return checkout.Content{BillingAddress: &address, Customer: &customer}
	}
	email := stating(func(a *checkout.Address, _ *checkout.Customer) { a.Email = text("bob@example.com") })
	phone := stating(func(a *checkout.Address, _ *checkout.Customer) { a.Phone = text("+46701740616") })
	number := stating(func(_ *checkout.Address, c *checkout.Customer) {
		c.NationalIdentificationNumber = text("SE197001011234")
	})
	street := stating(func(a *checkout.Address, _ *checkout.Customer) { a.StreetAddress = text("Gatan 2") })
	for name, c := range map[string]struct {
		typed   bool // the customer said it all before, and the shop nothing
		stated  checkout.Content
		another bool
	}{
		"the same":              {false, alice, false},
		"nothing new":           {false, checkout.Content{}, false},
		"another street":        {false, street, false},
		"another e-mail":        {false, email, true},
		"another phone":         {false, phone, true},
		"another number":        {false, number, true},
		"typed, now stated":     {true, alice, false},
		"typed, another stated": {true, email, true},
	} {
		for _, call := range []string{"authorize", "reauthorize", "finalize"} {
			t.Run(name+", "+call, func(t *testing.T) {
				t.Parallel()
				stated := swedish()
				stated.BillingAddress, stated.Customer = nil, nil
				if !c.typed {
					stated.BillingAddress, stated.Customer = alice.BillingAddress, alice.Customer
				}
				p := &customer{desk: open(t, stated)}
				p.flow.CheckCode = func(string, string) bool { return true }
				first := func(b *checkout.Browser) { b.AutoFinalize = call != "finalize" }
				p.more = first
				p.flow.Answers = checkout.Answers{Login: text("customer@email.se"), Code: text("123456"), Details: allDetails()}
				if result := p.agrees(p.says(nil)); !result.Approved {
					t.Fatalf("%+v", result)
				}
				p.call, p.flow.Answers = call, checkout.Answers{}
				p.more = func(b *checkout.Browser) { first(b); b.Patch = c.stated }
				result := p.says(nil)
				if !c.another {
					if result.Ask != nil && result.Ask.Step == checkout.StepIdentify || call != "authorize" && !result.Approved {
						t.Fatalf("asked for %+v", result.Ask)
					}
					return
				}
				if result.Ask == nil || result.Ask.Step != checkout.StepIdentify {
					t.Fatalf("nobody was asked: %+v", result)
				}
				p.says(func(a *checkout.Answers) { a.Login = text("bob@example.com") })
				asked := p.says(func(a *checkout.Answers) { a.Code, a.Details = text("123456"), allDetails() })
				if asked.Ask == nil || asked.Ask.Step != checkout.StepConfirm || asked.Ask.Agreed != nil {
					t.Fatalf("%+v", asked)
				}
				if result := p.agrees(asked); !result.Approved {
					t.Errorf("%+v", result)
				}
			})
		}
	}
}

// TestWhatAnotherPersonTypedIsForgotten: nobody gets the address of the one
// before.
func TestWhatAnotherPersonTypedIsForgotten(t *testing.T) {
	t.Parallel()
	d, _ := typed(t, withBilling(&checkout.Address{Email: text("alice@example.com")}))
	call := d.call(checkout.OutcomeApprove, checkout.Content{BillingAddress: &checkout.Address{Email: text("bob@example.com")}})
	next, _, result, refusal := d.session.Reauthorize(call)
	accepted(t, refusal)
	if !result.Approved || next.Collected != nil {
		t.Errorf("%+v", next.Collected)
	}
}

// TestAReleaseEndsWhatWasAgreed, as a denial does.
func TestAReleaseEndsWhatWasAgreed(t *testing.T) {
	t.Parallel()
	c := &customer{desk: open(t, swedish()), call: "reauthorize", flow: checkout.Flow{Answers: checkout.Answers{Details: allDetails()}}}
	accepted(t, c.release(c.approve()))
	if result := c.says(nil); result.Ask == nil || result.Ask.Step != checkout.StepConfirm {
		t.Errorf("%+v", result)
	}
}
