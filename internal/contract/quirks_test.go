package contract_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/app"
)

// The tests of this file and of quirks_http_test.go are what third-party
// clients were seen to send and to need. In the names or comments: who breaks.

// kco-php, kco-java and sylius fail on any other success than these.
func TestClientsGetTheExactStatus(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("exact")
	id := m.must(t, 200, "POST", sessionsPath, cart).text(t, "session_id")
	m.must(t, 200, "GET", sessionPath(id), "")
	m.must(t, 204, "POST", sessionPath(id), cart)
	m.must(t, 204, "DELETE", authorizationPath(m.authorize(t, id, "")), "")
	m.must(t, 200, "POST", orderPath(m.authorize(t, id, "")), cart)
}

// kco-php, kco-java, klarna_proxy and speakeasy refuse an answer without it.
func TestEveryJSONAnswerSaysSo(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("type")
	id := m.create(t, cart)
	for name, a := range map[string]answer{
		"create":       m.must(t, 200, "POST", sessionsPath, cart),
		"read":         m.must(t, 200, "GET", sessionPath(id), ""),
		"bad value":    m.must(t, 400, "POST", sessionsPath, "{}"),
		"unauthorized": m.send(t, withoutCredentials(m.request(t, "GET", sessionPath(id), ""))),
		"not found":    m.must(t, 404, "GET", sessionPath("none"), ""),
		"method":       m.must(t, 405, "PUT", sessionPath(id), "{}"),
		"too large":    m.must(t, 413, "POST", sessionsPath, strings.Repeat("x", 1<<20+1)),
	} {
		want := "application/json"
		if a.status == 200 {
			want = "application/json;charset=utf-8"
		}
		if got := a.header.Values("Content-Type"); len(got) != 1 || got[0] != want {
			t.Errorf("%s: Content-Type %q, want %q", name, got, want)
		}
	}
	if a := m.must(t, 204, "POST", sessionPath(id), "{}"); a.header.Get("Content-Type") != "" {
		t.Errorf("a 204 has Content-Type %q", a.header.Get("Content-Type"))
	}
}

func withoutCredentials(r *http.Request) *http.Request {
	r.Header.Del("Authorization")
	return r
}

// WooCommerce makes one payment gateway of each category.
func TestCreateAnswerHasTheCategories(t *testing.T) {
	t.Parallel()
	var created struct {
		SessionID   string `json:"session_id"`
		ClientToken string `json:"client_token"`
		Categories  []struct {
			Identifier string `json:"identifier"`
			Name       string `json:"name"`
			AssetURLs  struct {
				Descriptive string `json:"descriptive"`
				Standard    string `json:"standard"`
			} `json:"asset_urls"`
		} `json:"payment_method_categories"`
	}
	a := newServer(t).merchant("categories").must(t, 200, "POST", sessionsPath, cart)
	if err := json.Unmarshal(a.body, &created); err != nil {
		t.Fatal(err)
	}
	if created.SessionID == "" || !jwt.MatchString(created.ClientToken) || len(created.Categories) == 0 {
		t.Fatalf("incomplete: %s", a.body)
	}
	for _, c := range created.Categories {
		if c.Identifier == "" || c.Name == "" || c.AssetURLs.Descriptive == "" || c.AssetURLs.Standard == "" {
			t.Errorf("incomplete category: %+v", c)
		}
	}
}

// sylius and speakeasy parse these four, whatever was sent.
func TestSessionReadHasWhatWasNotSent(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("read")
	id := m.create(t, cart)
	a := m.must(t, 200, "GET", sessionPath(id), "")
	for name, want := range map[string]string{"status": "incomplete", "acquiring_channel": "ECOMMERCE", "intent": "buy", "locale": "sv-SE"} {
		if got := a.text(t, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	ends, err := time.Parse(time.RFC3339, a.text(t, "expires_at"))
	if err != nil || !ends.Equal(frozen.Add(48*time.Hour)) {
		t.Errorf("expires_at is %q, want %s", a.text(t, "expires_at"), frozen.Add(48*time.Hour))
	}
	m.must(t, 200, "POST", orderPath(m.authorize(t, id, "")), cart)
	if got := m.must(t, 200, "GET", sessionPath(id), "").text(t, "status"); got != "complete" {
		t.Errorf("status after the order is %q, want complete", got)
	}
}

// sylius fails without the two integers and with a type in upper case.
func TestOrderAnswerHasTheMethodWithIntegers(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("method")
	for _, category := range []string{"pay_later", "pay_over_time", "pay_now", "klarna", "direct_debit", "direct_bank_transfer", ""} {
		token := m.authorize(t, m.create(t, cart), fmt.Sprintf(`{"payment_method_category":%q}`, category))
		a := m.must(t, 200, "POST", orderPath(token), cart)
		method, ok := a.object(t)["authorized_payment_method"].(map[string]any)
		if !ok {
			t.Fatalf("%s: authorized_payment_method is no object: %s", category, a.body)
		}
		kind, _ := method["type"].(string)
		if kind == "" || kind != strings.ToLower(kind) {
			t.Errorf("%s: type is %q, want a lower-case name", category, kind)
		}
		for _, name := range []string{"number_of_days", "number_of_installments"} {
			number, _ := method[name].(json.Number)
			if _, err := number.Int64(); err != nil {
				t.Errorf("%s: %s is %v, want an integer", category, name, method[name])
			}
		}
		if a.text(t, "order_id") == "" || a.text(t, "fraud_status") != "ACCEPTED" {
			t.Errorf("%s: incomplete: %s", category, a.body)
		}
	}
}

// saleor leaves the locale out; saleor and WooCommerce set references only now.
func TestOrderWithoutLocaleAndWithOtherReferencesMatches(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("references")
	session := `{"merchant_reference1":"draft","locale":"sv-SE",` + cartWithoutLocale[1:]
	token := m.authorize(t, m.create(t, session), "")
	m.must(t, 200, "POST", orderPath(token), `{"merchant_reference1":"4711","merchant_reference2":"A-1",`+cartWithoutLocale[1:])
}

const cartWithoutLocale = `{"purchase_country":"SE","purchase_currency":"SEK","order_amount":1000,` +
	`"order_lines":[{"name":"Scarf","quantity":2,"unit_price":500,"total_amount":1000}]}`

// WooCommerce sends the shopper to redirect_url; without it checkout hangs.
func TestRedirectEndsAtTheConfirmationPage(t *testing.T) {
	t.Parallel()
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "thanks for %s", r.URL.Query().Get("order"))
	}))
	defer shop.Close()
	m := newServer(t).merchant("redirect")
	session := fmt.Sprintf(`{"merchant_urls":{"confirmation":"%s/thanks?order={order.id}"},%s`, shop.URL, cartWithoutLocale[1:])
	a := m.must(t, 200, "POST", orderPath(m.authorize(t, m.create(t, session), "")), cart)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.text(t, "redirect_url"), nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := *m.server
	browser.client = &http.Client{Transport: m.client.Transport} // follows redirects
	page := browser.send(t, request)
	if want := "thanks for " + a.text(t, "order_id"); string(page.body) != want {
		t.Errorf("the browser ends at %q, want %q", page.body, want)
	}
}

// node-klarna warns without the header; every client reads the three names.
func TestErrorsHaveTheWholeEnvelope(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("errors")
	token := m.authorize(t, m.create(t, cart), "")
	for name, a := range map[string]answer{
		"bad value":     m.must(t, 400, "POST", sessionsPath, "{}"),
		"bad request":   m.must(t, 400, "POST", sessionsPath, "{"),
		"unauthorized":  m.send(t, withoutCredentials(m.request(t, "POST", sessionsPath, cart))),
		"session":       m.must(t, 404, "GET", sessionPath("76bc4fe0-7274-346d-b791-61496cec00c1"), ""),
		"authorization": m.must(t, 404, "POST", orderPath("76bc4fe0-7274-346d-b791-61496cec00c1"), cart),
		"mismatch":      m.must(t, 409, "POST", orderPath(token), strings.ReplaceAll(cart, "1000", "500")),
		"path":          m.must(t, 404, "GET", "/nothing", ""),
	} {
		wholeEnvelope(t, name, a)
	}
}

// wholeEnvelope checks that an error has exactly the protocol's properties.
func wholeEnvelope(t *testing.T, name string, a answer) {
	t.Helper()
	object := a.object(t)
	code, _ := object["error_code"].(string)
	_, list := object["error_messages"].([]any)
	id := a.header.Get("Klarna-Correlation-Id")
	if len(object) != 3 || code == "" || !list || id == "" || object["correlation_id"] != id {
		t.Errorf("%s: header %q, want exactly error_code, error_messages and the same correlation_id in %s", name, id, a.body)
	}
}

// go-klarna uses the address of before 2018.
func TestLegacyAddressIsTheSameAPI(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("legacy")
	id := m.must(t, 200, "POST", "/credit/v1/sessions", cart).text(t, "session_id")
	m.must(t, 204, "POST", "/credit/v1/sessions/"+id, "{}")
	m.must(t, 200, "GET", "/credit/v1/sessions/"+id, "")
	m.must(t, 200, "GET", sessionPath(id), "")
	m.must(t, 204, "DELETE", "/credit/v1/authorizations/"+m.authorize(t, id, ""), "")
	m.must(t, 200, "POST", "/credit/v1/authorizations/"+m.authorize(t, id, "")+"/order", cart)
}

// workarea doubles the slash; solidus ends with one.
func TestSlashesAreForgiven(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("slashes")
	m.must(t, 200, "POST", "//payments/v1/sessions", cart)
	id := m.must(t, 200, "POST", "/payments/v1/sessions/", cart).text(t, "session_id")
	m.must(t, 200, "GET", "//payments//v1///sessions/"+id+"//", "")
	token := m.authorize(t, id, "")
	m.must(t, 200, "POST", "//payments/v1/authorizations/"+token+"/order/", cart)
}

// Anybody can write a Host header: it must not appear in what browsers are
// sent to, unless it is one of the original's names and no address is configured.
func TestForeignHostDoesNotLeakIntoAddresses(t *testing.T) {
	t.Parallel()
	configured := newServer(t, func(c *app.Config) { c.PublicURL = "https://pay.example/" })
	unconfigured := newServer(t)
	for _, c := range []struct {
		server             *server
		host, api, browser string
	}{
		{configured, "api.playground.klarna.com", "https://pay.example", "https://pay.example"},
		{configured, "evil.example", "https://pay.example", "https://pay.example"},
		{unconfigured, "evil.example", unconfigured.url, unconfigured.url},
		{unconfigured, "api-na.playground.klarna.com", "https://api-na.playground.klarna.com", "https://js.playground.klarna.com/na"},
		{unconfigured, "api.klarna.com:443", "https://api.klarna.com", "https://js.klarna.com/eu"},
	} {
		m := c.server.merchant("host")
		m.under(c.host).leadTo(t, c.api, c.browser)
	}
}

// called is a merchant that calls under another host name.
type called struct {
	merchant
	host string
}

func (m merchant) under(host string) called { return called{m, host} }

func (c called) call(t *testing.T, method, path, body string) answer {
	t.Helper()
	r := c.request(t, method, path, body)
	r.Host = c.host
	return c.send(t, r)
}

// leadTo makes an order and a mistake, and checks every address in the answers.
func (c called) leadTo(t *testing.T, api, browser string) {
	t.Helper()
	created := c.call(t, "POST", sessionsPath, `{"merchant_urls":{"confirmation":"https://shop.example/thanks"},`+cartWithoutLocale[1:])
	id := created.text(t, "session_id")
	_, claims := tokenParts(t, created.text(t, "client_token"))
	token := answer{body: claims}
	if base := token.text(t, "base_url"); base != browser+"/kp" {
		t.Errorf("under %s the base_url is %q, want one at %s", c.host, base, browser)
	}
	if base := token.text(t, "client_event_base_url"); base != browser {
		t.Errorf("under %s the client_event_base_url is %q, want %s", c.host, base, browser)
	}
	order := c.call(t, "POST", orderPath(c.authorize(t, id, "")), cart)
	if got := order.text(t, "redirect_url"); got != browser+"/kp/v1/sessions/"+id+"/redirect" {
		t.Errorf("under %s the redirect_url is %q, want one at %s", c.host, got, browser)
	}
	refused := c.call(t, "POST", sessionsPath, "{}")
	if got := refused.header.Get("Kvitto-Explanation"); !strings.HasPrefix(got, api+"/kvitto/v1/exchanges/") {
		t.Errorf("under %s Kvitto-Explanation is %q, want one at %s", c.host, got, api)
	}
}
