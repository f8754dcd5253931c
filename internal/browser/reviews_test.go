package browser_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/internal/browsertest"
)

// newReferred is a merchant with an order that waits for its review.
func newReferred(t *testing.T) (s *shop, orderID string) {
	t.Helper()
	s = newMerchant(t)
	body := cart(amount)
	address := object{
		"given_name": "Astrid", "family_name": "Lindqvist", "email": "astrid@example.com", "street_address": "Norrlandsgatan 17",
		"postal_code": "11143", "city": "Stockholm", "phone": "+46701234567", "country": "SE",
	}
	body["billing_address"], body["shipping_address"] = address, address
	body["merchant_reference1"] = "A-1042"
	body["merchant_urls"] = object{"notification": "http://127.0.0.1:9/risk"}
	s.create(body)
	result, err := s.server.Authorize(t.Context(), s.session.SessionID, client.BrowserCall{Outcome: client.Refer})
	if err != nil {
		t.Fatal(err)
	}
	order, err := s.server.PlaceOrder(t.Context(), result.AuthorizationToken, body)
	if err != nil || order.FraudStatus != "PENDING" {
		t.Fatal(order, err)
	}
	return s, order.OrderID
}

// TestPagesOfOrdersAreAccessible: no serious fault on the pages of orders and
// reviews, light and dark, and none is wider than its window.
func TestPagesOfOrdersAreAccessible(t *testing.T) {
	t.Parallel()
	s, orderID := newReferred(t)
	page := browsertest.Open(t, portalAt("orders"))
	mine := "merchant=" + url.QueryEscape(s.user)
	visit := func(pages map[string]string) {
		for name, path := range pages {
			page.Open(portalAt(path))
			look(t, page, "portal-"+name)
			page.Emulate(browsertest.View{Width: 360})
			if wide := browsertest.Eval[int](page, "document.documentElement.scrollWidth"); wide > 360 {
				t.Errorf("%s is %d pixels wide in a window of 360", name, wide)
			}
		}
	}
	visit(map[string]string{
		"orders": "orders?" + mine, "orders-nothing": "orders?fraud=REJECTED&" + mine, "order-waits": "orders/" + orderID,
		"reviews": "reviews?" + mine, "reviews-nothing": "reviews?state=decided&" + mine,
	})
	if _, err := s.server.StepReview(t.Context(), orderID, client.RejectReview, "anna", "an address that is often used"); err != nil {
		t.Fatal(err)
	}
	visit(map[string]string{"order-rejected": "orders/" + orderID, "order-history": "orders/" + orderID + "?done=reject#history-title", "reviews-decided": "reviews?state=decided&" + mine})
}

// TestAReviewByKeyboard: from the menu to the queue, a reason typed, rejected; the
// page says so, and the order's history by whom.
func TestAReviewByKeyboard(t *testing.T) {
	t.Parallel()
	s, orderID := newReferred(t)
	v := &visit{browsertest.Open(t, portalAt("")), t}
	v.tabTo("nav-reviews")
	v.Press("Enter")
	v.sees("review")
	v.Open(portalAt("reviews?merchant=" + url.QueryEscape(s.user)))
	v.sees("review")
	v.tabTo("to-order")
	v.Press("Enter")
	v.sees("review-claim")
	v.tabTo("review-claim")
	v.Press("Enter")
	v.sees("done")
	v.sees("review-release")
	v.tabTo("reason")
	v.Press("n", "o")
	v.tabTo("review-reject")
	v.Press("Enter")
	v.Wait("document.querySelector('[data-testid=done]')?.textContent.includes('rejected')")
	review, err := s.server.Review(t.Context(), orderID)
	if err != nil || review.State != "rejected" || review.DecidedBy != "somebody at this machine" || review.Reason != "no" {
		t.Errorf("%+v, %v", review.Review, err)
	}
	history := browsertest.Eval[string](v, "document.querySelector('.timeline').textContent")
	for _, said := range []string{"review claimed", "review rejected", "By somebody at this machine: no"} {
		if !strings.Contains(history, said) {
			t.Errorf("%q is missing in the history %s", said, history)
		}
	}
}
