package checkout_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/checkout"
)

// base is when the tests begin. The domain reads no clock; any time will do.
var base = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var (
	text    = checkout.TextOf
	integer = checkout.IntegerOf
)

// swedish is the documentation's session sample.
func swedish() checkout.Content {
	return checkout.Content{
		PurchaseCountry: text("SE"), PurchaseCurrency: text("SEK"), Locale: text("en-SE"),
		OrderAmount: integer(9500), OrderTaxAmount: integer(1900),
		OrderLines: []checkout.Line{{
			Type: text("physical"), Reference: text("19-402"), Name: text("Battery Power Pack"),
			Quantity: integer(1), UnitPrice: integer(10000), TotalDiscountAmount: integer(500), TotalAmount: integer(9500),
			TaxRate: integer(2500), TotalTaxAmount: integer(1900),
		}},
	}
}

// american is a recorded US cart: every sign and a tax line.
func american() checkout.Content {
	return checkout.Content{
		PurchaseCountry: text("US"), PurchaseCurrency: text("USD"), Locale: text("en"),
		OrderAmount: integer(1412), OrderTaxAmount: integer(112),
		OrderLines: []checkout.Line{
			cartLine("physical", 2, 500), cartLine("shipping_fee", 1, 700), cartLine("discount", 1, -100),
			cartLine("sales_tax", 1, 112), cartLine("store_credit", 1, -300),
		},
	}
}

// cartLine is a line without tax.
func cartLine(kind string, quantity, unit int64) checkout.Line {
	return checkout.Line{
		Type: text(kind), Name: text("a " + kind), Quantity: integer(quantity), UnitPrice: integer(unit), TotalAmount: integer(quantity * unit),
	}
}

// cart makes the lines the content's own and its amount their sum.
func cart(c checkout.Content, lines ...checkout.Line) checkout.Content {
	var sum int64
	for _, l := range lines {
		sum += l.TotalAmount.Value
	}
	c.OrderLines, c.OrderAmount, c.OrderTaxAmount = lines, integer(sum), checkout.Integer{}
	return c
}

// address is a complete one.
func address(country string) *checkout.Address {
	return &checkout.Address{
		GivenName: text("Alice"), FamilyName: text("Test"), Title: text("Ms"), Attention: text("Att."), OrganizationName: text("Test AB"),
		Email: text("alice@example.com"), StreetAddress: text("Testgatan 1"), StreetAddress2: text("3 tr"), PostalCode: text("123 45"),
		City: text("Stockholm"), Region: text("Uppland"), Phone: text("+46700000000"), Country: text(country),
	}
}

// copied is a deep copy: nothing is shared with the original.
func copied[T any](original T) T {
	encoded, err := json.Marshal(original)
	if err != nil {
		panic(err)
	}
	var twin T
	if err := json.Unmarshal(encoded, &twin); err != nil {
		panic(err)
	}
	return twin
}

// requireSame fails with the difference.
func requireSame(t interface{ Fatalf(string, ...any) }, what string, want, got any) {
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// broken lists violations as "path rule".
func broken(violations []checkout.Violation) []string {
	names := []string{}
	for _, v := range violations {
		names = append(names, v.Path+" "+string(v.Rule))
	}
	return names
}

// refused checks the kind of a refusal and that it can be explained.
func refused(t interface{ Fatalf(string, ...any) }, refusal *checkout.Refusal, want checkout.Kind) {
	if refusal == nil {
		t.Fatalf("accepted, want a refusal of kind %d", want)
		return
	}
	if refusal.Kind != want {
		t.Fatalf("refused with kind %d (%s), want %d", refusal.Kind, refusal.Reason, want)
	}
	if refusal.Error() == "" {
		t.Fatalf("a refusal of kind %d gives no reason", refusal.Kind)
	}
}

func accepted(t interface{ Fatalf(string, ...any) }, refusal *checkout.Refusal) {
	if refusal != nil {
		t.Fatalf("refused: %s %v", refusal.Reason, broken(refusal.Violations))
	}
}

// desk is one session with its clock, driven as a shop and a customer would.
type desk struct {
	t       testing.TB
	session checkout.Session
	now     time.Time
	issued  []string // tokens, oldest first
}

func open(t testing.TB, content checkout.Content) *desk {
	t.Helper()
	session, event, refusal := checkout.Create("session-1", "merchant-1", content, nil, base)
	accepted(t, refusal)
	if event.Kind != checkout.EventCreated {
		t.Fatalf("event %q", event.Kind)
	}
	return &desk{t: t, session: session, now: base}
}

func (d *desk) wait(by time.Duration) { d.now = d.now.Add(by) }

// call is a browser call that risk answers with the outcome.
func (d *desk) call(outcome checkout.Outcome, patch checkout.Content) checkout.Browser {
	return checkout.Browser{
		Patch: patch, Category: "pay_later", AutoFinalize: true, Now: d.now,
		Decide: func(*checkout.Content) checkout.Decision {
			return checkout.Decision{Outcome: outcome, Reason: "test: " + string(outcome), InvalidFields: []string{"billing_address.phone"}}
		},
		NewToken: d.newToken,
	}
}

func (d *desk) newToken() string {
	d.issued = append(d.issued, fmt.Sprintf("token-%d", len(d.issued)+1))
	return d.issued[len(d.issued)-1]
}

func (d *desk) update(patch checkout.Content) {
	d.t.Helper()
	next, _, refusal := d.session.Update(patch, nil, d.now)
	accepted(d.t, refusal)
	d.session = next
}

// authorize runs one assessment that must be carried out.
func (d *desk) authorize(outcome checkout.Outcome, patch checkout.Content) (token string) {
	d.t.Helper()
	next, _, result, refusal := d.session.Authorize(d.call(outcome, patch))
	accepted(d.t, refusal)
	d.session = next
	return result.AuthorizationToken
}

// deferred authorizes with a later finalize.
func (d *desk) deferred() {
	d.t.Helper()
	call := d.call(checkout.OutcomeApprove, checkout.Content{})
	call.AutoFinalize = false
	next, _, result, refusal := d.session.Authorize(call)
	accepted(d.t, refusal)
	if !result.FinalizeRequired {
		d.t.Fatal("no finalize is required")
	}
	d.session = next
}

func (d *desk) approve() (token string) {
	d.t.Helper()
	return d.authorize(checkout.OutcomeApprove, checkout.Content{})
}

func (d *desk) release(token string) *checkout.Refusal {
	next, event, refusal := d.session.Release(token, d.now)
	if refusal == nil && (event.Kind != checkout.EventReleased || event.AuthorizationToken != token) {
		d.t.Fatalf("event %+v", event)
	}
	d.session = next
	return refusal
}

// order places an order for the body.
func (d *desk) order(token string, body checkout.Content) (replayed bool, refusal *checkout.Refusal) {
	next, _, replayed, refusal := d.session.PlaceOrder(checkout.PlaceOrder{
		Token: token, Request: body, OrderID: fmt.Sprintf("order-%d", d.session.Revision+1), Now: d.now,
	})
	d.session = next
	return replayed, refusal
}

// tokenize makes a customer token.
func (d *desk) tokenize(token string, body checkout.Content) (replayed bool, refusal *checkout.Refusal) {
	next, _, replayed, refusal := d.session.CreateCustomerToken(checkout.CreateCustomerToken{
		Token: token, Description: text("monthly coffee"), IntendedUse: text("SUBSCRIPTION"),
		Request: body, ID: fmt.Sprintf("customer-token-%d", d.session.Revision+1), Now: d.now,
	})
	d.session = next
	return replayed, refusal
}
