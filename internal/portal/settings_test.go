package portal_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/account"
)

// TestWhoMayOpenWhat is the table of roles and routes.
func TestWhoMayOpenWhat(t *testing.T) {
	t.Parallel()
	const yes, no, unknown = http.StatusOK, http.StatusForbidden, http.StatusNotFound
	viewers := []account.Viewer{
		{Role: account.RoleViewer, MerchantID: "shoes"}, {Role: account.RoleOperator, MerchantID: "shoes"}, {Role: account.RoleAdmin, MerchantID: "shoes"},
		{Role: account.RoleViewer}, {Role: account.RoleOperator}, {Role: account.RoleAdmin},
	}
	for _, c := range []struct {
		route string
		form  url.Values
		want  [6]int // of the viewers: those of a merchant, those of the operator
	}{
		{"/risk", nil, [6]int{unknown, unknown, unknown, yes, yes, yes}},
		{"/risk?merchant=shoes", nil, [6]int{unknown, unknown, unknown, yes, yes, yes}},
		{"/risk/what-if", nil, [6]int{no, unknown, unknown, no, yes, yes}},
		{"/risk/what-if", url.Values{"rules": {goodRules}}, [6]int{no, unknown, unknown, no, yes, yes}},
		{"/risk?merchant=wools", nil, [6]int{unknown, unknown, unknown, unknown, unknown, unknown}},
		{"/risk/what-if", url.Values{"rules": {goodRules}, "merchant": {"wools"}}, [6]int{no, unknown, unknown, no, unknown, unknown}},
		{"/settings/keys", url.Values{"merchant": {"wools"}}, [6]int{no, no, unknown, no, no, unknown}},
		{"/settings/keys", url.Values{}, [6]int{no, no, unknown, no, no, unknown}},
		{"/settings/webhooks", url.Values{"merchant": {"wools"}}, [6]int{no, no, unknown, no, no, unknown}},
		{"/settings/retention", nil, [6]int{yes, yes, yes, yes, yes, yes}},
		{"/settings/keys?merchant=shoes", nil, [6]int{no, no, yes, no, no, yes}},
		{"/settings/keys", url.Values{"merchant": {"shoes"}}, [6]int{no, no, yes, no, no, yes}},
		{"/settings/keys?merchant=books", nil, [6]int{no, no, unknown, no, no, yes}},
		{"/settings/keys/" + own.key + "/revoke?merchant=shoes", nil, [6]int{no, no, yes, no, no, yes}},
		{"/settings/keys/" + own.key + "/revoke", url.Values{"merchant": {"shoes"}}, [6]int{no, no, 303, no, no, 303}},
		{"/settings/keys/" + others.key + "/revoke", url.Values{"merchant": {"shoes"}}, [6]int{no, no, unknown, no, no, unknown}},
		{"/settings/webhooks?merchant=shoes", nil, [6]int{no, no, yes, no, no, yes}},
		{"/settings/webhooks", url.Values{"merchant": {"shoes"}}, [6]int{no, no, yes, no, no, yes}},
		{"/settings/webhooks", url.Values{"merchant": {"books"}}, [6]int{no, no, unknown, no, no, yes}},
	} {
		for i, viewer := range viewers {
			s, _ := walled(t, viewer)
			r := httptest.NewRequest(http.MethodGet, "https://pay.example.com/portal"+c.route, nil)
			if c.form != nil {
				r = post("/portal"+c.route, c.form)
			}
			if w := s.answer(r); w.Code != c.want[i] {
				t.Errorf("%s %s as %s of %q: %d, want %d", r.Method, c.route, viewer.Role, viewer.MerchantID, w.Code, c.want[i])
			}
		}
	}
}

// TestAnUnknownPageAndTheRulesAreAlike for a merchant's people.
func TestAnUnknownPageAndTheRulesAreAlike(t *testing.T) {
	t.Parallel()
	s, _ := walled(t, account.Viewer{PersonID: "p", MerchantID: own.merchant, Role: account.RoleAdmin})
	nothing := s.ask(http.MethodGet, "/portal/nothing")
	for _, path := range []string{"/portal/risk", "/portal/risk?merchant=" + own.merchant, "/portal/risk/versions", "/portal/risk/what-if"} {
		if w := s.ask(http.MethodGet, path); w.Code != nothing.Code || w.Body.String() != nothing.Body.String() {
			t.Errorf("%s: %d\n%s", path, w.Code, w.Body)
		}
	}
	lacks(t, s.page("/portal/"), "Risk rules")
}

// TestAKeyIsMadeAndRevoked: the password stands in one answer and in no address.
func TestAKeyIsMadeAndRevoked(t *testing.T) {
	t.Parallel()
	s, door := walled(t, account.Viewer{PersonID: "p", MerchantID: own.merchant, Role: account.RoleAdmin})
	w := s.answer(post("/portal/settings/keys", url.Values{"merchant": {own.merchant}}))
	has(t, w.Body.String(), `<code id="password" data-testid="password">kvitto_api_MADE</code>`, `data-copy="password"`, "the-new-user-name", "shown this once")
	if w.Code != http.StatusOK || w.Header().Get("Location") != "" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d, %v", w.Code, w.Header())
	}
	page := s.page("/portal/settings/keys")
	has(t, page, own.key, `href="/portal/settings/keys/`+own.key+`/revoke?merchant=shoes"`)
	lacks(t, page, "kvitto_api_")
	has(t, s.page("/portal/settings/keys/"+own.key+"/revoke?merchant=shoes"), "the merchant's only key that works", `method="post"`)
	if w := s.answer(post("/portal/settings/keys/"+own.key+"/revoke", url.Values{"merchant": {own.merchant}})); w.Header().Get("Location") != "/portal/settings/keys?done=revoked&merchant=shoes" {
		t.Errorf("%d to %s", w.Code, w.Header().Get("Location"))
	}
	has(t, s.page("/portal/settings/keys?done=revoked&merchant=shoes"), "The key is revoked", "No key works", `data-testid="revoked"><code>`+own.key)
	if w := s.ask(http.MethodGet, "/portal/settings/keys/"+own.key+"/revoke?merchant=shoes"); w.Code != http.StatusSeeOther {
		t.Errorf("one that is revoked is asked about again: %d", w.Code)
	}
	if want := []string{"made an API key the-new-user-name of shoes", "revoked an API key " + own.key + " of shoes"}; !slices.Equal(door.acts, want) {
		t.Errorf("written down: %q", door.acts)
	}
	if want := []string{"made one of shoes", "revoked " + own.key + " of shoes"}; !slices.Equal(s.moved, want) {
		t.Errorf("done: %q", s.moved)
	}
}

// TestTheSecretOfCallbacksIsShownWhenAskedFor, and that is written down.
func TestTheSecretOfCallbacksIsShownWhenAskedFor(t *testing.T) {
	t.Parallel()
	s, door := walled(t, account.Viewer{PersonID: "p", MerchantID: own.merchant, Role: account.RoleAdmin})
	lacks(t, s.page("/portal/settings/webhooks"), "whsec_"+own.mark)
	if len(door.acts) > 0 {
		t.Errorf("nobody looked, but %q", door.acts)
	}
	has(t, s.answer(post("/portal/settings/webhooks", url.Values{"merchant": {own.merchant}})).Body.String(), "whsec_"+own.mark)
	if want := []string{"looked at the callback secret  of shoes"}; !slices.Equal(door.acts, want) {
		t.Errorf("%q", door.acts)
	}
}

// TestRetentionIsForEverybodyAndFiguresForTheOperator.
func TestRetentionIsForEverybodyAndFiguresForTheOperator(t *testing.T) {
	t.Parallel()
	s, _ := walled(t, account.Viewer{PersonID: "p", Role: account.RoleViewer})
	has(t, s.page("/portal/settings/retention"), "Assessments", "400 days", "4711", "retention.assessments", "for ever", "not counted")
	s, _ = walled(t, account.Viewer{PersonID: "p", MerchantID: own.merchant, Role: account.RoleAdmin})
	page := s.page("/portal/settings/retention")
	has(t, page, "Assessments", "400 days")
	lacks(t, page, "4711", "retention.assessments")
}

// TestAPlaygroundHasNoKeys and says so; its person tries rules and sees secrets.
func TestAPlaygroundHasNoKeys(t *testing.T) {
	t.Parallel()
	s := open(t)
	has(t, s.page("/portal/settings/keys"), "Any user name and any password")
	has(t, s.page("/portal/risk"), "what-if")
	has(t, s.page("/portal/risk/what-if"), "order_amount == 4")
	has(t, s.page("/portal/settings/webhooks"), "No merchant yet", "with its first request")
	has(t, s.page("/portal/settings/retention"), "Assessments")
	if w := s.ask(http.MethodPost, "/portal/settings/keys"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("a key is made: %d", w.Code)
	}
	if w := s.ask(http.MethodGet, "/portal/settings"); !strings.HasSuffix(w.Header().Get("Location"), "/settings/keys") {
		t.Errorf("settings lead to %s", w.Header().Get("Location"))
	}
}
