package app_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/app"
)

// merchant adds a merchant to the house and returns its id.
func (h *house) merchant(name string) string {
	h.t.Helper()
	opened, err := app.OpenAdmin(h.t.Context(), h.store)
	if err != nil {
		h.t.Fatal(err)
	}
	added, err := opened.AddMerchant(h.t.Context(), name)
	if err != nil || opened.Close() != nil {
		h.t.Fatal(err)
	}
	return added.ID
}

var madeKey = regexp.MustCompile(`data-testid="username">([0-9a-f-]{36})</code>[\s\S]*data-testid="password">(kvitto_api_[A-Za-z0-9_-]+)</code>`)

// TestAKeyOfThePortalOpensTheServer until it is revoked; who makes one has signed in
// a moment ago, and the log has no password.
func TestAKeyOfThePortalOpensTheServer(t *testing.T) {
	t.Parallel()
	h := openHouse(t, nil)
	v := h.admin()
	merchant := h.merchant("Shoes")
	form := url.Values{"merchant": {merchant}}
	status := func(key []string) int {
		return send(t, http.DefaultClient, "POST", h.URL+"/payments/v1/sessions", key[1], key[2], "{}", nil).status
	}
	first, second := madeKey.FindStringSubmatch(v.expect("/portal/settings/keys", form, http.StatusOK, "shown this once").body),
		madeKey.FindStringSubmatch(v.expect("/portal/settings/keys", form, http.StatusOK, "shown this once").body)
	if first == nil || second == nil || status(first) != http.StatusBadRequest {
		t.Fatalf("the new key does not open the server: %v", first)
	}
	v.expect("/portal/settings/keys/"+second[1]+"/revoke?merchant="+merchant, nil, http.StatusOK, "1 other key of the merchant goes on to work")
	v.expect("/portal/settings/keys/"+second[1]+"/revoke", form, http.StatusSeeOther, "done=revoked")
	if got := status(second); got != http.StatusUnauthorized {
		t.Errorf("a revoked key is answered %d", got)
	}
	v.expect("/portal/audit", nil, http.StatusOK, "revoked an API key")
	if text := h.log.String(); !strings.Contains(text, first[1]) || strings.Contains(text, first[2]) || strings.Contains(text, second[2]) {
		t.Errorf("the log:\n%s", text)
	}

	own := v.invite("shop@example.com", "admin", merchant)
	own.expect("/portal/settings/keys", nil, http.StatusOK, first[1])
	other := h.merchant("Books")
	own.expect("/portal/settings/keys?merchant="+other, nil, http.StatusNotFound, "No merchant")
	own.expect("/portal/settings/keys", url.Values{"merchant": {other}}, http.StatusNotFound, "No merchant")
	own.expect("/portal/audit", nil, http.StatusOK, "the operator")
	viewer := v.invite("viewer@example.com", "viewer", merchant)
	viewer.expect("/portal/settings/keys", nil, http.StatusForbidden, "Your role does not allow this")
	viewer.expect("/portal/settings", nil, http.StatusSeeOther, "/portal/settings/retention")

	h.clock.pass(account.FreshFor)
	v.expect("/portal/settings/keys?merchant="+merchant, nil, http.StatusOK, first[1])
	for path, back := range map[string]string{"/settings/keys": "keys", "/settings/keys/" + first[1] + "/revoke": "keys", "/settings/webhooks": "webhooks"} {
		v.expect("/portal"+path, form, http.StatusSeeOther, "/portal/sign-in?again=1&next=%2Fportal%2Fsettings%2F"+back)
	}
	v.expect("/portal/erase", form, http.StatusSeeOther, "/portal/sign-in?again=1&next=%2Fportal%2Ferase")
	if got := status(first); got != http.StatusBadRequest {
		t.Errorf("the key was revoked all the same: %d", got)
	}
}

// TestTheSecretIsTheOneThatTheShopIsTold.
func TestTheSecretIsTheOneThatTheShopIsTold(t *testing.T) {
	t.Parallel()
	h := openHouse(t, nil)
	v := h.admin()
	merchant := h.merchant("Shoes")
	key := madeKey.FindStringSubmatch(v.expect("/portal/settings/keys", url.Values{"merchant": {merchant}}, http.StatusOK, "").body)
	page := v.expect("/portal/settings/webhooks", url.Values{"merchant": {merchant}}, http.StatusOK, "whsec_").body
	secret := regexp.MustCompile(`data-testid="secret">([^<]+)<`).FindStringSubmatch(page)
	told := send(t, http.DefaultClient, "GET", h.URL+"/kvitto/v1/callbacks/secret", key[1], key[2], "", nil)
	if secret == nil || !strings.Contains(told.body, strings.ReplaceAll(secret[1], "&#43;", "+")) {
		t.Errorf("the page says %v, the shop is told %s", secret, told.body)
	}
	if strings.Contains(h.log.String(), "whsec_") {
		t.Error("the log has the secret")
	}
}

// TestOtherRulesAreTriedOnAServerForShops by the operator's people, with progress
// through everything that stands before the portal.
func TestOtherRulesAreTriedOnAServerForShops(t *testing.T) {
	t.Parallel()
	rules := filepath.Join(t.TempDir(), "rules.toml")
	text := "name = \"shop\"\n[[rule]]\nname = \"all\"\npriority = 1\ncondition = 'order_amount > 0'\naction = \"deny\"\nreason = \"all\"\n"
	if err := os.WriteFile(rules, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	h := openHouse(t, func(c *app.Config) { c.Rules = rules; c.Retention.Exchanges = account.AuditKept })
	v := h.admin()
	merchant := h.merchant("Shoes")
	v.expect("/portal/risk?merchant="+merchant, nil, http.StatusOK, "order_amount &gt; 0")
	if page := v.expect("/portal/risk/what-if", url.Values{"rules": {text}}, http.StatusOK, "Done: 0 assessments"); !strings.Contains(page.body, "</html>") {
		t.Errorf("the page ends early:\n%s", page.body)
	}
	v.expect("/portal/audit", nil, http.StatusOK, "tried other rules on assessments")
	own := v.invite("shop@example.com", "admin", merchant)
	own.expect("/portal/risk", nil, http.StatusNotFound, "no such page")
	v.expect("/portal/settings/retention", nil, http.StatusOK, "retention.assessments")
	own.expect("/portal/settings/retention", nil, http.StatusOK, "400 days")
}
