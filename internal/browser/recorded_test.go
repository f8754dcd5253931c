package browser_test

import (
	"strings"
	"testing"
)

// TestEveryCallIsRecorded: each call of the SDK is an exchange of its session,
// in order, joined with those of the shop's server, and is found by its
// correlation id.
func TestEveryCallIsRecorded(t *testing.T) {
	t.Parallel()
	s := newReadyShopFor(t, strangersCart())
	s.approval()
	s.update(prices(less))
	token := s.token(s.result("Payments.reauthorize", payLater, object{}, callback))
	s.call("Payments.load", object{"container": "#nowhere"}, callback)
	s.headless()
	s.check(s.result("Payments.finalize", payLater, object{}, callback), approved)
	s.orders(token, less)
	s.awaitOperation("browser_event_misuse")

	story, err := s.server.Exchanges(t.Context(), s.session.SessionID)
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	wanted := []string{"create_session", "browser_load", "browser_authorize", "browser_authorize", "browser_authorize",
		"update_session", "browser_reauthorize", "browser_finalize"}
	for _, e := range story {
		if at < len(wanted) && e.Operation == wanted[at] {
			at++
		}
		if e.SessionID != s.session.SessionID {
			t.Errorf("%s is of session %q", e.Operation, e.SessionID)
		}
		found, err := s.server.Explain(t.Context(), e.ID)
		if err != nil || found.Operation != e.Operation {
			t.Errorf("%s is found as %q, %v", e.ID, found.Operation, err)
		}
		if strings.Contains(e.Path, s.session.ClientToken) || strings.Contains(string(e.Request), s.session.ClientToken) {
			t.Errorf("%s has recorded the client token", e.Operation)
		}
	}
	if at < len(wanted) {
		t.Errorf("the story misses %s: %s", wanted[at], s.operations())
	}
	// Events are sent beside the calls: they may arrive before or after one.
	for _, event := range []string{"browser_event_init", "browser_event_flow_shown", "browser_event_flow_hidden", "browser_event_misuse"} {
		if !strings.Contains(s.operations(), event) {
			t.Errorf("the story misses %s: %s", event, s.operations())
		}
	}
}

// awaitOperation waits until an exchange is recorded; nobody waits for events.
func (s *shop) awaitOperation(name string) {
	s.t.Helper()
	for !strings.Contains(s.operations(), name) {
		if s.t.Context().Err() != nil {
			s.t.Fatal("it was not recorded: " + name)
		}
	}
}

// TestMisuseIsExplained: the console of a developer tells what is wrong, and the
// session's story keeps it.
func TestMisuseIsExplained(t *testing.T) {
	t.Parallel()
	s := newReadyShop(t)
	s.headless()
	said := len(s.Console())
	s.result("Payments.authorize", payLater, object{}, callback) // outside a click
	s.WaitConsole("not called in a click")
	s.update(prices(more))
	s.result("Payments.authorize", payLater, object{}, callback) // the widget shows the old amount
	s.WaitConsole("Call load() after an update")
	for _, m := range s.Console()[said:] {
		if strings.Contains(m.Text, s.session.ClientToken) {
			t.Errorf("the console shows the token: %s", m)
		}
	}
}
