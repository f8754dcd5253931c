package browser_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/internal/browsertest"
)

// story is a merchant who made mistakes, with what the portal has of them.
type story struct {
	*shop
	refusedUpdate, refusedOrder string // correlation ids
}

// portalAt is an address of the portal.
func portalAt(path string) string { return kvitto.front.url + "/portal/" + path }

// newStory opens a session, mistakes a tax, approves, changes the cart and orders
// what was not approved.
func newStory(t *testing.T) *story {
	t.Helper()
	s := &story{shop: newMerchant(t)}
	body := cart(amount)
	body["merchant_urls"] = object{"authorization": "http://127.0.0.1:9/told"}
	s.create(body)
	wrong := cart(amount)
	wrong["order_lines"].([]any)[0].(object)["total_tax_amount"] = 2500
	wrong["order_tax_amount"] = 2500
	_, err := s.server.UpdateSession(t.Context(), s.session.SessionID, wrong)
	s.refusedUpdate = correlationOf(t, err)
	result, err := s.server.Authorize(t.Context(), s.session.SessionID, client.BrowserCall{Outcome: client.Approve})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.server.UpdateSession(t.Context(), s.session.SessionID, cart(2*amount)); err != nil {
		t.Fatal(err)
	}
	_, err = s.server.PlaceOrder(t.Context(), result.AuthorizationToken, cart(2*amount))
	s.refusedOrder = correlationOf(t, err)
	return s
}

func correlationOf(t *testing.T, err error) string {
	t.Helper()
	var refused *client.Error
	if !errors.As(err, &refused) {
		t.Fatalf("%v is no refusal", err)
	}
	return refused.CorrelationID
}

// shownAt is what an element with a test id says.
func shownAt(target browsertest.Target, name string) string {
	return browsertest.Eval[string](target, "(s) => document.querySelector(s)?.textContent.trim() ?? ''", id(name))
}

// TestPortalPagesAreAccessible: no serious fault on any page of the portal, light
// and dark.
func TestPortalPagesAreAccessible(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	for _, fault := range []client.Fault{{Kind: client.LoseAnswer, Operation: "create_order"}, {Kind: client.Latency, Milliseconds: 10000, Count: 3}} {
		if _, err := s.server.AddFault(t.Context(), fault); err != nil {
			t.Fatal(err)
		}
	}
	page := browsertest.Open(t, portalAt(""))
	page.Wait("document.querySelector('[data-testid=cause]')")
	for name, path := range map[string]string{
		"overview": "", "overview-week": "?period=week&merchant=" + url.QueryEscape(s.user), "logs": "logs", "logs-filtered": "logs?status=refused&merchant=" + url.QueryEscape(s.user), "logs-nothing": "logs?q=no+such+thing",
		"exchange-400": "exchanges/" + s.refusedUpdate, "exchange-409": "exchanges/" + s.refusedOrder, "session": "sessions/" + s.session.SessionID,
		"callbacks": "callbacks?merchant=" + url.QueryEscape(s.user), "playground": "playground?merchant=" + url.QueryEscape(s.user) + "&done=primed",
		"rules": "rules", "risk": "risk", "what-if": "risk/what-if", "keys": "settings/keys", "webhooks": "settings/webhooks?merchant=" + url.QueryEscape(s.user),
		"retention": "settings/retention", "erase": "erase", "missing": "exchanges/nowhere",
	} {
		page.Open(portalAt(path))
		look(t, page, "portal-"+name)
		page.Emulate(browsertest.View{Width: 360})
		if wide := browsertest.Eval[int](page, "document.documentElement.scrollWidth"); wide > 360 {
			t.Errorf("%s is %d pixels wide in a window of 360", name, wide)
		}
	}
}

// TestFromTheIDToTheValue: whoever has only the correlation id types it, and is
// told both values; two clicks lead from the list to the place in the body.
func TestFromTheIDToTheValue(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	page := browsertest.Open(t, portalAt("logs"))
	page.Type(id("search"), s.refusedUpdate)
	page.Press("Enter")
	page.Wait("document.querySelector('[data-testid=why]')")
	if sent, expected := shownAt(page, "sent"), shownAt(page, "expected"); sent != "2500" || expected != "2000 ± 1" {
		t.Errorf("sent %q, expected %q", sent, expected)
	}

	page.Open(portalAt("logs?status=refused&operation=update_session&merchant=" + url.QueryEscape(s.user)))
	page.Click(id("to-exchange"))
	page.Click(id("violation") + " h3 a")
	page.Wait(`document.querySelector('.note:target')?.checkVisibility() && document.querySelector('.note:target').getBoundingClientRect().top < innerHeight`)
	marked := browsertest.Eval[string](page, "document.querySelector('.line:has(:target)').textContent.replace(/\\s+/g, ' ').trim()")
	if want := `"total_tax_amount": 2500, expected 2000 ± 1`; marked != want {
		t.Errorf("the place in the body says %q, want %q", marked, want)
	}
}

// TestTheCauseByKeyboard: from the first page to the cause of a refusal, and to
// its place in the body, with the keyboard alone.
func TestTheCauseByKeyboard(t *testing.T) {
	t.Parallel()
	newStory(t)
	v := &visit{browsertest.Open(t, portalAt("")), t}
	v.tabTo("cause")
	v.Press("Enter")
	v.sees("why")
	v.Wait("document.readyState === 'complete'")
	if headline := browsertest.Eval[string](v, "document.querySelector('.headline').textContent"); headline == "" {
		t.Error("the page does not say why")
	}
	v.Press("Tab")
	if focus := v.Focused(); focus.Name != "To the content" {
		t.Errorf("the first stop is %s", focus)
	}
	v.Press("Enter", "Tab")
	if inside := browsertest.Eval[bool](v, "document.querySelector('main').contains(document.activeElement)"); !inside {
		t.Errorf("the skip link leads to %s", v.Focused())
	}
}

// TestTheOverviewByKeyboard: another time, and the numbers of a plot, with the
// keyboard alone. Every way in which an authorization ends is counted.
func TestTheOverviewByKeyboard(t *testing.T) {
	t.Parallel()
	s := newMerchant(t)
	for _, outcome := range []string{client.Approve, client.Refer, client.Deny} {
		s.create(cart(amount))
		if _, err := s.server.Authorize(t.Context(), s.session.SessionID, client.BrowserCall{Outcome: outcome}); err != nil {
			t.Fatal(err)
		}
	}
	v := &visit{browsertest.Open(t, portalAt("?merchant="+url.QueryEscape(s.user))), t}
	v.tabTo("period-hour")
	v.Press("Enter")
	v.Wait("document.querySelector('[data-testid=period-hour][aria-current]') && document.readyState === 'complete'")
	if rate := shownAt(v, "rate"); rate != "66.7 %" {
		t.Errorf("approved are %s", rate)
	}
	v.tabTo("table-authorizations")
	v.Press("Enter")
	v.Wait("document.querySelector('[data-testid=table-authorizations]').parentElement.open")
	const sums = `[...document.querySelectorAll('[data-testid=table-authorizations] + * tbody tr')]
		.map((row) => [...row.querySelectorAll('td')].map((cell) => Number(cell.textContent)))
		.reduce((sum, row) => sum.map((n, i) => n + row[i])).join(' ')`
	if counted := browsertest.Eval[string](v, sums); counted != "1 1 1" {
		t.Errorf("the table counts %s", counted)
	}
}

// TestTheListFollows: what happens appears on top, and nothing moves while the
// focus is in the list or the list is paused.
func TestTheListFollows(t *testing.T) {
	t.Parallel()
	s := newMerchant(t)
	s.create(cart(amount))
	page := browsertest.Open(t, portalAt("logs?merchant="+url.QueryEscape(s.user)))
	rows := "document.querySelectorAll('tr[data-id]').length"
	before := browsertest.Eval[int](page, rows)
	read := func() {
		t.Helper()
		if _, err := s.server.ReadSession(t.Context(), s.session.SessionID); err != nil {
			t.Fatal(err)
		}
	}
	read()
	page.Wait("(n) => document.querySelectorAll('tr[data-id]').length === n && document.querySelector('tr[data-id]').textContent.includes('read session')", before+1)
	page.Do("document.querySelector('tr[data-id] a').focus()")
	read()
	page.Wait("document.querySelector('[data-live-state]').textContent === 'Paused, 1 new'")
	if n := browsertest.Eval[int](page, rows); n != before+1 {
		t.Errorf("the list moved under the focus: %d rows", n)
	}
	page.Do("document.activeElement.blur()")
	page.Wait("(n) => document.querySelectorAll('tr[data-id]').length === n", before+2)
	page.Click("[data-live-toggle]")
	read()
	page.Wait("document.querySelector('[data-live-state]').textContent === 'Paused, 1 new'")
	page.Click("[data-live-toggle]")
	page.Wait("(n) => document.querySelectorAll('tr[data-id]').length === n", before+3)
}

// TestCopying: the corrected body is what is on the page, without its numbers.
func TestCopying(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	page := browsertest.Open(t, portalAt("exchanges/"+s.refusedUpdate))
	page.Do("navigator.clipboard.writeText = async (text) => { window.copied = text }")
	page.Click("[data-copy=corrected]")
	copied := browsertest.Await[object](page, "window.copied && JSON.parse(window.copied)")
	line := copied["order_lines"].([]any)[0].(object)
	if line["total_tax_amount"] != 2000.0 || copied["order_tax_amount"] != 2000.0 {
		t.Errorf("copied %v", copied)
	}
	page.Wait("document.querySelector('[data-copy=corrected]').textContent === 'Copied'")
}

// TestThePlaygroundByClicks: one click, and the next authorize ends like that.
func TestThePlaygroundByClicks(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	page := browsertest.Open(t, portalAt("playground?merchant="+url.QueryEscape(s.user)))
	page.Click(id("next-deny"))
	page.Wait("document.querySelector('[data-testid=primed]')")
	result, err := s.server.Authorize(t.Context(), s.session.SessionID, object{})
	if err != nil || result.Approved {
		t.Errorf("authorize: %+v, %v", result, err)
	}
	clock := shownAt(page, "clock")
	page.Click("button[name=advance][value='24h']")
	page.Wait("document.querySelector('[data-testid=done]')?.textContent.includes('moved')")
	if moved := shownAt(page, "clock"); moved[:10] <= clock[:10] {
		t.Errorf("the clock went from %s to %s", clock, moved)
	}
	page.Click(id("hold"))
	page.Wait("document.querySelector('[data-testid=done]')?.textContent.includes('held')")
	page.Open(portalAt("callbacks?merchant=" + url.QueryEscape(s.user)))
	if shown := browsertest.Eval[string](page, "document.querySelector('main').textContent"); !strings.Contains(shown, "are held") {
		t.Errorf("the page says %s", shown)
	}
}

// TestAFaultByKeyboard: the order is placed and its answer lost, by one press of a
// key; the log says that it was meant to, and the call that is repeated gets it.
func TestAFaultByKeyboard(t *testing.T) {
	t.Parallel()
	s := newMerchant(t)
	s.create(cart(amount))
	result, err := s.server.Authorize(t.Context(), s.session.SessionID, client.BrowserCall{Outcome: client.Approve})
	if err != nil {
		t.Fatal(err)
	}
	v := &visit{browsertest.Open(t, portalAt("playground?merchant="+url.QueryEscape(s.user))), t}
	v.tabTo("fault-lose_order")
	v.Press("Enter")
	v.Wait("document.querySelector('[data-testid=faults]')?.textContent.includes('place order')")
	if order, err := s.server.PlaceOrder(t.Context(), result.AuthorizationToken, cart(amount)); err == nil {
		t.Fatalf("it is answered: %+v", order)
	}
	v.Open(portalAt("logs?operation=create_order&merchant=" + url.QueryEscape(s.user)))
	v.tabTo("to-exchange")
	v.Press("Enter")
	v.sees("why")
	why := browsertest.Eval[string](v, "document.querySelector('.headline').textContent")
	if !strings.Contains(why, "this answer never arrived") {
		t.Errorf("the log says %q", why)
	}
	look(t, v.Page, "portal-exchange-lost")
	again, err := s.server.PlaceOrder(t.Context(), result.AuthorizationToken, cart(amount))
	if lost := browsertest.Eval[string](v, "document.querySelector('main').textContent"); err != nil || !strings.Contains(lost, again.OrderID) {
		t.Errorf("the repeated call: %+v, %v", again, err)
	}
}
