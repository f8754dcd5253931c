package browser_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/kvitto/kvitto/internal/browsertest"
)

// look judges what the window shows, light and dark, and photographs it at
// three widths when pictures are wanted.
func look(t *testing.T, page *browsertest.Page, name string) {
	t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		view := browsertest.View{Width: 1280, Dark: scheme == "dark", ReducedMotion: true}
		page.Emulate(view)
		page.Axe(name + " in " + scheme)
		if os.Getenv(browsertest.ScreenshotsEnv) == "" {
			continue
		}
		for _, view.Width = range []int64{360, 768, 1280} {
			page.Emulate(view)
			page.Wait("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => drawn(true))))")
			page.Screenshot(fmt.Sprintf("%s-%s-%d", name, scheme, view.Width))
		}
	}
	page.Emulate(browsertest.View{Width: 1280, ReducedMotion: true})
}

// stay keeps the good news on the screen for as long as it is looked at.
func (c *customer) stay() {
	c.shop.t.Helper()
	c.flow.Do("() => { const real = window.setTimeout; window.setTimeout = (f, ms, ...rest) => ms > 2000 ? 0 : real(f, ms, ...rest) }", 0)
}

// TestEveryStepIsAccessible: no serious fault on the widget and on any step of
// the purchase flow, with and without mistakes.
func TestEveryStepIsAccessible(t *testing.T) {
	t.Parallel()
	body := cart(amount)
	body["billing_address"] = object{"given_name": "Alice", "country": "SE"}
	delete(body, "customer")
	s := newShopFor(t, body)
	s.init()
	s.check(s.result("Payments.load", object{"container": "#klarna-container"}, object{}, callback), shown)
	look(t, s.Page, "widget")
	number := s.click("Payments.authorize", object{}, object{}, callback)
	c := &customer{shop: s, page: s.Page, flow: s.Frame("klarna-payments-fullscreen")}
	c.sees("step-identify")
	look(t, s.Page, "identify")
	c.identifies("nobody")
	c.sees("problem-login")
	look(t, s.Page, "identify-mistaken")
	c.identifies("customer@email.se")
	c.sees("step-code")
	look(t, s.Page, "code")
	c.enters("999999")
	c.sees("problem-code")
	look(t, s.Page, "code-mistaken")
	c.enters("123456")
	c.sees("step-details")
	look(t, s.Page, "details")
	c.submits()
	c.sees("problem-billing_address.city")
	look(t, s.Page, "details-mistaken")
	for path, value := range map[string]string{
		"billing_address.family_name": "Test", "billing_address.phone": "+46701234567",
		"billing_address.street_address": "Södra Blasieholmshamnen 2", "billing_address.postal_code": "11148", "billing_address.city": "Stockholm",
		"customer.national_identification_number": "194103219202",
	} {
		c.flow.Type(id("field-"+path), value)
	}
	c.submits()
	c.sees("step-method")
	look(t, s.Page, "method")
	c.submits()
	c.sees("step-confirm")
	look(t, s.Page, "confirm")
	s.update(prices(more))
	c.submits()
	c.sees("notice-changed")
	look(t, s.Page, "confirm-changed")
	c.stay()
	c.submits()
	c.sees("result-approved")
	look(t, s.Page, "approved")
	c.leaves()
	s.check(s.answer(number), approved)
}

// TestEveryEndIsAccessible: the same for the ends that nobody hopes for.
func TestEveryEndIsAccessible(t *testing.T) {
	t.Parallel()
	for outcome, end := range map[string]string{"deny": "denied", "invalid_fields": "mend", "approve": "failure"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			s := newReadyShop(t)
			s.prime(object{"call": "authorize", "outcome": outcome, "invalid_fields": invalid, "interaction": "full"})
			number := s.click("Payments.authorize", payLater, object{}, callback)
			c := s.customer()
			c.identifies("customer@email.se")
			c.enters("123456")
			c.sees("step-confirm")
			if end == "failure" {
				kvitto.front.fail(t, s.session.SessionID+"/authorize", false, -1)
			}
			c.submits()
			c.sees("result-" + end)
			look(t, s.Page, end)
			c.leaves()
			if end == "denied" {
				s.check(s.answer(number), refusal)
				widget := &customer{shop: s, page: s.Page, flow: s.Frame("klarna-pay-later-main")}
				widget.sees("widget-unavailable")
				look(t, s.Page, "widget-unavailable")
			}
		})
	}
}

// TestThePopupIsAccessible: the purchase flow in a window of its own.
func TestThePopupIsAccessible(t *testing.T) {
	t.Parallel()
	s := newReadyShopFor(t, strangersCart())
	window := s.Popup(func() {
		s.click("Payments.authorize", with(payLater, object{"interaction_mode": "POPUP"}), object{}, callback)
	})
	c := &customer{shop: s, page: window, flow: &window.Document}
	c.sees("step-identify")
	look(t, window, "popup")
}
