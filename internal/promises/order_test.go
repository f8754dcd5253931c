package promises_test

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// TestPromise4OneOrderHoweverOftenItIsAsked places the same order from many
// clients at once, half of them with a body of their own: one order comes out,
// every equal call is told it, every other is refused.
func TestPromise4OneOrderHoweverOftenItIsAsked(t *testing.T) {
	t.Parallel()
	server := startInside(t, t.TempDir(), time.Now)
	shop := newMerchant(server.URL, "eager")
	for range 10 {
		session := shop.must(t, 200, "POST", "/payments/v1/sessions", cart(100)).SessionID
		token := shop.must(t, 200, "POST", "/kvitto/v1/sessions/"+session+"/authorize", `{}`).AuthorizationToken
		const callers = 24
		answers := make([]reply, callers)
		var wait sync.WaitGroup
		for i := range callers {
			wait.Go(func() {
				body := cart(100)
				if i%2 == 1 {
					body = body[:len(body)-1] + fmt.Sprintf(`,"merchant_reference2":"%d"}`, i)
				}
				answer, err := shop.call("POST", "/payments/v1/authorizations/"+token+"/order", body)
				if err != nil {
					t.Error(err)
				}
				answers[i] = answer
			})
		}
		wait.Wait()
		orders := map[string]int{}
		for i, answer := range answers {
			switch answer.Status {
			case 200:
				orders[answer.OrderID]++
			case 409:
			default:
				t.Errorf("caller %d: status %d %v", i, answer.Status, answer.ErrorMessages)
			}
		}
		if len(orders) != 1 {
			t.Fatalf("%d orders for one authorization: %v", len(orders), orders)
		}
		shop.must(t, 404, "POST", "/payments/v1/sessions/"+session, cart(200))
		shop.must(t, 404, "POST", "/kvitto/v1/sessions/"+session+"/authorize", `{}`)
	}
}

// TestPromise5OnlyTheNewestAuthorizationLives authorizes from many clients at
// once: of all the tokens exactly one can become an order.
func TestPromise5OnlyTheNewestAuthorizationLives(t *testing.T) {
	t.Parallel()
	server := startInside(t, t.TempDir(), time.Now)
	shop := newMerchant(server.URL, "undecided")
	session := shop.must(t, 200, "POST", "/payments/v1/sessions", cart(100)).SessionID
	tokens := make([]string, 16)
	var wait sync.WaitGroup
	for i := range tokens {
		wait.Go(func() {
			answer, err := shop.call("POST", "/kvitto/v1/sessions/"+session+"/authorize", `{}`)
			if err != nil {
				t.Error(err)
			}
			tokens[i] = answer.AuthorizationToken
		})
	}
	wait.Wait()
	live := shop.must(t, 200, "GET", "/payments/v1/sessions/"+session, "").AuthorizationToken
	for _, token := range tokens {
		if token != live {
			shop.must(t, 404, "POST", "/payments/v1/authorizations/"+token+"/order", cart(100))
		}
	}
	shop.must(t, 200, "POST", "/payments/v1/authorizations/"+live+"/order", cart(100))
}

// TestPromise7And9SurviveARestart stops a server in good order and starts it
// again on the same files: sessions, moved clocks, explanations of successes
// and refusals, and who set a value are all there.
func TestPromise7And9SurviveARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	first, stop := startStoppable(t, dir, func() time.Time { return start })
	shop := newMerchant(first.URL, "patient")
	session := shop.must(t, 200, "POST", "/payments/v1/sessions", cart(100)).SessionID
	update := shop.must(t, 204, "POST", "/payments/v1/sessions/"+session, cart(200)).CorrelationID
	token := shop.must(t, 200, "POST", "/kvitto/v1/sessions/"+session+"/authorize", `{}`).AuthorizationToken
	mismatch := shop.must(t, 409, "POST", "/payments/v1/authorizations/"+token+"/order", cart(300)).CorrelationID
	shop.must(t, 200, "POST", "/kvitto/v1/clock", `{"advance":"59m59s"}`)
	stop()

	second, stop := startStoppable(t, dir, func() time.Time { return start })
	defer stop()
	shop = newMerchant(second.URL, "patient")
	if got := shop.must(t, 200, "GET", "/payments/v1/sessions/"+session, ""); got.OrderAmount != 200 || got.AuthorizationToken != token {
		t.Errorf("the session after a restart: %+v", got)
	}
	shop.must(t, 200, "GET", "/kvitto/v1/exchanges/"+update, "")
	explained := shop.must(t, 200, "GET", "/kvitto/v1/exchanges/"+mismatch, "")
	if len(explained.Violations) == 0 || explained.Violations[0].Path != "order_amount" ||
		explained.Violations[0].Sent != 300.0 || explained.Violations[0].Expected != 200.0 {
		t.Errorf("the explanation after a restart: %+v", explained.Violations)
	}
	// One second more and the token has ended: the system's clock never moved.
	shop.must(t, 200, "POST", "/kvitto/v1/clock", `{"advance":"1s"}`)
	shop.must(t, 404, "POST", "/payments/v1/authorizations/"+token+"/order", cart(200))
	shop.must(t, 200, "POST", "/kvitto/v1/clock", `{"advance":"47h"}`)
	shop.must(t, 404, "GET", "/payments/v1/sessions/"+session, "")
}
