package shop_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/examples/shop"
	"github.com/kvitto/kvitto/kvittotest"
)

// world is a shop with its payment server.
type world struct {
	*kvittotest.Server
	shop string // address, with a slash at the end
}

func open(t *testing.T, mount string, change ...func(*shop.Options)) world {
	t.Helper()
	payments := kvittotest.Start(t)
	return world{payments, openShop(t, mount, append([]func(*shop.Options){func(o *shop.Options) {
		o.Payments, o.Username, o.Password = payments.URL, payments.Username, kvittotest.Password
	}}, change...)...)}
}

func openShop(t *testing.T, mount string, change ...func(*shop.Options)) string {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	t.Cleanup(server.Close)
	address := "http://" + server.Listener.Addr().String() + mount
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	options := shop.Options{PublicURL: address, Transport: transport}
	for _, c := range change {
		c(&options)
	}
	handler, err := shop.New(options)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = handler
	server.Start()
	return address
}

// customer is a browser without a script: it has cookies and follows redirects.
type customer struct {
	t    *testing.T
	http *http.Client
	shop string
}

func (w world) customer(t *testing.T) *customer { return newCustomer(t, w.shop) }

func newCustomer(t *testing.T, address string) *customer {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &customer{t: t, http: &http.Client{Jar: jar, Transport: transport}, shop: address}
}

// page is an answer that was read.
type page struct {
	*http.Response
	text string
}

func (c *customer) do(r *http.Request) page {
	c.t.Helper()
	answer, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		c.t.Fatal(err)
	}
	return page{answer, string(text)}
}

func (c *customer) request(method, path, contentType, body string) *http.Request {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.shop+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

func (c *customer) visit(path string) page {
	c.t.Helper()
	return c.do(c.request(http.MethodGet, path, "", ""))
}

func (c *customer) submit(path string, fields url.Values) page {
	c.t.Helper()
	return c.do(c.request(http.MethodPost, path, "application/x-www-form-urlencoded", fields.Encode()))
}

// change is a button of the cart, pressed where there is a script: no page is
// visited after it.
func (c *customer) change(product, change string) {
	c.t.Helper()
	fields := url.Values{"product": {product}, "change": {change}}
	r := c.request(http.MethodPost, "cart", "application/x-www-form-urlencoded", fields.Encode())
	r.Header.Set("Accept", "application/json")
	if answer := c.do(r); answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "application/json" {
		c.t.Fatalf("%s %s: %d %s", change, product, answer.StatusCode, answer.text)
	}
}

// send is what the page's script sends; the answer is decoded.
func (c *customer) send(path string, body any) (int, map[string]any) {
	c.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	answer := c.do(c.request(http.MethodPost, path, "application/json", string(text)))
	var decoded map[string]any
	if answer.text != "" {
		if err := json.Unmarshal([]byte(answer.text), &decoded); err != nil {
			c.t.Fatalf("%s: %d %q: %v", path, answer.StatusCode, answer.text, err)
		}
	}
	return answer.StatusCode, decoded
}

var stateElement = regexp.MustCompile(`(?s)<script type="application/json" id="state">(.*?)</script>`)

// state is what the page's script starts with.
type state struct {
	ClientToken string `json:"client_token"`
	Approval    *struct {
		FinalizeRequired bool `json:"finalize_required"`
		Current          bool `json:"current"`
	} `json:"approval"`
	Count int64  `json:"count"`
	Total string `json:"total"`
}

func (p page) state(t *testing.T) state {
	t.Helper()
	found := stateElement.FindStringSubmatch(p.text)
	if found == nil {
		t.Fatalf("the page has no state: %d %s", p.StatusCode, p.text)
	}
	var s state
	if err := json.Unmarshal([]byte(found[1]), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// sessionID is in the client token, which the SDK reads the same way.
func (p page) sessionID(t *testing.T) string {
	t.Helper()
	parts := strings.Split(p.state(t).ClientToken, ".")
	if len(parts) != 3 {
		t.Fatalf("the page has no client token: %s", p.text)
	}
	var claims struct {
		SessionID string `json:"session_id"`
	}
	if err := json.NewDecoder(bytes.NewReader(decodeSegment(t, parts[1]))).Decode(&claims); err != nil {
		t.Fatal(err)
	}
	return claims.SessionID
}

// alice is the approved test person of Sweden.
var alice = map[string]any{
	"given_name": "Alice", "family_name": "Test", "email": "customer@email.se", "phone": "+46701740615",
	"street_address": "Södra Blasieholmshamnen 2", "postal_code": "11 148", "city": "Stockholm", "country": "SE",
}

// approve is what the customer does in the browser.
func (w world) approve(t *testing.T, sessionID string, call client.BrowserCall) client.BrowserResult {
	t.Helper()
	if call.Data == nil {
		call.Data = map[string]any{"billing_address": alice}
	}
	result, err := w.Client.Authorize(t.Context(), sessionID, call)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func (w world) session(t *testing.T, id string) client.Session {
	t.Helper()
	session, err := w.Client.ReadSession(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

// shown is the text of the element with a test id.
func (p page) shown(t *testing.T, testID string) string {
	t.Helper()
	found := regexp.MustCompile(`data-testid="` + regexp.QuoteMeta(testID) + `"[^>]*>([^<]*)<`).FindStringSubmatch(p.text)
	if found == nil {
		t.Fatalf("%s does not show %s:\n%s", p.Request.URL, testID, p.text)
	}
	return strings.ReplaceAll(strings.TrimSpace(found[1]), "\u00a0", " ")
}
