package pages_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/browsertest"
)

// TestACheckoutByKeyboard needs no mouse, and the focus is always where a
// screen reader should begin.
func TestACheckoutByKeyboard(t *testing.T) {
	t.Parallel()
	s := serve(t, conversation(approved))
	c := openFlow(t, s, browsertest.View{}, ask("identify", object{"login": ""}))
	begins := func(step string) browsertest.Focus {
		t.Helper()
		c.sees(step)
		c.Wait("document.activeElement.tagName === 'IFRAME'")
		return c.Focused()
	}
	heading := func(step, title string) {
		t.Helper()
		if focus := begins(step); focus.ID != "title" || focus.Name != title {
			t.Errorf("%s begins with the focus on %s, wanted its heading %q", step, focus, title)
		}
	}
	input := func(step, name string) {
		t.Helper()
		if focus := begins(step); focus.TestID != name {
			t.Errorf("%s begins with the focus on %s, wanted %s", step, focus, name)
		}
	}
	input("step-identify", "field-login")
	c.Keys("a@b.uk")
	c.Press("Enter")
	input("step-code", "field-code")
	c.Keys("123456")
	c.Press("Enter")
	input("step-details", "field-billing_address.family_name") // the first that is empty
	c.Keys("Test")
	for _, part := range []string{"21", "3", "1941"} {
		c.Press("Tab")
		c.Keys(part)
	}
	c.Press("Tab", "Space")
	heading("step-method", "How do you want to pay?")
	c.Press("Tab", "ArrowDown", "ArrowUp", "Tab", "Enter")
	heading("step-confirm", "Check and confirm")
	if plan := c.text("plan"); !strings.HasPrefix(plan, "Pay laterYou pay £100.00 within 30 days, by ") {
		t.Errorf("the plan is %q", plan)
	}
	c.Press("Tab", "Tab", "Tab", "Enter")
	heading("result-approved", "Payment approved")
	if said := c.text("flow-status"); said != "We are taking you back to Shoes." {
		t.Errorf("said at the end: %q", said)
	}
	c.Press("Tab", "Enter")
	if diff := cmp.Diff(approved, c.result()); diff != "" {
		t.Errorf("the SDK got another result than the server gave (-server +SDK):\n%s", diff)
	}
	all := s.got()
	last := all[len(all)-1]
	want := request{Call: "authorize", Token: "Bearer TOKEN", Session: "SESSION", Data: object{"order_amount": 10000.}, Answers: object{
		"login": "a@b.uk", "code": "123456", "payment_method_category": "pay_later",
		"details": object{"billing_address": object{"given_name": "Alice", "family_name": "Test"}, "customer": object{"date_of_birth": "1941-03-21"}},
		"consent": object{"payment_method_category": "pay_later", "order_amount": 10000., "purchase_currency": "GBP", "number_of_days": 30., "number_of_installments": 1.},
	}}
	if diff := cmp.Diff(want, last); diff != "" {
		t.Errorf("the last call (-want +got):\n%s", diff)
	}
}

func TestTheFocusStaysInTheDialog(t *testing.T) {
	t.Parallel()
	c := openFlow(t, serve(t, conversation(approved)), browsertest.View{}, ask("identify", nil))
	c.sees("step-identify")
	for _, step := range []struct{ key, want string }{
		{"Shift+Tab", "flow-close"}, {"Shift+Tab", "button-submit"}, {"Tab", "flow-close"}, {"Tab", "field-login"}, {"Tab", "button-submit"}, {"Tab", "flow-close"},
	} {
		c.Press(step.key)
		if focus := c.Focused(); focus.TestID != step.want {
			t.Fatalf("after %s the focus is on %s, wanted %s", step.key, focus, step.want)
		}
	}
}

func TestAWrongAnswerIsToldWhereItIs(t *testing.T) {
	t.Parallel()
	s := serve(t, func(int, request) (int, any) {
		return asks(ask("code", with(problem("code", "wrong"), object{"login": "a@b.uk"})))
	})
	c := openFlow(t, s, browsertest.View{}, ask("code", object{"login": "a@b.uk"}))
	c.flow.Type(id("field-code"), "12")
	c.Press("Enter")
	told := func(want, reason string) {
		t.Helper()
		c.flow.Wait("(s, reason) => document.querySelector(s)?.dataset.reason === reason", id("problem-code"), reason)
		input := "document.querySelector('" + id("field-code") + "')"
		described := browsertest.Eval[string](c.flow, "document.getElementById("+input+".getAttribute('aria-describedby').split(' ')[0]).textContent")
		if described != want || browsertest.Eval[string](c.flow, input+".getAttribute('aria-invalid')") != "true" {
			t.Errorf("the input is described by %q, wanted %q", described, want)
		}
		if focus := c.Focused(); focus.TestID != "field-code" {
			t.Errorf("the focus is on %s", focus)
		}
		if said := c.text("flow-status"); said != "One answer needs another look." {
			t.Errorf("said: %q", said)
		}
	}
	told("Enter the six digits of the code.", "invalid")
	if n := len(s.got()); n != 0 {
		t.Errorf("%d calls for a code that cannot be one", n)
	}
	c.flow.Type(id("field-code"), "999999")
	c.Press("Enter")
	told("That code is not right. Please try again.", "wrong")
}

func TestEscapeTheButtonAndThePageCancel(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(*customer){
		"Escape":     func(c *customer) { c.Press("Escape") },
		"the button": func(c *customer) { c.flow.Click(id("flow-close")) },
		"the page":   func(c *customer) { c.Do("() => say({type: 'cancel'})", 0) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, conversation(approved))
			c := openFlow(t, s, browsertest.View{}, ask("identify", nil))
			c.sees("step-identify")
			leave(c)
			if diff := cmp.Diff(cancelled, c.result()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if all := s.got(); len(all) != 1 || all[0].Answers["cancelled"] != true {
				t.Errorf("the server was told %v", all)
			}
		})
	}
}

// TestARepeatedCallAsksNotAgainWho: the frame remembers login and code of the
// session.
func TestARepeatedCallAsksNotAgainWho(t *testing.T) {
	t.Parallel()
	c := openFlow(t, serve(t, conversation(approved)), browsertest.View{}, ask("identify", nil))
	c.flow.Type(id("field-login"), "a@b.uk")
	c.Press("Enter")
	c.sees("step-code")
	c.flow.Type(id("field-code"), "123456")
	c.Press("Enter")
	c.sees("step-details")
	c.flow.Type(id("field-billing_address.family_name"), "Test")
	c.Press("Escape")
	c.result()
	c.start(ask("identify", nil))
	c.sees("step-details")
}

// TestADoubleClickSendsOnce holds the answer back: a decision is under way, so
// nothing else is sent and Escape waits for it.
func TestADoubleClickSendsOnce(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := serve(t, func(int, request) (int, any) {
		<-release
		return results(approved)
	})
	c := openFlow(t, s, browsertest.View{}, confirm)
	c.flow.DoubleClick(id("button-submit"))
	c.Wait("told.some((m) => m.type === 'busy' && m.busy)")
	c.Press("Enter", "Escape")
	c.flow.Wait("document.querySelector('[aria-busy=true]')")
	if said := c.text("flow-status"); said != "One moment…" {
		t.Errorf("said while waiting: %q", said)
	}
	close(release)
	c.sees("result-approved")
	if n := len(s.got()); n != 1 {
		t.Errorf("%d calls", n)
	}
	if diff := cmp.Diff(approved, c.result()); diff != "" { // it closes by itself
		t.Errorf("(-want +got):\n%s", diff)
	}
	busy := browsertest.Eval[[]bool](c.Page, "told.filter((m) => m.type === 'busy').map((m) => m.busy)")
	if diff := cmp.Diff([]bool{true, false}, busy); diff != "" {
		t.Errorf("busy (-want +got):\n%s", diff)
	}
}
