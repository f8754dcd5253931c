package browser_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/client"
)

const (
	more = 15000 // 150.00 SEK
	less = 5000  // 50.00 SEK
)

// TestLoadAfterUpdate: the widget shows the new amount.
func TestLoadAfterUpdate(t *testing.T) {
	t.Parallel()
	s := newReadyShop(t)
	widget := &customer{shop: s, page: s.Page, flow: s.Frame("klarna-pay-later-main")}
	if got := widget.reads("widget"); !strings.Contains(got, "100") {
		t.Errorf("the widget says %q, without the amount of 100", got)
	}
	s.update(prices(more))
	s.load()
	widget.flow.Wait("document.body.innerText.includes('150') && !document.body.innerText.includes('100.00')")
}

// approval is an approval that a customer gave to the cart.
func (s *shop) approval() (token string) {
	s.t.Helper()
	number := s.click("Payments.authorize", payLater, object{}, callback)
	c := s.customer()
	c.approves()
	c.leaves()
	return s.token(s.answer(number))
}

// TestReauthorizeIsSilentWhenTheAmountFalls: nobody is asked.
func TestReauthorizeIsSilentWhenTheAmountFalls(t *testing.T) {
	t.Parallel()
	s := newReadyShopFor(t, strangersCart())
	old := s.approval()
	s.update(prices(less))
	result := s.result("Payments.reauthorize", payLater, object{}, callback)
	s.check(result, approved)
	if shown := s.events("fullscreenOverlayShown"); len(shown) != 1 {
		t.Errorf("the flow was shown %d times", len(shown))
	}
	s.oldTokenIsGone(old)
	s.orders(s.token(result), less)
}

// TestReauthorizeAsksWhenTheAmountRises: old and new stand side by side, the
// customer decides.
func TestReauthorizeAsksWhenTheAmountRises(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		acts func(*customer)
		want object
	}{
		"and agrees": {func(c *customer) { c.confirms() }, approved},
		"and leaves": {func(c *customer) { c.presses("flow-close") }, cancelled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newReadyShopFor(t, strangersCart())
			old := s.approval()
			s.update(prices(more))
			number := s.click("Payments.reauthorize", payLater, object{}, callback)
			c := s.customer()
			if got := c.reads("comparison"); !strings.Contains(got, "100") || !strings.Contains(got, "150") {
				t.Errorf("the comparison says %q", got)
			}
			test.acts(c)
			result := s.answer(number)
			s.check(result, test.want)
			if test.want["approved"] == true {
				s.oldTokenIsGone(old)
				s.orders(s.token(result), more)
			}
		})
	}
}

// TestUpdateWhileTheFlowIsOpen: the customer is told, asked again, and what is
// approved and ordered is the new cart.
func TestUpdateWhileTheFlowIsOpen(t *testing.T) {
	t.Parallel()
	s := newReadyShopFor(t, strangersCart())
	number := s.click("Payments.authorize", payLater, object{}, callback)
	c := s.customer()
	c.identifies("customer@email.se")
	c.enters("123456")
	c.sees("step-confirm")
	s.update(prices(more))
	c.submits()
	c.sees("notice-changed")
	if got := c.reads("step-confirm"); !strings.Contains(got, "150") {
		t.Errorf("what is to be confirmed says %q, without the new amount", got)
	}
	if story := s.operations(); strings.Count(story, "place_order") != 0 {
		t.Error(story)
	}
	c.submits()
	result := s.answer(number)
	s.check(result, approved)
	token := s.token(result)
	_, err := s.order(token, cart(amount))
	if refused := refusalOf(t, err); refused.Status != http.StatusConflict {
		t.Errorf("the old cart was answered %v, want a conflict", err)
	}
	s.orders(token, more)
}

// orders places the order for the cart of this amount.
func (s *shop) orders(token string, amount int64) {
	s.t.Helper()
	if _, err := s.order(token, prices(amount)); err != nil {
		s.t.Errorf("the order: %v", err)
	}
}

// oldTokenIsGone wants no order for a token that another has replaced.
func (s *shop) oldTokenIsGone(token string) {
	s.t.Helper()
	_, err := s.order(token, prices(amount))
	if refused := refusalOf(s.t, err); refused.Status != http.StatusNotFound {
		s.t.Errorf("the old token was answered %v, want 404", err)
	}
}

func refusalOf(t *testing.T, err error) *client.Error {
	t.Helper()
	var refused *client.Error
	if !errors.As(err, &refused) {
		t.Fatalf("the error is %v, want a refusal of the server", err)
	}
	return refused
}

func joined(words []string) string { return strings.Join(words, " ") }
