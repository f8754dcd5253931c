package shop_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/examples/shop"
)

// everyPage sets a shop up and visits all of it.
func everyPage(t *testing.T, w world) map[string]page {
	t.Helper()
	c := w.customer(t)
	pages := map[string]page{"products": c.visit(""), "scenarios": c.visit("scenarios"), "missing": c.visit("no-such-page")}
	c.submit("scenarios/update-after-authorize", nil)
	for _, path := range []string{"cart", "checkout", "checkout/address", "checkout/payment"} {
		pages[path] = c.visit(path)
	}
	id := pages["checkout"].sessionID(t)
	c.send("authorization", map[string]any{"authorization_token": w.approve(t, id, client.BrowserCall{}).AuthorizationToken})
	pages["checkout/review"] = c.visit("checkout/review")
	if status, answer := c.send("order", map[string]any{}); status != http.StatusOK {
		t.Fatalf("the order was answered with %d %v", status, answer)
	}
	pages["confirmation"] = c.visit("confirmation")
	call := regexp.MustCompile(`calls/[0-9a-f-]+`).FindString(pages["confirmation"].text)
	pages[call] = c.visit(call)
	for name, p := range pages {
		if want := map[bool]int{true: 404, false: 200}[name == "missing"]; p.StatusCode != want || !strings.HasSuffix(p.Request.URL.Path, strings.TrimPrefix(name, "products")) && name != "missing" {
			t.Fatalf("%s is %d %s", name, p.StatusCode, p.Request.URL)
		}
	}
	return pages
}

// TestThePolicyAllowsThePaymentOnly: the payment server's script, calls and
// frames, and nothing else from elsewhere; and the pages keep to it.
func TestThePolicyAllowsThePaymentOnly(t *testing.T) {
	t.Parallel()
	w := open(t, "/")
	want := "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; " +
		"script-src 'self' " + w.URL + "; connect-src 'self' " + w.URL + "; frame-src " + w.URL
	inline := regexp.MustCompile(`<style|\sstyle=|\son[a-z]+=|javascript:|<script>`)
	scripts := regexp.MustCompile(`<script [^>]*>`)
	for name, p := range everyPage(t, w) {
		if got := p.Header.Get("Content-Security-Policy"); got != want {
			t.Errorf("%s has the policy %q, want %q", name, got, want)
		}
		if p.Header.Get("X-Content-Type-Options") != "nosniff" || p.Header.Get("Cache-Control") != "no-store" ||
			p.Header.Get("Cross-Origin-Opener-Policy") != "same-origin-allow-popups" {
			t.Errorf("%s has the headers %v", name, p.Header)
		}
		if found := inline.FindString(p.text); found != "" {
			t.Errorf("%s has the inline %q", name, found)
		}
		for _, script := range scripts.FindAllString(p.text, -1) {
			if !strings.Contains(script, "src=") && !strings.Contains(script, `type="application/json"`) {
				t.Errorf("%s has the script %s", name, script)
			}
		}
	}
}

// TestTheShopLivesWhereItIsMounted: no link and no cookie leaves its path.
func TestTheShopLivesWhereItIsMounted(t *testing.T) {
	t.Parallel()
	w := open(t, "/demo/")
	for name, p := range everyPage(t, w) {
		for _, link := range regexp.MustCompile(`(?:href|src|action)="(/[^"]*)"`).FindAllStringSubmatch(p.text, -1) {
			if !strings.HasPrefix(link[1], "/demo/") {
				t.Errorf("%s leads to %s", name, link[1])
			}
		}
	}
	c := w.customer(t)
	c.shop = strings.TrimSuffix(w.shop, "/demo/")
	if got := c.visit("/demo").Request.URL.Path; got != "/demo/" {
		t.Errorf("/demo leads to %s", got)
	}
}

func TestTheCookieIsTheShopsAlone(t *testing.T) {
	t.Parallel()
	w := open(t, "/demo/")
	c := w.customer(t)
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if cookies := c.visit("").Cookies(); len(cookies) != 0 {
		t.Errorf("looking around sets %v", cookies)
	}
	r := c.request(http.MethodPost, "cart", "application/x-www-form-urlencoded", "product=mug&change=add")
	r.AddCookie(&http.Cookie{Name: "shop_visit", Value: "chosen-by-somebody"})
	cookies := c.do(r).Cookies()
	if len(cookies) != 1 {
		t.Fatalf("the cookies are %v", cookies)
	}
	cookie := cookies[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/demo/" || len(cookie.Value) < 26 || cookie.Value == "chosen-by-somebody" {
		t.Errorf("the cookie is %v", cookie)
	}
}

// TestCartsDoNotMeet: another browser sees nothing of a cart, its order and its
// calls, even when it knows their names.
func TestCartsDoNotMeet(t *testing.T) {
	t.Parallel()
	w := open(t, "/")
	one, other := w.customer(t), w.customer(t)
	one.change("mug", "add")
	other.change("lamp", "add")
	first, second := one.visit("checkout"), other.visit("checkout")
	if first.sessionID(t) == second.sessionID(t) {
		t.Fatal("two carts have one session")
	}
	if strings.Contains(second.text, "line-mug") || strings.Contains(first.text, "line-lamp") {
		t.Error("a cart shows what is in the other")
	}
	call := regexp.MustCompile(`calls/[0-9a-f-]+`).FindString(first.text)
	if got := one.visit(call); got.StatusCode != http.StatusOK || !strings.Contains(got.text, "create_session") {
		t.Errorf("one's own call is %d", got.StatusCode)
	}
	if got := other.visit(call); got.StatusCode != http.StatusNotFound || strings.Contains(got.text, first.sessionID(t)) {
		t.Errorf("the other's call is %d", got.StatusCode)
	}
	token := w.approve(t, first.sessionID(t), client.BrowserCall{}).AuthorizationToken
	if status, answer := other.send("order", map[string]any{"authorization_token": token, "billing_address": alice}); status != http.StatusConflict {
		t.Errorf("the other's approval was answered with %d %v", status, answer)
	}
	one.send("order", map[string]any{"authorization_token": token, "billing_address": alice})
	if got := one.visit("confirmation").Request.URL.Path; got != "/confirmation" {
		t.Errorf("one's own order is at %s", got)
	}
	if got := other.visit("confirmation").Request.URL.Path; got != "/" {
		t.Errorf("the other's order is at %s", got)
	}
}

func TestAnotherSiteChangesNothing(t *testing.T) {
	t.Parallel()
	w := open(t, "/")
	c := w.customer(t)
	c.change("mug", "add")
	for _, header := range []http.Header{{"Sec-Fetch-Site": {"cross-site"}}, {"Origin": {"https://evil.example"}}} {
		r := c.request(http.MethodPost, "cart", "application/x-www-form-urlencoded", "product=throw&change=add")
		for name, values := range header {
			r.Header[name] = values
		}
		if got := c.do(r); got.StatusCode != http.StatusForbidden {
			t.Errorf("%v was answered with %d", header, got.StatusCode)
		}
	}
	if count := c.visit("cart").state(t).Count; count != 1 {
		t.Errorf("the cart has %d", count)
	}
}

func TestRequestsAreBounded(t *testing.T) {
	t.Parallel()
	w := open(t, "/", func(o *shop.Options) { o.VisitsMax = 2 })
	c := w.customer(t)
	for range 25 {
		c.change("mug", "add")
	}
	if count := c.visit("cart").state(t).Count; count != 20 {
		t.Errorf("25 mugs are %d", count)
	}
	long := strings.Repeat("x", 20<<10)
	if got := c.submit("cart", url.Values{"product": {"mug"}, "change": {"remove"}, "padding": {long}}); got.StatusCode != http.StatusBadRequest {
		t.Errorf("a long form was answered with %d", got.StatusCode)
	}
	if status, _ := c.send("order", map[string]any{"authorization_token": long}); status != http.StatusBadRequest {
		t.Errorf("a long order was answered with %d", status)
	}
	if status, _ := c.send("order", []int{1}); status != http.StatusBadRequest {
		t.Errorf("an order that is a list was answered with %d", status)
	}
	// Two carts are remembered; the third takes the place of the one not seen
	// for longest.
	second, third := w.customer(t), w.customer(t)
	second.change("mug", "add")
	c.visit("")
	third.change("mug", "add")
	for i, want := range []int64{20, 0, 1} {
		if count := []*customer{c, second, third}[i].visit("cart").state(t).Count; count != want {
			t.Errorf("cart %d has %d, want %d", i+1, count, want)
		}
	}
}

func TestFormsComeBackToTheShop(t *testing.T) {
	t.Parallel()
	w := open(t, "/")
	c := w.customer(t)
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for back, want := range map[string]string{
		"cart": "/cart", "": "/", "//evil.example/": "/evil.example", `\evil.example`: "/%5Cevil.example", "https://evil.example": "/https:/evil.example",
		"../../x": "/x", "checkout/review": "/checkout/review",
	} {
		for _, answer := range []page{
			c.submit("market", url.Values{"country": {"NO"}, "back": {back}}),
			c.submit("cart", url.Values{"product": {"mug"}, "change": {"add"}, "back": {back}}),
		} {
			if got := answer.Header.Get("Location"); answer.StatusCode != http.StatusSeeOther || got != want {
				t.Errorf("back to %q leads to %q with %d, want %q", back, got, answer.StatusCode, want)
			}
		}
	}
	for path, fields := range map[string]url.Values{
		"market": {"country": {"XX"}}, "cart": {"product": {"mug"}, "change": {"steal"}},
	} {
		if answer := c.submit(path, fields); answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%s with %v was answered with %d", path, fields, answer.StatusCode)
		}
	}
}

// TestAPaymentServerThatIsAwayIsNoEndOfTheShop: carts work and nothing is
// offered that cannot be paid.
func TestAPaymentServerThatIsAwayIsNoEndOfTheShop(t *testing.T) {
	t.Parallel()
	away := openShop(t, "/", func(o *shop.Options) { o.Payments, o.Username, o.Password = "http://127.0.0.1:1", "x", "x" })
	c := newCustomer(t, away)
	c.change("mug", "add")
	checkout := c.visit("checkout")
	if checkout.StatusCode != http.StatusOK || checkout.state(t).ClientToken != "" || !strings.Contains(checkout.text, "does not answer") {
		t.Errorf("the checkout is %d\n%s", checkout.StatusCode, checkout.text)
	}
	if status, answer := c.send("order", map[string]any{"authorization_token": "x"}); status != http.StatusBadGateway || answer["again"] == true {
		t.Errorf("an order is answered with %d %v", status, answer)
	}
}

func TestEveryScenarioStarts(t *testing.T) {
	t.Parallel()
	w := open(t, "/")
	names := regexp.MustCompile(`action="/scenarios/([a-z-]+)"`).FindAllStringSubmatch(w.customer(t).visit("scenarios").text, -1)
	if len(names) < 10 {
		t.Fatalf("the scenarios are %v", names)
	}
	for _, name := range names {
		t.Run(name[1], func(t *testing.T) {
			t.Parallel()
			c := w.customer(t)
			c.change("board", "add") // what was there before is gone
			start := c.submit("scenarios/"+name[1], nil)
			if start.StatusCode != http.StatusOK || strings.HasSuffix(start.Request.URL.Path, "/"+name[1]) || !strings.Contains(start.text, `data-testid="scenario"`) {
				t.Errorf("the scenario starts at %s with %d", start.Request.URL, start.StatusCode)
			}
			if start.state(t).Count == 0 {
				t.Error("the cart is empty")
			}
			if over := c.submit("scenarios", nil); strings.Contains(over.text, `data-testid="scenario"`) {
				t.Error("the scenario does not end")
			}
		})
	}
	if got := w.customer(t).submit("scenarios/none", nil); got.StatusCode != http.StatusNotFound {
		t.Errorf("an unknown scenario is %d", got.StatusCode)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for _, o := range []shop.Options{{PublicURL: "shop", Payments: "http://127.0.0.1:7420"}, {PublicURL: "http://127.0.0.1:8080", Payments: "nowhere"}} {
		if _, err := shop.New(o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}
