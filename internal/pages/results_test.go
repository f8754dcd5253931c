package pages_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/browsertest"
)

func TestResultsAreToldAndHandedOver(t *testing.T) {
	t.Parallel()
	mend := with(cancelled, object{"error": object{"invalid_fields": []any{"billing_address.email", "billing_address.postal_code"}}})
	final := object{"show_form": true, "approved": true, "finalize_required": true}
	for name, result := range map[string]object{"denied": denied, "mend": mend, "approved": final} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := openFlow(t, serve(t, func(int, request) (int, any) { return results(result) }), browsertest.View{ReducedMotion: true}, confirm)
			c.flow.Click(id("button-submit"))
			c.sees("result-" + name)
			if name == "mend" {
				if list := c.text("mend-list"); list != "E-mailPostal code" {
					t.Errorf("to mend: %q", list)
				}
			}
			c.flow.Click(id("button-close"))
			if diff := cmp.Diff(result, c.result()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAFailureIsToldWithItsReference(t *testing.T) {
	t.Parallel()
	envelope := object{"error_code": "INTERNAL_ERROR", "error_messages": []string{}, "correlation_id": "11111111-2222"}
	s := serve(t, func(n int, _ request) (int, any) {
		if n == 0 {
			return 500, envelope
		}
		return 404, envelope
	})
	c := openFlow(t, s, browsertest.View{}, confirm)
	c.flow.Click(id("button-submit"))
	c.sees("result-failure")
	if reference := c.text("reference"); reference != "Reference: 11111111-2222" {
		t.Errorf("the reference is %q", reference)
	}
	c.flow.Click(id("button-retry"))
	c.flow.Wait("(s) => !document.querySelector(s) && document.querySelector('"+id("result-failure")+"')", id("button-retry"))
	c.flow.Click(id("button-close"))
	if diff := cmp.Diff(denied, c.result()); diff != "" {
		t.Errorf("a failure is no offer (-want +got):\n%s", diff)
	}
	all := s.got()
	if len(all) != 2 || !cmp.Equal(all[0], all[1]) {
		t.Errorf("the repeated call differs from the first: %v", all)
	}
}

func TestALostAnswerIsAskedForAgain(t *testing.T) {
	t.Parallel()
	s := serve(t, func(n int, _ request) (int, any) {
		if n == 0 {
			return 0, nil
		}
		return results(approved)
	})
	c := openFlow(t, s, browsertest.View{}, confirm)
	c.flow.Click(id("button-submit"))
	c.sees("result-approved")
	if all := s.got(); len(all) < 2 || !cmp.Equal(all[0], all[1]) {
		t.Errorf("the calls were %v", all)
	}
}

func TestTheCartChangesWhileTheCustomerReads(t *testing.T) {
	t.Parallel()
	changed := with(terms, object{"order_amount": 12000})
	s := serve(t, func(n int, _ request) (int, any) {
		if n == 0 {
			return asks(ask("confirm", with(problem("consent", "changed"), object{"terms": changed, "agreed": terms})))
		}
		return results(approved)
	})
	c := openFlow(t, s, browsertest.View{}, confirm)
	c.flow.Click(id("button-submit"))
	c.sees("notice-changed")
	if row := c.text("comparison-amount"); row != "Amount£100.00£120.00changed" {
		t.Errorf("old and new: %q", row)
	}
	if amount := c.text("flow-amount"); amount != "Total £120.00" {
		t.Errorf("the amount above is %q", amount)
	}
	c.flow.Click(id("button-submit"))
	c.sees("result-approved")
	all := s.got()
	if got := all[len(all)-1].Answers["consent"]; !cmp.Equal(got, any(object{
		"payment_method_category": "pay_later", "order_amount": 12000., "purchase_currency": "GBP", "number_of_days": 30., "number_of_installments": 1.,
	})) {
		t.Errorf("agreed to %v", got)
	}
}
