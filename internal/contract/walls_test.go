package contract_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// unknownID has the form of an id and is nobody's.
const unknownID = "5ab38828-3664-3246-9785-31d37f75978c"

// attempt is a call with an id in it.
type attempt struct {
	name, method, path, body string // path has %s for the id
}

// withSession are all calls that name a session.
var withSession = []attempt{
	{"read", "GET", "/payments/v1/sessions/%s", ""},
	{"update", "POST", "/payments/v1/sessions/%s", `{"merchant_reference1":"mine"}`},
	{"empty update", "POST", "/payments/v1/sessions/%s", `{}`},
	{"refused update", "POST", "/payments/v1/sessions/%s", `{"locale":"en_GB","order_amount":1}`},
	{"malformed update", "POST", "/payments/v1/sessions/%s", `{`},
	{"other method", "DELETE", "/payments/v1/sessions/%s", ""},
	{"load", "POST", "/kvitto/v1/sessions/%s/load", ""},
	{"authorize", "POST", "/kvitto/v1/sessions/%s/authorize", `{"data":{"merchant_reference1":"mine"}}`},
	{"deny", "POST", "/kvitto/v1/sessions/%s/authorize", `{"outcome":"deny"}`},
	{"reauthorize", "POST", "/kvitto/v1/sessions/%s/reauthorize", ""},
	{"finalize", "POST", "/kvitto/v1/sessions/%s/finalize", ""},
	{"check", "POST", "/kvitto/v1/check?session_id=%s", `{"order_amount":1}`},
	{"offers", "GET", "/kvitto/v1/offers?session_id=%s", ""},
}

// withToken are all calls that name an authorization.
var withToken = []attempt{
	{"order", "POST", "/payments/v1/authorizations/%s/order", cart},
	{"other order", "POST", "/payments/v1/authorizations/%s/order", cartOfOne},
	{"refused order", "POST", "/payments/v1/authorizations/%s/order", `{}`},
	{"cancel", "DELETE", "/payments/v1/authorizations/%s", ""},
	{"customer token", "POST", "/payments/v1/authorizations/%s/customer-token", `{"description":"x","intended_use":"SUBSCRIPTION"}`},
	{"refused customer token", "POST", "/payments/v1/authorizations/%s/customer-token", `{}`},
}

const cartOfOne = `{"purchase_country":"NO","purchase_currency":"NOK","order_amount":1,` +
	`"order_lines":[{"name":"Pin","quantity":1,"unit_price":1,"total_amount":1}]}`

// TestPromise8MerchantsAreWalls: a valid id of another merchant gets, in every
// operation and whatever state is behind it, byte for byte the answer of an id
// that nobody has. The explanation of that answer tells no more, and the owner
// sees no change.
func TestPromise8MerchantsAreWalls(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	owner, stranger := s.merchant("owner"), s.merchant("stranger")
	own := newPossessions(t, owner)
	before := own.seen(t, owner)
	for state, id := range own.sessions {
		for _, a := range withSession {
			stranger.sameAsUnknown(t, state+": "+a.name, a, id)
		}
	}
	for state, token := range own.tokens {
		for _, a := range withToken {
			stranger.sameAsUnknown(t, state+": "+a.name, a, token)
		}
	}
	for name, id := range own.exchanges {
		stranger.sameAsUnknown(t, name, attempt{"", "GET", "/kvitto/v1/exchanges/%s", ""}, id)
	}
	for name, id := range own.assessments {
		stranger.sameAsUnknown(t, name, attempt{"", "GET", "/kvitto/v1/assessments/%s", ""}, id)
	}
	stranger.sameAsUnknown(t, "the assessments of a session", attempt{"", "GET", "/kvitto/v1/sessions/%s/assessments", ""}, own.sessions["denied"])
	stranger.sameAsUnknown(t, "the timeline of a session", attempt{"", "GET", "/kvitto/v1/sessions/%s/timeline", ""}, own.sessions["denied"])
	if diff := cmp.Diff(before, own.seen(t, owner)); diff != "" {
		t.Errorf("the stranger changed what the owner sees:\n%s", diff)
	}
	own.stillWork(t, owner)
}

// possessions are one merchant's ids, by the state behind them.
type possessions struct {
	sessions, tokens, exchanges, assessments map[string]string
}

func sessionAssessmentsPath(id string) string { return "/kvitto/v1/sessions/" + id + "/assessments" }

func newPossessions(t *testing.T, m merchant) possessions {
	t.Helper()
	p := possessions{map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}}
	add := func(state string) string {
		p.sessions[state] = m.create(t, `{"intent":"buy_and_tokenize",`+cart[1:])
		return p.sessions[state]
	}
	p.tokens["expired"] = m.authorize(t, add("expired"), "")
	m.must(t, 200, "POST", "/kvitto/v1/clock", `{"advance":"49h"}`)
	add("new")
	p.tokens["live"] = m.authorize(t, add("authorized"), "")
	p.tokens["superseded"] = m.authorize(t, add("authorized twice"), "")
	p.tokens["newest"] = m.authorize(t, p.sessions["authorized twice"], "")
	p.tokens["released"] = m.authorize(t, add("released"), "")
	m.must(t, 204, "DELETE", authorizationPath(p.tokens["released"]), "")
	p.tokens["denied"] = m.authorize(t, add("denied"), "")
	denial := m.must(t, 200, "POST", "/kvitto/v1/sessions/"+p.sessions["denied"]+"/authorize", `{"outcome":"deny"}`)
	p.assessments["assessment"] = denial.header.Get("Kvitto-Assessment-Id")
	m.must(t, 200, "POST", "/kvitto/v1/sessions/"+add("deferred")+"/authorize", `{"auto_finalize":false}`)
	p.tokens["tokenized"] = m.authorize(t, add("tokenized"), "")
	m.must(t, 200, "POST", tokenPath(p.tokens["tokenized"]), `{"description":"x","intended_use":"SUBSCRIPTION"}`)
	p.tokens["ordered"] = m.authorize(t, add("complete"), "")
	order := m.must(t, 200, "POST", orderPath(p.tokens["ordered"]), cart)
	refused := m.must(t, 409, "POST", orderPath(p.tokens["live"]), cartOfOne)
	p.exchanges["exchange of an order"] = order.header.Get("Klarna-Correlation-Id")
	p.exchanges["exchange of a refusal"] = refused.header.Get("Klarna-Correlation-Id")
	return p
}

// seen is all that the owner can read.
func (p possessions) seen(t *testing.T, m merchant) map[string]string {
	t.Helper()
	seen := make(map[string]string)
	for state, id := range p.sessions {
		seen[state] = string(m.call(t, "GET", sessionPath(id), "").body)
		if state == "expired" { // an error body, whose correlation id is new
			seen[state] = fmt.Sprint(m.call(t, "GET", sessionPath(id), "").status)
		}
	}
	for name, id := range p.exchanges {
		seen[name] = string(m.must(t, 200, "GET", "/kvitto/v1/exchanges/"+id, "").body)
	}
	for name, id := range p.assessments {
		seen[name] = string(m.must(t, 200, "GET", "/kvitto/v1/assessments/"+id, "").body)
	}
	seen["assessments"] = string(m.must(t, 200, "GET", sessionAssessmentsPath(p.sessions["denied"]), "").body)
	seen["clock"] = string(m.must(t, 200, "GET", "/kvitto/v1/clock", "").body)
	return seen
}

// stillWork uses what could be used before.
func (p possessions) stillWork(t *testing.T, m merchant) {
	t.Helper()
	m.must(t, 200, "POST", orderPath(p.tokens["live"]), cart)
	m.must(t, 204, "DELETE", authorizationPath(p.tokens["newest"]), "")
	m.must(t, 200, "POST", orderPath(p.tokens["tokenized"]), cart)
	m.must(t, 200, "POST", orderPath(p.tokens["ordered"]), cart)
	m.must(t, 204, "POST", sessionPath(p.sessions["new"]), "{}")
	a := m.must(t, 200, "POST", "/kvitto/v1/sessions/"+p.sessions["deferred"]+"/finalize", "")
	if a.text(t, "authorization_token") == "" {
		t.Errorf("the deferred authorization cannot be finalized any more: %s", a.body)
	}
}

// sameAsUnknown makes the call with the id and with an unknown one and
// compares the answers and their explanations.
func (m merchant) sameAsUnknown(t *testing.T, name string, a attempt, id string) {
	t.Helper()
	foreign := m.call(t, a.method, fmt.Sprintf(a.path, id), a.body)
	unknown := m.call(t, a.method, fmt.Sprintf(a.path, unknownID), a.body)
	if diff := cmp.Diff(withoutIDs(unknown, unknownID), withoutIDs(foreign, id)); diff != "" {
		t.Errorf("%s: the answers differ (- unknown, + another merchant's):\n%s", name, diff)
	}
	if foreign.status < 400 {
		t.Errorf("%s: status %d", name, foreign.status)
	}
	foreign = m.must(t, 200, "GET", "/kvitto/v1/exchanges/"+foreign.header.Get("Klarna-Correlation-Id"), "")
	unknown = m.must(t, 200, "GET", "/kvitto/v1/exchanges/"+unknown.header.Get("Klarna-Correlation-Id"), "")
	if diff := cmp.Diff(withoutIDs(unknown, unknownID), withoutIDs(foreign, id)); diff != "" {
		t.Errorf("%s: the explanations differ (- unknown, + another merchant's):\n%s", name, diff)
	}
}

// withoutIDs is an answer as text in which the asked id and what every answer
// has anew are taken out.
func withoutIDs(a answer, id string) string {
	header := a.header.Clone()
	for _, name := range []string{"Date", "Render-Time", "Content-Length"} {
		header.Del(name)
	}
	if got := a.header.Get("Content-Length"); got != "" && got != fmt.Sprint(len(a.body)) {
		header.Set("Content-Length", "wrong")
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%d\n", a.status)
	_ = header.Write(&out)
	out.Write(a.body)
	text := strings.ReplaceAll(out.String(), id, "ID")
	if correlation := a.header.Get("Klarna-Correlation-Id"); correlation != "" {
		text = strings.ReplaceAll(text, correlation, "CORRELATION")
	}
	// In explanations stands the correlation id of the explained exchange.
	text = uuid.ReplaceAllStringFunc(text, func(found string) string { return "<uuid>" })
	text = duration.ReplaceAllString(text, "${1}<number>")
	return timestamp.ReplaceAllStringFunc(text, hideRealTime)
}

// TestPromise8ClocksAreApart: moving one merchant's clock moves no other's, and
// ends no other's sessions and authorizations.
func TestPromise8ClocksAreApart(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	mover, other := s.merchant("mover"), s.merchant("other")
	id := other.create(t, cart)
	token := other.authorize(t, id, "")
	before := string(other.must(t, 200, "GET", "/kvitto/v1/clock", "").body)
	mine := mover.create(t, cart)
	mover.must(t, 200, "POST", "/kvitto/v1/clock", `{"advance":"49h"}`)
	mover.must(t, 404, "GET", sessionPath(mine), "")
	if after := string(other.must(t, 200, "GET", "/kvitto/v1/clock", "").body); after != before {
		t.Errorf("the other clock moved from %s to %s", before, after)
	}
	other.must(t, 200, "GET", sessionPath(id), "")
	other.must(t, 200, "POST", orderPath(token), cart)
}

// TestPromise8SimilarNamesAreDifferentMerchants: names are compared byte for
// byte.
func TestPromise8SimilarNamesAreDifferentMerchants(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	id := s.merchant("Shop").create(t, cart)
	for _, name := range []string{"shop", "SHOP", "Shop ", " Shop", "Shop%00", "Sh", "Shop'--", "Ѕhop", "Shop/.", "*", "%"} {
		s.merchant(name).must(t, http.StatusNotFound, "GET", sessionPath(id), "")
	}
	// A name with a NUL is none: not every store can keep it.
	s.merchant("Shop\x00").must(t, http.StatusUnauthorized, "GET", sessionPath(id), "")
	s.merchant("Shop").must(t, http.StatusOK, "GET", sessionPath(id), "")
}

// TestPromise8StrangersWithoutCredentials: without credentials nobody learns
// whether an id exists.
func TestPromise8StrangersWithoutCredentials(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	owner := s.merchant("owner")
	id := owner.create(t, cart)
	token := owner.authorize(t, id, "")
	try := func(a attempt, known string) {
		t.Helper()
		foreign := s.send(t, withoutCredentials(owner.request(t, a.method, fmt.Sprintf(a.path, known), a.body)))
		unknown := s.send(t, withoutCredentials(owner.request(t, a.method, fmt.Sprintf(a.path, unknownID), a.body)))
		if foreign.status != http.StatusUnauthorized {
			t.Errorf("%s: status %d, want 401", a.name, foreign.status)
		}
		if diff := cmp.Diff(withoutIDs(unknown, unknownID), withoutIDs(foreign, known)); diff != "" {
			t.Errorf("%s (- unknown, + known):\n%s", a.name, diff)
		}
	}
	for _, a := range withSession {
		try(a, id)
	}
	for _, a := range withToken {
		try(a, token)
	}
	owner.must(t, 200, "POST", orderPath(token), cart)
}
