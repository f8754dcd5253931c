package console_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/console"
	"github.com/kvitto/kvitto/internal/requestlog"
)

func refusal(violations ...checkout.Violation) *requestlog.Exchange {
	return &requestlog.Exchange{
		CorrelationID: "id-1", At: time.Now(), Duration: 1500 * time.Microsecond, Method: "POST", Path: "/payments/v1/sessions",
		Operation: "create_session", Status: 400, ErrorCode: "BAD_VALUE", ErrorMessages: []string{"Bad value: x"},
		Reason: "the body breaks a rule", Violations: violations,
	}
}

func TestARefusalIsExplainedUnderItsLine(t *testing.T) {
	t.Parallel()
	text := inText(refusal(checkout.Violation{Path: "order_lines[1].total_tax_amount", Sent: int64(41), Expected: int64(32), Tolerance: 1, Hint: "formula"}))
	for _, want := range []string{"400  create_session", "1.5 ms", "id-1", "BAD_VALUE Bad value: x", "order_lines[1].total_tax_amount: sent 41, expected 32 ± 1 (formula)"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

func TestPersonalValuesAreMasked(t *testing.T) {
	t.Parallel()
	text := inText(refusal(
		checkout.Violation{Path: "billing_address.postal_code", Rule: checkout.RuleMatch, Sent: "1017AB", Expected: "1017 AB", Hint: "1017"},
		checkout.Violation{Path: "billing_address.city", Rule: checkout.RuleLength, Sent: int64(120), Expected: "0 to 99 characters", Hint: "sent is the number of characters"},
		checkout.Violation{Path: "customer.date_of_birth", Sent: "1970-01-01"}))
	if strings.Contains(text, "1017") || strings.Contains(text, "1970") {
		t.Errorf("personal data on the console:\n%s", text)
	}
	if !strings.Contains(text, "billing_address.city: sent 120, expected 0 to 99 characters (sent is the number of characters)") {
		t.Errorf("what is not personal is masked:\n%s", text)
	}
	if !strings.Contains(text, "billing_address.postal_code") {
		t.Errorf("the path is missing:\n%s", text)
	}
}

func TestProgramsGetOneObjectALine(t *testing.T) {
	t.Parallel()
	text := inJSON(refusal(
		checkout.Violation{Path: "order_amount", Rule: checkout.RuleOrderAmount, Sent: int64(2), Expected: int64(1), Hint: "a\nb"},
		checkout.Violation{Path: "billing_address.city", Sent: "Umeå"}))
	var got struct {
		Status     int    `json:"status"`
		Operation  string `json:"operation"`
		Violations []struct {
			Path     string `json:"path"`
			Sent     any    `json:"sent"`
			Expected any    `json:"expected"`
		} `json:"violations"`
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil || strings.Count(text, "\n") != 1 {
		t.Fatalf("%v in %q", err, text)
	}
	if got.Status != 400 || got.Operation != "create_session" || len(got.Violations) != 2 || got.Violations[0].Sent != 2.0 || got.Violations[1].Sent != "•••" || got.Violations[1].Expected != nil {
		t.Errorf("%+v", got)
	}
}

func TestNothingAClientSendsWritesLinesOfItsOwn(t *testing.T) {
	t.Parallel()
	e := refusal(checkout.Violation{Path: "locale", Sent: "sv\n\x1b[31mFAKE LINE", Expected: strings.Repeat("x", 5000)})
	e.Path = "/payments/v1/\r\nX"
	text := inText(e)
	if strings.Count(text, "\n") != 4 || strings.ContainsAny(text, "\r\x1b") || len(text) > 2000 {
		t.Errorf("%q", text)
	}
}

func TestManyViolationsAreCounted(t *testing.T) {
	t.Parallel()
	text := inText(refusal(make([]checkout.Violation, 15)...))
	if !strings.Contains(text, "… and 5 more: kvitto explain id-1") {
		t.Error(text)
	}
}

func TestCloseWritesWhatWaits(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	c := console.New(&out, console.Text, "")
	for range 100 {
		c.Exchange(refusal())
	}
	c.Close()
	if n := strings.Count(out.String(), "create_session"); n != 100 {
		t.Errorf("%d of 100 exchanges were printed", n)
	}
}

func TestRawObjectsAreNotShown(t *testing.T) {
	t.Parallel()
	v := checkout.Violation{Path: "merchant_reference1", Rule: checkout.RuleType, Sent: `{"email":"a@b.example"}`, Expected: "string"}
	for _, text := range []string{inText(refusal(v)), inJSON(refusal(v))} {
		if strings.Contains(text, "a@b") || !strings.Contains(text, "an object") {
			t.Error(text)
		}
	}
}

func TestAnExchangeAfterCloseIsNotPrinted(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	c := console.New(&out, console.Text, "")
	c.Close()
	c.Exchange(refusal())
	if out.Len() > 0 {
		t.Error(out.String())
	}
}

// TestASlowTerminalStopsNobody: with a terminal that takes nothing, exchanges
// are counted and said once it takes something again.
func TestASlowTerminalStopsNobody(t *testing.T) {
	t.Parallel()
	w := &gate{open: make(chan struct{})}
	c := console.New(w, console.Text, "")
	for range 5000 {
		c.Exchange(refusal())
	}
	close(w.open)
	c.Exchange(refusal())
	c.Close()
	if n := strings.Count(w.text.String(), "create_session"); n >= 5001 || n < 1000 {
		t.Errorf("%d exchanges were printed", n)
	}
	if !strings.Contains(w.text.String(), "were not printed") {
		t.Error("the missing exchanges are not told")
	}
}

// TestAReaderThatReadsNothingDoesNotHoldUpTheStop: the terminal takes nothing
// at all, and Close ends.
func TestAReaderThatReadsNothingDoesNotHoldUpTheStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &gate{open: make(chan struct{})}
		c := console.New(w, console.JSON, "")
		for range 3000 {
			c.Exchange(refusal())
		}
		c.Close()
		close(w.open)
		synctest.Wait()
		for _, line := range strings.Split(strings.TrimSpace(w.text.String()), "\n") {
			if !json.Valid([]byte(line)) {
				t.Fatalf("not JSON: %q", line)
			}
		}
	})
}

type gate struct {
	open chan struct{}
	text strings.Builder
}

func (g *gate) Write(p []byte) (int, error) {
	<-g.open
	return g.text.Write(p)
}

func inText(e *requestlog.Exchange) string { return console.Text.Exchange(e, "") }
func inJSON(e *requestlog.Exchange) string { return console.JSON.Exchange(e, "") }

// TestRefusalsLeadToThePortal: one line, and none for what may not be kept.
func TestRefusalsLeadToThePortal(t *testing.T) {
	t.Parallel()
	const portal = "http://127.0.0.1:7420/portal/exchanges/"
	kept, served, expendable := refusal(), refusal(), refusal()
	served.Status, expendable.Expendable = 200, true
	if text := console.Text.Exchange(kept, portal); !strings.HasSuffix(text, "\n          see: "+portal+"id-1\n") {
		t.Errorf("no way to the portal in\n%s", text)
	}
	if text := console.JSON.Exchange(kept, portal); !strings.Contains(text, `"portal":"`+portal+`id-1"`) {
		t.Errorf("no way to the portal in %s", text)
	}
	for _, e := range []*requestlog.Exchange{served, expendable} {
		if text := console.Text.Exchange(e, portal) + console.JSON.Exchange(e, portal); strings.Contains(text, "portal") {
			t.Errorf("a way to the portal in %s", text)
		}
	}
}
