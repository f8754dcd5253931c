package browser_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/browsertest"
)

const rulesOfTheHouse = `name = "shop"

[[rule]]
name = "large"
priority = 10
condition = 'order_amount > 100000'
action = "refer"
due_minutes = 120
reason = "a large order is looked at by somebody"

[[rule]]
name = "new-device"
priority = 20
condition = """
device_history.orders == 0 &&
order_amount > 50000
"""
action = "deny"
reason = "nobody knows this device"
`

// furnished is a house with a merchant and rules in a file that was changed and
// then spoilt.
func furnished(t *testing.T) (h *house, page *browsertest.Page) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rules.toml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(rulesOfTheHouse)
	h = openHouse(t, func(c *app.Config) { c.Rules = file })
	opened, err := app.OpenAdmin(t.Context(), h.store)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = opened.AddMerchant(t.Context(), "Shoes"); err != nil || opened.Close() != nil {
		t.Fatal(err)
	}
	page, _ = h.welcomed(t)
	page.Open(h.url + "/portal/risk")
	write(strings.Replace(rulesOfTheHouse, "> 50000", "> 60000", 1))
	page.Open(h.url + "/portal/risk")
	write("name = \"shop\"\n[[rule]]\nname = \"large\"\n")
	page.Open(h.url + "/portal/risk")
	return h, page
}

// TestPagesOfRulesAndSettingsAreAccessible of a server for shops, with something on
// them.
func TestPagesOfRulesAndSettingsAreAccessible(t *testing.T) {
	t.Parallel()
	h, page := furnished(t)
	see := func(name string) {
		t.Helper()
		look(t, page, "settings-"+name)
		page.Emulate(browsertest.View{Width: 360})
		if wide := browsertest.Eval[int](page, "document.documentElement.scrollWidth"); wide > 360 {
			t.Errorf("%s is %d pixels wide in a window of 360", name, wide)
		}
		page.Emulate(browsertest.View{Width: 1280})
	}
	see("risk")
	page.Click(id("compare"))
	page.Wait("document.querySelector('[data-testid=difference]')")
	see("versions")
	page.Open(h.url + "/portal/risk/what-if")
	page.Do("document.querySelector('[data-testid=rules]').value = 'name = 1'")
	page.Expect("422 (Unprocessable Entity)")
	page.Click(id("try"))
	page.Wait("document.querySelector('[data-testid=problem]')")
	see("what-if-refused")
	page.Open(h.url + "/portal/settings/keys")
	page.Click(id("make-key"))
	page.Wait("document.querySelector('[data-testid=password]')")
	see("key")
	page.Click(id("back"))
	page.Wait("document.querySelector('[data-testid=keys]')")
	see("keys")
	page.Click(id("revoke"))
	page.Wait("document.querySelector('[data-testid=keep]')")
	see("revoke")
	page.Click(id("revoke"))
	page.Wait("document.querySelector('[data-testid=done]')")
	see("keys-revoked")
	page.Click(id("nav-webhooks"))
	page.Click(id("reveal"))
	page.Wait("document.querySelector('[data-testid=secret]')")
	see("webhooks")
	page.Click(id("nav-retention"))
	page.Wait("document.querySelector('[data-testid=retention]')")
	see("retention")
}

// TestAKeyByKeyboard: made, copied, and revoked after one more question.
func TestAKeyByKeyboard(t *testing.T) {
	t.Parallel()
	h, page := furnished(t)
	page.Open(h.url + "/portal/settings")
	v := &visit{page, t}
	v.tabTo("make-key")
	v.Press("Enter")
	v.sees("password")
	made := shownAt(v, "username")
	if strings.Contains(browsertest.Eval[string](v, "location.href"), "kvitto_api") {
		t.Error("the address has the password")
	}
	v.Do("navigator.clipboard.writeText = async (text) => { window.copied = text }")
	v.Do("document.querySelector('[data-copy=password]').focus()")
	v.Press("Enter")
	v.Wait("window.copied?.startsWith('kvitto_api_')")
	v.tabTo("back")
	v.Press("Enter")
	v.sees("keys")
	v.tabTo("revoke")
	v.Press("Enter")
	v.sees("keep")
	v.tabTo("revoke")
	v.Press("Enter")
	v.sees("done")
	if gone := shownAt(v, "revoked"); !strings.Contains(gone, made) {
		t.Errorf("revoked is %q, want %s", gone, made)
	}
}

// TestOtherRulesByKeyboard: from the rules in force to what others would have
// decided, and to a payment that would be another.
func TestOtherRulesByKeyboard(t *testing.T) {
	t.Parallel()
	s := newMerchant(t)
	s.create(cart(amount))
	if result, err := s.server.Authorize(t.Context(), s.session.SessionID, client.BrowserCall{}); err != nil || !result.Approved {
		t.Fatalf("%+v, %v", result, err)
	}
	page := browsertest.Open(t, portalAt("risk"))
	v := &visit{page, t}
	v.tabTo("to-what-if")
	v.Press("Enter")
	v.sees("rules")
	v.Do("(name) => { document.querySelector('#w-merchant').value = name }", s.user)
	v.tabTo("rules")
	v.Do("document.activeElement.select()")
	v.Keys("name = \"closed\"\n[[rule]]\nname = \"all\"\npriority = 1\ncondition = 'true'\naction = \"deny\"\nreason = \"nothing is sold\"\n")
	v.tabTo("try")
	v.Press("Enter")
	v.sees("result")
	v.sees("ended")
	look(t, page, "portal-tried")
	if n := browsertest.Eval[int](v, "[...document.querySelectorAll('.growing > p')].filter((p) => p.checkVisibility()).length"); n != 1 {
		t.Errorf("%d lines of the progress are shown", n)
	}
	if got := shownAt(v, "different"); got != "1" {
		t.Errorf("%s would be decided differently, want 1", got)
	}
	v.tabTo("to-session")
	v.Press("Enter")
	v.Wait("(id) => location.pathname.endsWith('/sessions/' + id)", s.session.SessionID)
}
