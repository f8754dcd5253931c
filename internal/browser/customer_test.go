package browser_test

import (
	"github.com/kvitto/kvitto/internal/browsertest"
)

// customer is who sits before the purchase flow.
type customer struct {
	shop *shop
	page *browsertest.Page     // that has the focus: the shop's, or the flow's own window
	flow *browsertest.Document // what the flow shows
}

// flowOf is the name of the purchase flow's frame for a widget.
const flowOf = "klarna-pay-later-fullscreen"

// customer looks at the purchase flow over the shop's page.
func (s *shop) customer() *customer {
	return &customer{shop: s, page: s.Page, flow: s.Frame(flowOf)}
}

func id(name string) string { return `[data-testid="` + name + `"]` }

// sees waits until something is shown in the flow.
func (c *customer) sees(name string) {
	c.shop.t.Helper()
	c.flow.Wait("(s) => document.querySelector(s)?.checkVisibility({visibilityProperty: true}) && innerHeight > 0", id(name))
}

// reads is the text of something that is shown.
func (c *customer) reads(name string) string {
	c.shop.t.Helper()
	c.sees(name)
	return browsertest.Eval[string](c.flow, `(s) => document.querySelector(s).innerText.replace(/\s+/g, ' ')`, id(name))
}

// presses clicks on something that the flow shows.
func (c *customer) presses(name string) {
	c.shop.t.Helper()
	c.flow.Click(id(name))
}

func (c *customer) submits() {
	c.shop.t.Helper()
	c.presses("button-submit")
}

func (c *customer) identifies(login string) {
	c.shop.t.Helper()
	c.sees("step-identify")
	c.flow.Type(id("field-login"), login)
	c.submits()
}

func (c *customer) enters(code string) {
	c.shop.t.Helper()
	c.sees("step-code")
	c.flow.Type(id("field-code"), code)
	c.submits()
}

// confirms agrees to what is shown.
func (c *customer) confirms() {
	c.shop.t.Helper()
	c.sees("step-confirm")
	c.submits()
}

// approves goes the whole way.
func (c *customer) approves() {
	c.shop.t.Helper()
	c.identifies("customer@email.se")
	c.enters("123456")
	c.confirms()
}

// leaves presses the button of a result.
func (c *customer) leaves() {
	c.shop.t.Helper()
	c.presses("button-close")
}
