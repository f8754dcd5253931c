package contract_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/openapi"
)

// callTheRest makes one exchange of each operation that no golden file has: their
// answers have times and ids that no file could. The documents say what they look
// like, and every exchange is held to them.
func callTheRest(t *testing.T, m merchant) {
	for _, path := range []string{openapi.Path, openapi.PaymentsPath} {
		request := m.request(t, http.MethodGet, path, "")
		request.Header.Del("Authorization")
		if a := m.send(t, request); a.status != http.StatusOK || a.object(t)["openapi"] != "3.1.0" {
			t.Errorf("%s without credentials: %d", path, a.status)
		}
	}
	const callbacks, call = "/kvitto/v1/callbacks", "/kvitto/v1/sessions/"
	m.must(t, 200, http.MethodGet, callbacks+"/secret", "")
	m.must(t, 204, http.MethodPost, callbacks+"/hold", `{"hold":true}`)
	id := callbackOf(t, m)
	m.must(t, 204, http.MethodPost, callbacks+"/"+id+"/duplicate", "")
	m.must(t, 200, http.MethodPost, callbacks+"/"+id+"/delay", `{"seconds":60}`)
	m.must(t, 204, http.MethodPost, callbacks+"/"+id+"/drop", "")
	m.must(t, 204, http.MethodPost, callbacks+"/"+id+"/replay", "")
	m.must(t, 204, http.MethodPost, callbacks+"/"+callbackOf(t, m)+"/release", "")

	const reviews = "/kvitto/v1/reviews"
	order := pendingOrder(t, m)
	m.must(t, 200, http.MethodGet, reviews, "")
	m.must(t, 200, http.MethodGet, reviews+"/"+order, "")
	m.must(t, 200, http.MethodGet, "/kvitto/v1/orders?limit=2&order_id="+order, "")
	for _, step := range []string{"claim", "release", "accept", "stop"} {
		m.must(t, 200, http.MethodPost, reviews+"/"+order+"/"+step, `{"by":"anna","reason":"known"}`)
	}
	m.must(t, 200, http.MethodPost, reviews+"/"+pendingOrder(t, m)+"/reject", "")

	session := m.create(t, cart)
	m.must(t, 200, http.MethodPost, call+session+"/finalize", "")
	m.must(t, 200, http.MethodGet, call+session+"/exchanges?limit=10", "")
	m.must(t, 200, http.MethodDelete, "/kvitto/v1/next", "")
	for _, fault := range []string{`{"kind":"latency","milliseconds":60000}`, `{"kind":"error","status":502,"count":2}`, `{"kind":"lose_answer","operation":"create_order"}`} {
		m.must(t, 200, http.MethodPost, faultsPath, fault)
	}
	m.must(t, 200, http.MethodGet, faultsPath, "")
	m.must(t, 200, http.MethodDelete, faultsPath, "")
	m.must(t, 200, http.MethodGet, call+mistaken(t, m)+"/timeline", "")
	rules := m.request(t, http.MethodPost, "/kvitto/v1/assessments/replay?limit=10", "name = \"other\"\n\n[[rule]]\nname = \"all\"\npriority = 1\ncondition = \"true\"\naction = \"deny\"\nreason = \"all of them\"\n")
	rules.Header.Set("Content-Type", "text/plain")
	if a := m.send(t, rules); a.status != http.StatusOK {
		t.Errorf("replay: %d %s", a.status, a.body)
	}
	page := m.request(t, http.MethodPost, "/kp/v1/sessions", cart)
	page.Header.Set("Authorization", "Bearer "+m.name)
	created := m.send(t, page)
	page = m.request(t, http.MethodPost, "/kp/v1/sessions/"+created.text(t, "session_id")+"/finalize", "")
	page.Header.Set("Authorization", "Bearer "+created.text(t, "client_token"))
	if a := m.send(t, page); a.status != http.StatusOK {
		t.Errorf("finalize of a page: %d %s", a.status, a.body)
	}
}

// mistaken is a session with everything a timeline tells of: an update after the
// approval, a refused order, a denial, a review.
func mistaken(t *testing.T, m merchant) (sessionID string) {
	t.Helper()
	sessionID = m.create(t, cart)
	token := m.authorize(t, sessionID, `{"outcome":"refer"}`)
	m.must(t, 204, http.MethodPost, sessionPath(sessionID), `{"billing_address":{"city":"Lund"}}`)
	m.must(t, 409, http.MethodPost, orderPath(token), strings.Replace(cart, "Scarf", "Hat", 1))
	order := m.must(t, 200, http.MethodPost, orderPath(token), cart).text(t, "order_id")
	m.must(t, 200, http.MethodPost, "/kvitto/v1/reviews/"+order+"/accept", `{"by":"anna"}`)
	return sessionID
}

// callbackOf makes a callback and returns its id.
func callbackOf(t *testing.T, m merchant) string {
	t.Helper()
	// Nobody listens at port 1.
	session := m.create(t, cart[:len(cart)-1]+`,"merchant_urls":{"authorization":"http://127.0.0.1:1/authorized"}}`)
	m.authorize(t, session, "")
	list, _ := m.must(t, 200, http.MethodGet, "/kvitto/v1/callbacks?session_id="+session, "").object(t)["callbacks"].([]any)
	if len(list) == 0 {
		t.Fatal("there is no callback")
	}
	return list[0].(map[string]any)["callback_id"].(string)
}

// pendingOrder places an order that is under review.
func pendingOrder(t *testing.T, m merchant) (orderID string) {
	t.Helper()
	token := m.authorize(t, m.create(t, cart), `{"outcome":"refer"}`)
	return m.must(t, 200, http.MethodPost, orderPath(token), cart).text(t, "order_id")
}
