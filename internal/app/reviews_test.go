package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/internal/admin"
	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/pgtest"
)

// heard is a message that a shop's server got.
type heard struct{ path, body, contentType string }

// receiver is a shop's server that answers with what a test says.
type receiver struct {
	url    string
	heard  chan heard
	status atomic.Int64
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{heard: make(chan heard, 1000)}
	r.status.Store(http.StatusOK)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			t.Error(err)
		}
		status := int(r.status.Load())
		r.heard <- heard{request.URL.Path, string(body), request.Header.Get("Content-Type")}
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

func (r *receiver) next(t *testing.T) heard {
	t.Helper()
	select {
	case message := <-r.heard:
		return message
	case <-time.After(30 * time.Second):
		t.Fatal("no message came")
		return heard{}
	}
}

// referring is the cart with addresses for push and notification, or for the
// second alone.
func (r *receiver) referring(push bool) string {
	urls := fmt.Sprintf(`"notification":%q`, r.url+"/risk/{order.id}")
	if push {
		urls += fmt.Sprintf(`,"push":%q`, r.url+"/push/{checkout.order.id}")
	}
	return strings.TrimSuffix(cart, "}") + `,"merchant_urls":{` + urls + `}}`
}

// refer places an order that is referred, with what the body of authorize says.
func (s shopper) refer(body, authorize string) (orderID, token string) {
	s.t.Helper()
	created, err := s.CreateSession(s.t.Context(), body)
	if err != nil {
		s.t.Fatal(err)
	}
	result, err := s.Authorize(s.t.Context(), created.SessionID, json.RawMessage(authorize))
	if err != nil || !result.Approved {
		s.t.Fatal(result, err)
	}
	order, err := s.PlaceOrder(s.t.Context(), result.AuthorizationToken, body)
	if err != nil || order.FraudStatus != "PENDING" {
		s.t.Fatal(order, err)
	}
	return order.OrderID, result.AuthorizationToken
}

func (s shopper) review(orderID string) client.Review {
	s.t.Helper()
	review, err := s.Review(s.t.Context(), orderID)
	if err != nil {
		s.t.Fatal(err)
	}
	return review.Review
}

// decided waits for the end of a review that somebody else decides.
func (s shopper) decided(orderID string) client.Review {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		review := s.review(orderID)
		if !review.DecidedAt.IsZero() || time.Now().After(deadline) {
			return review
		}
	}
}

func (s shopper) advance(by time.Duration) {
	s.t.Helper()
	if got := send(s.t, http.DefaultClient, "POST", s.url+"/kvitto/v1/clock", "shoes", "secret", fmt.Sprintf(`{"advance":%q}`, by), nil); got.status != 200 {
		s.t.Fatalf("%d %s", got.status, got.body)
	}
}

// TestTheStoryOfAReferredOrder, on a clock that is moved: the order is PENDING and
// pushed two minutes later; when six hours have passed the shop is told, once,
// and by then the order reads what it was told.
func TestTheStoryOfAReferredOrder(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[string]string{"accept_later": "ACCEPTED", "reject_later": "REJECTED"} {
		t.Run(outcome, func(t *testing.T) {
			t.Parallel()
			shop := receive(t)
			s := shopAt(t, serve(t, app.Config{}))
			body := shop.referring(true)
			order, token := s.refer(body, `{"outcome":"`+outcome+`"}`)
			waits := s.review(order)
			if due := waits.DueAt.Sub(waits.PlacedAt); waits.State != "open" || waits.FraudStatus != "PENDING" || due != 6*time.Hour {
				t.Errorf("%+v", waits)
			}
			s.advance(2 * time.Minute)
			if got, want := shop.next(t), (heard{"/push/" + order, "", ""}); got != want {
				t.Errorf("pushed %+v, want %+v", got, want)
			}
			s.advance(6*time.Hour - 2*time.Minute)
			told := heard{"/risk/" + order, `{"order_id":"` + order + `","event_type":"FRAUD_RISK_` + want + `"}`, "application/json"}
			if got := shop.next(t); got != told {
				t.Errorf("told %+v, want %+v", got, told)
			}
			review := s.review(order)
			if review.FraudStatus != want || review.State != strings.ToLower(want) || !review.Automatic || review.DecidedAt.Before(review.DueAt) {
				t.Errorf("%+v", review)
			}
			again, err := s.PlaceOrder(t.Context(), token, body)
			if err != nil || again.OrderID != order || again.FraudStatus != "PENDING" {
				t.Errorf("the order call again: %+v, %v", again, err)
			}
			s.until("?state=delivered", func(l callbacks) bool { return len(l.Callbacks) == 2 })
			s.advance(30 * time.Hour)
			if list := s.list(""); len(list.Callbacks) != 2 || len(shop.heard) != 0 {
				t.Errorf("something more was told: %+v", list)
			}
		})
	}
}

// TestANotificationIsRepeatedUntilItIsAnsweredWith200: 204 is not enough, and
// after a day it is given up.
func TestANotificationIsRepeatedUntilItIsAnsweredWith200(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		status, attempts int
		state            string
	}{"500": {500, 145, "failed"}, "204": {204, 145, "failed"}, "200 at last": {500, 3, "delivered"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := receive(t)
			shop.status.Store(int64(row.status))
			s := shopAt(t, serve(t, app.Config{}))
			order, _ := s.refer(shop.referring(false), `{"outcome":"refer"}`)
			if _, err := s.StepReview(t.Context(), order, client.AcceptReview, "", "why not"); err != nil {
				t.Fatal(err)
			}
			for attempt := 1; ; attempt++ {
				shop.next(t)
				list := s.until("", func(l callbacks) bool { return l.Callbacks[0].Attempts == attempt })
				if len(shop.heard) > 0 {
					t.Fatal("it came twice")
				}
				if state := list.Callbacks[0].State; attempt == row.attempts {
					if state != row.state {
						t.Errorf("after attempt %d: %s", attempt, state)
					}
					return
				} else if state != "waiting" {
					t.Fatalf("after attempt %d: %+v", attempt, list)
				}
				if attempt == row.attempts-1 && row.state == "delivered" {
					shop.status.Store(200)
				}
				s.advance(10 * time.Minute)
			}
		})
	}
}

// TestAShopThatDoesNotTakePushesIsToldOfItsReview: the one does not wait for the
// other.
func TestAShopThatDoesNotTakePushesIsToldOfItsReview(t *testing.T) {
	t.Parallel()
	shop := receive(t)
	shop.status.Store(500)
	s := shopAt(t, serve(t, app.Config{}))
	order, _ := s.refer(shop.referring(true), `{"outcome":"refer"}`)
	s.advance(2 * time.Minute)
	shop.next(t)
	shop.status.Store(200)
	if _, err := s.StepReview(t.Context(), order, client.RejectReview, "anna", ""); err != nil {
		t.Fatal(err)
	}
	if got := shop.next(t); !strings.Contains(got.body, "FRAUD_RISK_REJECTED") {
		t.Errorf("%+v", got)
	}
}

// TestReviewsAreSteered by a merchant of a playground, with two people for large
// amounts; what is refused says why, and nobody sees those of another.
func TestReviewsAreSteered(t *testing.T) {
	t.Parallel()
	server := serve(t, app.Config{Reviews: app.Reviews{FourEyesAbove: map[string]int64{"SEK": 99}}})
	s := shopAt(t, server)
	order, _ := s.refer(cart, `{"outcome":"refer"}`)
	step := func(step, by string) (client.Review, error) {
		review, err := s.StepReview(t.Context(), order, step, by, "because")
		return review.Review, err
	}
	for _, row := range []struct{ step, by, state, reads string }{
		{"claim", "", "claimed", "PENDING"}, {"release", "shoes", "open", "PENDING"}, {"claim", "anna", "claimed", "PENDING"},
		{"accept", "anna", "awaiting_second", "PENDING"}, {"accept", "anna", "awaiting_second", "PENDING"}, {"accept", "bo", "accepted", "ACCEPTED"},
		{"accept", "bo", "accepted", "ACCEPTED"}, {"stop", "cilla", "stopped", "REJECTED"},
	} {
		if got, err := step(row.step, row.by); err != nil || got.State != row.state || got.FraudStatus != row.reads {
			t.Fatalf("%+v: %+v, %v", row, got, err)
		}
	}
	if got := s.review(order); got.FirstBy != "anna" || got.DecidedBy != "bo" || got.StoppedBy != "cilla" || got.StopReason != "because" {
		t.Errorf("%+v", got)
	}
	if _, err := step("accept", "bo"); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("a stopped order was accepted: %v", err)
	}
	list := func(user, query string) reply {
		return send(t, http.DefaultClient, "GET", server.URL+"/kvitto/v1/reviews"+query, user, "secret", "", nil)
	}
	if got := list("shoes", "?state=decided"); !strings.Contains(got.body, order) {
		t.Errorf("%s", got.body)
	}
	for query, status := range map[string]int{"": 200, "/" + order: 404} {
		if got := list("another", query); got.status != status || strings.Contains(got.body, order) {
			t.Errorf("another merchant at %q: %d %s", query, got.status, got.body)
		}
	}
	for query, status := range map[string]int{"?state=lost": 400, "?limit=0": 400, "?limit=101": 400, "?after=x": 400, "?limit=100": 200, "/nonsense": 404} {
		if got := list("shoes", query); got.status != status {
			t.Errorf("%s: %d %s", query, got.status, got.body)
		}
	}
	for body, status := range map[string]int{`{"by":3}`: 400, `[`: 400, `{"by":"` + strings.Repeat("x", 256) + `"}`: 400} {
		got := send(t, http.DefaultClient, "POST", server.URL+"/kvitto/v1/reviews/"+order+"/claim", "shoes", "secret", body, nil)
		if got.status != status {
			t.Errorf("%s: %d %s", body, got.status, got.body)
		}
	}
}

// TestTimeDecidesByTheOperatorsTerms, where the assessment says nothing.
func TestTimeDecidesByTheOperatorsTerms(t *testing.T) {
	t.Parallel()
	s := shopAt(t, serve(t, app.Config{Reviews: app.Reviews{Terms: checkout.ReviewTerms{Due: 2 * time.Hour, AtDue: checkout.ReviewAccept}}}))
	order, _ := s.refer(cart, `{"outcome":"refer"}`)
	s.advance(2*time.Hour - time.Minute)
	if got := s.review(order); got.State != "open" {
		t.Errorf("%+v", got)
	}
	s.advance(time.Minute)
	if got := s.decided(order); got.State != "accepted" || !got.Automatic {
		t.Errorf("%+v", got)
	}
}

// TestTwoProcessesMakeOneDecision, whoever is asked at the same moment, and tell
// the shop once.
func TestTwoProcessesMakeOneDecision(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	if _, err := app.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	var shops [2]shopper
	for i := range shops {
		shops[i] = shopAt(t, run(t, func(c *app.Config) { c.Production, c.Store = false, url }).App)
	}
	for round := range 5 {
		shop := receive(t)
		order, _ := shops[0].refer(shop.referring(false), `{"outcome":"refer"}`)
		var said sync.WaitGroup
		var took atomic.Int64
		for i := range 6 {
			said.Go(func() {
				_, err := shops[i%2].StepReview(t.Context(), order, []string{client.AcceptReview, client.RejectReview}[i%2], fmt.Sprintf("reviewer %d", i), "")
				if err == nil {
					took.Add(1)
				}
			})
		}
		said.Wait()
		want := map[string]string{"accepted": "FRAUD_RISK_ACCEPTED", "rejected": "FRAUD_RISK_REJECTED"}[shops[1].review(order).State]
		if got := shop.next(t); took.Load() != 1 || want == "" || !strings.Contains(got.body, want) {
			t.Errorf("round %d: %d decisions were taken, the order is %q, told %s", round, took.Load(), want, got.body)
		}
		shops[0].until("?state=waiting", func(l callbacks) bool { return len(l.Callbacks) == 0 })
		if len(shop.heard) > 0 {
			t.Error("the shop was told twice")
		}
	}
}

// referRules refer every order.
const referRules = `name = "all"

[[rule]]
name = "refer-all"
priority = 10
calls = ["authorize"]
condition = "true"
action = "refer"
reason = "everybody is looked at"
`

// TestTheOperatorReviews the orders of a server for shops, through its socket
// or, with PostgreSQL, on the store beside it. The merchant sees how a review
// stands and not who decided; it cannot decide.
func TestTheOperatorReviews(t *testing.T) {
	t.Parallel()
	rules := filepath.Join(t.TempDir(), "rules.toml")
	if err := os.WriteFile(rules, []byte(referRules), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, store := range map[string]string{"socket": "sqlite:" + dir + "/kvitto.db", "store": pgtest.URL(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := receive(t)
			limits := app.Reviews{FourEyesAbove: map[string]int64{"SEK": 99}}
			server := run(t, func(c *app.Config) {
				c.Store, c.Rules, c.CallbackNetworks, c.Reviews = store, rules, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, limits
			})
			user, password := key(t, store)
			order := orderAsPage(t, server.URL, user, password, shop.referring(false))
			desk, err := app.OpenReviews(t.Context(), store, limits)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = desk.Close() }() // it is closed below, where it matters
			page, err := desk.Reviews(t.Context(), admin.WhichReviews{})
			if err != nil || !strings.Contains(string(page), order) {
				t.Fatalf("%s, %v", page, err)
			}
			step := func(action, by string) (string, error) {
				review, err := desk.StepReview(t.Context(), admin.ReviewStep{Order: order, Action: action, By: by, Reason: "because"})
				return string(review), err
			}
			for _, row := range []struct{ action, by, says string }{
				{"claim", "anna", `"claimed"`}, {"accept", "anna", `"awaiting_second"`}, {"accept", "bo", `"fraud_status":"ACCEPTED"`},
			} {
				if got, err := step(row.action, row.by); err != nil || !strings.Contains(got, row.says) {
					t.Fatalf("%+v: %s, %v", row, got, err)
				}
			}
			if got := shop.next(t); !strings.Contains(got.body, "FRAUD_RISK_ACCEPTED") {
				t.Errorf("%+v", got)
			}
			for action, says := range map[string]string{"claim": "the review is accepted", "forget": "no step"} {
				if _, err := step(action, "anna"); err == nil || !strings.Contains(err.Error(), says) {
					t.Errorf("%s: %v", action, err)
				}
			}
			if _, err := desk.Review(t.Context(), "nothing"); err == nil || !strings.Contains(err.Error(), "kvitto reviews list") {
				t.Errorf("%v", err)
			}
			if _, err := desk.StepReview(t.Context(), admin.ReviewStep{Order: order, Action: "stop"}); err == nil || !strings.Contains(err.Error(), "by: expected") {
				t.Errorf("%v", err)
			}
			merchant := func(method, path string) reply {
				return send(t, http.DefaultClient, method, server.URL+"/kvitto/v1/reviews"+path, user, password, "", nil)
			}
			for path, says := range map[string]string{"?state=decided": `"accepted"`, "/" + order: `"ACCEPTED"`} {
				got := merchant("GET", path)
				if got.status != 200 || !strings.Contains(got.body, says) || strings.Contains(got.body, "anna") || strings.Contains(got.body, "because") || strings.Contains(got.body, "everybody") {
					t.Errorf("%s: %d %s", path, got.status, got.body)
				}
			}
			if got := merchant("POST", "/"+order+"/stop"); got.status != 404 {
				t.Errorf("a merchant decides: %d %s", got.status, got.body)
			}
			if err := desk.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// orderAsPage authorizes as a customer in the purchase flow, and places the order.
func orderAsPage(t *testing.T, url, user, password, body string) (orderID string) {
	t.Helper()
	shop := client.New(url, user, password)
	created, err := shop.CreateSession(t.Context(), body)
	if err != nil {
		t.Fatal(err)
	}
	token := authorizeAsPage(t, url, created.SessionID, created.ClientToken)
	order, err := shop.PlaceOrder(t.Context(), token, body)
	if err != nil || order.FraudStatus != "PENDING" {
		t.Fatal(order, err)
	}
	return order.OrderID
}

// TestTestDataSaysHowAReviewEnds, as published: the e-mail address has the verdict
// and the minutes.
func TestTestDataSaysHowAReviewEnds(t *testing.T) {
	t.Parallel()
	s := shopAt(t, serve(t, app.Config{}))
	const body = `{"purchase_country":"US","purchase_currency":"USD","order_amount":100,
		"order_lines":[{"name":"a","quantity":1,"unit_price":100,"total_amount":100}],"billing_address":{"email":"joe+pend-%s-90@example.com"}}`
	orders := map[string]string{}
	for _, verdict := range []string{"accept", "reject"} {
		order, _ := s.refer(fmt.Sprintf(body, verdict), `{}`)
		if got := s.review(order); got.DueAt.Sub(got.PlacedAt) != 90*time.Minute || got.AtDue != verdict {
			t.Errorf("%s: %+v", verdict, got)
		}
		orders[order] = verdict + "ed"
	}
	s.advance(90 * time.Minute)
	for order, want := range orders {
		if got := s.decided(order); got.State != want || !got.Automatic {
			t.Errorf("want %s: %+v", want, got)
		}
	}
}

// TestHowAReviewEndsIsPrimed for the next call, in words and bounds that are
// checked when they are said.
func TestHowAReviewEndsIsPrimed(t *testing.T) {
	t.Parallel()
	server := serve(t, app.Config{})
	s := shopAt(t, server)
	prime := func(body string) reply {
		return send(t, http.DefaultClient, "POST", server.URL+"/kvitto/v1/next", "shoes", "secret", body, nil)
	}
	for _, wrong := range []string{`{"outcome":"later"}`, `{"outcome":"accept_later","after_minutes":0}`,
		`{"outcome":"accept_later","after_minutes":1441}`, `{"outcome":"accept_later","after_minutes":"soon"}`} {
		if got := prime(wrong); got.status != 400 {
			t.Errorf("%s: %d %s", wrong, got.status, got.body)
		}
	}
	got := prime(`{"outcome":"Accept_Later","after_minutes":30}`)
	if got.status != 200 || !strings.Contains(got.body, `"outcome" : "accept_later"`) || !strings.Contains(got.body, `"after_minutes" : 30`) {
		t.Fatalf("%d %s", got.status, got.body)
	}
	order, _ := s.refer(cart, `{}`)
	if got := s.review(order); got.DueAt.Sub(got.PlacedAt) != 30*time.Minute || got.AtDue != "accept" || !strings.Contains(got.ReferredBecause, "accept_later") {
		t.Errorf("%+v", got)
	}
}
