package risk_test

import (
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
)

// TestOutcomesByTestData is the published list of test data.
func TestOutcomesByTestData(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		email, phone, country string
		want                  checkout.Outcome
	}{
		{"customer@email.se", "", "SE", checkout.OutcomeApprove},
		{"customer+new_user@email.se", "", "SE", checkout.OutcomeApprove},
		{"customer+anything@klarna.com", "", "SE", checkout.OutcomeApprove},
		{"customer+disputed-return@email.de", "", "DE", checkout.OutcomeApprove},
		{"customer+denied@email.se", "", "SE", checkout.OutcomeDeny},
		{"Customer+DENIED@email.uk", "", "GB", checkout.OutcomeDeny},
		{"customer+denied@email.us", "+13106683312", "US", checkout.OutcomeDeny},
		{"customer+denied+auth_id_scan@email.fr", "", "FR", checkout.OutcomeApprove},
		{"customer+denied+auth_bank_login@email.gb", "", "GB", checkout.OutcomeApprove},
		{"customer+reject_reason_high_risk@email.us", "", "US", checkout.OutcomeDeny},
		{"email+reject_reason_UNDER_AGE@email.com", "", "CA", checkout.OutcomeDeny},
		{"customer+pending@email.se", "", "SE", checkout.OutcomeRefer},
		{"customer+pend-accept-05@email.us", "", "US", checkout.OutcomeRefer},
		{"customer+pend-reject-60@email.uk", "", "GB", checkout.OutcomeRefer},
		{"customer+pend-accept-05@email.se", "", "SE", checkout.OutcomeApprove},
		{"denied@email.se", "", "SE", checkout.OutcomeApprove},
		{"customer@email.se", "+46701740620", "SE", checkout.OutcomeDeny},
		{"customer@email.se", "0046 70 174", "SE", checkout.OutcomeApprove},
		{"", "+1 310 555 8641", "US", checkout.OutcomeDeny},
		{"no address at all", "", "SE", checkout.OutcomeApprove},
	} {
		t.Run(c.email+c.phone, func(t *testing.T) {
			t.Parallel()
			content := &checkout.Content{PurchaseCountry: checkout.TextOf(c.country), BillingAddress: &checkout.Address{
				Email: checkout.TextOf(c.email), Phone: checkout.TextOf(c.phone)}}
			got := risk.Playground{}.Assess(t.Context(), risk.Input{Call: risk.CallAuthorize, Content: content}).Decision
			if got.Outcome != c.want || got.Reason == "" {
				t.Errorf("outcome %q (%s), want %q", got.Outcome, got.Reason, c.want)
			}
		})
	}
}

func TestOnlyRedHidesTheFormAtLoad(t *testing.T) {
	t.Parallel()
	for email, want := range map[string]checkout.Outcome{
		"customer+red@email.se":    checkout.OutcomeDeny,
		"customer+denied@email.se": checkout.OutcomeApprove,
		"customer@email.se":        checkout.OutcomeApprove,
	} {
		content := &checkout.Content{BillingAddress: &checkout.Address{Email: checkout.TextOf(email)}}
		if got := (risk.Playground{}).Assess(t.Context(), risk.Input{Call: risk.CallLoad, Content: content}).Decision; got.Outcome != want {
			t.Errorf("%s: %q, want %q", email, got.Outcome, want)
		}
	}
}

func TestACustomerWithoutAddressIsApproved(t *testing.T) {
	t.Parallel()
	got := risk.Playground{}.Assess(t.Context(), risk.Input{Call: risk.CallAuthorize, Content: &checkout.Content{}}).Decision
	if got.Outcome != checkout.OutcomeApprove {
		t.Errorf("%+v", got)
	}
	shipping := &checkout.Content{ShippingAddress: &checkout.Address{Email: checkout.TextOf("customer+denied@email.se")}}
	got = risk.Playground{}.Assess(t.Context(), risk.Input{Call: risk.CallAuthorize, Content: shipping}).Decision
	if got.Outcome != checkout.OutcomeDeny {
		t.Errorf("shipping address alone: %+v", got)
	}
}
