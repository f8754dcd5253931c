package client_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/kvittotest"
)

// cart is a body with n shirts of 499.00 SEK and the changes in more.
func cart(n int64, more map[string]any) map[string]any {
	body := map[string]any{
		"purchase_country": "SE", "purchase_currency": "SEK", "locale": "sv-SE", "intent": "buy_and_tokenize",
		"order_amount": n * 49900, "order_tax_amount": n * 9980,
		"order_lines": []client.OrderLine{{Reference: "shirt", Name: "Linen shirt", Quantity: n, UnitPrice: 49900,
			TaxRate: 2500, TotalAmount: n * 49900, TotalTaxAmount: n * 9980}},
	}
	for name, value := range more {
		body[name] = value
	}
	return body
}

// TestAgainstTheServer walks through every method with the real server.
func TestAgainstTheServer(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := kvittotest.Start(t).Client
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	created, err := c.CreateSession(ctx, cart(1, nil))
	must(err)
	if created.SessionID == "" || created.ClientToken == "" || created.CorrelationID == "" ||
		!json.Valid(created.Raw) || len(created.PaymentMethodCategories) == 0 {
		t.Errorf("the new session is %+v", created)
	}
	updated, err := c.UpdateSession(ctx, created.SessionID, cart(2, map[string]any{"merchant_reference1": "1001"}))
	must(err)
	if updated.CorrelationID == "" || updated.CorrelationID == created.CorrelationID {
		t.Errorf("the update's correlation id is %q", updated.CorrelationID)
	}
	session, err := c.ReadSession(ctx, created.SessionID)
	must(err)
	want := client.Session{
		Answer: session.Answer, ExpiresAt: session.ExpiresAt, ClientToken: created.ClientToken, Status: "incomplete",
		Intent: "buy_and_tokenize", Locale: "sv-SE", MerchantReference1: "1001", OrderAmount: 99800, OrderTaxAmount: 19960,
		OrderLines:      cart(2, nil)["order_lines"].([]client.OrderLine),
		PurchaseCountry: "SE", PurchaseCurrency: "SEK",
	}
	if diff := cmp.Diff(want, session); diff != "" {
		t.Errorf("the session differs (-want +got):\n%s", diff)
	}
	loaded, err := c.Load(ctx, created.SessionID, nil)
	must(err)
	if !loaded.ShowForm {
		t.Errorf("load answers %s", loaded.Raw)
	}
	later := false
	preliminary, err := c.Authorize(ctx, created.SessionID, client.BrowserCall{PaymentMethodCategory: "pay_now", AutoFinalize: &later})
	must(err)
	if !preliminary.Approved || !preliminary.FinalizeRequired {
		t.Errorf("authorize answers %s", preliminary.Raw)
	}
	final, err := c.Finalize(ctx, created.SessionID, map[string]any{})
	must(err)
	customer, err := c.CreateCustomerToken(ctx, final.AuthorizationToken, map[string]any{
		"description": "Shirts every month", "intended_use": "SUBSCRIPTION", "locale": "sv-SE",
		"purchase_country": "SE", "purchase_currency": "SEK"})
	must(err)
	if customer.TokenID == "" {
		t.Errorf("the customer token is %s", customer.Raw)
	}
	if _, err := c.CancelAuthorization(ctx, final.AuthorizationToken); err != nil {
		t.Fatal(err)
	}
	again, err := c.Reauthorize(ctx, created.SessionID, nil)
	must(err)
	urls := map[string]string{"confirmation": "https://shop.example/thanks"}
	order, err := c.PlaceOrder(ctx, again.AuthorizationToken, cart(2, map[string]any{"merchant_urls": urls}))
	must(err)
	if order.OrderID == "" || order.FraudStatus != "ACCEPTED" || order.AuthorizedPaymentMethod.Type != "card" ||
		!strings.Contains(order.RedirectURL, created.SessionID) {
		t.Errorf("the order is %s", order.Raw)
	}
}

func TestExplainNamesWhoSetEachValue(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server := kvittotest.Start(t)
	c := server.Client
	created, err := c.CreateSession(ctx, cart(1, nil))
	if err != nil {
		t.Fatal(err)
	}
	token := server.Authorize(created.SessionID, "").AuthorizationToken
	_, err = c.PlaceOrder(ctx, token, cart(2, nil))
	var refused *client.Error
	if !errors.As(err, &refused) || refused.Status != 409 {
		t.Fatalf("the order answers %v, want 409", err)
	}
	if want := server.URL + "/kvitto/v1/exchanges/" + refused.CorrelationID; refused.ExplanationURL != want {
		t.Errorf("the explanation is at %q, want %q", refused.ExplanationURL, want)
	}
	exchange, err := c.Explain(ctx, refused.CorrelationID)
	if err != nil {
		t.Fatal(err)
	}
	if exchange.ID != refused.CorrelationID || exchange.Status != 409 || exchange.Operation != "create_order" || len(exchange.Violations) < 2 {
		t.Fatalf("the exchange is %+v", exchange)
	}
	v := exchange.Violations[0]
	if v.Path != "order_amount" || v.Sent != json.Number("99800") || v.Expected != json.Number("49900") ||
		v.SentBy.CorrelationID != refused.CorrelationID || v.ExpectedBy.CorrelationID != created.CorrelationID {
		t.Errorf("the first violation is %+v, by %+v and %+v", v, v.SentBy, v.ExpectedBy)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := kvittotest.Start(t).Client
	valid, err := c.Check(ctx, cart(1, nil), "")
	if err != nil || !valid.Valid || valid.Error != nil || len(valid.Violations) != 0 || valid.Corrected != nil {
		t.Errorf("a valid body: %s, %v", valid.Raw, err)
	}
	wrong, err := c.Check(ctx, cart(1, map[string]any{"order_amount": 1}), "")
	if err != nil {
		t.Fatal(err)
	}
	if wrong.Valid || wrong.Error.Status != 400 || wrong.Error.Code != "BAD_VALUE" ||
		len(wrong.Violations) != 1 || wrong.Violations[0].Path != "order_amount" {
		t.Errorf("a wrong body: %s", wrong.Raw)
	}
	var corrected struct {
		OrderAmount int64 `json:"order_amount"`
	}
	if err := json.Unmarshal(wrong.Corrected, &corrected); err != nil || corrected.OrderAmount != 49900 {
		t.Errorf("the corrected body is %s, %v", wrong.Corrected, err)
	}
	created, err := c.CreateSession(ctx, cart(1, nil))
	if err != nil {
		t.Fatal(err)
	}
	update, err := c.Check(ctx, map[string]any{"order_tax_amount": 1}, created.SessionID)
	if err != nil || update.Valid || update.Violations[0].Path != "order_tax_amount" {
		t.Errorf("a wrong update: %s, %v", update.Raw, err)
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	c := kvittotest.Start(t).Client
	if _, err := c.Advance(t.Context(), 36*time.Hour); err != nil {
		t.Fatal(err)
	}
	moved, err := c.Advance(t.Context(), 90*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	read, err := c.Clock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := 36*time.Hour + 90*time.Second; moved.Advanced != want || read.Advanced != want || read.Now.Before(moved.Now) {
		t.Errorf("the clock reads %s, %s after %s, %s", read.Now, read.Advanced, moved.Now, moved.Advanced)
	}
	var refused *client.Error
	if _, err := c.Advance(t.Context(), -time.Second); !errors.As(err, &refused) || refused.Status != 400 {
		t.Errorf("moving the clock back answers %v, want 400", err)
	}
}

// TestPrimed: what is primed is listed, happens once, and can be taken back.
func TestPrimed(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := kvittotest.Start(t).Client
	session, err := c.CreateSession(ctx, cart(1, nil))
	if err != nil {
		t.Fatal(err)
	}
	want := []client.Next{
		{SessionID: session.SessionID, Call: "authorize", Outcome: client.InvalidFields,
			InvalidFields: []string{"billing_address.email"}, Interaction: client.InteractionNone},
		{Outcome: client.Deny, Standing: true},
	}
	for i, next := range want {
		primed, err := c.Prime(ctx, next)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[:i+1], primed.Next); diff != "" {
			t.Errorf("primed:\n%s", diff)
		}
	}
	first, err := c.Authorize(ctx, session.SessionID, nil)
	if err != nil || len(first.Error.InvalidFields) != 1 {
		t.Errorf("first: %+v, %v", first, err)
	}
	for range 2 {
		if denied, err := c.Authorize(ctx, session.SessionID, nil); err != nil || denied.Approved || denied.ShowForm {
			t.Errorf("standing: %+v, %v", denied, err)
		}
	}
	left, err := c.Primed(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want[1:], left.Next); diff != "" {
		t.Errorf("left:\n%s", diff)
	}
	if cleared, err := c.ClearPrimed(ctx); err != nil || len(cleared.Next) != 0 || cleared.CorrelationID == "" {
		t.Errorf("cleared: %+v, %v", cleared, err)
	}
	if approved, err := c.Authorize(ctx, session.SessionID, nil); err != nil || !approved.Approved {
		t.Errorf("nothing is primed: %+v, %v", approved, err)
	}
}

// TestFaults: they are listed, happen to what they were asked for, and can be taken
// back.
func TestFaults(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := kvittotest.Start(t).Client
	want := []client.Fault{
		{Kind: client.ErrorFault, Operation: "create_session", Count: 1, Status: 502},
		{Kind: client.Latency, Count: 2, Milliseconds: 1},
		{Kind: client.Drop, Operation: "create_order", Count: 1}, {Kind: client.LoseAnswer, Count: 1},
	}
	for i, fault := range want {
		waiting, err := c.AddFault(ctx, fault)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[:i+1], waiting.Faults); diff != "" {
			t.Errorf("they wait:\n%s", diff)
		}
	}
	_, err := c.CreateSession(ctx, cart(1, nil))
	var refused *client.Error
	if !errors.As(err, &refused) || refused.Status != 502 || refused.Code != "BAD_GATEWAY" {
		t.Errorf("%v", err)
	}
	left, err := c.Faults(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want[1:], left.Faults); diff != "" {
		t.Errorf("left:\n%s", diff)
	}
	if cleared, err := c.ClearFaults(ctx); err != nil || len(cleared.Faults) != 0 || cleared.CorrelationID == "" {
		t.Errorf("cleared: %+v, %v", cleared, err)
	}
}
