package portal_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/portal"
	"github.com/kvitto/kvitto/internal/requestlog"
)

// TestARefusedExchangeSaysWhatToChange: from the id alone to both values, the
// place in the body, the formula and the corrected body.
func TestARefusedExchangeSaysWhatToChange(t *testing.T) {
	t.Parallel()
	page := open(t, refusedTax()).page("/portal/exchanges/" + refusedID)
	has(t, page,
		`order_lines[0].total_tax_amount is 2500, but 2000 ± 1 was expected.`,
		`<span data-testid="sent">2500</span>`, `<span data-testid="expected">2000 ± 1</span>`,
		`total_amount 10000 - total_amount * 10000 / (10000 + tax_rate 2500) = 2000`,
		`href="/portal/rules#line_tax"`,
		`<a href="#request-v1"`, `<span class="note" id="request-v1"><a href="#v1">expected 2000 ± 1</a></span>`,
		`<span class="key">&#34;total_tax_amount&#34;</span>: <mark>2500</mark>`,
		`BAD_VALUE`, `2026-03-04 12:00:00.000`, `5 minutes ago`, `1.5 ms`, `shoes`,
		`<code id="corrected">`, `changed" data-line="13">      <span class="key">"total_tax_amount"</span>: <span class="number">2000</span>`,
		`<code>order_tax_amount</code> becomes <b>2000</b>`, `becomes 2000 then`)
	lacks(t, page, "<b>Shoe</b>") // what a client sent is text
}

func TestWhatIsMissingIsShownWhereItBelongs(t *testing.T) {
	t.Parallel()
	e := refusedTax()
	e.RequestBody = []byte(`{"order_lines":[{}],"billing_address":{"city":"Umeå"}}`)
	e.Violations = []checkout.Violation{
		{Path: "purchase_currency", Rule: checkout.RuleRequired, Expected: "an ISO 4217 code"},
		{Path: "order_lines[0].name", Rule: checkout.RuleRequired, Expected: "1 to 255 characters"},
		{Path: "billing_address.city", Rule: checkout.RuleMatch, Sent: "Umeå", Expected: "Luleå"},
	}
	page := open(t, e).page("/portal/exchanges/" + refusedID)
	has(t, page,
		`<span class="key">&#34;purchase_currency&#34;</span>`, `is missing: expected an ISO 4217 code`,
		`absent">      <span class="key">&#34;name&#34;</span>`,
		`<mark>&#34;Umeå&#34;</mark>`, `expected &#34;Luleå&#34;`,
		`purchase_currency is missing: an ISO 4217 code, and 2 more things.`)
	lacks(t, page, `id="corrected"`)
}

func TestABodyThatIsNotJSONIsShownWithTheFault(t *testing.T) {
	t.Parallel()
	e := refusedTax()
	e.RequestBody, e.Violations, e.ErrorCode = []byte("{\n  \"a\": 1,\n  b\n}"), nil, "BAD_REQUEST"
	page := open(t, e).page("/portal/exchanges/" + refusedID)
	has(t, page, "The body is not JSON: line 3, column 3:", `data-line="3"`, `<mark>  b</mark>`)
}

func TestAnUnknownExchangeHelpsToFindAnother(t *testing.T) {
	t.Parallel()
	w := open(t).ask(http.MethodGet, "/portal/exchanges/"+refusedID)
	if w.Code != http.StatusNotFound {
		t.Errorf("status %d", w.Code)
	}
	has(t, w.Body.String(), "No exchange has this id", `value="`+refusedID+`"`, "Klarna-Correlation-Id")
}

// TestLargeBodiesAreFolded: what is wrong stays, with the lines around it.
func TestLargeBodiesAreFolded(t *testing.T) {
	t.Parallel()
	e := refusedTax()
	e.RequestBody = []byte(`{"order_lines":[` + strings.TrimSuffix(strings.Repeat(`{"name":"x"},`, 1000), ",") + `]}`)
	e.Violations = []checkout.Violation{{Path: "order_lines[900].name", Rule: checkout.RuleLength, Sent: int64(300), Expected: "1 to 255 characters"}}
	page := open(t, e).page("/portal/exchanges/" + refusedID)
	has(t, page, "lines not shown", "expected 1 to 255 characters", `/request" download`)
	if n := strings.Count(page, `class="line`); n > 120 {
		t.Errorf("%d lines are shown", n)
	}
}

func TestBodiesAreSavedAndNeverShownAsPages(t *testing.T) {
	t.Parallel()
	s := open(t, refusedTax())
	w := s.ask(http.MethodGet, "/portal/exchanges/"+refusedID+"/request")
	if w.Body.String() != string(refusedTax().RequestBody) {
		t.Errorf("the body is %s", w.Body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/octet-stream", "Content-Disposition": `attachment; filename="` + refusedID + `-request.json"`, "X-Content-Type-Options": "nosniff",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestCopies(t *testing.T) {
	t.Parallel()
	e := refusedTax()
	e.RequestBody = []byte(`{"order_lines":[{"name":"Bob's"}]}`)
	s := open(t, e)
	page := s.page("/portal/exchanges/" + refusedID)
	has(t, page,
		`curl -i \
  -u shoes:PASSWORD \
  -X POST \
  http://127.0.0.1:7420/payments/v1/sessions \
  -H 'Content-Type: application/json' \
  --data-binary '{"order_lines":[{"name":"Bob'\''s"}]}'`,
		"kvitto check -", "kvitto explain "+refusedID+" --url http://127.0.0.1:7420 --user shoes:PASSWORD")

	var har struct {
		Log struct {
			Version string
			Entries []struct {
				Request  struct{ Method, URL string }
				Response struct{ Status int }
			}
		}
	}
	if err := json.Unmarshal(s.ask(http.MethodGet, "/portal/exchanges/"+refusedID+".har").Body.Bytes(), &har); err != nil {
		t.Fatal(err)
	}
	if har.Log.Version != "1.2" || len(har.Log.Entries) != 1 || har.Log.Entries[0].Request.URL != "http://127.0.0.1:7420/payments/v1/sessions" || har.Log.Entries[0].Response.Status != 400 {
		t.Errorf("HAR: %+v", har)
	}
}

// TestEveryRuleIsExplained: no rule of the protocol is without its words.
func TestEveryRuleIsExplained(t *testing.T) {
	t.Parallel()
	page := open(t).page("/portal/rules")
	for _, rule := range []checkout.Rule{
		checkout.RuleRequired, checkout.RuleType, checkout.RuleLength, checkout.RuleRange, checkout.RuleFormat, checkout.RuleCount, checkout.RuleCountry,
		checkout.RuleCurrency, checkout.RuleAttachment, checkout.RuleLineTotal, checkout.RuleLineTax, checkout.RuleOrderAmount, checkout.RuleOrderTaxAmount,
		checkout.RuleMatch, checkout.RuleCartSize, checkout.RuleSameBody, checkout.RuleTokenCountry,
	} {
		has(t, page, `id="`+string(rule)+`"`)
	}
}

func TestOnlyThisMachineGetsIn(t *testing.T) {
	t.Parallel()
	s := open(t, refusedTax())
	for name, c := range map[string]struct {
		change func(*http.Request)
		in     bool
	}{
		"by address":       {func(*http.Request) {}, true},
		"by name":          {func(r *http.Request) { r.Host = "localhost:7420" }, true},
		"by IPv6":          {func(r *http.Request) { r.Host, r.RemoteAddr = "[::1]:7420", "[::1]:1" }, true},
		"another machine":  {func(r *http.Request) { r.RemoteAddr = "192.168.1.9:1" }, false},
		"a rebound name":   {func(r *http.Request) { r.Host = "evil.example:7420" }, false},
		"a name like ours": {func(r *http.Request) { r.Host = "127.0.0.1.evil.example" }, false},
		"the original":     {func(r *http.Request) { r.Host = "api.klarna.com" }, false},
		"through a tunnel": {func(r *http.Request) { r.Header.Set("X-Forwarded-For", "203.0.113.9") }, false},
		"through a proxy":  {func(r *http.Request) { r.Header.Set("Forwarded", "for=203.0.113.9") }, false},
		"without a host":   {func(r *http.Request) { r.Host = "" }, false},
	} {
		w := s.ask(http.MethodGet, "/portal/exchanges/"+refusedID, c.change)
		if got := w.Code == http.StatusOK; got != c.in {
			t.Errorf("%s: %d, let in %t, want %t", name, w.Code, got, c.in)
		}
		if !c.in && strings.Contains(w.Body.String(), "shoes") {
			t.Errorf("%s: told %s", name, w.Body)
		}
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	s := open(t, refusedTax())
	for _, path := range []string{"/portal/exchanges/" + refusedID, "/portal/exchanges/x", "/portal/exchanges/" + refusedID + ".har", "/portal/nowhere"} {
		w := s.ask(http.MethodGet, path)
		policy := w.Header().Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
		for name, want := range map[string]string{
			"X-Frame-Options": "DENY", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Access-Control-Allow-Origin": "",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		lacks(t, w.Body.String(), "<style", " style=", " onclick=", "<script>", `src="http`)
	}
}

var _ portal.Log = (*fakeLog)(nil)

func TestASuccessHasNothingToExplain(t *testing.T) {
	t.Parallel()
	page := open(t, requestlog.Exchange{CorrelationID: refusedID, MerchantID: "shoes", At: noon, Method: "GET", Path: "/payments/v1/sessions/" + sessionID,
		Operation: "read_session", Status: 200, SessionID: sessionID, ResponseBody: []byte(`{}`)}).page("/portal/exchanges/" + refusedID)
	has(t, page, `class="status good"`, "read session", "It was sent without a body.", "/portal/sessions/"+sessionID)
	lacks(t, page, "What to change", `data-testid="why"`)
}
