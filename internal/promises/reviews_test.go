package promises_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// riskEar is a shop's server that hears how reviews end.
type riskEar struct {
	*httptest.Server
	mu    sync.Mutex
	heard map[string][]string // events by order
	taken map[string]int      // by order
	first chan struct{}       // is closed when the first hears that time has decided
	once  sync.Once
}

func newRiskEar(t *testing.T) *riskEar {
	t.Helper()
	e := &riskEar{heard: map[string][]string{}, taken: map[string]int{}, first: make(chan struct{})}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the sender was killed
		}
		order := strings.TrimPrefix(r.URL.Path, "/risk/")
		_, event, _ := strings.Cut(string(body), `"event_type":"`)
		e.mu.Lock()
		e.heard[order] = append(e.heard[order], strings.TrimSuffix(event, `"}`))
		e.taken[order]++
		e.mu.Unlock()
		if strings.HasPrefix(event, "FRAUD_RISK_ACCEPTED") {
			e.once.Do(func() { close(e.first) })
		}
	}))
	t.Cleanup(e.Close)
	return e
}

// refer places an order that is referred.
func (e *riskEar) refer(t *testing.T, shop *merchant) (order string) {
	t.Helper()
	body := cart(100)
	body = body[:len(body)-1] + fmt.Sprintf(`,"merchant_urls":{"notification":%q}}`, e.URL+"/risk/{order.id}")
	session := shop.must(t, 200, "POST", "/payments/v1/sessions", body).SessionID
	token := shop.must(t, 200, "POST", "/kvitto/v1/sessions/"+session+"/authorize", `{"outcome":"accept_later","after_minutes":60}`).AuthorizationToken
	return shop.must(t, 200, "POST", "/payments/v1/authorizations/"+token+"/order", body).OrderID
}

// TestADecisionSurvivesAKill: the process is killed with kill -9 when the first
// shop hears what time decided: others were decided and not told, or not decided yet.
// The process after it decides and tells the rest; every order is told one
// verdict, however often.
func TestADecisionSurvivesAKill(t *testing.T) {
	t.Parallel()
	binary, data := build(t), t.TempDir()
	e := newRiskEar(t)
	server := startProcess(t, binary, data)
	shop := newMerchant(server.url, "shop")
	const orders = 40
	want := map[string]string{}
	for i := range orders {
		order := e.refer(t, shop)
		want[order] = "FRAUD_RISK_ACCEPTED"
		if i%4 == 0 {
			shop.must(t, 200, "POST", "/kvitto/v1/reviews/"+order+"/reject", `{"by":"anna"}`)
			want[order] = "FRAUD_RISK_REJECTED"
		}
	}
	go func() { _, _ = shop.call("POST", "/kvitto/v1/clock", `{"advance":"1h"}`) }() // its answer may be lost
	<-e.first
	server.kill(t)
	server = startProcess(t, binary, data)
	shop = newMerchant(server.url, "shop")
	shop.must(t, 200, "POST", "/kvitto/v1/clock", `{"advance":"10m"}`) // whoever was told and not noted is told again
	shop.must(t, 200, "POST", "/kvitto/v1/clock", `{"advance":"1h"}`)
	deadline := time.Now().Add(2 * time.Minute)
	told := func(order string) bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.taken[order] > 0
	}
	for order := range want {
		for !told(order) {
			runtime.Gosched()
			if time.Now().After(deadline) {
				t.Fatalf("order %s was never told", order)
			}
		}
	}
	server.kill(t)
	e.mu.Lock()
	defer e.mu.Unlock()
	for order, event := range want {
		for _, heard := range e.heard[order] {
			if heard != event {
				t.Errorf("order %s heard %v, want %s", order, e.heard[order], event)
			}
		}
	}
}
