package risk_test

import (
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
)

// TestHowAnOrderIsReviewed: the time is a number or an expression, and one that
// cannot be known decides nothing.
func TestHowAnOrderIsReviewed(t *testing.T) {
	t.Parallel()
	refer := func(lines string) string { return ruleWith("action = \"refer\"") + lines }
	for lines, want := range map[string]checkout.ReviewTerms{
		"":                      {},
		"due_minutes = 90\n":    {Due: 90 * time.Minute},
		"due_minutes = 0\n":     {Due: time.Millisecond},
		"at_due = \"accept\"\n": {AtDue: checkout.ReviewAccept},
		"due_minutes = \"order_amount + 2\"\nat_due = \"reject\"\n":     {Due: 7 * time.Minute, AtDue: checkout.ReviewReject},
		"due_minutes = \"order_amount - 9\"\nat_due = \"accept\"\n":     {Due: time.Millisecond, AtDue: checkout.ReviewAccept},
		"due_minutes = \"order_amount * 10000\"\nat_due = \"accept\"\n": {Due: 7 * 24 * time.Hour, AtDue: checkout.ReviewAccept},
	} {
		in := risk.Input{Call: risk.CallAuthorize, Content: &checkout.Content{OrderAmount: checkout.IntegerOf(5)}, Now: noon}
		got := mustParse(t, []byte(refer(lines))).Evaluate(in, nil)
		if got.Decision.Review != want || got.Decision.Outcome != checkout.OutcomeRefer || got.Failed != 0 {
			t.Errorf("%q: %+v, want %+v", lines, got.Decision, want)
		}
	}
	set := mustParse(t, []byte(refer("due_minutes = \"5 / order_amount\"\nat_due = \"accept\"\n")))
	got := set.Evaluate(risk.Input{Call: risk.CallAuthorize, Now: noon}, nil)
	if got.Decision.Review != (checkout.ReviewTerms{}) || got.Decision.Outcome != checkout.OutcomeRefer || got.Failed != 1 || got.Steps[0].Error == "" {
		t.Errorf("a time that is not known: %+v", got)
	}
}

// TestTheNumberOfATagIsInMinutes, in the US and the UK.
func TestTheNumberOfATagIsInMinutes(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]checkout.ReviewTerms{
		"pend-accept-05": {Due: 5 * time.Minute, AtDue: checkout.ReviewAccept}, "pend-reject-60": {Due: time.Hour, AtDue: checkout.ReviewReject},
		"pend-accept-00": {Due: time.Millisecond, AtDue: checkout.ReviewAccept}, "pend-reject": {Due: time.Millisecond, AtDue: checkout.ReviewReject},
		"pending": {},
	} {
		for _, login := range []bool{false, true} {
			in := risk.Input{Call: risk.CallAuthorize, Content: &checkout.Content{PurchaseCountry: checkout.TextOf("US"), BillingAddress: &checkout.Address{}}}
			if in.Content.BillingAddress.Email = checkout.TextOf("a+" + tag + "@b.us"); login {
				in.Login, in.Content.BillingAddress = "a+"+tag+"@b.us", nil
			}
			if got := risk.PlaygroundRules().Evaluate(in, nil); got.Decision.Outcome != checkout.OutcomeRefer || got.Decision.Review != want {
				t.Errorf("%s, login %t: %+v", tag, login, got.Decision)
			}
			in.Content.PurchaseCountry = checkout.TextOf("SE")
			if got := risk.PlaygroundRules().Evaluate(in, nil).Decision; tag != "pending" && (got.Outcome != checkout.OutcomeApprove || got.Review != (checkout.ReviewTerms{})) {
				t.Errorf("%s elsewhere: %+v", tag, got)
			}
		}
	}
}
