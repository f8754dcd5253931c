package requestlog

import (
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
