package risk_test

import (
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
)

// TestTestDataMeansNothingToRealShops: a customer who happens to be called
// like a playground's trigger is approved.
func TestTestDataMeansNothingToRealShops(t *testing.T) {
	t.Parallel()
	for _, email := range []string{"a@email.se", "a+denied@email.se", "a+red@email.se", "a+pending@email.se", "a+reject_reason_x@email.se"} {
		content := checkout.Content{BillingAddress: &checkout.Address{Email: checkout.TextOf(email)}}
		for _, call := range []risk.Call{risk.CallLoad, risk.CallAuthorize, risk.CallReauthorize, risk.CallFinalize} {
			in := risk.Input{Call: call, Content: &content}
			if decision := (risk.Approve{}).Assess(t.Context(), in); decision.Outcome != checkout.OutcomeApprove || decision.Reason == "" {
				t.Errorf("%s %s: %+v", call, email, decision)
			}
		}
		if decision := (risk.Playground{}).Assess(t.Context(), risk.Input{Call: risk.CallAuthorize, Content: &content}); email == "a+denied@email.se" &&
			decision.Outcome != checkout.OutcomeDeny {
			t.Error("the e-mail is no trigger: the test proves nothing")
		}
	}
}
