package portal_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/requestlog"
)

// served are exchanges that went well, a second apart.
func served(n int) (list []requestlog.Exchange) {
	for i := range n {
		list = append(list, requestlog.Exchange{CorrelationID: idAt(i), MerchantID: "shoes", At: noon.Add(time.Duration(i) * time.Second), Method: "GET",
			Path: "/payments/v1/sessions/x", Operation: "read_session", Status: 200, RequestBody: fmt.Appendf(nil, `{"n":"number-%d."}`, i)})
	}
	return list
}

func TestTheLogIsPagedByTheWayToTheNext(t *testing.T) {
	t.Parallel()
	s := open(t, served(60)...)
	first := s.page("/portal/logs")
	if n := strings.Count(first, "<tr data-id="); n != 50 {
		t.Errorf("%d rows", n)
	}
	has(t, first, `href="/portal/logs?before=`+idAt(9)+`"`, `data-live="/portal/logs?rows=1"`)
	last := s.page("/portal/logs?before=" + idAt(9))
	if n := strings.Count(last, "<tr data-id="); n != 10 {
		t.Errorf("%d rows on the last page", n)
	}
	lacks(t, last, `data-testid="next"`, "data-live=")
}

func TestFiltersReachTheLogAndStayInTheForm(t *testing.T) {
	t.Parallel()
	s := open(t)
	page := s.page("/portal/logs?" + url.Values{"q": {`"><script>`}, "status": {"4xx"}, "method": {"POST"}, "operation": {"create_order"},
		"merchant": {"shoes"}, "from": {"2026-03-04T11:00"}, "to": {"2026-03-04T13:30"}}.Encode())
	lacks(t, page, "<script>")
	has(t, page, `<option value="4xx" selected>`, `<option selected>POST</option>`, `<option value="create_order" selected>`, `value="shoes"`, `value="2026-03-04T11:00"`, "Nothing matches")
	asked := s.log.asked[0]
	want := requestlog.Query{MerchantID: "shoes", Text: `"><script>`, StatusFrom: 400, StatusTo: 499, Method: "POST", Operation: "create_order",
		From: noon.Add(-time.Hour), To: noon.Add(90 * time.Minute), Limit: asked.Limit}
	if asked != want {
		t.Errorf("asked %+v\nwant  %+v", asked, want)
	}
	has(t, s.page("/portal/logs?from=yesterday"), "is no time such as 2026-03-04T12:00")
}

// TestAnIDLeadsStraightToItsExchange: a whole id, a part of one, and nothing that
// several have.
func TestAnIDLeadsStraightToItsExchange(t *testing.T) {
	t.Parallel()
	s := open(t, append(served(3), refusedTax())...)
	for query, want := range map[string]string{
		refusedID: "/portal/exchanges/" + refusedID, "0000a001": "/portal/exchanges/" + refusedID, "number-2.": "/portal/exchanges/" + idAt(2),
		"number-": "", "nothing such": "", "Shoe": "",
	} {
		w := s.ask(http.MethodGet, "/portal/logs?q="+url.QueryEscape(query))
		if got := w.Header().Get("Location"); got != want {
			t.Errorf("%s leads to %q, want %q", query, got, want)
		}
	}
}

func TestASessionIsOffered(t *testing.T) {
	t.Parallel()
	l := begin(t)
	l.update(10, time.Millisecond, shoe(2))
	has(t, l.page("/portal/logs?q="+sessionID), "This leads to a session", `href="/portal/sessions/`+sessionID+`"`)
}

func TestWhatRepeatsIsGroupedByItsCause(t *testing.T) {
	t.Parallel()
	var all []requestlog.Exchange
	for i := range 4 {
		e := refusedTax()
		e.CorrelationID, e.At = idAt(i), noon.Add(time.Duration(i)*time.Second)
		e.Violations = []checkout.Violation{{Path: fmt.Sprintf("order_lines[%d].total_tax_amount", i), Rule: checkout.RuleLineTax, Sent: int64(i)}}
		all = append(all, e)
	}
	page := open(t, append(all, refusedTax())...).page("/portal/logs")
	has(t, page, "<b>5 ×</b>", "create session: order_lines[…].total_tax_amount: the tax does not fit the total", "/portal/exchanges/"+refusedID)
	lacks(t, open(t, all[:2]...).page("/portal/logs"), "Again and again")
	s := open(t, all...)
	has(t, s.page("/portal/logs?merchant=shoes"), "<b>4 ×</b>")
	lacks(t, s.page("/portal/logs?merchant=socks")+s.page("/portal/logs?merchant=shoes&method=POST"), "Again and again")
}

func TestRowsAloneAreAFragment(t *testing.T) {
	t.Parallel()
	page := open(t, served(2)...).page("/portal/logs?rows=1")
	has(t, page, `<tr data-id="`+idAt(1)+`"`)
	lacks(t, page, "<html", "<table")
}

func TestAnEmptyLogTeachesTheFirstRequest(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/portal/logs", "/portal/"} {
		has(t, open(t).page(path), "curl -u demo:demo -d '{}' -H 'Content-Type: application/json' http://127.0.0.1:7420/payments/v1/sessions")
	}
}

func TestTheOverviewCountsAndGroups(t *testing.T) {
	t.Parallel()
	old := refusedTax()
	old.CorrelationID, old.At = idAt(-40000), noon.Add(-40000*time.Second)
	failed := served(1)[0]
	failed.CorrelationID, failed.Status, failed.Reason = idAt(50), 503, "the store did not answer"
	s := open(t, append([]requestlog.Exchange{old, refusedTax(), failed}, served(3)...)...)
	page := s.page("/portal/")
	has(t, page,
		`<p class="soft">In the last hour</p><p><a class="big" href="/portal/logs">5</a> requests</p><p>3 done, <a href="/portal/logs?status=4xx">1 refused</a>, <a href="/portal/logs?status=5xx">1 failed</a></p>`,
		`<p class="soft">In the last day</p><p><a class="big" href="/portal/logs">6</a> requests</p>`,
		`<b class="times">2 ×</b>`, "create session: order_lines[…].total_tax_amount", "read session: the store did not answer",
		`role="img" aria-label="The last hour in steps of five minutes: 5 requests, 2 refused or failed, at most 5 in one step"`)
}

// TestABusyDayKeepsItsRefusals: what was refused is found behind any number of
// exchanges that were not.
func TestABusyDayKeepsItsRefusals(t *testing.T) {
	t.Parallel()
	many := served(2100)
	for i := range many {
		many[i].At = noon
	}
	page := open(t, append([]requestlog.Exchange{refusedTax()}, many...)...).page("/portal/")
	has(t, page, "<b class=\"times\">1 ×</b>", "create session: order_lines[…].total_tax_amount", `2001+</a> requests</p><p>2000+ done, <a href="/portal/logs?status=4xx">1 refused</a>`)
}

// TestLittleIsSeenBesideMuch: one refusal among many has a bar too.
func TestLittleIsSeenBesideMuch(t *testing.T) {
	t.Parallel()
	has(t, open(t, append(served(300), refusedTax())...).page("/portal/"), `<rect class="bad" x="440" y="98" width="30" height="2" rx="2">`)
}
