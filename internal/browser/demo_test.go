package browser_test

import (
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/browsertest"
)

// visit is a customer in the demo shop.
type visit struct {
	*browsertest.Page
	t *testing.T
}

func visitDemo(t *testing.T) *visit {
	t.Helper()
	return &visit{browsertest.Open(t, kvitto.front.url+"/demo/"), t}
}

func (v *visit) sees(name string) {
	v.t.Helper()
	v.Wait("(s) => document.querySelector(s)?.checkVisibility({visibilityProperty: true})", id(name))
}

func (v *visit) presses(name string) {
	v.t.Helper()
	v.Click(id(name))
}

// flow is the purchase flow of whichever widget the customer has chosen.
func (v *visit) flow() *customer {
	return &customer{shop: &shop{t: v.t, Page: v.Page}, page: v.Page, flow: v.Frame("/flow.html")}
}

// tabTo goes forward to something with the Tab key alone.
func (v *visit) tabTo(name string) {
	v.t.Helper()
	const most = 80
	var seen []string
	for range most {
		v.Press("Tab")
		focus := v.Focused()
		if focus.TestID == name {
			return
		}
		seen = append(seen, focus.TestID)
	}
	v.t.Fatalf("Tab does not lead to %s; it came by %q", name, seen)
}

// TestCheckoutByKeyboard: from the product to the confirmation without a mouse.
func TestCheckoutByKeyboard(t *testing.T) {
	t.Parallel()
	v := visitDemo(t)
	v.tabTo("add-mug")
	v.Press("Enter")
	v.Wait("document.querySelector('[data-count]').textContent.trim() === '1'")
	v.Press("Home", "Shift+Tab") // nothing may depend on where the focus was
	v.Do("document.activeElement.blur()")
	v.tabTo("nav-cart")
	v.Press("Enter")
	v.sees("checkout-single")
	v.tabTo("checkout-single")
	v.Press("Enter")
	v.sees("pay")
	v.tabTo("person-approved")
	v.Press("Enter")
	v.Wait("document.querySelector('[data-testid=pay]').getAttribute('aria-disabled') !== 'true'")
	v.tabTo("pay")
	v.Press("Enter")
	c := v.flow()
	c.sees("step-identify")
	c.tabTo("field-login")
	v.Press("Enter") // the e-mail is there already
	c.sees("step-code")
	c.tabTo("field-code")
	v.Keys("123456")
	v.Press("Enter")
	c.goesOn()
	v.sees("order-id")
	if got := browsertest.Eval[string](v, "document.querySelector('[data-testid=fraud-status]').textContent"); got != "ACCEPTED" {
		t.Errorf("the order is %q", got)
	}
}

// goesOn presses the first button until the flow is done, whatever it asks for
// beyond the details.
func (c *customer) goesOn() {
	c.shop.t.Helper()
	c.flow.Wait("document.querySelector('[data-testid=step-details], [data-testid=step-confirm]')")
	if browsertest.Eval[bool](c.flow, "document.querySelector('[data-testid=step-details]') !== null") {
		c.tabTo("field-customer.national_identification_number")
		c.page.Keys("194103219202")
		c.page.Press("Enter")
	}
	c.sees("step-confirm")
	c.tabTo("button-submit")
	c.page.Press("Enter")
}

// TestDemoPagesAreAccessible: every page of the demo shop, up to the
// confirmation of an order made in steps.
func TestDemoPagesAreAccessible(t *testing.T) {
	t.Parallel()
	v := visitDemo(t)
	look(t, v.Page, "demo-products")
	v.Open(kvitto.front.url + "/demo/cart")
	look(t, v.Page, "demo-cart-empty")
	v.Open(kvitto.front.url + "/demo/scenarios")
	look(t, v.Page, "demo-scenarios")
	v.Open(kvitto.front.url + "/demo/")
	v.presses("add-mug")
	v.Wait("document.querySelector('[data-count]').textContent.trim() === '1'")
	v.presses("nav-cart")
	v.sees("checkout-steps")
	look(t, v.Page, "demo-cart")
	v.presses("checkout-steps")
	v.sees("continue")
	v.presses("person-approved")
	look(t, v.Page, "demo-address")
	v.presses("continue")
	v.Wait("document.querySelector('[data-testid=pay]')?.getAttribute('aria-disabled') === 'false'")
	look(t, v.Page, "demo-payment")
	v.presses("pay")
	c := v.flow()
	c.sees("step-identify")
	c.submits()
	c.enters("123456")
	c.goesOn()
	v.Wait("location.pathname.endsWith('/review')")
	v.Wait("document.querySelector('[data-testid=pay]')?.getAttribute('aria-disabled') === 'false'")
	look(t, v.Page, "demo-review")
	v.presses("pay")
	v.Wait("location.pathname.includes('/confirmation') || document.querySelector('iframe[name$=fullscreen]')?.checkVisibility({visibilityProperty: true})")
	if !strings.Contains(browsertest.Eval[string](v, "location.pathname"), "confirmation") {
		c.confirms()
	}
	v.sees("order-id")
	look(t, v.Page, "demo-confirmation")
}
