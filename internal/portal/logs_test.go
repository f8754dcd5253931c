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
	has(t, first, `href="/portal/logs?before=`+idAt(9)+`"`, `data-live="/portal/logs?from=2026-03-04T12%3A04&amp;rows=1"`)
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
	old := refusedTax()
	old.CorrelationID, old.At = idAt(-200000), noon.Add(-200000*time.Second)
	s := open(t, append(all, old, refusedTax())...)
	page := s.page("/portal/logs")
	has(t, page, "Again and again", "6 ×</b>", "create session: order_lines[…].total_tax_amount: the tax does not fit the total", "/portal/exchanges/"+idAt(3), "since Monday 04:26")
	has(t, page, `href="/portal/logs?from=2026-02-25T18%3A00&amp;operation=create_session&amp;status=400">in the logs`)
	lacks(t, open(t, all[:2]...).page("/portal/logs"), "Again and again")
	lacks(t, open(t, old, old, old).page("/portal/logs"), "Again and again") // it does not come again
	has(t, s.page("/portal/logs?merchant=shoes"), "6 ×</b>")
	lacks(t, s.page("/portal/logs?merchant=socks")+s.page("/portal/logs?merchant=shoes&method=POST"), "Again and again")
}

// TestAPartialSearchGoesOnAndFollows: what the search has not reached yet is a
// link away, and what comes is shown.
func TestAPartialSearchGoesOnAndFollows(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.log.partial = idAt(7)
	page := s.page("/portal/logs?q=rare+words")
	has(t, page, "Nothing yet", `href="/portal/logs?before=`+idAt(7)+`&amp;q=rare&#43;words"`, "Search further back", `data-live="/portal/logs?from=2026-03-04T12%3A04&amp;q=rare&#43;words&amp;rows=1" data-live-reload`)
	lacks(t, page, "Nothing matches")
	s.log.add(served(1)...)
	page = s.page("/portal/logs?q=number-0&method=GET")
	has(t, page, "Search further back", "The search has not looked at everything yet", `data-live="`)
}

// TestFollowingIsNoMove: the rows alone are rows, also where the page itself would
// lead to the one exchange that is found.
func TestFollowingIsNoMove(t *testing.T) {
	t.Parallel()
	has(t, open(t, refusedTax()).page("/portal/logs?rows=1&q="+refusedID), `<tr data-id="`+refusedID)
}

func TestOneStatusIsAFilter(t *testing.T) {
	t.Parallel()
	s := open(t, append(served(2), refusedTax())...)
	page := s.page("/portal/logs?status=400")
	if n := strings.Count(page, "<tr data-id="); n != 1 {
		t.Errorf("%d rows", n)
	}
	has(t, page, `<option value="400" selected>400, bad request</option>`)
	lacks(t, s.page("/portal/logs?status=4xx"), "400, bad request")
	if n := strings.Count(s.page("/portal/logs?status=9000"), "<tr data-id="); n != 3 {
		t.Errorf("%d rows", n)
	}
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
