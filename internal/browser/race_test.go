package browser_test

import (
	"net/http"
	"testing"
)

// oneOrder wants exactly one order from all tokens of the session, placed in
// the given order.
func (s *shop) oneOrder(tokens ...string) {
	s.t.Helper()
	ids := map[string]bool{}
	for _, token := range tokens {
		placed, err := s.order(token, prices(amount))
		if err == nil {
			ids[placed.OrderID] = true
		} else if refused := refusalOf(s.t, err); refused.Status != http.StatusNotFound && refused.Status != http.StatusConflict {
			s.t.Errorf("an order was answered %v", err)
		}
	}
	if len(ids) != 1 {
		s.t.Errorf("there are %d orders, want one", len(ids))
	}
}

// TestDoubleClickOnBuy: the second call is ignored, and its callback with it.
func TestDoubleClickOnBuy(t *testing.T) {
	t.Parallel()
	s := newReadyShopFor(t, strangersCart())
	s.plan("Payments.authorize", payLater, object{}, callback)
	s.DoubleClick("#buy")
	s.customer().approves()
	s.Wait("clicked.some((n) => calls[n].results.length > 0)")
	s.Wait("events.some(([n]) => n === 'fullscreenOverlayHidden')")
	var tokens []string
	callbacks := 0
	for _, number := range []int{0, 1} {
		for _, result := range s.clicked(number).Results {
			callbacks++
			tokens = append(tokens, s.token(result[0].(object)))
		}
	}
	if callbacks != 1 {
		t.Errorf("two clicks gave %d callbacks, want one", callbacks)
	}
	s.oneOrder(tokens...)
}

// TestDoubleClickWithoutAFlow: two quick headless calls give one order.
func TestDoubleClickWithoutAFlow(t *testing.T) {
	t.Parallel()
	s := newReadyShop(t)
	s.headless()
	s.plan("Payments.authorize", payLater, object{}, callback)
	s.DoubleClick("#buy")
	s.Wait("clicked.length === 2 && clicked.some((n) => calls[n].results.length > 0)")
	var tokens []string
	for _, number := range []int{0, 1} {
		for _, result := range s.clicked(number).Results {
			tokens = append(tokens, s.token(result[0].(object)))
		}
	}
	s.oneOrder(tokens...)
}

// TestTwoTabs: the same checkout in two tabs ends in one order, and the token
// that lost says so.
func TestTwoTabs(t *testing.T) {
	t.Parallel()
	one := newReadyShopFor(t, strangersCart())
	other := &shop{t: t, site: one.site, user: one.user, server: one.server, session: one.session}
	other.Page = one.Tab(one.site.shop + "/once")
	other.ready()
	other.init()
	other.load()
	first := one.click("Payments.authorize", payLater, object{}, callback)
	second := other.click("Payments.authorize", payLater, object{}, callback)
	one.customer().approves()
	old := one.token(one.answer(first))
	// The customer is known by now: no code is asked for.
	c := other.customer()
	c.identifies("customer@email.se")
	c.confirms()
	newest := other.token(other.answer(second))
	one.oldTokenIsGone(old)
	one.oneOrder(newest, old)
	// A third try in the first tab is told that there is nothing left to pay.
	one.headless()
	one.check(one.result("Payments.authorize", payLater, object{}, callback), refusal)
}

// TestBackButton: a page that comes back can be paid on, and the flow that was
// open is gone.
func TestBackButton(t *testing.T) {
	t.Parallel()
	s := newReadyShopFor(t, strangersCart())
	s.click("Payments.authorize", payLater, object{}, callback)
	s.customer().sees("step-identify")
	s.open("/none")
	s.Back()
	s.Wait("window.Klarna?.Payments")
	s.Wait("!document.querySelector('[id$=-fullscreen]')?.checkVisibility({visibilityProperty: true}) && !document.querySelector('main').closest('[inert]')")
	s.init() // as a shop does on each page
	s.load()
	s.oneOrder(s.approval())
}

// TestBackAfterTheOrder: the customer goes back from the confirmation and buys
// again; there is no second order.
func TestBackAfterTheOrder(t *testing.T) {
	t.Parallel()
	s := newReadyShopFor(t, strangersCart())
	token := s.approval()
	s.oneOrder(token)
	s.open("/none")
	s.Back()
	s.ready()
	s.init()
	s.headless()
	s.check(s.result("Payments.authorize", payLater, object{}, callback), refusal)
	s.oneOrder(token)
}

// TestNetworkIsCut: during authorize without a flow, before the request reaches
// the server and after it has answered.
func TestNetworkIsCut(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		after bool
		times int
		want  object
	}{
		{"before the request", false, 1, approved},
		{"before every request", false, -1, refusal},
		{"after the answer", true, 1, approved},
		{"after every answer", true, -1, refusal},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newReadyShop(t)
			s.headless()
			met := kvitto.front.fail(t, s.session.SessionID+"/authorize", test.after, test.times)
			got := s.result("Payments.authorize", payLater, object{}, callback)
			s.check(got, test.want)
			if kvitto.front.count(met) == 0 {
				t.Fatal("nothing was cut")
			}
			if test.times < 0 {
				kvitto.front.mend(met)
				got = s.result("Payments.authorize", payLater, object{}, callback)
				s.check(got, approved)
			}
			s.oneOrder(s.token(got))
		})
	}
}

// TestNetworkIsCutInTheFlow: the customer is told and can try again, whether or
// not the server had decided already.
func TestNetworkIsCutInTheFlow(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]bool{"before the request": false, "after the answer": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newReadyShopFor(t, strangersCart())
			number := s.click("Payments.authorize", payLater, object{}, callback)
			c := s.customer()
			c.identifies("customer@email.se")
			c.enters("123456")
			c.sees("step-confirm")
			met := kvitto.front.fail(t, s.session.SessionID+"/authorize", after, -1)
			c.submits()
			c.sees("result-failure")
			kvitto.front.mend(met)
			c.presses("button-retry")
			result := s.answer(number)
			s.check(result, approved)
			s.oneOrder(s.token(result))
		})
	}
}

// TestOffline: a customer without a network is told so, and goes on when it is
// back.
func TestOffline(t *testing.T) {
	t.Parallel()
	s := newReadyShopFor(t, strangersCart())
	number := s.click("Payments.authorize", payLater, object{}, callback)
	c := s.customer()
	c.identifies("customer@email.se")
	c.sees("step-code")
	s.Offline(true)
	c.enters("123456")
	c.sees("result-failure")
	s.Offline(false)
	c.presses("button-retry")
	c.confirms()
	s.check(s.answer(number), approved)
}

// TestLeavingAFailedFlow: the shop gets a result that it can act on.
func TestLeavingAFailedFlow(t *testing.T) {
	t.Parallel()
	s := newReadyShopFor(t, strangersCart())
	number := s.click("Payments.authorize", payLater, object{}, callback)
	c := s.customer()
	c.sees("step-identify")
	met := kvitto.front.fail(t, s.session.SessionID+"/authorize", false, -1)
	c.identifies("customer@email.se")
	c.sees("result-failure")
	c.leaves()
	s.check(s.answer(number), refusal)
	kvitto.front.mend(met)
	s.oneOrder(s.approval())
}

// TestTokenAfterReauthorize: the older token makes no order, the newer does.
func TestTokenAfterReauthorize(t *testing.T) {
	t.Parallel()
	s := newReadyShop(t)
	s.headless()
	old := s.token(s.result("Payments.authorize", payLater, object{}, callback))
	newest := s.token(s.result("Payments.reauthorize", payLater, object{}, callback))
	if old == newest {
		t.Fatal("reauthorize gave the same token")
	}
	s.oldTokenIsGone(old)
	s.oneOrder(newest, old, newest)
}

// TestUpdateAfterTheApproval: the order is refused with what differs, and
// reauthorize mends it.
func TestUpdateAfterTheApproval(t *testing.T) {
	t.Parallel()
	s := newReadyShop(t)
	s.headless()
	token := s.token(s.result("Payments.authorize", payLater, object{}, callback))
	s.update(prices(less))
	_, err := s.order(token, prices(less))
	if refused := refusalOf(t, err); refused.Status != http.StatusConflict {
		t.Errorf("the order was answered %v, want a conflict", err)
	}
	s.orders(s.token(s.result("Payments.reauthorize", payLater, object{}, callback)), less)
}

// TestSecondAuthorizeWhileOneRuns: it is ignored while the first is under way,
// and a later one is not.
func TestSecondAuthorizeWhileOneRuns(t *testing.T) {
	t.Parallel()
	s := newReadyShop(t)
	s.headless()
	held, release := kvitto.front.hold(t, s.session.SessionID+"/authorize")
	first := s.invoke("Payments.authorize", payLater, object{}, callback)
	kvitto.front.awaits(t, held)
	second := s.invoke("Payments.authorize", payLater, object{}, callback)
	release()
	s.check(s.answer(first), approved)
	s.check(s.result("Payments.authorize", payLater, object{}, callback), approved)
	if got := s.made(second); len(got.Results) != 0 || got.Thrown != nil {
		t.Errorf("the second call gave %+v", got)
	}
}
