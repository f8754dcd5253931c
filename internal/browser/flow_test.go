package browser_test

import (
	"strings"
	"testing"
)

// TestTheCustomerDecides: what a customer does in the purchase flow, and the
// result that the shop gets for it.
func TestTheCustomerDecides(t *testing.T) {
	t.Parallel()
	for _, test := range decisions {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newReadyShopFor(t, strangersCart())
			number := s.click("Payments.authorize", payLater, object{}, callback)
			test.acts(s.customer())
			s.check(s.answer(number), test.want)
			s.flowIsGone()
			if got := s.made(number); len(got.Results) != 1 {
				t.Errorf("the callback came %d times", len(got.Results))
			}
		})
	}
}

// decisions are what customers do, and what comes of it.
var decisions = []struct {
	name string
	acts func(*customer)
	want object
}{
	{"agrees", func(c *customer) {
		c.approves()
		c.sees("result-approved")
		c.leaves()
	}, approved},
	{"agrees and lets the good news go by", func(c *customer) { c.approves() }, approved},
	{"uses the keyboard only", func(c *customer) {
		c.sees("step-identify")
		c.page.Press("Control+a")
		c.page.Keys("customer@email.se")
		c.page.Press("Enter")
		c.sees("step-code")
		c.page.Keys("123456")
		c.page.Press("Enter")
		c.sees("step-confirm")
		c.tabTo("button-submit")
		c.page.Press("Enter")
		c.sees("result-approved")
		c.tabTo("button-close")
		c.page.Press("Space")
	}, approved},
	{"mistypes the code first", func(c *customer) {
		c.identifies("customer@email.se")
		c.enters("999999")
		c.sees("problem-code")
		c.enters("123456")
		c.confirms()
	}, approved},
	{"mistypes the address first", func(c *customer) {
		c.identifies("nobody")
		c.sees("problem-login")
		c.approves()
	}, approved},
	{"closes the flow at once", func(c *customer) {
		c.sees("step-identify")
		c.presses("flow-close")
	}, cancelled},
	{"closes the flow before agreeing", func(c *customer) {
		c.identifies("customer@email.se")
		c.enters("123456")
		c.sees("step-confirm")
		c.presses("flow-close")
	}, cancelled},
	{"presses Escape", func(c *customer) {
		c.sees("step-identify")
		c.page.Press("Escape")
	}, cancelled},
	{"is denied", func(c *customer) {
		c.identifies("customer+denied@email.se")
		c.enters("123456")
		c.confirms()
		c.sees("result-denied")
		c.leaves()
	}, refusal},
}

// strangersCart is a cart of whose customer nobody has said the e-mail.
func strangersCart() object {
	body := cart(amount)
	delete(body["billing_address"].(object), "email")
	return body
}

// flowIsGone wants the flow closed and told of, and the focus back where it was.
func (s *shop) flowIsGone() {
	s.t.Helper()
	s.Wait("events.some(([n]) => n === 'fullscreenOverlayHidden')")
	if shown, hidden := s.events("fullscreenOverlayShown"), s.events("fullscreenOverlayHidden"); len(shown) != 1 || len(hidden) != 1 {
		s.t.Errorf("the flow was shown %v and hidden %v", shown, hidden)
	}
	if focus := s.Focused(); focus.ID != "buy" {
		s.t.Errorf("the focus is on %s, not on the button that opened the flow", focus)
	}
	s.Wait("![...document.body.children].some((e) => e.inert) && !document.body.classList.contains('klarna-payments-fso-open')")
}

// TestThePopup: the same in a window of its own, and the way out by closing it.
func TestThePopup(t *testing.T) {
	t.Parallel()
	options := with(payLater, object{"interaction_mode": "POPUP"})
	t.Run("agrees", func(t *testing.T) {
		t.Parallel()
		s := newReadyShopFor(t, strangersCart())
		number := 0
		window := s.Popup(func() { number = s.click("Payments.authorize", options, object{}, callback) })
		c := &customer{shop: s, page: window, flow: &window.Document}
		c.approves()
		c.leaves()
		s.check(s.answer(number), approved)
		window.WaitClosed()
	})
	t.Run("closes the window", func(t *testing.T) {
		t.Parallel()
		s := newReadyShopFor(t, strangersCart())
		number := 0
		window := s.Popup(func() { number = s.click("Payments.authorize", options, object{}, callback) })
		c := &customer{shop: s, page: window, flow: &window.Document}
		c.sees("step-identify")
		window.Close()
		s.check(s.answer(number), cancelled)
	})
	t.Run("is shown over the page where windows are blocked", func(t *testing.T) {
		t.Parallel()
		s := newReadyShopFor(t, strangersCart())
		number := s.invoke("Payments.authorize", options, object{}, callback) // no click
		s.WaitConsole("blocked the window")
		s.customer().approves()
		s.check(s.answer(number), approved)
	})
}

// TestPrimedFlow: an outcome that a test primes is reached by the full flow.
func TestPrimedFlow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		outcome, sees string
		want          object
	}{
		{"deny", "result-denied", refusal},
		{"error", "result-denied", refusal},
		{"invalid_fields", "result-mend", mend},
		{"finalize_required", "result-approved", preliminary},
		{"refer", "result-approved", approved},
	} {
		t.Run(test.outcome, func(t *testing.T) {
			t.Parallel()
			s := newReadyShopFor(t, strangersCart())
			s.prime(object{"call": "authorize", "outcome": test.outcome, "invalid_fields": invalid, "interaction": "full"})
			number := s.click("Payments.authorize", payLater, object{}, callback)
			c := s.customer()
			c.approves()
			c.sees(test.sees)
			c.leaves()
			s.check(s.answer(number), test.want)
		})
	}
}

// TestMissingDetails: what the country needs and nobody has said is asked for,
// and the order has it.
func TestMissingDetails(t *testing.T) {
	t.Parallel()
	body := cart(amount)
	body["billing_address"] = object{"given_name": "Alice", "country": "SE"}
	delete(body, "customer")
	s := newReadyShopFor(t, body)
	number := s.click("Payments.authorize", payLater, object{}, callback)
	c := s.customer()
	c.identifies("customer@email.se")
	c.enters("123456")
	c.sees("step-details")
	c.submits()
	c.sees("problem-billing_address.city")
	for path, value := range map[string]string{
		"billing_address.family_name": "Test", "billing_address.phone": "+46701234567",
		"billing_address.street_address": "Södra Blasieholmshamnen 2", "billing_address.postal_code": "11148", "billing_address.city": "Stockholm",
		"customer.national_identification_number": "194103219202",
	} {
		c.flow.Type(id("field-"+path), value)
	}
	c.submits()
	c.confirms()
	if _, err := s.order(s.token(s.answer(number)), prices(amount)); err != nil {
		t.Error(err)
	}
}

// TestInvalidFieldsOfTheData: the shop's own bad data is named to the shop.
func TestInvalidFieldsOfTheData(t *testing.T) {
	t.Parallel()
	s := newReadyShop(t)
	for _, test := range []struct {
		data   object
		fields []string
	}{
		{object{"billing_address": object{"country": "Sweden"}}, []string{"billing_address.country"}},
		{object{"billing_address": object{"country": "Sweden"}, "shipping_address": object{"country": "Norway"}}, []string{"billing_address.country", "shipping_address.country"}},
	} {
		for _, call := range []string{"authorize", "reauthorize"} {
			s.check(s.result("Payments."+call, payLater, test.data, callback), object{"approved": false, "show_form": true, "finalize_required": false,
				"error": object{"invalid_fields": test.fields}})
		}
		s.check(s.result("Payments.load", loading, test.data, callback), object{"show_form": true, "error": object{"invalid_fields": test.fields}})
	}
}

// TestChoiceOfMethod: without a category the customer chooses, and may choose
// again before agreeing.
func TestChoiceOfMethod(t *testing.T) {
	t.Parallel()
	s := newShopFor(t, strangersCart())
	s.init()
	s.check(s.result("Payments.load", object{"container": "#klarna-container"}, object{}, callback), shown)
	number := s.click("Payments.authorize", object{}, object{}, callback)
	c := &customer{shop: s, page: s.Page, flow: s.Frame("klarna-payments-fullscreen")}
	c.identifies("customer@email.se")
	c.enters("123456")
	c.sees("step-method")
	c.presses("choice-pay_over_time")
	c.submits()
	c.sees("step-confirm")
	first := c.reads("plan")
	c.presses("button-back-method")
	c.sees("step-method")
	c.presses("choice-pay_later")
	c.submits()
	if second := c.reads("plan"); second == first || !strings.Contains(second, "100") {
		t.Errorf("after choosing again the plan is %q, before it was %q", second, first)
	}
	c.confirms()
	s.check(s.answer(number), approved)
}

// tabTo presses Tab until something has the focus; it must come within a round.
func (c *customer) tabTo(name string) {
	c.shop.t.Helper()
	const round = 20
	for range round {
		if c.page.Focused().TestID == name {
			return
		}
		c.page.Press("Tab")
	}
	c.shop.t.Fatalf("Tab does not lead to %s; the focus is on %s", name, c.page.Focused())
}

// TestTheFocusIsTrapped: Tab goes round in the flow and never leaves it, and
// what lies behind cannot be reached.
func TestTheFocusIsTrapped(t *testing.T) {
	t.Parallel()
	s := newReadyShopFor(t, strangersCart())
	number := s.click("Payments.authorize", payLater, object{}, callback)
	c := s.customer()
	c.sees("step-identify")
	for _, key := range []string{"Tab", "Shift+Tab"} {
		seen := map[string]bool{}
		for range 12 {
			s.Press(key)
			focus := s.Focused()
			seen[focus.TestID] = true
			if !strings.Contains(focus.URL, "/flow.html") {
				t.Fatalf("after %s the focus is on %s", key, focus)
			}
		}
		for _, name := range []string{"flow-close", "field-login", "button-submit"} {
			if !seen[name] {
				t.Errorf("%s never reaches %s", key, name)
			}
		}
	}
	s.Wait("document.querySelector('main').inert || document.querySelector('main').closest('[inert]')")
	s.Press("Escape")
	s.check(s.answer(number), cancelled)
}

// TestTheLastStepAtTheBank: a bank transfer is finished by finalize, in which
// the customer agrees or leaves.
func TestTheLastStepAtTheBank(t *testing.T) {
	t.Parallel()
	bank := object{"payment_method_category": "direct_bank_transfer"}
	for name, test := range map[string]struct {
		acts func(*customer)
		want object
	}{
		"agrees": {(*customer).confirms, approved},
		"leaves": {func(c *customer) { c.sees("step-confirm"); c.presses("flow-close") }, cancelled},
		"is denied": {func(c *customer) {
			c.shop.prime(object{"call": "finalize", "outcome": "deny", "interaction": "full"})
			c.confirms()
			c.sees("result-denied")
			c.leaves()
		}, refusal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShopFor(t, strangersCart())
			s.init()
			s.check(s.result("Payments.load", with(bank, object{"container": "#klarna-container"}), object{}, callback), shown)
			c := &customer{shop: s, page: s.Page, flow: s.Frame("klarna-direct-bank-transfer-fullscreen")}
			number := s.click("Payments.authorize", with(bank, object{"auto_finalize": false}), object{}, callback)
			c.approves()
			c.leaves()
			s.check(s.answer(number), preliminary)
			number = s.click("Payments.finalize", bank, object{}, callback)
			test.acts(c)
			result := s.answer(number)
			s.check(result, test.want)
			if result["approved"] == true {
				s.orders(s.token(result), amount)
			}
		})
	}
}

// TestDeniedOnTheReviewPage: reauthorize of a cart that got dearer is denied by
// the server after the customer agreed.
func TestDeniedOnTheReviewPage(t *testing.T) {
	t.Parallel()
	s := newReadyShopFor(t, strangersCart())
	old := s.approval()
	s.update(prices(more))
	s.prime(object{"call": "reauthorize", "outcome": "deny", "interaction": "full"})
	number := s.click("Payments.reauthorize", payLater, object{}, callback)
	c := s.customer()
	c.sees("comparison")
	c.confirms()
	c.sees("result-denied")
	c.leaves()
	s.check(s.answer(number), refusal)
	if _, err := s.order(old, prices(amount)); err == nil {
		t.Error("an order was placed after the denial")
	}
}

// TestAuthorizeWithoutLoad: no widget is needed for the purchase flow.
func TestAuthorizeWithoutLoad(t *testing.T) {
	t.Parallel()
	s := newShopFor(t, strangersCart())
	s.init()
	number := s.click("Payments.authorize", payLater, object{}, callback)
	s.customer().approves()
	s.check(s.answer(number), approved)
}

// TestAnotherSession: init with a new token leads the widget to the new session.
func TestAnotherSession(t *testing.T) {
	t.Parallel()
	s := newReadyShop(t)
	s.create(cart(more))
	s.init()
	s.load()
	s.Frame("klarna-pay-later-main").Wait("document.body.innerText.includes('150')")
	s.headless()
	s.orders(s.token(s.result("Payments.authorize", payLater, object{}, callback)), more)
}
