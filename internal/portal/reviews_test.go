package portal_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/portal"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
)

// oneByOne commits each change at once.
type oneByOne struct{ store.Engine }

func (o oneByOne) Commit(ctx context.Context, change store.Change) error {
	return o.Engine.Commit(ctx, []store.Change{change})[0]
}

// deciding is the service that decides reviews of the site's store. Amounts above
// 1000.00 SEK take two people.
func (s *site) deciding() portal.Deciding {
	s.t.Helper()
	checkouts, err := service.New(service.Options{
		Engine: s.store, Committer: oneByOne{s.store}, Clock: s.clocks, NewID: identifier.New, CacheBytes: 1 << 20,
		CallbackBody: func(*checkout.Callback) []byte { return nil }, Shared: true,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return checkouts
}

// refer gives a merchant a session whose order was referred and placed at a time.
func (s *site) refer(of things, at time.Time) {
	s.t.Helper()
	content := shoe(1)
	content.MerchantReference1 = checkout.TextOf(of.mark)
	session, event, refusal := checkout.Create(of.ordered, of.merchant, content, nil, at)
	if refusal != nil {
		s.t.Fatal(refusal)
	}
	s.commit(session, event)
	session, event, _, refusal = session.Authorize(checkout.Browser{
		Category: "pay_later", AutoFinalize: true, Now: at, NewToken: func() string { return of.orderToken },
		Decide: func(*checkout.Content) checkout.Decision {
			return checkout.Decision{Outcome: checkout.OutcomeRefer, Reason: "because of the size"}
		},
	})
	if refusal != nil {
		s.t.Fatal(refusal)
	}
	s.commit(session, event)
	session, event, _, refusal = session.PlaceOrder(checkout.PlaceOrder{Token: of.orderToken, OrderID: of.order, Request: content, Now: at,
		FourEyesAbove: s.fourEyes})
	if refusal != nil {
		s.t.Fatal(refusal)
	}
	s.commit(session, event)
}

func (s *site) commit(session checkout.Session, event checkout.Event) {
	s.t.Helper()
	if err := s.store.Commit(s.t.Context(), []store.Change{{Session: session, Event: event}})[0]; err != nil {
		s.t.Fatal(err)
	}
}

// reviewOf is the review of an order as it is stored.
func (s *site) reviewOf(orderID string) *checkout.Review {
	s.t.Helper()
	id, err := s.store.SessionOfOrder(s.t.Context(), orderID)
	if err != nil {
		s.t.Fatal(err)
	}
	session, err := s.store.Session(s.t.Context(), id)
	if err != nil || session.Order == nil {
		s.t.Fatal(err)
	}
	return session.Order.Review
}

// decide sends the form of a review.
func (s *site) decide(orderID, action string, form url.Values) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "https://pay.example.com/portal/reviews/"+orderID+"/"+action, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.answer(r)
}

// anna and bo are of the operator.
var (
	anna = account.Viewer{PersonID: "a", Email: "anna@example.com", Name: "Anna", Role: account.RoleOperator}
	bo   = account.Viewer{PersonID: "b", Email: "bo@example.com", Name: "Bo", Role: account.RoleAdmin}
)

// mustRedirect expects that a step was taken.
func mustRedirect(t *testing.T, w *httptest.ResponseRecorder, to string) {
	t.Helper()
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != portal.Path+to {
		t.Fatalf("%d to %q, want %q\n%s", w.Code, w.Header().Get("Location"), to, w.Body)
	}
}

// TestAReviewIsDecidedByWhoSignedIn: their address is in the review, whatever the
// form says, and each step is audited and in the history of the order.
func TestAReviewIsDecidedByWhoSignedIn(t *testing.T) {
	t.Parallel()
	s, door := walled(t, anna)
	mustRedirect(t, s.decide(own.order, "claim", url.Values{"by": {"somebody else"}, "queue": {"1"}}), "/reviews?done=claim")
	if review := s.reviewOf(own.order); review.State != checkout.ReviewClaimed || review.ClaimedBy != "anna@example.com" {
		t.Errorf("%+v", review)
	}
	has(t, s.page("/portal/reviews?done=claim"), "You have claimed the review", "You look at it", "because of the size", "Take it back", "rejected by time in 24 hours")
	mustRedirect(t, s.decide(own.order, "reject", url.Values{"reason": {"no such address"}}), "/orders/"+own.order+"?done=reject")
	page := s.page("/portal/orders/" + own.order + "?done=reject")
	has(t, page, "REJECTED", "The order is rejected", "review rejected", "By anna@example.com: no such address", "By anna@example.com", "Decided by <b>anna@example.com</b>")
	lacks(t, page, "formaction", "somebody else")
	if want := []string{"claim review " + own.order + " of shoes", "reject review " + own.order + " of shoes"}; !slices.Equal(door.acts, want) {
		t.Errorf("audited %q, want %q", door.acts, want)
	}
	has(t, s.page("/portal/reviews?state=decided"), own.order)
	lacks(t, s.page("/portal/reviews"), own.order)
}

// TestWhatCannotBeDecidedIsSaidInWords and changes nothing.
func TestWhatCannotBeDecidedIsSaidInWords(t *testing.T) {
	t.Parallel()
	s, door := walled(t, anna)
	s.fourEyes = map[string]int64{"SEK": 1}
	large := thingsOf("shoes", "9", "MARKOFLARGE")
	s.refer(large, noon)
	mustRedirect(t, s.decide(own.order, "claim", nil), "/orders/"+own.order+"?done=claim")
	mustRedirect(t, s.decide(large.order, "accept", url.Values{"reason": {"known"}}), "/orders/"+large.order+"?done=first")
	has(t, s.page("/portal/orders/"+large.order+"?done=first"), "It takes a second person", "That was you", "known")
	refused := func(order, action string, form url.Values, says string) {
		t.Helper()
		w := s.decide(order, action, form)
		if w.Code != http.StatusConflict {
			t.Errorf("%s: %d", action, w.Code)
		}
		has(t, w.Body.String(), says, `role="alert"`)
	}
	refused(large.order, "accept", nil, "It takes a second person to accept it")
	refused(others.order, "release", nil, "the review is open")
	refused(own.order, "reject", url.Values{"reason": {strings.Repeat("x", 1001)}}, "text of at most 1000 bytes")
	door.viewer = bo
	refused(own.order, "accept", nil, "anna@example.com has claimed the review")
	mustRedirect(t, s.decide(large.order, "accept", nil), "/orders/"+large.order+"?done=accept")
	refused(large.order, "reject", nil, "the review is accepted")
	mustRedirect(t, s.decide(large.order, "stop", url.Values{"reason": {"stolen"}}), "/orders/"+large.order+"?done=stop")
	has(t, s.page("/portal/orders/"+large.order), "Accepted first by <b>anna@example.com</b>", "Decided by <b>bo@example.com</b>", "Stopped by <b>bo@example.com</b>", "stolen")
	for _, gone := range []string{nobodys.order, own.session, "x"} {
		if w := s.decide(gone, "accept", nil); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", gone, w.Code)
		}
	}
	if w := s.decide(own.order, "steal", nil); w.Code != http.StatusNotFound {
		t.Errorf("a step that there is not: %d", w.Code)
	}
}

// TestMerchantsSeeTheirReviewsAndNotWhoDecides: neither on the page of the order nor
// in the life of its session.
func TestMerchantsSeeTheirReviewsAndNotWhoDecides(t *testing.T) {
	t.Parallel()
	s, door := walled(t, anna)
	mustRedirect(t, s.decide(own.order, "accept", url.Values{"reason": {"a known customer"}}), "/orders/"+own.order+"?done=accept")
	door.viewer = account.Viewer{PersonID: "p", MerchantID: own.merchant, Role: account.RoleAdmin}
	for _, path := range []string{"/orders/" + own.order, "/sessions/" + own.ordered, "/reviews?state=decided"} {
		page := s.page(portal.Path + path)
		has(t, page, own.order)
		lacks(t, page, "anna", "a known customer", "because of the size", "formaction", "waiting-count")
	}
	if w := s.decide(own.order, "stop", nil); w.Code != http.StatusForbidden {
		t.Errorf("a merchant's admin stopped an order: %d", w.Code)
	}
}

// TestTheMenuCountsWhatWaits for the operator's people who may decide.
func TestTheMenuCountsWhatWaits(t *testing.T) {
	t.Parallel()
	s, door := walled(t, anna)
	has(t, s.page("/portal/rules"), `<span class="waiting-count">2<`)
	door.viewer.Role = account.RoleViewer
	lacks(t, s.page("/portal/rules"), "waiting-count")
}

// TestInAPlaygroundTheLocalPersonDecides.
func TestInAPlaygroundTheLocalPersonDecides(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.register(own.merchant)
	s.refer(own, noon)
	w := s.ask(http.MethodPost, "/portal/reviews/"+own.order+"/accept", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") })
	mustRedirect(t, w, "/orders/"+own.order+"?done=accept")
	if review := s.reviewOf(own.order); review.DecidedBy != "somebody at this machine" {
		t.Errorf("%+v", review)
	}
}

// TestTheQueueIsInPages, and a place that no list has given is its beginning.
func TestTheQueueIsInPages(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.register(own.merchant)
	for i := range 60 {
		of := own
		of.order, of.ordered, of.orderToken = identifier.New(noon), identifier.New(noon), identifier.New(noon)
		s.refer(of, noon.Add(time.Duration(i)*time.Second))
	}
	for path, want := range map[string][]int{"/portal/reviews?merchant=shoes": {25, 25, 10}, "/portal/orders?fraud=PENDING": {50, 10}} {
		for _, n := range want {
			body := s.page(path)
			shown := strings.Count(body, `data-testid="review"`) + strings.Count(body, `data-testid="order-row"`)
			if shown != n {
				t.Errorf("%s shows %d, want %d", path, shown, n)
			}
			next := nextPage.FindStringSubmatch(body)
			if path = ""; next != nil {
				path = strings.ReplaceAll(next[1], "&amp;", "&")
			}
		}
		if path != "" {
			t.Errorf("there is one more: %s", path)
		}
	}
	for _, path := range []string{"/portal/reviews?after=x", "/portal/orders?after=x"} {
		has(t, s.page(path), "this is its beginning", "…")
	}
}
