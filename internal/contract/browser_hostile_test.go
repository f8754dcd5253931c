package contract_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/ratelimit"
)

var pageCalls = []string{"load", "authorize", "reauthorize", "finalize", "review", "events"}

// TestPagesNeedAClientTokenOfTheirSession: no other token opens anything, and
// none of them says what is behind a path.
func TestPagesNeedAClientTokenOfTheirSession(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	m := s.merchant("m")
	p, other, stranger := m.page(t, cart), m.page(t, cart), s.merchant("stranger").page(t, cart)
	elsewhere := newServer(t).merchant("m").page(t, cart)
	parts := strings.Split(p.token, ".")
	encoded := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for name, c := range map[string]struct {
		token  string
		status int
	}{
		"none":                    {"", 401},
		"of another server's key": {elsewhere.token, 401},
		"alg none":                {encoded(`{"alg":"none"}`) + "." + parts[1] + ".", 401},
		"another payload":         {parts[0] + "." + encoded(`{"session_id":"`+p.session+`"}`) + "." + parts[2], 401},
		"cut off":                 {p.token[:len(p.token)-2], 401},
		"a client id":             {"klarna_test_client_bQ", 401},
		"of 8000 characters":      {strings.Repeat("a", 8000), 401},
		"of another session":      {other.token, 404},
		"of another merchant":     {stranger.token, 404},
	} {
		for _, call := range pageCalls {
			a := page{s, p.session, c.token}.post(t, p.path(call), `{}`)
			if a.status != c.status {
				t.Errorf("token %s, %s: %d %s", name, call, a.status, a.body)
			}
			// An unknown session is answered in the same words.
			b := page{s, unknownID, c.token}.post(t, "/kp/v1/sessions/"+unknownID+"/"+call, `{}`)
			strip := func(a answer) string {
				return strings.ReplaceAll(string(a.body), a.header.Get("Klarna-Correlation-Id"), "")
			}
			if b.status != a.status || strip(a) != strip(b) {
				t.Errorf("token %s, %s: %s and %s", name, call, a.body, b.body)
			}
			if c.status == 401 && a.header.Get("Www-Authenticate") != "Bearer" {
				t.Errorf("a browser would ask for a password: %q", a.header.Get("Www-Authenticate"))
			}
		}
	}
	r := m.request(t, http.MethodPost, p.path("load"), `{}`) // with the merchant's credentials
	if a := s.send(t, r); a.status != 401 {
		t.Errorf("credentials are no token: %d", a.status)
	}
	if m.must(t, 200, http.MethodGet, sessionPath(p.session), "").text(t, "authorization_token") != "" {
		t.Error("somebody authorized the session")
	}
}

// TestAPageCannotDecide: an outcome in its body is an unknown name.
func TestAPageCannotDecide(t *testing.T) {
	t.Parallel()
	p := newServer(t).merchant("m").page(t, `{"billing_address":{"email":"customer+denied@email.se"},`+cart[1:])
	if got, _ := p.call(t, "authorize", `{"interaction":"none","outcome":"approve","invalid_fields":7}`).result(t); got != resultRefused {
		t.Error(got)
	}
}

// TestHostileAnswers: whatever the flow is sent, the answer is one of the
// protocol and the session is as before.
func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("m")
	p := m.page(t, cart)
	huge := strings.Repeat("9", 1<<16)
	for body, status := range map[string]int{
		`{"answers":{"login":"` + huge + `"}}`:                                                  200,
		`{"answers":{"login":"a@b.se","code":"` + huge + `"}}`:                                  200,
		`{"answers":{"login":"a@b.se","code":123456,"details":{}}}`:                             200,
		`{"answers":{"login":"a@b.se\u0000","code":"123456"}}`:                                  200,
		`{"answers":{"details":{"order_lines":[],"merchant_urls":{"push":"x"}}}}`:               200,
		`{"answers":null,"data":null,"payment_method_categories":null,"interaction":null}`:      200,
		`{"payment_method_categories":[{"identifier":"pay_later","asset_urls":{}},{"name":1}]}`: 200,
		`{"payment_method_categories":"pay_later"}`:                                             200,
		`{"answers":[]}`:                                  400,
		`{"answers":{"consent":"yes"}}`:                   400,
		`{"answers":{"consent":{}}}`:                      200,
		`{"answers":{"cancelled":"no"}}`:                  400,
		`{"payment_method_category":7}`:                   400,
		`{"payment_method_category":"bitcoin"}`:           400,
		`{"payment_method_categories":["x"]}`:             400,
		`{"payment_method_categories":[7]}`:               400,
		`{"shown_revision":"1"}`:                          400,
		`{"auto_finalize":"perhaps"}`:                     400,
		`{"answers":{"login":{}}}`:                        400,
		`[]`:                                              400,
		`{"answers":{`:                                    400,
		`{"data":"` + strings.Repeat("x", 1<<20) + `"}`:   413,
		`{"data":"` + strings.Repeat("x", 512<<10) + `"}`: 413,
		`{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`: 400,
		`{"answers":{"details":{"billing_address":{"city":"` + huge + `"}}}}`: 200,
		`{"answers":{"consent":{"order_amount":99999999999999999999}}}`:       400,
		`{"answers":{"consent":{"number_of_days":9223372036854775807}}}`:      200,
	} {
		if a := p.post(t, p.path("authorize"), body); a.status != status {
			t.Errorf("%.80s: %d, want %d %s", body, a.status, status, a.body)
		}
	}
	read := m.must(t, 200, http.MethodGet, sessionPath(p.session), "")
	if read.text(t, "authorization_token") != "" || strings.Contains(string(read.body), "billing_address") {
		t.Errorf("something was changed: %s", read.body)
	}
}

// TestEventsAreBounded in their names, their size and their number.
func TestEventsAreBounded(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("m")
	p := m.page(t, cart)
	detail := func(n int) string { return `{"event":"misuse","detail":{"message":"` + strings.Repeat("x", n) + `"}}` }
	for body, status := range map[string]int{
		`{"event":"init"}`: 204, `{"event":"buttons_load","detail":{}}`: 204, `{"event":"flow_shown","detail":null}`: 204,
		`{"event":"flow_hidden"}`: 204, `{"event":"failure","detail":{"a":[1,{"b":2}]}}`: 204,
		detail(4096 - len(`{"message":""}`)): 204, detail(4097 - len(`{"message":""}`)): 400, detail(100000): 413,
		`{"event":"order"}`: 400, `{}`: 400, `{"event":7}`: 400, `{"event":"init","detail":"x"}`: 400, `nothing`: 400,
	} {
		if a := p.post(t, p.path("events"), body); a.status != status {
			t.Errorf("%.60s: %d, want %d", body, a.status, status)
		}
	}
	noted := p.post(t, p.path("events"), detail(1))
	found := m.must(t, 200, http.MethodGet, "/kvitto/v1/exchanges/"+noted.header.Get("Klarna-Correlation-Id"), "")
	if found.text(t, "operation") != "browser_event_misuse" || found.text(t, "session_id") != p.session {
		t.Errorf("%s", found.body)
	}
	var last answer
	for range 250 {
		last = p.post(t, p.path("events"), detail(1))
	}
	if last.status != 204 {
		t.Errorf("%d", last.status)
	}
	m.must(t, 404, http.MethodGet, "/kvitto/v1/exchanges/"+last.header.Get("Klarna-Correlation-Id"), "")
	// Nor does a refusal fill the log then.
	for _, body := range []string{`nothing`, detail(100000)} {
		refused := p.post(t, p.path("events"), body)
		m.must(t, 404, http.MethodGet, "/kvitto/v1/exchanges/"+refused.header.Get("Klarna-Correlation-Id"), "")
	}
	if a := p.post(t, p.path("review"), strings.Repeat(" ", 5000)); a.status != 413 {
		t.Errorf("a review of 5000 bytes: %d", a.status)
	}
}

// TestAPageCannotFillLogAndStore: a page that calls without end is refused, the
// first calls are recorded whole and the later ones bare.
func TestAPageCannotFillLogAndStore(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("m")
	p := m.page(t, customerKnown)
	explained := func(a answer) answer {
		return m.must(t, 200, http.MethodGet, "/kvitto/v1/exchanges/"+a.header.Get("Klarna-Correlation-Id"), "")
	}
	body, assessed, calls := `{"interaction":"none","payment_method_category":"pay_later"}`, 0, 0
	var a answer
	for a = p.post(t, p.path("authorize"), body); a.status == 200; a = p.post(t, p.path("authorize"), body) {
		if assessed++; assessed == 64 && !strings.Contains(string(explained(a).body), "pay_later") {
			t.Errorf("call %d has no body", assessed)
		}
		if shed := explained(a).object(t)["bodies_shed"]; assessed == 65 && shed != true {
			t.Errorf("call %d is recorded whole", assessed)
		}
		if assessed > 200 {
			t.Fatal("there is no bound on assessments")
		}
	}
	if a.status != 429 || assessed != 200 || a.text(t, "error_code") != "TOO_MANY_REQUESTS" || !strings.Contains(explained(a).text(t, "reason"), "200 results") {
		t.Errorf("after %d: %d %s", assessed, a.status, a.body)
	}
	if revision := p.call(t, "load", `{}`).Revision; revision != 201 {
		t.Errorf("the session is at revision %d", revision)
	}
	for a = p.post(t, p.path("load"), `{}`); a.status == 200; a = p.post(t, p.path("load"), `{}`) {
		if calls++; calls > 2000 {
			t.Fatal("there is no bound on calls")
		}
	}
	if a.status != 429 || a.header.Get("Retry-After") == "" || a.header.Get("Access-Control-Allow-Origin") != "*" ||
		!strings.Contains(explained(a).text(t, "reason"), "calls a second") {
		t.Errorf("%d %v", a.status, a.header)
	}
	if other := m.page(t, cart).call(t, "load", `{}`); other.Result == nil {
		t.Error("another session has bounds of its own")
	}
}

// TestPagesOfEveryOriginMayCall, and read why they were refused.
func TestPagesOfEveryOriginMayCall(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("m")
	p := m.page(t, cart)
	preflight, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, p.url+p.path("authorize"), nil)
	if err != nil {
		t.Fatal(err)
	}
	preflight.Header.Set("Origin", "https://shop.example")
	preflight.Header.Set("Access-Control-Request-Method", "POST")
	preflight.Header.Set("Access-Control-Request-Headers", "authorization,content-type")
	preflight.Header.Set("Access-Control-Request-Private-Network", "true")
	a := p.send(t, preflight)
	for header, want := range map[string]string{
		"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "authorization, content-type",
		"Access-Control-Allow-Private-Network": "true", "Klarna-Correlation-Id": "",
	} {
		if got := a.header.Get(header); a.status != 204 || got != want {
			t.Errorf("%d %s: %q, want %q", a.status, header, got, want)
		}
	}
	for _, a := range []answer{p.post(t, p.path("load"), `{}`), p.post(t, p.path("load"), `[]`), page{server: p.server}.post(t, p.path("load"), `{}`),
		p.post(t, "/kp/v1/nothing", `{}`), p.post(t, "/kp/v1/sessions/"+unknownID+"/load", `{}`)} {
		if a.header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(a.header.Get("Access-Control-Expose-Headers"), "Klarna-Correlation-Id, Kvitto-Assessment-Id") ||
			a.header.Get("Klarna-Correlation-Id") == "" || a.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%d: %v", a.status, a.header)
		}
	}
	if a := m.call(t, http.MethodGet, sessionPath(p.session), ""); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("the shops' API is not for pages")
	}
}

// TestNoPageReachesTheShopsAPI through a path that begins like that of the
// browser's API: no answer of it can be read, and no preflight lets one send.
func TestNoPageReachesTheShopsAPI(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("m")
	for _, prefix := range []string{"/kp/v1/..%2f..%2f", "/kp/v1/..%2F..%2F", "/kp/v1/%2e%2e%2f%2e%2e%2f", "/kp/v1/%2e%2e/%2e%2e/", "/kp/v1/%2f..%2f..%2f", "/kp/v1/../../"} {
		for _, path := range []string{"payments/v1/sessions", "credit/v1/sessions", "kvitto/v1/clock", "kvitto/v1/next"} {
			for _, method := range []string{http.MethodOptions, http.MethodPost, http.MethodGet} {
				r := m.request(t, method, prefix+path, "")
				r.Header.Set("Origin", "https://evil.example")
				r.Header.Set("Access-Control-Request-Method", "POST")
				r.Header.Set("Access-Control-Request-Private-Network", "true")
				a := m.send(t, r)
				for name := range a.header {
					if strings.HasPrefix(name, "Access-Control-") {
						t.Errorf("%s %s: %d %s: %v", method, prefix+path, a.status, name, a.header[name])
					}
				}
				if method == http.MethodOptions && a.status < 400 {
					t.Errorf("preflight of %s: %d", prefix+path, a.status)
				}
			}
		}
	}
}

// TestCustomersDoNotUseUpTheLimitOfTheirShop.
func TestCustomersDoNotUseUpTheLimitOfTheirShop(t *testing.T) {
	t.Parallel()
	m := newServer(t, func(c *app.Config) {
		c.RateLimits = ratelimit.Options{CreateSession: 100, CreateTokenSession: 1, Other: 1}
	}).merchant("m")
	p := m.page(t, cart)
	for range 5 {
		if a := p.post(t, p.path("load"), `{}`); a.status != 200 || a.header.Get("X-Ratelimit-Limit") != "" {
			t.Fatalf("%d %v", a.status, a.header)
		}
	}
	m.must(t, 200, http.MethodGet, sessionPath(p.session), "")
	m.must(t, 429, http.MethodGet, sessionPath(p.session), "")
	if a := p.post(t, p.path("load"), `{}`); a.status != 200 {
		t.Errorf("the shop's limit is the shop's: %d", a.status)
	}
}

// TestPromise5TwoTabsAtOnce: of all the tokens that two tabs and a double click
// get, the newest lives.
func TestPromise5TwoTabsAtOnce(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("m")
	p := m.page(t, customerKnown)
	tokens := make([]string, 12)
	var wait sync.WaitGroup
	for i := range tokens {
		wait.Go(func() {
			_, tokens[i] = p.call(t, "authorize", `{"interaction":"none","payment_method_category":"pay_later"}`).result(t)
		})
	}
	wait.Wait()
	live, orders := m.must(t, 200, http.MethodGet, sessionPath(p.session), "").text(t, "authorization_token"), 0
	for _, token := range tokens {
		a := m.call(t, http.MethodPost, orderPath(token), customerKnown)
		if a.status == 200 {
			orders++
		}
		if (a.status == 200) != (token == live) {
			t.Errorf("token %s: %d", token, a.status)
		}
	}
	if orders != 1 {
		t.Errorf("%d orders", orders)
	}
	// What a page asks after the order is refused, and changes nothing.
	for _, call := range []string{"load", "authorize", "reauthorize", "finalize"} {
		if a := p.post(t, p.path(call), `{"interaction":"none"}`); a.status != 404 || !strings.Contains(string(a.body), "SESSION_COMPLETED") {
			t.Errorf("%s after the order: %d %s", call, a.status, a.body)
		}
	}
}

// TestACallAndItsRepetitionsHaveOneToken, in whatever order they arrive, and it
// lives.
func TestACallAndItsRepetitionsHaveOneToken(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("m")
	for _, call := range []string{"authorize", "reauthorize", "finalize"} {
		p := m.page(t, customerKnown)
		if call != "authorize" {
			p.call(t, "authorize", fmt.Sprintf(`{"interaction":"none","call_id":"before","payment_method_category":"pay_later","auto_finalize":%t}`, call != "finalize"))
		}
		tokens := make([]string, 8)
		var wait sync.WaitGroup
		for i := range tokens {
			wait.Go(func() {
				_, tokens[i] = p.call(t, call, `{"interaction":"none","call_id":"c-1","data":{"merchant_reference1":"A"},"payment_method_category":"pay_later"}`).result(t)
			})
		}
		wait.Wait()
		live := m.must(t, 200, http.MethodGet, sessionPath(p.session), "").text(t, "authorization_token")
		for _, token := range tokens {
			if token == "" || token != live {
				t.Errorf("%s: token %q, and %q lives", call, token, live)
			}
		}
		m.must(t, 200, http.MethodPost, orderPath(live), customerKnown)
	}
}

// TestARepetitionUsesUpNothing: what is primed is for the next call, and the
// developer is told no tale of a second token.
func TestARepetitionUsesUpNothing(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("m")
	p := m.page(t, customerKnown)
	m.must(t, 200, http.MethodPost, nextPath, `{"outcome":"approve"}`)
	m.must(t, 200, http.MethodPost, nextPath, `{"outcome":"deny"}`)
	body := `{"interaction":"none","payment_method_category":"pay_later","call_id":%q}`
	_, token := p.call(t, "authorize", fmt.Sprintf(body, "c-1")).result(t)
	again := p.call(t, "authorize", fmt.Sprintf(body, "c-1"))
	if result, same := again.result(t); result != resultApproved || same != token || len(again.Notes) != 1 || !strings.Contains(again.Notes[0], "call_id") {
		t.Errorf("%s %q", result, again.Notes)
	}
	if got, _ := p.call(t, "authorize", fmt.Sprintf(body, "c-2")).result(t); got != resultRefused {
		t.Errorf("the next call: %s", got)
	}
	denied := p.call(t, "authorize", fmt.Sprintf(body, "c-2"))
	if got, _ := denied.result(t); got != resultRefused {
		t.Errorf("the next call, again: %s", got)
	}
	if list := m.must(t, 200, http.MethodGet, nextPath, ""); strings.Contains(string(list.body), "outcome") {
		t.Errorf("%s", list.body)
	}
}

// TestEveryPageCallIsAnExchangeOfItsSession.
func TestEveryPageCallIsAnExchangeOfItsSession(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("m")
	p := m.page(t, cart)
	for _, call := range pageCalls {
		body := fmt.Sprintf(`{"event":"init","call":%q,"answers":{"code":"135792","details":{"customer":{"national_identification_number":"SE194103219202"}}}}`, call)
		a := p.post(t, p.path(call), body)
		found := m.must(t, 200, http.MethodGet, "/kvitto/v1/exchanges/"+a.header.Get("Klarna-Correlation-Id"), "")
		operation := "browser_" + call
		if call == "events" {
			operation = "browser_event_init"
		}
		if found.text(t, "operation") != operation || found.text(t, "session_id") != p.session {
			t.Errorf("%s: %s", call, found.body)
		}
		if strings.Contains(string(found.body), "SE194103219202") {
			t.Errorf("%s: a personal number is in the log: %s", call, found.body)
		}
		if strings.Contains(string(found.body), "135792") {
			t.Errorf("%s: a one-time code is in the log: %s", call, found.body)
		}
		if strings.Contains(string(found.body), p.token) {
			t.Errorf("%s: the client token is in the log", call)
		}
	}
}
