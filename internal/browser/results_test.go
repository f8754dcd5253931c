package browser_test

import (
	"testing"
)

// The results of the calls, as a shop's callback gets them.
var (
	shown       = object{"show_form": true}
	hidden      = object{"show_form": false}
	approved    = object{"approved": true, "show_form": true, "finalize_required": false, "authorization_token": someToken}
	preliminary = object{"approved": true, "show_form": true, "finalize_required": true}
	cancelled   = object{"approved": false, "show_form": true, "finalize_required": false}
	refusal     = object{"approved": false, "show_form": false, "finalize_required": false}
	mend        = object{"approved": false, "show_form": true, "finalize_required": false, "error": object{"invalid_fields": []string{"billing_address.email", "customer.date_of_birth"}}}
)

var invalid = []string{"billing_address.email", "customer.date_of_birth"}

// TestResultsOfLoad: every way a load can end.
func TestResultsOfLoad(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.init()
	for outcome, want := range map[string]object{
		"approve": shown, "refer": shown, "cancel": shown, "finalize_required": shown,
		"deny": hidden, "error": hidden,
		"invalid_fields": {"show_form": true, "error": object{"invalid_fields": invalid}},
	} {
		s.prime(object{"call": "load", "outcome": outcome, "invalid_fields": invalid})
		got := s.result("Payments.load", loading, object{}, callback)
		if text(t, got) != text(t, want) {
			t.Errorf("%s gave %v, want %v", outcome, got, want)
		}
	}
}

// before is what happened to a session before the call that is tested.
type before string

const (
	nothing      before = "nothing"
	anApproval   before = "an approval"
	aPreliminary before = "a preliminary approval"
)

func (s *shop) prepare(b before) {
	s.t.Helper()
	options, want := payLater, approved
	switch b {
	case nothing:
		return
	case aPreliminary:
		options, want = with(payLater, object{"auto_finalize": false}), preliminary
	case anApproval:
	}
	s.prime(object{"call": "authorize", "outcome": "approve", "interaction": "none"})
	s.check(s.result("Payments.authorize", options, object{}, callback), want)
}

// TestResults: every way authorize, reauthorize and finalize can end, without a
// window or a click.
func TestResults(t *testing.T) {
	t.Parallel()
	all := map[string]object{
		"approve": approved, "refer": approved, "finalize_required": preliminary, "cancel": cancelled,
		"deny": refusal, "error": refusal, "invalid_fields": mend,
	}
	final := map[string]object{
		"approve": approved, "refer": approved, "finalize_required": approved, "cancel": cancelled,
		"deny": refusal, "error": refusal, "invalid_fields": mend,
	}
	for _, test := range []struct {
		call  string
		after before
		want  map[string]object
	}{
		{"authorize", nothing, all},
		{"reauthorize", anApproval, final},
		{"finalize", aPreliminary, final},
	} {
		for outcome, want := range test.want {
			t.Run(test.call+" "+outcome, func(t *testing.T) {
				t.Parallel()
				s := newReadyShop(t)
				s.prepare(test.after)
				s.prime(object{"call": test.call, "outcome": outcome, "invalid_fields": invalid, "interaction": "none"})
				number := s.invoke("Payments."+test.call, payLater, object{}, callback)
				s.check(s.answer(number), want)
				if shown := s.events("fullscreenOverlayShown"); len(shown) > 0 {
					t.Errorf("the purchase flow was shown: %v", shown)
				}
				if got := s.made(number); len(got.Results) != 1 || got.Thrown != nil || got.Returned != undefined {
					t.Errorf("the call gave %+v", got)
				}
			})
		}
	}
}

// TestFinalizeLater: auto_finalize false, as a boolean and as text, asks for a
// finalize, and that gives the token.
func TestFinalizeLater(t *testing.T) {
	t.Parallel()
	for _, no := range []any{false, "false"} {
		s := newReadyShop(t)
		s.headless()
		s.check(s.result("Payments.authorize", with(payLater, object{"auto_finalize": no}), object{}, callback), preliminary)
		result := s.result("Payments.finalize", payLater, object{}, callback)
		s.check(result, approved)
		if _, err := s.order(s.token(result), cart(amount)); err != nil {
			t.Error(err)
		}
	}
}

// TestFinalizeOfNothing: there is nothing to finalize without a preliminary
// approval.
func TestFinalizeOfNothing(t *testing.T) {
	t.Parallel()
	s := newReadyShop(t)
	s.headless()
	s.check(s.result("Payments.finalize", payLater, object{}, callback), refusal)
}

// TestHeadlessPage: the page's own switch ends a call without a window, and the
// data decides.
func TestHeadlessPage(t *testing.T) {
	t.Parallel()
	for email, want := range map[string]object{"customer@email.se": approved, "customer+denied@email.se": refusal} {
		s := newReadyShop(t)
		s.headless()
		s.check(s.result("Payments.authorize", payLater, object{"billing_address": object{"email": email}}, callback), want)
	}
}
