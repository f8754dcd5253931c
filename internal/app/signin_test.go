package app_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/admin"
	"github.com/kvitto/kvitto/internal/app"
)

// setClock is a clock that a test moves.
type setClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *setClock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *setClock) pass(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// house is a server for shops with a clock that a test moves.
type house struct {
	*running
	store string
	clock *setClock
	log   *lockedBuffer
}

func openHouse(t *testing.T, change func(*app.Config)) *house {
	t.Helper()
	data := t.TempDir()
	h := &house{store: "sqlite:" + data, clock: &setClock{now: time.Now().Truncate(time.Second)}, log: &lockedBuffer{}}
	h.running = run(t, func(c *app.Config) {
		c.Portal, c.DataDir, c.SystemTime, c.Logger = true, data, h.clock.read, slog.New(slog.NewTextHandler(h.log, nil))
		if change != nil {
			change(c)
		}
	})
	return h
}

// visitor is a browser: it keeps cookies, also those for TLS, as browsers do of
// localhost.
type visitor struct {
	t               *testing.T
	h               *house
	cookies, header map[string]string
	email, app      string
}

func (h *house) visitor() *visitor {
	return &visitor{t: h.t, h: h, cookies: map[string]string{}, header: map[string]string{}}
}

var noRedirect = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// send sends a request; a nil form is a GET.
func (v *visitor) send(path string, form url.Values) reply {
	v.t.Helper()
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	request, err := http.NewRequestWithContext(v.t.Context(), method, strings.TrimSuffix(v.h.URL, "/")+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range v.header {
		if name == "Host" {
			request.Host = value
		}
		request.Header.Set(name, value)
	}
	for name, value := range v.cookies {
		request.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	response, err := noRedirect.Do(request)
	if err != nil {
		v.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	for _, cookie := range response.Cookies() {
		if !strings.HasPrefix(cookie.Name, "__Host-") || !cookie.Secure || !cookie.HttpOnly || cookie.Path != "/" || cookie.Domain != "" || cookie.SameSite != http.SameSiteLaxMode {
			v.t.Errorf("%s %s: a cookie as %s", method, path, cookie)
		}
		if v.cookies[cookie.Name] = cookie.Value; cookie.MaxAge < 0 {
			delete(v.cookies, cookie.Name)
		}
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	if got := response.Header.Get("Cache-Control"); got != "no-store" && !strings.Contains(path, "/assets/") {
		v.t.Errorf("%s %s may be kept: %q", method, path, got)
	}
	return reply{response.StatusCode, response.Header, string(text)}
}

// expect sends a request and expects a status and a text, or where it leads.
func (v *visitor) expect(path string, form url.Values, status int, want string) reply {
	v.t.Helper()
	got := v.send(path, form)
	if got.status != status || !strings.Contains(got.body, want) && !strings.Contains(got.header.Get("Location"), want) {
		v.t.Fatalf("%s: %d to %q, want %d with %q\n%.1500s", path, got.status, got.header.Get("Location"), status, want, got.body)
	}
	return got
}

var (
	linkInLog = regexp.MustCompile(`/portal/link/[A-Za-z0-9_-]{43}`)
	appSecret = regexp.MustCompile(`name="authenticator" value="([A-Z2-7]{32})"`)
	recovery  = regexp.MustCompile(`<code>([a-z2-7]{4}(?:-[a-z2-7]{4}){3})</code>`)
)

const chosen = "correct horse battery"

// code is a code of the visitor's app that was not used yet.
func (v *visitor) code() string {
	v.t.Helper()
	v.h.clock.pass(31 * time.Second)
	code, err := totp.GenerateCode(v.app, v.h.clock.read())
	if err != nil {
		v.t.Fatal(err)
	}
	return code
}

// follow follows a link and sets what it asks for.
func (v *visitor) follow(link, email string) reply {
	v.t.Helper()
	page := v.expect(link, nil, http.StatusOK, `name="password"`)
	found := appSecret.FindStringSubmatch(page.body)
	if found == nil || !strings.Contains(page.body, `<svg class="qr"`) {
		v.t.Fatalf("no app is asked for:\n%s", page.body)
	}
	v.email, v.app = email, found[1]
	return v.expect(link, url.Values{"email": {email}, "name": {"Åsa"}, "password": {chosen}, "repeated": {chosen}, "authenticator": {v.app}, "code": {v.code()}},
		http.StatusOK, "Your recovery codes")
}

// signIn signs in with password and code.
func (v *visitor) signIn() {
	v.t.Helper()
	v.expect("/portal/sign-in", url.Values{"email": {v.email}, "password": {chosen}}, http.StatusSeeOther, "/portal/sign-in/code")
	v.expect("/portal/sign-in/code", url.Values{"code": {v.code()}, "next": {"/portal/logs"}}, http.StatusSeeOther, "/portal/logs")
}

// admin is the first admin of the house.
func (h *house) admin() *visitor {
	h.t.Helper()
	v := h.visitor()
	v.follow(linkInLog.FindString(h.log.String()), "admin@example.com")
	return v
}

// invite has the admin invite somebody, who follows the link.
func (v *visitor) invite(email, role, merchant string) *visitor {
	v.t.Helper()
	page := v.expect("/portal/people", url.Values{"name": {"Pär"}, "email": {email}, "role": {role}, "merchant": {merchant}}, http.StatusOK, "A link for Pär")
	other := v.h.visitor()
	other.follow(linkInLog.FindString(page.body), email)
	return other
}

// TestTheStoryOfAnAdmin: link, password, code, page, sign out, and the old cookie
// is dead.
func TestTheStoryOfAnAdmin(t *testing.T) {
	t.Parallel()
	h := openHouse(t, nil)
	link := linkInLog.FindString(h.log.String())
	v := h.visitor()
	welcome := v.follow(link, "admin@example.com")
	if codes := recovery.FindAllString(welcome.body, -1); len(codes) != 10 {
		t.Errorf("%d recovery codes", len(codes))
	}
	v.expect("/portal/", nil, http.StatusOK, "Overview")
	v.expect(link, nil, http.StatusNotFound, "This link does not work")
	session := v.cookies["__Host-kvitto-session"]
	v.expect("/portal/sign-out", url.Values{}, http.StatusSeeOther, "/portal/sign-in")
	if len(v.cookies) != 0 {
		t.Errorf("cookies are left: %v", v.cookies)
	}
	v.cookies["__Host-kvitto-session"] = session
	v.expect("/portal/", nil, http.StatusSeeOther, "/portal/sign-in")
	delete(v.cookies, "__Host-kvitto-session")

	v.expect("/portal/exchanges/x?y=1", nil, http.StatusSeeOther, "/portal/sign-in?next=%2Fportal%2Fexchanges%2Fx%3Fy%3D1")
	v.expect("/portal/sign-in/code", nil, http.StatusSeeOther, "/portal/sign-in")
	wrong := v.expect("/portal/sign-in", url.Values{"email": {v.email}, "password": {"something else"}}, http.StatusUnauthorized, "do not go together")
	nobody := v.expect("/portal/sign-in", url.Values{"email": {"nobody@example.com"}, "password": {chosen}}, http.StatusUnauthorized, "do not go together")
	if strings.ReplaceAll(wrong.body, v.email, "") != strings.ReplaceAll(nobody.body, "nobody@example.com", "") {
		t.Error("an address that nobody has is answered otherwise")
	}
	h.clock.pass(time.Minute)
	v.signIn()
	v.expect("/portal/audit", nil, http.StatusOK, "sign-in refused")
	if text := h.log.String(); strings.Contains(text, chosen) || strings.Contains(text, session) || strings.Contains(text, v.app) {
		t.Error("the log tells a secret")
	}
}

func TestARevokedSessionIsDead(t *testing.T) {
	t.Parallel()
	h := openHouse(t, nil)
	one := h.admin()
	two := h.visitor()
	two.email, two.app = one.email, one.app
	two.signIn()
	page := two.expect("/portal/account", nil, http.StatusOK, "Where you are signed in")
	ids := regexp.MustCompile(`name="session" value="([0-9a-f]{64})"`).FindAllStringSubmatch(page.body, -1)
	if len(ids) != 1 {
		t.Fatalf("%d other sessions", len(ids))
	}
	two.expect("/portal/account/sessions", url.Values{"session": {ids[0][1]}}, http.StatusSeeOther, "done=session")
	one.expect("/portal/", nil, http.StatusSeeOther, "/portal/sign-in")
	two.expect("/portal/", nil, http.StatusOK, "Overview")
	two.expect("/portal/account/sessions", url.Values{"session": {ids[0][1]}}, http.StatusNotFound, "not here")
	h.clock.pass(account.SessionIdle)
	two.expect("/portal/", nil, http.StatusSeeOther, "/portal/sign-in")
}

// TestAScriptKeepsNoSessionAlive: a list that follows what happens asks every two
// seconds, whether anybody looks or not.
func TestAScriptKeepsNoSessionAlive(t *testing.T) {
	t.Parallel()
	h := openHouse(t, nil)
	v := h.admin()
	v.header["Sec-Fetch-Dest"] = "empty"
	for range 2 {
		h.clock.pass(account.SessionIdle / 3)
		v.expect("/portal/logs?rows=1", nil, http.StatusOK, "")
	}
	h.clock.pass(account.SessionIdle / 3)
	v.expect("/portal/logs?rows=1", nil, http.StatusUnauthorized, "Sign in again")
}

func TestGuessingIsStopped(t *testing.T) {
	t.Parallel()
	h := openHouse(t, nil)
	v := h.admin()
	stranger := h.visitor()
	for range 10 {
		stranger.expect("/portal/sign-in", url.Values{"email": {v.email}, "password": {"a wrong one"}}, http.StatusUnauthorized, "do not go together")
		h.clock.pass(time.Second)
	}
	got := stranger.expect("/portal/sign-in", url.Values{"email": {v.email}, "password": {chosen}}, http.StatusTooManyRequests, "Too many attempts")
	if wait := got.header.Get("Retry-After"); wait != "30" {
		t.Errorf("it says to wait %q seconds", wait)
	}
	h.clock.pass(30 * time.Second)
	stranger.email, stranger.app = v.email, v.app
	stranger.signIn()
	h.clock.pass(time.Second)
	refused := 0
	for range 10 {
		if stranger.send("/portal/sign-in", url.Values{"email": {"x@example.com"}, "password": {"x"}}).status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused != 5 {
		t.Errorf("%d of ten at once were refused", refused)
	}
}

func TestADisabledPersonIsOut(t *testing.T) {
	t.Parallel()
	h := openHouse(t, nil)
	v := h.admin()
	other := v.invite("b@example.com", "operator", "*")
	other.expect("/portal/", nil, http.StatusOK, "Overview")
	page := v.expect("/portal/people", nil, http.StatusOK, "b@example.com")
	id := regexp.MustCompile(`/portal/people/([0-9a-f-]{36})/disable`).FindStringSubmatch(page.body)
	v.expect("/portal/people/"+id[1]+"/disable", url.Values{}, http.StatusSeeOther, "done=disable")
	other.expect("/portal/", nil, http.StatusSeeOther, "/portal/sign-in")
	other.expect("/portal/sign-in", url.Values{"email": {other.email}, "password": {chosen}}, http.StatusUnauthorized, "do not go together")
}

func TestRolesAreDenied(t *testing.T) {
	t.Parallel()
	h := openHouse(t, nil)
	v := h.admin()
	viewer := v.invite("viewer@example.com", "viewer", "*")
	operator := v.invite("operator@example.com", "operator", "*")
	for _, path := range []string{"/portal/people", "/portal/audit"} {
		viewer.expect(path, nil, http.StatusForbidden, "Your role does not allow this")
		operator.expect(path, nil, http.StatusForbidden, "Your role does not allow this")
	}
	viewer.expect("/portal/callbacks/hold", url.Values{"merchant": {"x"}, "hold": {"true"}}, http.StatusForbidden, "Your role does not allow this")
	operator.expect("/portal/callbacks/hold", url.Values{"merchant": {"x"}, "hold": {"true"}}, http.StatusNotFound, "not here")
	for _, path := range []string{"/portal/people", "/portal/people/x/disable", "/portal/people/x/role", "/portal/people/x/link"} {
		operator.expect(path, url.Values{"role": {"admin"}}, http.StatusForbidden, "Your role does not allow this")
	}
}

// TestChangesOfOtherSitesAreRefused on every path that changes something.
func TestChangesOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	h := openHouse(t, nil)
	v := h.admin()
	for _, header := range []map[string]string{
		{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"},
	} {
		v.header = header
		for _, path := range []string{
			"/sign-in", "/sign-in/code", "/sign-in/passkey", "/sign-in/passkey/begin", "/sign-out", "/link/x", "/account/password", "/account/authenticator",
			"/account/recovery-codes", "/account/sessions", "/account/passkeys", "/account/passkeys/begin", "/account/passkeys/remove", "/people", "/people/x/disable",
			"/callbacks/hold", "/callbacks/x/release", "/risk/what-if", "/settings/keys", "/settings/keys/x/revoke", "/settings/webhooks",
		} {
			if got := v.send("/portal"+path, url.Values{}); got.status != http.StatusForbidden || strings.Contains(got.body, "role") {
				t.Errorf("%v: POST %s: %d", header, path, got.status)
			}
		}
	}
	v.header = nil
	v.expect("/portal/", nil, http.StatusOK, "Overview")
}

// TestEveryPageAsksWhoItIs: without a session nothing is shown, and nothing but
// the style and the forms to sign in.
func TestEveryPageAsksWhoItIs(t *testing.T) {
	t.Parallel()
	h := openHouse(t, nil)
	stranger := h.visitor()
	for _, path := range []string{
		"/", "/logs", "/logs?rows=1", "/callbacks", "/rules", "/exchanges/x", "/exchanges/x/har", "/sessions/x", "/account", "/people", "/audit", "/nothing", "/playground",
		"/risk", "/risk/versions", "/risk/what-if", "/settings", "/settings/keys", "/settings/keys/x/revoke", "/settings/webhooks", "/settings/retention",
	} {
		stranger.expect("/portal"+path, nil, http.StatusSeeOther, "/portal/sign-in")
	}
	for _, path := range []string{"/account/password", "/account/sessions", "/people", "/people/x/role", "/callbacks/hold", "/callbacks/x/drop", "/risk/what-if", "/settings/keys", "/settings/webhooks"} {
		stranger.expect("/portal"+path, url.Values{}, http.StatusSeeOther, "/portal/sign-in")
	}
	stranger.cookies = map[string]string{"__Host-kvitto-session": strings.Repeat("A", 43)}
	stranger.expect("/portal/", nil, http.StatusSeeOther, "/portal/sign-in")
	stranger.expect("/portal/link/"+strings.Repeat("A", 43), nil, http.StatusNotFound, "This link does not work")
	for _, next := range []string{"https://evil.example/", "//evil.example/portal/", `/\evil.example`, "/portal/../", "/portal//../../x", "javascript:alert(1)", "/portalx", "/"} {
		page := stranger.expect("/portal/sign-in?"+url.Values{"next": {next}}.Encode(), nil, http.StatusOK, `name="next" value="/portal/"`)
		if strings.Contains(page.body, "evil") {
			t.Errorf("next=%s is on the page", next)
		}
	}
}

// TestThePortalWantsTLS: over plain HTTP it answers on this machine alone; a
// proxy that is trusted may say that it was TLS.
func TestThePortalWantsTLS(t *testing.T) {
	t.Parallel()
	h := openHouse(t, nil)
	v := h.visitor()
	v.header = map[string]string{"Host": "pay.example.com"}
	refused := v.expect("/portal/sign-in", nil, http.StatusForbidden, "over TLS only")
	v.header = map[string]string{"Host": "pay.example.com", "X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.1"}
	v.expect("/portal/sign-in", nil, http.StatusForbidden, "trusted_proxies")
	if refused.header.Get("Set-Cookie") != "" {
		t.Error("a cookie was set")
	}
	behind := openHouse(t, func(c *app.Config) {
		c.TrustedProxies, c.PublicURL = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, "https://pay.example.com"
	})
	w := behind.visitor()
	w.header = map[string]string{"Host": "pay.example.com", "X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.1"}
	w.follow(linkInLog.FindString(behind.log.String()), "admin@example.com")
	account := w.expect("/portal/account", nil, http.StatusOK, "198.51.100.1")
	if account.header.Get("Strict-Transport-Security") == "" {
		t.Error("browsers are not told to stay with TLS")
	}
	w.header["X-Forwarded-Proto"] = "http"
	w.expect("/portal/account", nil, http.StatusForbidden, "over TLS only")
	if !strings.Contains(behind.log.String(), "https://pay.example.com/portal/link/") {
		t.Error("the link in the log has another address")
	}
}

// TestAMerchantsPeopleSeeTheirOwn: in the whole server, with real stores.
func TestAMerchantsPeopleSeeTheirOwn(t *testing.T) {
	t.Parallel()
	h := openHouse(t, nil)
	type shop struct{ merchant, exchange string }
	var shops []shop
	for range 2 {
		username, password := key(t, h.store)
		made := send(t, http.DefaultClient, "POST", h.URL+"/payments/v1/sessions", username, password, "{}", nil)
		shops = append(shops, shop{exchange: made.header.Get("Klarna-Correlation-Id")})
	}
	opened, err := app.OpenAdmin(t.Context(), h.store)
	if err != nil {
		t.Fatal(err)
	}
	all, err := opened.Merchants(t.Context())
	if err != nil || len(all) != 2 || opened.Close() != nil {
		t.Fatalf("%v, %v", all, err)
	}
	v := h.admin()
	// Which merchant has which exchange: the operator sees it.
	for i := range shops {
		page := v.expect("/portal/exchanges/"+shops[i].exchange, nil, http.StatusOK, "purchase_country is missing")
		for _, merchant := range all {
			if strings.Contains(page.body, merchant.ID) {
				shops[i].merchant = merchant.ID
			}
		}
	}
	own := v.invite("shop@example.com", "admin", shops[0].merchant)
	own.expect("/portal/exchanges/"+shops[0].exchange, nil, http.StatusOK, "purchase_country is missing")
	theirs := own.expect("/portal/exchanges/"+shops[1].exchange, nil, http.StatusNotFound, "No exchange")
	unknown := own.expect("/portal/exchanges/0190a1b2-0000-4000-8000-00000000a001", nil, http.StatusNotFound, "No exchange")
	if strings.ReplaceAll(theirs.body, shops[1].exchange, "X") != strings.ReplaceAll(unknown.body, "0190a1b2-0000-4000-8000-00000000a001", "X") {
		t.Error("another merchant's exchange is answered otherwise than an unknown one")
	}
	for _, path := range []string{"/portal/", "/portal/logs", "/portal/callbacks", "/portal/people", "/portal/audit", "/portal/logs?merchant=" + shops[1].merchant} {
		page := own.send(path, nil)
		if page.status != http.StatusOK || strings.Contains(page.body, shops[1].exchange) || strings.Contains(strings.ReplaceAll(page.body, "merchant="+shops[1].merchant, ""), shops[1].merchant+"</td>") {
			t.Errorf("%s: %d\n%s", path, page.status, page.body)
		}
	}
	audit := own.expect("/portal/audit", nil, http.StatusOK, "looked")
	if !strings.Contains(audit.body, "the operator</td>") || strings.Contains(audit.body, "admin@example.com") || strings.Contains(audit.body, shops[1].merchant) {
		t.Errorf("the merchant's audit:\n%s", audit.body)
	}
}

// TestTheCommandLineIsTheWayBackIn while the server runs and while it does not.
func TestTheCommandLineIsTheWayBackIn(t *testing.T) {
	t.Parallel()
	h := openHouse(t, nil)
	v := h.admin()
	opened, err := app.OpenAdmin(t.Context(), h.store)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := opened.SetPersonDisabled(t.Context(), v.email, true); err != nil {
		t.Fatal(err)
	}
	v.expect("/portal/", nil, http.StatusSeeOther, "/portal/sign-in")
	if _, err := opened.Invite(t.Context(), admin.Invitation{Email: v.email}); err == nil || !strings.Contains(err.Error(), "disabled") {
		t.Errorf("a link for somebody disabled: %v", err)
	}
	if _, err := opened.SetPersonDisabled(t.Context(), v.email, false); err != nil {
		t.Fatal(err)
	}
	invited, err := opened.Invite(t.Context(), admin.Invitation{Email: v.email, Role: "admin"})
	if err != nil || !strings.HasPrefix(invited.Link, h.URL+"/portal/link/") || !invited.Accepted {
		t.Fatalf("%+v, %v", invited, err)
	}
	back := h.visitor()
	back.follow(strings.TrimPrefix(invited.Link, h.URL), v.email)
	back.expect("/portal/people", nil, http.StatusOK, v.email)
	people, err := opened.People(t.Context())
	if err != nil || len(people) != 1 || people[0].Role != "admin" || !people[0].Accepted {
		t.Errorf("%+v, %v", people, err)
	}
	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}
	if text := h.log.String(); strings.Contains(text, strings.TrimPrefix(invited.Link, h.URL)) || strings.Contains(text, "example.com") {
		t.Errorf("the log tells more than ids:\n%s", text)
	}
}
