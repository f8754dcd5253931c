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
