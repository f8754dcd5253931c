package checkout_test

import (
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
)

// TestWhatCausesACallback walks the outcomes through every call that assesses,
// with and without an address to tell.
func TestWhatCausesACallback(t *testing.T) {
	t.Parallel()
	const url = "https://shop.example/callbacks?key=1"
	for _, row := range outcomes {
		for name, call := range map[string]func(*checkout.Session, checkout.Browser) (checkout.Session, checkout.Event, checkout.BrowserResult, *checkout.Refusal){
			"authorize": func(s *checkout.Session, b checkout.Browser) (checkout.Session, checkout.Event, checkout.BrowserResult, *checkout.Refusal) {
				return s.Authorize(b)
			},
			"reauthorize": func(s *checkout.Session, b checkout.Browser) (checkout.Session, checkout.Event, checkout.BrowserResult, *checkout.Refusal) {
				return s.Reauthorize(b)
			},
			"finalize": finalizing,
		} {
			t.Run(string(row.outcome)+" "+name, func(t *testing.T) {
				t.Parallel()
				for _, address := range []string{url, ""} {
					content := swedish()
					if address != "" {
						content.MerchantURLs = &checkout.MerchantURLs{Authorization: text(address), Push: text("https://shop.example/push")}
					}
					d := open(t, content)
					d.wait(time.Minute)
					next, event, result, refusal := call(&d.session, d.call(row.outcome, checkout.Content{}))
					accepted(t, refusal)
					got, ok := checkout.CallbackOf(&next, &event)
					want := checkout.Callback{Kind: checkout.CallbackAuthorization, URL: url,
						SessionID: d.session.ID, AuthorizationToken: result.AuthorizationToken}
					if due := result.AuthorizationToken != "" && address != ""; ok != due || ok && got != want {
						t.Errorf("with the address %q: %+v %v for the result %+v", address, got, ok, result)
					}
				}
			})
		}
	}
}

// finalizing is finalize after an approval that waits for it.
func finalizing(s *checkout.Session, b checkout.Browser) (checkout.Session, checkout.Event, checkout.BrowserResult, *checkout.Refusal) {
	first := b
	first.AutoFinalize = false
	first.Decide = func(*checkout.Content) checkout.Decision {
		return checkout.Decision{Outcome: checkout.OutcomeFinalizeRequired}
	}
	waits, event, _, refusal := s.Authorize(first)
	if _, ok := checkout.CallbackOf(&waits, &event); ok || refusal != nil {
		panic("an approval without a token was told, or refused")
	}
	return waits.Finalize(b)
}

// TestOnlyIssuedTokensAreTold: events that name a token, or none, tell nothing.
func TestOnlyIssuedTokensAreTold(t *testing.T) {
	t.Parallel()
	content := swedish()
	content.MerchantURLs = &checkout.MerchantURLs{Authorization: text("https://shop.example/a")}
	d := open(t, content)
	next, event, result, refusal := d.session.Authorize(d.call(checkout.OutcomeApprove, checkout.Content{}))
	accepted(t, refusal)
	if _, ok := checkout.CallbackOf(&next, &event); !ok {
		t.Fatal("an issued token was not told")
	}
	released, event, refusal := next.Release(result.AuthorizationToken, d.now)
	accepted(t, refusal)
	if got, ok := checkout.CallbackOf(&released, &event); ok || event.AuthorizationToken == "" {
		t.Errorf("a released token was told: %+v", got)
	}
	updated, event, refusal := next.Update(checkout.Content{}, nil, d.now)
	accepted(t, refusal)
	if got, ok := checkout.CallbackOf(&updated, &event); ok {
		t.Errorf("an update was told: %+v", got)
	}
}

// TestAnOrderAndItsReviewAreTold: the push with the order, the notification with
// each end of its review, to the addresses of the order call or else of the
// session, with the placeholders filled in. Nothing else of an order is told.
func TestAnOrderAndItsReviewAreTold(t *testing.T) {
	t.Parallel()
	urls := func(of string) *checkout.MerchantURLs {
		return &checkout.MerchantURLs{Push: text("https://" + of + "/push?o={order.id}&k={checkout.order.id}"),
			Notification: text("https://" + of + "/risk/{session.id}?o={order.id}&x={other}")}
	}
	for _, row := range []struct{ session, order, host string }{
		{"", "", ""}, {"a.example", "", "a.example"}, {"", "b.example", "b.example"}, {"a.example", "b.example", "b.example"},
	} {
		content, body := swedish(), swedish()
		if row.session != "" {
			content.MerchantURLs = urls(row.session)
		}
		if row.order != "" {
			body.MerchantURLs = urls(row.order)
		}
		d := open(t, content)
		token := d.authorize(checkout.OutcomeRefer, checkout.Content{})
		next, event, _, refusal := d.session.PlaceOrder(checkout.PlaceOrder{Token: token, Request: body, OrderID: "order-1", Now: d.now})
		accepted(t, refusal)
		d.session = next
		want := checkout.Callback{Kind: checkout.CallbackPush, URL: "https://" + row.host + "/push?o=order-1&k=order-1",
			SessionID: "session-1", OrderID: "order-1", Delay: 2 * time.Minute}
		if got, ok := checkout.CallbackOf(&d.session, &event); ok != (row.host != "") || ok && got != want {
			t.Errorf("%+v: the order: %+v %v", row, got, ok)
		}
		want = checkout.Callback{Kind: checkout.CallbackNotification, URL: "https://" + row.host + "/risk/session-1?o=order-1&x={other}",
			SessionID: "session-1", OrderID: "order-1"}
		for _, step := range []struct {
			kind checkout.EventKind
			says string
		}{
			{checkout.EventReviewClaimed, ""}, {checkout.EventReviewReleased, ""}, {checkout.EventReviewSupported, ""},
			{checkout.EventReviewAccepted, "FRAUD_RISK_ACCEPTED"}, {checkout.EventReviewStopped, "FRAUD_RISK_STOPPED"},
		} {
			name := "anna"
			if step.kind == checkout.EventReviewAccepted {
				name = "bo"
			}
			event, refusal := d.step(step.kind, name)
			accepted(t, refusal)
			want.EventType = step.says
			if got, ok := checkout.CallbackOf(&d.session, &event); ok != (row.host != "" && step.says != "") || ok && got != want {
				t.Errorf("%+v, %s: %+v %v", row, step.kind, got, ok)
			}
		}
	}
	content := swedish()
	content.MerchantURLs = urls("a.example")
	d := open(t, content)
	token := d.authorize(checkout.OutcomeRefer, checkout.Content{})
	_, refusal := d.order(token, swedish())
	accepted(t, refusal)
	decided, event, changed := d.session.ReviewAtDue(d.now.Add(24 * time.Hour))
	if got, ok := checkout.CallbackOf(&decided, &event); !changed || !ok || got.EventType != "FRAUD_RISK_REJECTED" {
		t.Errorf("time decided: %+v %v", got, ok)
	}
}
