package portal_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
)

// ids that say when they were made, as real ones do: noon and so many seconds.
func idAt(seconds int) string {
	ms := noon.Add(time.Duration(seconds) * time.Second).UnixMilli()
	const digits = "0123456789abcdef"
	text := make([]byte, 12)
	for i := 11; i >= 0; i-- {
		text[i] = digits[ms&15]
		ms >>= 4
	}
	return string(text[:8]) + "-" + string(text[8:]) + "-4000-8000-00000000c001"
}

func shoe(quantity int64) checkout.Content {
	return checkout.Content{
		PurchaseCountry: checkout.TextOf("SE"), PurchaseCurrency: checkout.TextOf("SEK"), OrderAmount: checkout.IntegerOf(quantity * 10000),
		OrderLines: []checkout.Line{{Name: checkout.TextOf("Shoe"), Quantity: checkout.IntegerOf(quantity), UnitPrice: checkout.IntegerOf(10000), TotalAmount: checkout.IntegerOf(quantity * 10000)}},
	}
}

// life is a session in the making: each step is a request of so many seconds
// after noon.
type life struct {
	*site
	session checkout.Session
}

func (l *life) commit(seconds int, operation string, took time.Duration, next checkout.Session, event checkout.Event, refusal *checkout.Refusal) {
	l.t.Helper()
	if refusal != nil {
		l.t.Fatal(refusal, refusal.Violations)
	}
	event.CorrelationID = idAt(seconds)
	if err := l.store.Commit(l.t.Context(), []store.Change{{Session: next, Event: event}})[0]; err != nil {
		l.t.Fatal(err)
	}
	l.session = next
	l.record(seconds, operation, 204, took, nil)
}

func (l *life) record(seconds int, operation string, status int, took time.Duration, violations []checkout.Violation) {
	l.log.add(requestlog.Exchange{CorrelationID: idAt(seconds), MerchantID: "shoes", SessionID: sessionID, Operation: operation, Status: status, Method: "POST",
		Path: "/x", At: noon.Add(time.Duration(seconds) * time.Second), Duration: took, Violations: violations, RequestBody: []byte(`{"order_amount":20000}`)})
}

func begin(t *testing.T) *life {
	t.Helper()
	l := &life{site: open(t)}
	if err := l.store.EnsureMerchant(t.Context(), "shoes", noon); err != nil {
		t.Fatal(err)
	}
	session, event, refusal := checkout.Create(sessionID, "shoes", shoe(1), nil, noon)
	l.commit(0, "create_session", time.Millisecond, session, event, refusal)
	return l
}

func (l *life) update(seconds int, took time.Duration, patch checkout.Content) {
	l.t.Helper()
	next, event, refusal := l.session.Update(patch, nil, noon)
	l.commit(seconds, "update_session", took, next, event, refusal)
}

func (l *life) authorize(seconds int) {
	l.t.Helper()
	next, event, _, refusal := l.session.Authorize(checkout.Browser{AutoFinalize: true, Now: noon, NewToken: func() string { return idAt(1000 + seconds) },
		Decide: func(*checkout.Content) checkout.Decision {
			return checkout.Decision{Outcome: checkout.OutcomeApprove, Reason: "rule 7 of test.toml"}
		}})
	l.commit(seconds, "browser_authorize", time.Millisecond, next, event, refusal)
}

func TestATimelineSaysWhoChangedWhat(t *testing.T) {
	t.Parallel()
	l := begin(t)
	l.update(10, time.Millisecond, shoe(2))
	l.authorize(20)
	page := l.page("/portal/sessions/" + sessionID)
	has(t, page,
		"revision 1: created", "revision 2: updated", "revision 3: authorized", "200.00 SEK",
		`<code>order_amount</code> <del><span class="unseen">was </span>10000</del> <ins><span class="unseen">is </span>20000</ins>`,
		`<code>order_lines[0].quantity</code>`, "Decided: rule 7 of test.toml", `<span class="actor">browser</span>`, `<span class="actor">server</span>`,
		"/portal/exchanges/"+idAt(10), "live until 2026-03-04 13:00:00", `data-line="1"`)
	lacks(t, page, `data-testid="warning"`)
}

func TestALineThatIsAddedIsOneChange(t *testing.T) {
	t.Parallel()
	l := begin(t)
	patch := shoe(1)
	patch.OrderLines = append(patch.OrderLines, checkout.Line{Name: checkout.TextOf("Sock"), Quantity: checkout.IntegerOf(2), UnitPrice: checkout.IntegerOf(50), TotalAmount: checkout.IntegerOf(100)})
	patch.OrderAmount = checkout.IntegerOf(10100)
	l.update(10, time.Millisecond, patch)
	has(t, l.page("/portal/sessions/"+sessionID), `<code>order_lines[1]</code> <small>new:</small> <ins><span class="unseen">is </span>2 × "Sock", total_amount 100</ins>`)
	l.update(20, time.Millisecond, shoe(1))
	has(t, l.page("/portal/sessions/"+sessionID), `2 × "Sock", total_amount 100</del> <small>taken away</small>`)
}

func TestAnUpdateAfterTheApprovalIsWarnedOf(t *testing.T) {
	t.Parallel()
	l := begin(t)
	l.authorize(10)
	l.update(20, time.Millisecond, shoe(2))
	warning := "The customer approved revision 2, and this differs from it in order_amount, order_lines[0].quantity, order_lines[0].total_amount: an order of it is refused."
	has(t, l.page("/portal/sessions/"+sessionID), warning, "1 warning below")
	l.authorize(30) // now it is approved
	lacks(t, l.page("/portal/sessions/"+sessionID), `data-testid="warning"`)
}

func TestARequestThatWroteOverWhatItCouldNotKnow(t *testing.T) {
	t.Parallel()
	l := begin(t)
	l.update(10, 5*time.Second, shoe(2)) // answered at 15
	l.update(12, time.Millisecond, shoe(3))
	has(t, l.page("/portal/sessions/"+sessionID), "This request was sent before revision 2 was answered, and wrote over what that had set: order_amount")
	l = begin(t)
	l.update(10, time.Millisecond, shoe(2))
	l.update(12, time.Millisecond, shoe(3))
	lacks(t, l.page("/portal/sessions/"+sessionID), `data-testid="warning"`)
}

// TestARefusedOrderStandsBesideItsSession: approved, session and order, on the
// page of the session and of the exchange.
func TestARefusedOrderStandsBesideItsSession(t *testing.T) {
	t.Parallel()
	l := begin(t)
	l.authorize(10)
	l.update(20, time.Millisecond, shoe(2))
	l.record(30, "create_order", 409, time.Millisecond, []checkout.Violation{
		{Path: "order_amount", Rule: checkout.RuleMatch, Stage: checkout.StageMatch, Sent: int64(20000), Expected: int64(10000),
			ExpectedBy: checkout.Origin{CorrelationID: idAt(0), Operation: "create_session", Revision: 1}}})
	for path, column := range map[string]string{"/portal/sessions/" + sessionID: "Session now", "/portal/exchanges/" + idAt(30): "Session then"} {
		has(t, l.page(path), column, `<code data-testid="expected">10000</code>`, `<code class="bad" data-testid="sent">20000</code>`, "<small>as the order</small>",
			"The session was updated after the customer had approved it", "/portal/exchanges/"+idAt(0))
	}
	// What the session became later does not count for the exchange.
	l.update(40, time.Millisecond, shoe(5))
	has(t, l.page("/portal/exchanges/"+idAt(30)), "<code>20000</code><small>as the order</small></td>")
	has(t, l.page("/portal/sessions/"+sessionID), "<code>50000</code></td>")
}

func TestAnUnknownSessionHelps(t *testing.T) {
	t.Parallel()
	w := open(t).ask(http.MethodGet, "/portal/sessions/"+sessionID)
	if w.Code != http.StatusNotFound {
		t.Errorf("status %d", w.Code)
	}
	has(t, w.Body.String(), "No session has this id")
}

// TestCorrectionsKnowTheSession: a patch is corrected as the session would have
// been with it.
func TestCorrectionsKnowTheSession(t *testing.T) {
	t.Parallel()
	l := begin(t)
	l.log.add(requestlog.Exchange{CorrelationID: idAt(10), MerchantID: "shoes", SessionID: sessionID, Operation: "update_session", Status: 400, Method: "POST",
		At: noon.Add(10 * time.Second), RequestBody: []byte(`{"order_amount":9000}`),
		Violations: []checkout.Violation{{Path: "order_amount", Rule: checkout.RuleOrderAmount, Stage: checkout.StageOrderAmount, Sent: int64(9000), Expected: int64(10000)}}})
	has(t, l.page("/portal/exchanges/"+idAt(10)), `changed" data-line="2">  <span class="key">"order_amount"</span>: <span class="number">10000</span>`)
	if body := l.ask(http.MethodGet, "/portal/exchanges/"+idAt(10)+"/corrected").Body.String(); body != "{\n  \"order_amount\": 10000\n}" {
		t.Errorf("corrected: %s", body)
	}
}

// TestADecisionShowsItsRules: the rule that decided, one that failed, how many
// others there were, and what they could know; on both pages.
func TestADecisionShowsItsRules(t *testing.T) {
	t.Parallel()
	l := begin(t)
	l.authorize(10)
	l.kept = []service.KeptAssessment{{
		Assessment: store.Assessment{ID: idAt(500), MerchantID: "shoes", SessionID: sessionID, CorrelationID: idAt(10)},
		Input:      risk.Input{Content: &l.session.Content, Changes: 3, Now: noon},
		Made: risk.Assessment{Rule: "large", RuleSet: "test.toml", Version: "v7", Failed: 1, Decision: checkout.Decision{Outcome: checkout.OutcomeInvalidFields, Reason: "the amount is <large>"},
			Steps: []risk.Step{{Rule: "young", State: risk.StateNotMatched}, {Rule: "broken", State: risk.StateFailed, Error: "no such list"}, {Rule: "large", State: risk.StateMatched}}},
	}}
	for _, path := range []string{"/portal/sessions/" + sessionID, "/portal/exchanges/" + idAt(10)} {
		page := l.page(path)
		has(t, page, "How it was decided: invalid fields, by rule large", "the amount is <large>", "test.toml, version v7; 1 other rule without effect, 1 rule failed",
			"<code>large</code> <span>matched, and decided</span>", "<code>broken</code> <span>failed</span>", "no such list", "kvitto explain "+idAt(500))
		lacks(t, page, "<large>", "young")
	}
	lacks(t, l.page("/portal/exchanges/"+idAt(0)), "How it was decided")
}
