package checkout_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/market"
)

func TestPlaceOrder(t *testing.T) {
	t.Parallel()
	d := open(t, swedish())
	token := d.approve()
	before := copied(d.session)
	d.wait(time.Minute)
	next, event, replayed, refusal := d.session.PlaceOrder(checkout.PlaceOrder{
		Token: token, Request: swedish(), OrderID: "order-1", Now: d.now,
	})
	accepted(t, refusal)
	requireSame(t, "the session it was called on", before, d.session)
	requireSame(t, "event", checkout.Event{Kind: checkout.EventOrdered, At: d.now, AuthorizationToken: token, OrderID: "order-1"}, event)
	want := before
	want.Revision, want.UpdatedAt = 3, d.now
	want.Authorization.State = checkout.AuthorizationOrdered
	content := before.Content
	want.Order = &checkout.Order{
		ID: "order-1", AuthorizationToken: token, CreatedAt: d.now, Content: content, Request: swedish(), FraudStatus: "ACCEPTED",
		Method: market.Method{Type: "invoice", NumberOfDays: 30, NumberOfInstallments: 1}, Ledger: checkout.Ledger{Authorized: 9500},
	}
	want.Order.Content.Locale = text("en-SE")
	requireSame(t, "session", want, next)
	if replayed {
		t.Error("the first call is a replay")
	}
}

// TestTheMethodFollowsCategoryAndCountry; the billing country decides.
func TestTheMethodFollowsCategoryAndCountry(t *testing.T) {
	t.Parallel()
	content := american()
	content.PurchaseCountry, content.BillingAddress = text("GB"), address("US")
	d := open(t, content)
	call := d.call(checkout.OutcomeApprove, checkout.Content{})
	call.Category = "pay_over_time"
	d.session, _, _, _ = d.session.Authorize(call)
	_, refusal := d.order("token-1", content)
	accepted(t, refusal)
	if got := d.session.Order.Method.Type; got != "slice_it_by_card" {
		t.Errorf("method %q", got)
	}
}

// TestAReferredOrderIsPending and is not captured before the review.
func TestAReferredOrderIsPending(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		outcome     checkout.Outcome
		autoCapture checkout.Boolean
		status      string
		captured    int64
	}{
		{checkout.OutcomeApprove, checkout.Boolean{}, "ACCEPTED", 0},
		{checkout.OutcomeApprove, checkout.BooleanOf(false), "ACCEPTED", 0},
		{checkout.OutcomeApprove, checkout.BooleanOf(true), "ACCEPTED", 9500},
		{checkout.OutcomeRefer, checkout.Boolean{}, "PENDING", 0},
		{checkout.OutcomeRefer, checkout.BooleanOf(true), "PENDING", 0},
	} {
		d := open(t, swedish())
		token := d.authorize(row.outcome, checkout.Content{})
		body := swedish()
		body.AutoCapture = row.autoCapture
		_, refusal := d.order(token, body)
		accepted(t, refusal)
		order := d.session.Order
		if order.FraudStatus != row.status || int64(order.Ledger.Captured) != row.captured || !order.Ledger.Holds() {
			t.Errorf("%+v: %s, %+v", row, order.FraudStatus, order.Ledger)
		}
	}
	zero := cart(swedish(), cartLine("physical", 0, 100))
	d := open(t, zero)
	zero.AutoCapture = checkout.BooleanOf(true)
	_, refusal := d.order(d.approve(), zero)
	accepted(t, refusal)
}

// TestADifferingOrderIsRefusedAndTheTokenStaysLive: a mended body may follow.
func TestADifferingOrderIsRefusedAndTheTokenStaysLive(t *testing.T) {
	t.Parallel()
	d := open(t, swedish())
	token := d.approve()
	before := copied(d.session)
	body := cart(swedish(), cartLine("physical", 1, 9500), cartLine("shipping_fee", 1, 500))
	_, refusal := d.order(token, body)
	refused(t, refusal, checkout.KindNotMatching)
	requireSame(t, "differences", []string{"order_amount matches_authorization", "order_lines cart_size"}, broken(refusal.Violations))
	requireSame(t, "session", before, d.session)
	_, refusal = d.order(token, swedish())
	accepted(t, refusal)
}

// TestASecondCallWithTheSameBodyGivesTheSameOrder, as recorded, also after the
// token and the session have ended; equal means equal in value.
func TestASecondCallWithTheSameBodyGivesTheSameOrder(t *testing.T) {
	t.Parallel()
	d := open(t, swedish())
	token := d.approve()
	_, refusal := d.order(token, swedish())
	accepted(t, refusal)
	before := copied(d.session)
	spelled := swedish()
	spelled.PurchaseCountry, spelled.MerchantReference1 = text("se"), text("")
	spelled.CustomPaymentMethodIDs, spelled.Customer, spelled.AutoCapture = []string{}, &checkout.Customer{}, checkout.BooleanOf(false)
	for _, later := range []time.Duration{0, 2 * time.Hour, 100 * time.Hour} {
		d.wait(later)
		for _, body := range []checkout.Content{swedish(), spelled} {
			next, event, replayed, refusal := d.session.PlaceOrder(checkout.PlaceOrder{Token: token, Request: body, OrderID: "another", Now: d.now})
			accepted(t, refusal)
			if !replayed {
				t.Error("not a replay")
			}
			requireSame(t, "session", before, next)
			requireSame(t, "event", checkout.Event{}, event)
		}
	}
}

// TestASecondCallWithAnotherBodyIsRefused: every writable property counts.
func TestASecondCallWithAnotherBodyIsRefused(t *testing.T) {
	t.Parallel()
	d := open(t, approved())
	token := d.approve()
	_, refusal := d.order(token, approved())
	accepted(t, refusal)
	before := copied(d.session)
	changes := map[string]func(*checkout.Content){
		"order_amount":     func(c *checkout.Content) { c.OrderAmount.Value++ },
		"order_tax_amount": func(c *checkout.Content) { c.OrderTaxAmount = checkout.Integer{} },
		"auto_capture":     func(c *checkout.Content) { c.AutoCapture = checkout.BooleanOf(true) },
		"custom_payment_method_ids": func(c *checkout.Content) {
			c.CustomPaymentMethodIDs = []string{"summer", "sale"}
		},
		"order_lines": func(c *checkout.Content) { c.OrderLines = append(c.OrderLines, cartLine("physical", 1, 1)) },
	}
	compared(func(path string, change, _ func(*checkout.Content)) { changes[path] = change })
	every := func(path string, change, _ func(*checkout.Content)) { changes[path] = change }
	comparedTexts(every, "", checkout.ContentTextFields, func(c *checkout.Content) *checkout.Content { return c })
	comparedTexts(every, "attachment.", checkout.AttachmentFields, func(c *checkout.Content) *checkout.Attachment { return c.Attachment })
	comparedTexts(every, "customer.", checkout.CustomerFields, func(c *checkout.Content) *checkout.Customer { return c.Customer })
	comparedTexts(every, "merchant_urls.", checkout.MerchantURLFields,
		func(c *checkout.Content) *checkout.MerchantURLs { return c.MerchantURLs })
	comparedTexts(every, "options.", checkout.OptionFields, func(c *checkout.Content) *checkout.Options { return c.Options })
	for path, change := range changes {
		body := approved()
		change(&body)
		replayed, refusal := d.order(token, body)
		refused(t, refusal, checkout.KindCompletedDifferently)
		requireSame(t, "differences", []string{path + " same_body"}, broken(refusal.Violations))
		if v := refusal.Violations[0]; replayed || v.Sent == v.Expected {
			t.Errorf("%s: %+v", path, v)
		}
		requireSame(t, "session", before, d.session)
	}
}

// TestAListThatDiffersIsShownInOneLine, on both sides.
func TestAListThatDiffersIsShownInOneLine(t *testing.T) {
	t.Parallel()
	d := open(t, swedish())
	token, body := d.approve(), swedish()
	body.CustomPaymentMethodIDs = []string{"winter"}
	_, refusal := d.order(token, body)
	accepted(t, refusal)
	body.CustomPaymentMethodIDs = []string{"summer", "sale"}
	_, refusal = d.order(token, body)
	refused(t, refusal, checkout.KindCompletedDifferently)
	if v := refusal.Violations[0]; v.Sent != "summer, sale" || v.Expected != "winter" {
		t.Errorf("sent %v, expected %v", v.Sent, v.Expected)
	}
}

// TestAnOrderIsPlacedWithTheTokenItsSessionKnows.
func TestAnOrderIsPlacedWithTheTokenItsSessionKnows(t *testing.T) {
	t.Parallel()
	d := open(t, swedish())
	for _, token := range []string{"", "unknown"} {
		_, refusal := d.order(token, swedish())
		refused(t, refusal, checkout.KindAuthorizationNotFound)
	}
	d.deferred()
	_, refusal := d.order("", swedish())
	refused(t, refusal, checkout.KindAuthorizationNotFound)
}

// TestTokenizingHasNoOrder: what the customer approved decides, not what the
// session was changed to afterwards.
func TestTokenizingHasNoOrder(t *testing.T) {
	t.Parallel()
	for intent, kind := range map[string]checkout.Kind{
		"tokenize": checkout.KindOperationNotAllowed, "TOKENIZE": checkout.KindOperationNotAllowed, "buy": 0, "buy_and_tokenize": 0, "": 0,
	} {
		content := swedish()
		content.Intent = text(intent)
		d := open(t, content)
		token := d.approve()
		d.update(checkout.Content{Intent: text("buy")})
		_, refusal := d.order(token, swedish())
		if kind == 0 {
			accepted(t, refusal)
		} else {
			refused(t, refusal, kind)
		}
	}
}

// TestOrderContent: what was approved, with the order call's references and
// URLs; the person and the addresses only where none were known.
func TestOrderContent(t *testing.T) {
	t.Parallel()
	known := whole()
	known.Customer = &checkout.Customer{DateOfBirth: text("1990-01-01")}
	body := whole()
	body.Locale, body.MerchantReference1, body.MerchantReference2, body.MerchantData = text("sv-SE"), text("4711"), text("b"), text("{}")
	body.MerchantURLs = &checkout.MerchantURLs{Push: text("https://example.com/push")}
	body.Customer = &checkout.Customer{DateOfBirth: text("1978-12-31"), Gender: text("male")}
	body.Options, body.Attachment, body.Design = &checkout.Options{ColorText: text("#000000")}, nil, text("other")
	body.Intent, body.AcquiringChannel, body.CustomPaymentMethodIDs = text("tokenize"), text("telesales"), []string{"summer"}
	d := open(t, known)
	token := d.approve()
	_, refusal := d.order(token, body)
	accepted(t, refusal)
	want := known
	want.AcquiringChannel, want.Intent = text("ECOMMERCE"), text("buy")
	want.Locale, want.MerchantReference1, want.MerchantReference2, want.MerchantData = text("sv-SE"), text("4711"), text("b"), text("{}")
	want.MerchantURLs = &checkout.MerchantURLs{Confirmation: text("https://example.com/thanks"), Push: text("https://example.com/push")}
	want.Customer = &checkout.Customer{DateOfBirth: text("1990-01-01"), Gender: text("male")}
	want.CustomPaymentMethodIDs = []string{"summer"}
	requireSame(t, "order content", want, d.session.Order.Content)
	requireSame(t, "session content", d.session.Authorization.Content, &d.session.Content)

	unknown := whole()
	unknown.BillingAddress, unknown.ShippingAddress, unknown.Customer = &checkout.Address{City: text("")}, nil, nil
	d = open(t, unknown)
	token = d.approve()
	_, refusal = d.order(token, body)
	accepted(t, refusal)
	got := d.session.Order.Content
	requireSame(t, "billing address", address("SE"), got.BillingAddress)
	requireSame(t, "shipping address", address("SE"), got.ShippingAddress)
	requireSame(t, "customer", body.Customer, got.Customer)
}

// TestAnOrderKeepsTheApprovedCountry where the call says it in another way.
func TestAnOrderKeepsTheApprovedCountry(t *testing.T) {
	t.Parallel()
	d := open(t, american())
	body := american()
	body.PurchaseCountry, body.BillingAddress = text("GB"), address("US") // recorded
	_, refusal := d.order(d.approve(), body)
	accepted(t, refusal)
	if got := d.session.Order.Content.PurchaseCountry.Value; got != "US" {
		t.Errorf("the order's country is %s", got)
	}
}

func TestReasonsNameWhatEndedTheToken(t *testing.T) {
	t.Parallel()
	d := open(t, swedish())
	old := d.approve()
	newest := d.approve()
	_, superseded := d.order(old, swedish())
	d.wait(time.Hour)
	_, expired := d.order(newest, swedish())
	refused(t, superseded, checkout.KindAuthorizationNotFound)
	refused(t, expired, checkout.KindAuthorizationNotFound)
	for reason, words := range map[string]string{
		superseded.Reason: "newer authorization", expired.Reason: "expired at 2026-03-01T13:00:00Z, 60 minutes after",
	} {
		if !strings.Contains(reason, words) {
			t.Errorf("%q, want %q in it", reason, words)
		}
	}
}
