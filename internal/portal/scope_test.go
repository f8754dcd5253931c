package portal_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/portal"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/memstore"
)

// fakeDoor lets one viewer in and remembers what it was told.
type fakeDoor struct {
	viewer  account.Viewer
	looked  map[string]bool // merchants
	acts    []string
	entered map[*http.Request]bool
	unread  bool // a form had not arrived when somebody was let in
	fails   error
}

func (d *fakeDoor) Enter(w http.ResponseWriter, r *http.Request, needs account.Permission) (account.Viewer, bool) {
	// A large form is asked about twice, before it is read too.
	first := strings.HasSuffix(r.URL.Path, "/risk/what-if") && !d.entered[r]
	d.entered[r] = true
	d.unread = d.unread || r.Method == http.MethodPost && r.PostForm == nil && !first
	if !d.viewer.May(needs) {
		http.Error(w, "no", http.StatusForbidden)
		return account.Viewer{}, false
	}
	return d.viewer, true
}

func (d *fakeDoor) Looked(_ *http.Request, _ account.Viewer, merchantID string) error {
	d.looked[merchantID] = true
	return d.fails
}

func (d *fakeDoor) Acts(_ *http.Request, _ account.Viewer, action, subject, merchantID string) error {
	d.acts = append(d.acts, action+" "+subject+" of "+merchantID)
	return d.fails
}

// things are what a merchant has in the test.
type things struct{ merchant, session, exchange, order, token, callback, key, ordered, orderToken, mark string }

func thingsOf(merchant, digit, mark string) things {
	id := func(kind string) string { return "0190a1b2-0000-4000-8000-0000000" + kind + "000" + digit }
	return things{merchant, id("a"), id("b"), id("c"), id("d"), id("e"), id("9"), id("f"), id("0"), mark}
}

var (
	own     = thingsOf("shoes", "1", "MARKOFSHOES")
	others  = thingsOf("books", "2", "MARKOFBOOKS")
	nobodys = thingsOf("wools", "3", "MARKOFNOONE")
)

// walled is a portal of two merchants as somebody sees it.
func walled(t *testing.T, viewer account.Viewer) (*site, *fakeDoor) {
	t.Helper()
	s := &site{t: t, erases: &fakeErasing{}, log: newFakeLog(), store: memstore.New(),
		clocks: &clocks{advanced: map[string]time.Duration{}, known: func(id string) bool { return id == own.merchant || id == others.merchant }}}
	door := &fakeDoor{viewer: viewer, looked: map[string]bool{}, entered: map[*http.Request]bool{}}
	for _, of := range []things{own, others} {
		s.fill(of)
	}
	options := s.options()
	options.Door, options.URL, options.Keys, options.Erasing = door, "https://pay.example.com", s, s.erases
	handler, err := portal.New(options)
	if err != nil {
		t.Fatal(err)
	}
	s.Handler = handler
	return s, door
}

// fill gives a merchant a session that was approved and told, and two exchanges
// about it, one of them refused.
func (s *site) fill(of things) {
	s.t.Helper()
	if err := s.store.AddMerchant(s.t.Context(), store.Merchant{ID: of.merchant, Name: of.mark, CreatedAt: noon}); err != nil {
		s.t.Fatal(err)
	}
	content := shoe(1)
	content.MerchantReference1 = checkout.TextOf(of.mark)
	session, event, refusal := checkout.Create(of.session, of.merchant, content, nil, noon)
	if refusal != nil {
		s.t.Fatal(refusal)
	}
	next, approved := session, event
	next.Revision, approved.Kind, approved.AuthorizationToken = 2, checkout.EventAuthorized, of.token
	for _, change := range []store.Change{
		{Session: session, Event: event},
		{Session: next, Event: approved, Callback: &store.Callback{ID: of.callback, Kind: checkout.CallbackAuthorization, URL: "https://" + of.mark + ".example", Body: []byte(of.mark)}},
	} {
		if err := s.store.Commit(s.t.Context(), []store.Change{change})[0]; err != nil {
			s.t.Fatal(err)
		}
	}
	if err := s.store.AddKey(s.t.Context(), store.Key{Username: of.key, MerchantID: of.merchant, CreatedAt: noon}); err != nil {
		s.t.Fatal(err)
	}
	s.refer(of, noon)
	refused := refusedTax()
	refused.CorrelationID, refused.MerchantID, refused.SessionID, refused.OrderID = of.exchange, of.merchant, of.session, of.order
	refused.RequestBody = fmt.Appendf(nil, `{"merchant_reference1":%q,"purchase_country":"SE"}`, of.mark)
	refused.Reason = "because of " + of.mark
	s.log.add(refused)
}

// requests are what the walk sends to a route about things: with each id and
// name in the path, and in each parameter that pages know.
func requests(pattern string, of things) (all []*http.Request) {
	method, path, _ := strings.Cut(pattern, " ")
	if strings.HasSuffix(path, "/{correlation_id}") {
		all = append(all, httptest.NewRequest(method, "https://pay.example.com"+portal.Path+"/exchanges/"+of.exchange+".har", nil))
	}
	path = strings.NewReplacer("{correlation_id}", of.exchange, "{session_id}", of.session, "{callback_id}", of.callback, "{username}", of.key, "{order_id}", of.order, "{$}", "").Replace(path)
	forms := []url.Values{{}, {"merchant": {of.merchant}}, {"merchant": {own.merchant}}, {"merchant": {""}}, {"merchant": {of.merchant}, "period": {"hour"}}}
	for _, name := range []string{"older", "newer", "from", "to"} {
		forms = append(forms, url.Values{name: {of.key}, "merchant": {of.merchant}})
	}
	rules := []string{goodRules}
	forms = append(forms, url.Values{"rules": rules}, url.Values{"rules": rules, "merchant": {of.merchant}}, url.Values{"rules": rules, "merchant": {own.merchant}})
	for _, text := range []string{of.exchange, of.session, of.order, of.token, of.callback, of.key, of.ordered, of.mark, of.merchant} {
		forms = append(forms, url.Values{"order": {text}}, url.Values{"reference": {text}, "merchant": {of.merchant}},
			url.Values{"after": {text}, "done": {text}, "fraud": {text}, "status": {text}})
		forms = append(forms, url.Values{"q": {text}}, url.Values{"q": {text}, "rows": {"1"}}, url.Values{"q": {text}, "merchant": {of.merchant}},
			url.Values{"before": {text}}, url.Values{"state": {text}})
	}
	for _, step := range []string{"release", "replay", "drop", "claim", "accept", "reject"} {
		stepped := strings.NewReplacer("{step}", step, "{action}", step).Replace(path)
		for _, form := range forms {
			if method == http.MethodPost {
				form = maps.Clone(form)
				form.Set("hold", "true")
				r := httptest.NewRequest(method, "https://pay.example.com"+portal.Path+stepped, strings.NewReader(form.Encode()))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				all = append(all, r)
				continue
			}
			all = append(all, httptest.NewRequest(method, "https://pay.example.com"+portal.Path+stepped+"?"+form.Encode(), nil))
		}
		if stepped == path {
			break
		}
	}
	return all
}

func (s *site) answer(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// unnamed is a text without what the things in it are called.
func unnamed(text string, of things) string {
	for _, name := range []string{of.session, of.exchange, of.order, of.token, of.callback, of.key, of.ordered, of.mark, of.merchant} {
		text = strings.ReplaceAll(text, name, "X")
		if len(name) == len(of.session) {
			text = strings.ReplaceAll(text, name[len(name)-8:], "X") // as pages shorten ids
		}
	}
	return text
}

// echoed tells that a request says the text itself: forms show what was asked for.
func echoed(r *http.Request, text string) bool {
	for _, values := range r.URL.Query() {
		if slices.Contains(values, text) {
			return true
		}
	}
	return false
}

// TestAnotherMerchantsThingsAreLikeUnknownOnes walks every route with the ids of
// another merchant's things, and with those of nobody's: the answers are the same
// to the byte, and nothing happened.
func TestAnotherMerchantsThingsAreLikeUnknownOnes(t *testing.T) {
	t.Parallel()
	for _, role := range []account.Role{account.RoleAdmin} {
		s, door := walled(t, account.Viewer{PersonID: "p", MerchantID: own.merchant, Role: role})
		walked := 0
		for _, pattern := range portal.Routes() {
			theirs, unknown := requests(pattern, others), requests(pattern, nobodys)
			for i := range theirs {
				got, want := s.answer(theirs[i]), s.answer(unknown[i])
				walked++
				if got.Code != want.Code || unnamed(got.Body.String(), others) != unnamed(want.Body.String(), nobodys) ||
					unnamed(got.Header().Get("Location"), others) != unnamed(want.Header().Get("Location"), nobodys) {
					t.Errorf("%s %s as %s: %d, and of nobody's %d\n%s\n%s", theirs[i].Method, theirs[i].URL, role, got.Code, want.Code, got.Body, want.Body)
				}
				if got.Code == http.StatusInternalServerError {
					t.Errorf("%s %s as %s: %d", theirs[i].Method, theirs[i].URL, role, got.Code)
				}
				if shown := got.Body.String(); strings.Contains(shown, others.mark) && !echoed(theirs[i], others.mark) {
					t.Errorf("%s %s as %s shows another merchant's things:\n%s", theirs[i].Method, theirs[i].URL, role, shown)
				}
			}
		}
		if walked < 100 {
			t.Errorf("only %d requests were sent", walked)
		}
		for _, act := range door.acts {
			if !strings.HasSuffix(act, " of "+own.merchant) {
				t.Errorf("as %s: %s", role, act)
			}
		}
		for _, moved := range s.moved {
			if !strings.HasSuffix(moved, " of "+own.merchant) {
				t.Errorf("as %s: %s", role, moved)
			}
		}
		s.mustBeAsBefore(others)
	}
}

// mustBeAsBefore expects that nothing was done to a merchant's callbacks and review.
func (s *site) mustBeAsBefore(of things) {
	s.t.Helper()
	held, err := s.store.CallbacksHeld(s.t.Context(), of.merchant)
	callbacks, err2 := s.store.Callbacks(s.t.Context(), store.CallbackFilter{MerchantID: of.merchant, Limit: 10})
	if err = errors.Join(err, err2); err != nil || held || len(callbacks) != 1 || callbacks[0].State != store.CallbackWaiting || callbacks[0].Released {
		s.t.Errorf("the callbacks of %s: held %v, %+v, %v", of.merchant, held, callbacks, err)
	}
	if review := s.reviewOf(of.order); review.State != checkout.ReviewOpen {
		s.t.Errorf("the review of %s: %+v", of.merchant, review)
	}
}

// TestOnesOwnThingsAreThere: the walk would see it if nothing was shown at all.
func TestOnesOwnThingsAreThere(t *testing.T) {
	t.Parallel()
	for name, viewer := range map[string]account.Viewer{
		"the merchant's": {PersonID: "p", MerchantID: own.merchant, Role: account.RoleOperator}, "the operator's": {PersonID: "p", Role: account.RoleOperator},
	} {
		s, door := walled(t, viewer)
		for path, want := range map[string]string{
			"/": "/portal/sessions/" + own.session, "/logs": own.exchange, "/logs?merchant=shoes": own.exchange, "/callbacks": own.mark, "/callbacks?merchant=shoes": own.mark,
			"/exchanges/" + own.exchange: own.mark, "/exchanges/" + own.exchange + "/request": own.mark, "/exchanges/" + own.exchange + ".har": own.mark, "/sessions/" + own.session: own.mark,
			"/orders": own.order, "/orders?merchant=shoes": own.order, "/orders?reference=" + own.mark: own.order, "/orders?order=" + own.order[:35]: own.order,
			"/orders?fraud=PENDING": own.order, "/orders/" + own.order: own.mark, "/reviews": own.order, "/reviews?merchant=shoes": own.order,
		} {
			if body := s.page(portal.Path + path); !strings.Contains(body, want) {
				t.Errorf("%s: %s does not show it\n%s", name, path, body)
			}
		}
		r := requests("POST /callbacks/{callback_id}/{step}", own)[1]
		if w := s.answer(r); w.Code != http.StatusSeeOther || !slices.Equal(door.acts, []string{"release callback " + own.callback + " of shoes"}) {
			t.Errorf("%s: release: %d, %v", name, w.Code, door.acts)
		}
		if !door.looked["shoes"] || door.looked["books"] != viewer.OfOperator() {
			t.Errorf("%s: looked at %v", name, door.looked)
		}
	}
}

// TestNothingIsShownThatCannotBeWrittenDown: a door that fails closes.
func TestNothingIsShownThatCannotBeWrittenDown(t *testing.T) {
	t.Parallel()
	s, door := walled(t, account.Viewer{PersonID: "p", Role: account.RoleAdmin})
	door.fails = errors.New("the store is away")
	for _, pattern := range portal.Routes() {
		for _, r := range requests(pattern, own) {
			w := s.answer(r)
			if strings.Contains(w.Body.String(), own.mark) && !echoed(r, own.mark) && r.URL.Path != "/portal/callbacks" {
				t.Errorf("%s %s: %d shows it", r.Method, r.URL, w.Code)
			}
			if strings.Contains(w.Body.String(), `href="/portal/exchanges/`+own.exchange) {
				t.Errorf("%s %s: %d lists it", r.Method, r.URL, w.Code)
			}
			if r.Method == http.MethodPost && w.Code == http.StatusSeeOther && !strings.Contains(w.Header().Get("Location"), "late") {
				t.Errorf("%s %s: %d, %s", r.Method, r.URL, w.Code, w.Header().Get("Location"))
			}
		}
	}
	s.mustBeAsBefore(own)
}

// TestViewersOnlyRead: what acts is refused, and its buttons are not there.
func TestViewersOnlyRead(t *testing.T) {
	t.Parallel()
	s, door := walled(t, account.Viewer{PersonID: "p", MerchantID: own.merchant, Role: account.RoleViewer})
	for _, pattern := range portal.Routes() {
		if !strings.HasPrefix(pattern, "POST ") {
			continue
		}
		for _, r := range requests(pattern, own) {
			if w := s.answer(r); w.Code != http.StatusForbidden {
				t.Errorf("%s %s: %d", r.Method, r.URL, w.Code)
			}
		}
	}
	for _, path := range []string{"/callbacks", "/sessions/" + own.session, "/reviews", "/orders/" + own.order} {
		lacks(t, s.page(portal.Path+path), `method="post" action="/portal/callbacks`, `formaction="/portal/reviews`)
	}
	if len(door.acts) > 0 || door.unread {
		t.Errorf("%v, unread %v", door.acts, door.unread)
	}
	s.mustBeAsBefore(own)
}

// TestAServerForShopsHasNoPlayground in its portal: no page, no button, no word.
func TestAServerForShopsHasNoPlayground(t *testing.T) {
	t.Parallel()
	s, _ := walled(t, account.Viewer{PersonID: "p", Role: account.RoleAdmin})
	for _, r := range []*http.Request{
		httptest.NewRequest(http.MethodGet, "https://pay.example.com/portal/playground", nil),
		httptest.NewRequest(http.MethodPost, "https://pay.example.com/portal/playground/clock", nil), httptest.NewRequest(http.MethodPost, "https://pay.example.com/portal/playground/next", nil),
		httptest.NewRequest(http.MethodPost, "https://pay.example.com/portal/playground/faults", nil), httptest.NewRequest(http.MethodPost, "https://pay.example.com/portal/playground/faults/clear", nil),
	} {
		if w := s.answer(r); w.Code != http.StatusNotFound && w.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s %s: %d", r.Method, r.URL, w.Code)
		}
	}
	for _, path := range []string{"/", "/logs", "/orders", "/orders/" + own.order, "/reviews", "/orders?reference=none", "/reviews?state=decided", "/callbacks", "/exchanges/" + own.exchange, "/sessions/" + own.session, "/rules"} {
		lacks(t, strings.ToLower(s.page(portal.Path+path)), "playground", "kvitto dev", "demo:demo", "this machine")
	}
}

// TestOnlyWhatIsThereIsWrittenDown: a made-up callback leaves no entry.
func TestOnlyWhatIsThereIsWrittenDown(t *testing.T) {
	t.Parallel()
	s, door := walled(t, account.Viewer{PersonID: "p", MerchantID: own.merchant, Role: account.RoleOperator})
	for _, id := range []string{others.callback, nobodys.callback, "x%0Ay", strings.Repeat("x", 1000)} {
		r := httptest.NewRequest(http.MethodPost, "https://pay.example.com/portal/callbacks/"+id+"/release", strings.NewReader("merchant=shoes"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if w := s.answer(r); w.Code != http.StatusNotFound || len(door.acts) > 0 {
			t.Errorf("%.20s: %d, %v", id, w.Code, door.acts)
		}
	}
}

// TestOthersSessionsAreNobodysOfYours: a merchant's people are not told what the
// server knows of others.
func TestOthersSessionsAreNobodysOfYours(t *testing.T) {
	t.Parallel()
	s, _ := walled(t, account.Viewer{PersonID: "p", MerchantID: own.merchant, Role: account.RoleViewer})
	for i, session := range []string{others.session, nobodys.session} {
		e := refusedTax()
		e.CorrelationID, e.MerchantID, e.SessionID, e.Status, e.Operation = idAt(i), own.merchant, session, http.StatusNotFound, "create_order"
		s.log.add(e)
		page := s.page(portal.Path + "/exchanges/" + e.CorrelationID)
		has(t, page, "This server knows no such session of yours")
		lacks(t, page, "of any merchant", others.merchant)
	}
}

// TestOnlyTheOperatorSeesItsRules: a merchant's people see that something was
// decided, and the operator's by which rule.
func TestOnlyTheOperatorSeesItsRules(t *testing.T) {
	t.Parallel()
	for merchant, sees := range map[string]bool{own.merchant: false, "": true} {
		s, door := walled(t, account.Viewer{PersonID: "p", MerchantID: merchant, Role: account.RoleAdmin})
		s.kept = []service.KeptAssessment{{
			Assessment: store.Assessment{ID: own.token, MerchantID: own.merchant, SessionID: own.session, CorrelationID: own.exchange},
			Input:      risk.Input{Content: &checkout.Content{}, Now: noon},
			Made: risk.Assessment{Rule: "hidden-rule", RuleSet: "operators", Decision: checkout.Decision{Outcome: checkout.OutcomeDeny, Reason: "a-reason"},
				Steps: []risk.Step{{Rule: "hidden-rule", State: risk.StateMatched}}},
		}}
		for _, path := range []string{"/sessions/" + own.session, "/exchanges/" + own.exchange} {
			if body := s.page(portal.Path + path); strings.Contains(body, "hidden-rule") != sees || !strings.Contains(body, own.mark) {
				t.Errorf("a viewer of %q at %s: the rule is shown is %v, want %v", merchant, path, !sees, sees)
			}
		}
		if sees && !door.looked[own.merchant] {
			t.Error("the operator looked and nobody wrote it down")
		}
	}
}
