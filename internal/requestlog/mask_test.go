package requestlog

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/checkout"
)

func TestViolationsOfSecretsAreMasked(t *testing.T) { onEachHome(t, testViolationsOfSecretsAreMasked) }

func testViolationsOfSecretsAreMasked(t *testing.T, open place) {
	l := open(t, Options{})
	e := refusal("c1")
	e.RequestBody = []byte(`{"customer":{"last_four_ssn":"98765"}}`)
	e.ResponseBody = []byte(`{"client_token":"eyJ"}`)
	e.ErrorMessages = []string{"Bad value: customer.last_four_ssn", "98765 is no number of four digits"}
	e.Reason = "98765 is wrong"
	e.Violations = []checkout.Violation{
		{Path: "customer.last_four_ssn", Rule: checkout.RuleFormat, Sent: "98765", Expected: "four or nine digits", Hint: "not 98765"},
		{Path: "customer.national_identification_number", Rule: checkout.RuleSameBody, Sent: int64(4103219202)},
		{Path: "password[0]", Sent: true},
		{Path: "answers.code", Sent: "123456"},
		{Path: "customer", Rule: checkout.RuleType, Sent: `["4103219202",{"password":"x"}]`, Expected: "object"},
		{Path: "order_lines[0].name", Sent: "password manager", Expected: int64(98765)},
	}
	messages := append([]string(nil), e.ErrorMessages...)
	want := e
	want.RequestBody = []byte(`{"customer":{"last_four_ssn":"***"}}`)
	want.ResponseBody = []byte(`{"client_token":"***"}`)
	want.ErrorMessages = []string{"Bad value: customer.last_four_ssn", "*** is no number of four digits"}
	want.Reason = "*** is wrong"
	want.Violations = []checkout.Violation{
		{Path: "customer.last_four_ssn", Rule: checkout.RuleFormat, Sent: mask, Expected: mask, Hint: "not ***"},
		{Path: "customer.national_identification_number", Rule: checkout.RuleSameBody, Sent: mask},
		{Path: "password[0]", Sent: mask},
		{Path: "answers.code", Sent: mask},
		{Path: "customer", Rule: checkout.RuleType, Sent: `["4103219202",{"password":"***"}]`, Expected: "object"},
		{Path: "order_lines[0].name", Sent: "password manager", Expected: int64(98765)},
	}
	record(t, l, e)
	if diff := cmp.Diff(want, find(t, l, "m1", "c1")); diff != "" {
		t.Errorf("(-want +found):\n%s", diff)
	}
	if diff := cmp.Diff(messages, e.ErrorMessages); diff != "" {
		t.Errorf("the caller's messages were changed:\n%s", diff)
	}
}

// What a shop sent of a person is masked in its explanation as in its body;
// what a rule wants is not.
func TestViolationsOfPersonalDataAreMasked(t *testing.T) {
	onEachHome(t, testViolationsOfPersonalDataAreMasked)
}

func testViolationsOfPersonalDataAreMasked(t *testing.T, open place) {
	l := open(t, Options{MaskPersonal: true})
	e := refusal("c1")
	e.Reason = "Storgatan 12 is not Kyrkogatan 4"
	e.Violations = []checkout.Violation{
		{Path: "billing_address.street_address", Rule: checkout.RuleMatch, Sent: "Storgatan 12", Expected: "Kyrkogatan 4", Hint: "not Storgatan 12"},
		{Path: "billing_address.email", Rule: checkout.RuleFormat, Sent: "anna@example", Expected: "an e-mail address"},
		{Path: "shipping_address.phone", Rule: checkout.RuleSameBody, Sent: "0701234567", Expected: nil},
		{Path: "customer.date_of_birth", Rule: checkout.RuleFormat, Sent: "1980-02-30", Expected: "YYYY-MM-DD"},
		{Path: "billing_address.given_name", Rule: checkout.RuleLength, Sent: int64(120), Expected: int64(99)},
		{Path: "billing_address", Rule: checkout.RuleType, Sent: `["Storgatan 12",{"email":"anna@example.com"}]`, Expected: "object"},
		{Path: "customer", Rule: checkout.RuleType, Sent: "Anna", Expected: "object"},
		{Path: "billing_address.city", Rule: checkout.RuleMatch, Sent: "Lund", Expected: "Malm\u00f6"},
		{Path: "order_lines[0].name", Rule: checkout.RuleMatch, Sent: "Shoe", Expected: "Boot"},
	}
	want := e
	want.Reason = "S*** is not K***"
	want.Violations = []checkout.Violation{
		{Path: "billing_address.street_address", Rule: checkout.RuleMatch, Sent: "S***", Expected: "K***", Hint: "not S***"},
		{Path: "billing_address.email", Rule: checkout.RuleFormat, Sent: "a***@example", Expected: "an e-mail address"},
		{Path: "shipping_address.phone", Rule: checkout.RuleSameBody, Sent: "***67", Expected: nil},
		{Path: "customer.date_of_birth", Rule: checkout.RuleFormat, Sent: "1980-***", Expected: "YYYY-MM-DD"},
		{Path: "billing_address.given_name", Rule: checkout.RuleLength, Sent: int64(120), Expected: int64(99)},
		{Path: "billing_address", Rule: checkout.RuleType, Sent: mask, Expected: "object"},
		{Path: "customer", Rule: checkout.RuleType, Sent: mask, Expected: "object"},
		{Path: "billing_address.city", Rule: checkout.RuleMatch, Sent: "Lund", Expected: "Malm\u00f6"},
		{Path: "order_lines[0].name", Rule: checkout.RuleMatch, Sent: "Shoe", Expected: "Boot"},
	}
	record(t, l, e)
	if diff := cmp.Diff(want, find(t, l, "m1", "c1")); diff != "" {
		t.Errorf("(-want +found):\n%s", diff)
	}
}

// How an explanation is masked depends on itself alone: not on whether what was
// written before it was refused.
func TestExplanationsAreMaskedWhateverCameBefore(t *testing.T) {
	t.Parallel()
	told := refusal("told")
	// Cut off, so that no decoder reads it.
	told.Violations = []checkout.Violation{{Path: "order_lines", Rule: checkout.RuleType, Sent: `[{given_name: Anna, family_name: Larsson`, Expected: "array"}}
	expendable := told
	expendable.Expendable = true
	before := map[string]Exchange{"served": success("before"), "refused": refusal("before")}
	for name, first := range before {
		for kind, e := range map[string]Exchange{"durable": told, "expendable": expendable} {
			masking := newRedaction(&Options{MaskPersonal: true})
			masking.appendExchange(nil, &first, "")
			stored, err := masking.explanationOf(&e)
			if err != nil || strings.Contains(string(stored), "Anna") {
				t.Errorf("%s after one that was %s: %s, %v", kind, name, stored, err)
			}
		}
	}
}
