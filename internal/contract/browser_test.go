package contract_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// page is a shop's page: it has a client token and nothing else.
type page struct {
	*server
	session, token string
}

// page opens a session of the merchant and gives a page its client token.
func (m merchant) page(t *testing.T, body string) page {
	t.Helper()
	created := m.must(t, 200, http.MethodPost, sessionsPath, body)
	return page{m.server, created.text(t, "session_id"), created.text(t, "client_token")}
}

func (p page) path(call string) string { return "/kp/v1/sessions/" + p.session + "/" + call }

// send posts as the page does.
func (p page) post(t *testing.T, path, body string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", "https://shop.example")
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	return p.send(t, r)
}

// told is an answer of the browser's API.
type told struct {
	Revision   int64           `json:"revision"`
	Notes      []string        `json:"notes"`
	Result     json.RawMessage `json:"result"`
	Violations []struct{ Path string }
	Widget     *struct {
		Available   bool
		OrderAmount int64 `json:"order_amount"`
		Methods     []struct {
			Category string `json:"payment_method_category"`
		}
	} `json:"widget"`
	Ask *struct {
		Step, Call, Login, Preferred string
		Problems                     []struct{ Path, Reason string }
		Fields                       []struct{ Path, Value, Type string }
		Methods                      []struct {
			Category string `json:"payment_method_category"`
		}
		Terms, Agreed json.RawMessage
	} `json:"ask"`
}

func (p page) call(t *testing.T, call, body string) told {
	t.Helper()
	a := p.post(t, p.path(call), body)
	if a.status != 200 {
		t.Fatalf("%s: %d %s", call, a.status, a.body)
	}
	var told told
	if err := json.Unmarshal(a.body, &told); err != nil {
		t.Fatalf("%s: %v\n%s", call, err, a.body)
	}
	if (told.Result == nil) == (told.Ask == nil) || told.Notes == nil || told.Revision == 0 {
		t.Fatalf("%s: not one of result and ask, or no notes, or no revision: %s", call, a.body)
	}
	return told
}

// result is the result as compact JSON with its token, if any, as TOKEN.
func (a told) result(t *testing.T) (result, token string) {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(a.Result, &object); err != nil {
		t.Fatalf("%v: %s", err, a.Result)
	}
	if value, ok := object["authorization_token"].(string); ok {
		token, object["authorization_token"] = value, "TOKEN"
	}
	text, err := json.Marshal(object) // sorted by name
	if err != nil {
		t.Fatal(err)
	}
	return string(text), token
}

// The results of the published tables, keys sorted.
const (
	resultApproved     = `{"approved":true,"authorization_token":"TOKEN","finalize_required":false,"show_form":true}`
	resultPreliminary  = `{"approved":true,"finalize_required":true,"show_form":true}`
	resultCancelled    = `{"approved":false,"finalize_required":false,"show_form":true}`
	resultRefused      = `{"approved":false,"finalize_required":false,"show_form":false}`
	resultInvalid      = `{"approved":false,"error":{"invalid_fields":["billing_address.phone","billing_address.city"]},"finalize_required":false,"show_form":true}`
	resultShown        = `{"show_form":true}`
	resultHidden       = `{"show_form":false}`
	resultShownInvalid = `{"error":{"invalid_fields":["billing_address.phone","billing_address.city"]},"show_form":true}`
)

// browserResults are the tables of results of load, authorize, reauthorize and
// finalize, one row a combination.
var browserResults = []struct{ call, outcome, result string }{
	{"load", "approve", resultShown},
	{"load", "refer", resultShown},
	{"load", "cancel", resultShown},
	{"load", "finalize_required", resultShown},
	{"load", "invalid_fields", resultShownInvalid},
	{"load", "deny", resultHidden},
	{"load", "error", resultHidden},
	{"authorize", "approve", resultApproved},
	{"authorize", "refer", resultApproved},
	{"authorize", "finalize_required", resultPreliminary},
	{"authorize", "invalid_fields", resultInvalid},
	{"authorize", "cancel", resultCancelled},
	{"authorize", "deny", resultRefused},
	{"authorize", "error", resultRefused},
	{"reauthorize", "approve", resultApproved},
	{"reauthorize", "refer", resultApproved},
	{"reauthorize", "finalize_required", resultApproved}, // a review page has no later step
	{"reauthorize", "invalid_fields", resultInvalid},
	{"reauthorize", "cancel", resultCancelled},
	{"reauthorize", "deny", resultRefused},
	{"reauthorize", "error", resultRefused},
	{"finalize", "approve", resultApproved},
	{"finalize", "refer", resultApproved},
	{"finalize", "finalize_required", resultApproved},
	{"finalize", "invalid_fields", resultInvalid},
	{"finalize", "cancel", resultCancelled},
	{"finalize", "deny", resultRefused},
	{"finalize", "error", resultRefused},
}

// TestBrowserResults: a page gets exactly these, without any interaction and at
// the end of the purchase flow alike, and its stand-in gets the same.
func TestBrowserResults(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, row := range browserResults {
		t.Run(row.call+" "+row.outcome, func(t *testing.T) {
			t.Parallel()
			m := s.merchant(row.call + "-" + row.outcome)
			for _, way := range []string{"none", "full", "stand-in"} {
				p := m.page(t, customerKnown)
				if row.call != "load" && row.call != "authorize" {
					first := p.call(t, "authorize", fmt.Sprintf(`{"interaction":"none","payment_method_category":"pay_later","auto_finalize":%t}`, row.call != "finalize"))
					if result, _ := first.result(t); result != resultApproved && result != resultPreliminary {
						t.Fatalf("first: %s", result)
					}
				}
				body := fmt.Sprintf(`{"outcome":%q,"call":%q,"invalid_fields":["billing_address.phone","billing_address.city"]}`, row.outcome, row.call)
				m.must(t, 200, http.MethodPost, "/kvitto/v1/next", body)
				var result, token string
				switch way {
				case "none":
					result, token = p.call(t, row.call, `{"interaction":"none","payment_method_category":"pay_later"}`).result(t)
				case "full":
					result, token = p.through(t, row.call).result(t)
				case "stand-in":
					a := m.must(t, 200, http.MethodPost, "/kvitto/v1/sessions/"+p.session+"/"+row.call, `{}`)
					result, token = told{Result: a.body}.result(t)
				}
				if result != row.result {
					t.Errorf("%s: %s, want %s", way, result, row.result)
				}
				if token != "" {
					m.must(t, 200, http.MethodPost, orderPath(token), customerKnown)
				}
			}
		})
	}
}

// customerKnown is a cart whose customer has nothing to add.
var customerKnown = `{"billing_address":{"given_name":"Alice","family_name":"Test","email":"customer@email.se","phone":"+46701740615",` +
	`"street_address":"Södra Blasieholmshamnen 2","postal_code":"11 148","city":"Stockholm"},` +
	`"customer":{"national_identification_number":"SE194103219202"},` + cart[1:]

// through answers whatever the flow asks until there is a result.
func (p page) through(t *testing.T, call string) told {
	t.Helper()
	answers := map[string]any{}
	for range 8 {
		body, err := json.Marshal(map[string]any{"payment_method_category": "pay_later", "answers": answers})
		if err != nil {
			t.Fatal(err)
		}
		got := p.call(t, call, string(body))
		if got.Ask == nil {
			return got
		}
		if got.Ask.Call != call {
			t.Fatalf("asked in %q", got.Ask.Call)
		}
		switch got.Ask.Step {
		case "identify":
			answers["login"] = got.Ask.Login
		case "code":
			answers["code"] = "123456"
		case "confirm":
			answers["consent"] = got.Ask.Terms
		default:
			t.Fatalf("asked for %s: %+v", got.Ask.Step, got.Ask)
		}
	}
	t.Fatal("the flow does not end")
	return told{}
}

// TestTheConversationOfANewCustomer: every step, each wrong answer told, and
// nothing changed before the result.
func TestTheConversationOfANewCustomer(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("m")
	p := m.page(t, cart)
	before := m.must(t, 200, http.MethodGet, sessionPath(p.session), "")
	details := `"details":{"billing_address":{"given_name":"Alice","family_name":"Test","phone":"+46701740615",` +
		`"street_address":"Södra Blasieholmshamnen 2","postal_code":"11 148","city":%q},"customer":{"national_identification_number":"SE194103219202"}}`
	good := fmt.Sprintf(details, "Stockholm")
	terms := `"consent":{"payment_method_category":"pay_now","order_amount":%d,"purchase_currency":"SEK","number_of_days":0,"number_of_installments":1}`
	for _, row := range []struct{ answers, step, problems string }{
		{``, "identify", "[]"},
		{`"login":""`, "identify", "[{login required}]"},
		{`"login":"nobody"`, "identify", "[{login invalid}]"},
		{`"login":"customer@email.se"`, "code", "[]"},
		{`"login":"customer@email.se","code":""`, "code", "[{code required}]"},
		{`"login":"customer@email.se","code":"12345"`, "code", "[{code invalid}]"},
		{`"login":"customer@email.se","code":"999999"`, "code", "[{code wrong}]"},
		{`"login":"customer@email.se","code":"123456"`, "details", "[]"},
		{`"login":"customer@email.se","code":"123456",` + fmt.Sprintf(details, ""), "details", "[{billing_address.city required}]"},
		{`"login":"customer@email.se","code":"123456",` + fmt.Sprintf(details, strings.Repeat("x", 100)), "details", "[{billing_address.city invalid}]"},
		{`"login":"customer@email.se","code":"123456",` + good, "method", "[]"},
		{`"login":"customer@email.se","code":"123456","payment_method_category":"card",` + good, "method", "[{payment_method_category invalid}]"},
		{`"login":"customer@email.se","code":"123456","payment_method_category":"pay_now",` + good, "confirm", "[]"},
		{`"login":"customer@email.se","code":"123456","payment_method_category":"pay_now",` + fmt.Sprintf(terms, 999) + "," + good, "confirm", "[{consent changed}]"},
	} {
		got := p.call(t, "authorize", `{"answers":{`+row.answers+`}}`)
		if got.Ask == nil || got.Ask.Step != row.step || fmt.Sprint(got.Ask.Problems) != row.problems {
			t.Fatalf("%s: %+v, want %s %s", row.answers, got.Ask, row.step, row.problems)
		}
	}
	if diff := cmp.Diff(string(before.body), string(m.must(t, 200, http.MethodGet, sessionPath(p.session), "").body)); diff != "" {
		t.Errorf("asking changed the session:\n%s", diff)
	}
	all := `{"answers":{"login":"customer@email.se","code":"123456","payment_method_category":"pay_now",` + fmt.Sprintf(terms, 1000) + "," + good + `}}`
	result, token := p.call(t, "authorize", all).result(t)
	if result != resultApproved {
		t.Fatal(result)
	}
	// The shop stated no address: its order has none, or the one it reads.
	read := m.must(t, 200, http.MethodGet, sessionPath(p.session), "")
	address, ok := read.object(t)["billing_address"].(map[string]any)
	if !ok || address["email"] != "customer@email.se" || address["city"] != "Stockholm" {
		t.Errorf("%s", read.body)
	}
	order := m.must(t, 200, http.MethodPost, orderPath(token), cart)
	if !strings.Contains(string(order.body), `"type" : "card"`) {
		t.Errorf("the chosen method: %s", order.body)
	}
}

// TestPromise3TheCustomersWordsDoNotSpoilTheShopsOrder: the shop stated an
// e-mail address and nothing else.
func TestPromise3TheCustomersWordsDoNotSpoilTheShopsOrder(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("m")
	stated := `{"billing_address":{"email":"shop@example.com"},` + cart[1:]
	answers := `{"payment_method_category":"pay_later","answers":{"login":"customer@email.se","code":"123456","details":{"billing_address":{"given_name":"Alice",` +
		`"family_name":"Test","email":"typed@example.com","phone":"+46701740615","street_address":"Gatan 1","postal_code":"11148","city":"Stockholm"},` +
		`"customer":{"national_identification_number":"SE194103219202"}},` +
		`"consent":{"payment_method_category":"pay_later","order_amount":1000,"purchase_currency":"SEK","number_of_days":30,"number_of_installments":1}}}`
	for body, status := range map[string]int{
		cart:   200,
		stated: 200,
		`{"billing_address":{"email":"shop@example.com","city":"Stockholm","street_address":"Gatan 1"},` + cart[1:]: 200,
		`{"billing_address":{"email":"shop@example.com","city":"Lund"},` + cart[1:]:                                 409,
		`{"billing_address":{"email":"typed@example.com"},` + cart[1:]:                                              409,
		`{"billing_address":{"email":"customer@email.se"},` + cart[1:]:                                              409,
	} {
		p := m.page(t, stated)
		result, token := p.call(t, "authorize", answers).result(t)
		if result != resultApproved {
			t.Fatal(result)
		}
		m.must(t, status, http.MethodPost, orderPath(token), body)
		email, _ := m.must(t, 200, http.MethodGet, sessionPath(p.session), "").object(t)["billing_address"].(map[string]any)["email"].(string)
		if email != "shop@example.com" {
			t.Errorf("the shop's e-mail address became %q", email)
		}
	}
}

// TestWhereTheTestMailCounts: in the shop's data and as the login.
func TestWhereTheTestMailCounts(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("m")
	consent := `"consent":{"payment_method_category":"pay_later","order_amount":1000,"purchase_currency":"SEK","number_of_days":30,"number_of_installments":1}`
	for login, want := range map[string]string{
		"customer@email.se": resultApproved, "customer+denied@email.se": resultRefused,
		"+46701740615": resultApproved, "+46701740620": resultRefused,
	} {
		p := m.page(t, customerKnown)
		got, _ := p.call(t, "authorize", fmt.Sprintf(`{"payment_method_category":"pay_later","answers":{"login":%q,"code":"123456",%s}}`, login, consent)).result(t)
		if got != want {
			t.Errorf("%s: %s", login, got)
		}
	}
}

// TestTheWidgetShowsWhatIsPaid: load after an update has the new amount, review
// the method that was chosen.
func TestTheWidgetShowsWhatIsPaid(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("m")
	p := m.page(t, customerKnown)
	first := p.call(t, "load", `{"payment_method_category":"pay_later"}`)
	if first.Revision != 1 || first.Widget == nil || first.Widget.OrderAmount != 1000 || !first.Widget.Available || len(first.Widget.Methods) != 1 {
		t.Fatalf("%+v", first.Widget)
	}
	if review := p.call(t, "review", ""); string(review.Result) == "" || review.Widget.Available || len(review.Notes) != 1 {
		t.Errorf("before an approval: %+v", review)
	}
	bigger := strings.ReplaceAll(strings.ReplaceAll(cart, `"quantity":2`, `"quantity":4`), "1000", "2000")
	updated := m.must(t, 204, http.MethodPost, sessionPath(p.session), bigger)
	stale := p.call(t, "authorize", `{"interaction":"none","payment_method_category":"pay_over_time","shown_revision":1}`)
	if len(stale.Notes) != 1 || !strings.Contains(stale.Notes[0], updated.header.Get("Klarna-Correlation-Id")) || !strings.Contains(stale.Notes[0], "load()") {
		t.Errorf("the page shows another amount: %q", stale.Notes)
	}
	again := p.call(t, "authorize", `{"interaction":"none","payment_method_category":"pay_over_time","shown_revision":2}`)
	if len(again.Notes) != 1 || !strings.Contains(again.Notes[0], "void") {
		t.Errorf("the earlier token ended: %q", again.Notes)
	}
	second := p.call(t, "load", `{}`)
	if second.Widget.OrderAmount != 2000 || len(second.Widget.Methods) != 3 {
		t.Errorf("%+v", second.Widget)
	}
	review := p.call(t, "review", `{}`)
	if !review.Widget.Available || len(review.Widget.Methods) != 1 || review.Widget.Methods[0].Category != "pay_over_time" {
		t.Errorf("%+v", review.Widget)
	}
}

// TestBadDataHasItsViolations beside the result, as in an explanation.
func TestBadDataHasItsViolations(t *testing.T) {
	t.Parallel()
	p := newServer(t).merchant("m").page(t, cart)
	for _, call := range []string{"load", "authorize"} {
		got := p.call(t, call, `{"data":{"order_amount":999,"unknown":{"a":1},"locale":7}}`)
		if len(got.Violations) == 0 || got.Violations[0].Path != "locale" {
			t.Errorf("%s: %s %+v", call, got.Result, got.Violations)
		}
	}
}

// TestExpressSessionsAreAPlaygroundsOwn, made by a page with a client id that
// names the merchant.
func TestExpressSessionsAreAPlaygroundsOwn(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for clientID, name := range map[string]string{"klarna_test_client_ZGVtbw": "demo", "klarna_live_client_x": "klarna_live_client_x"} {
		a := page{server: s, token: clientID}.post(t, "/kp/v1/sessions", cart)
		if a.status != 200 || a.text(t, "client_token") == "" {
			t.Fatalf("%s: %d %s", clientID, a.status, a.body)
		}
		p := page{s, a.text(t, "session_id"), a.text(t, "client_token")}
		s.merchant(name).must(t, 200, http.MethodGet, sessionPath(p.session), "")
		collect := `{"interaction":"none","collect_shipping_address":"true","auto_finalize":"false","data":{"billing_address":{"city":"Lund"}}}`
		if got, _ := p.call(t, "authorize", collect).result(t); got !=
			`{"approved":true,"collected_shipping_address":{"city":"Lund","country":"SE","email":"customer@email.se","family_name":"Test","given_name":"Alice",`+
				`"phone":"+46701740615","postal_code":"11 148","street_address":"Södra Blasieholmshamnen 2"},"finalize_required":true,"show_form":true}` {
			t.Error(got)
		}
	}
	if a := (page{server: s, token: "klarna_test_client_ZGVtbw"}).post(t, "/kp/v1/sessions", `{}`); a.status != 400 {
		t.Errorf("an empty body: %d", a.status)
	}
	if a := (page{server: s}).post(t, "/kp/v1/sessions", cart); a.status != 401 {
		t.Errorf("no client id: %d", a.status)
	}
}

// TestAFinalizeThatComesAgain: the answer was lost on its way to the page, which
// asks again.
func TestAFinalizeThatComesAgain(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("m")
	p := m.page(t, customerKnown)
	p.call(t, "authorize", `{"interaction":"none","payment_method_category":"pay_later","auto_finalize":false}`)
	body := `{"interaction":"none","data":{"merchant_reference2":"final"}}`
	first, token := p.call(t, "finalize", body).result(t)
	second := p.call(t, "finalize", body)
	again, tokenAgain := second.result(t)
	if first != resultApproved || again != first || token != tokenAgain || len(second.Notes) != 1 {
		t.Errorf("%s, then %s with %q", first, again, second.Notes)
	}
	m.must(t, 200, http.MethodPost, orderPath(token), customerKnown)
}
