package assessor_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/assessor"
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
)

// TestAnAnswerHoldsForItsQuestion: the same content and outcome of the rules,
// whatever is remembered and even when it was a failure; else it is open.
func TestAnAnswerHoldsForItsQuestion(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{`{"outcome":"deny"}`, `nonsense`} {
		url, asked := operator(t, answer)
		says := rules{outcome: checkout.OutcomeApprove}
		d := open(t, url, func(o *assessor.Options) { o.Rules, o.Fallback = &says, assessor.FallbackDeny })
		inquiry := d.Inquire()
		for _, step := range []struct {
			when  string
			rules checkout.Outcome
			in    func(*risk.Input)
			open  bool
			asked int
		}{
			{"at first", checkout.OutcomeApprove, nil, true, 1},
			{"with another past", checkout.OutcomeApprove, func(in *risk.Input) { in.History = nil }, false, 1},
			{"denied by the rules", checkout.OutcomeDeny, nil, false, 1},
			{"referred by the rules", checkout.OutcomeRefer, nil, true, 2},
			{"approved again", checkout.OutcomeApprove, nil, false, 2},
			{"another amount", checkout.OutcomeApprove, func(in *risk.Input) { in.Content.OrderAmount.Value++ }, true, 3},
			{"at load", checkout.OutcomeApprove, func(in *risk.Input) { in.Call = risk.CallLoad }, false, 3},
		} {
			says.outcome = step.rules
			in := input()
			if step.in != nil {
				step.in(&in)
			}
			made, open := inquiry.Assess(t.Context(), in)
			if open {
				inquiry.Ask(t.Context())
				made, _ = inquiry.Assess(t.Context(), in)
			}
			if denied := made.Decision.Outcome == checkout.OutcomeDeny; open != step.open || asked() != step.asked || denied != (in.Call != risk.CallLoad) {
				t.Errorf("%s, %s: open %t, asked %d times: %+v", answer, step.when, open, asked(), made.Decision)
			}
			stepOf(t, made)
		}
	}
}

// TestIdentityNumbersAreNotTold, and stay in what is assessed.
func TestIdentityNumbersAreNotTold(t *testing.T) {
	t.Parallel()
	var told string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		told = string(body)
	}))
	t.Cleanup(server.Close)
	in := input()
	in.Content.Customer = &checkout.Customer{DateOfBirth: checkout.TextOf("1980-01-01"),
		NationalIdentificationNumber: checkout.TextOf("198001019999"), LastFourSSN: checkout.TextOf("9876")}
	open(t, server.URL, nil).Assess(t.Context(), in)
	if !strings.Contains(told, `"customer":{"date_of_birth":"1980-01-01"}`) || strings.Contains(told, "9999") || strings.Contains(told, "9876") {
		t.Errorf("told is %s", told)
	}
	if in.Content.Customer.LastFourSSN.Value == "" || in.Content.Customer.NationalIdentificationNumber.Value == "" {
		t.Error("the session has lost its numbers")
	}
}

// TestAReviewIsAsTheRuleSays where the answer does not say, if the rule refers too.
func TestAReviewIsAsTheRuleSays(t *testing.T) {
	t.Parallel()
	rule := checkout.ReviewTerms{Due: time.Hour, AtDue: checkout.ReviewAccept}
	for _, c := range []struct {
		rules  checkout.Outcome
		answer string
		want   checkout.ReviewTerms
	}{
		{checkout.OutcomeRefer, `{"outcome":"refer"}`, rule},
		{checkout.OutcomeRefer, `{"outcome":"refer","due_minutes":5}`, checkout.ReviewTerms{Due: 5 * time.Minute, AtDue: checkout.ReviewAccept}},
		{checkout.OutcomeRefer, `{"outcome":"refer","at_due":"reject"}`, checkout.ReviewTerms{Due: time.Hour, AtDue: checkout.ReviewReject}},
		{checkout.OutcomeRefer, `{"outcome":"approve"}`, checkout.ReviewTerms{}},
		{checkout.OutcomeApprove, `{"outcome":"refer"}`, checkout.ReviewTerms{}},
	} {
		url, _ := operator(t, c.answer)
		says := rules{outcome: c.rules}
		if c.rules == checkout.OutcomeRefer {
			says.review = rule
		}
		d := open(t, url, func(o *assessor.Options) { o.Rules = says })
		if got := d.Assess(t.Context(), input()).Decision.Review; got != c.want {
			t.Errorf("%s after %s: %+v, want %+v", c.answer, c.rules, got, c.want)
		}
	}
}
