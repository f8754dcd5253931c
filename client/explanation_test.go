package client_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/client"
)

func TestExplanation(t *testing.T) {
	t.Parallel()
	exchange := client.Exchange{
		ID: "0192f1c2-0000-4000-8000-00000000000f", At: time.Date(2026, 11, 23, 10, 11, 12, 13e6, time.UTC), Milliseconds: 1.25,
		Method: "POST", Path: "/payments/v1/authorizations/a/order", Operation: "create_order", Status: 409,
		ErrorCode: "BAD_VALUE", ErrorMessages: []string{"Not matching fields: [order_amount]"},
		Reason: "the order differs from what was authorized",
		Violations: []client.Violation{{
			Path: "order_amount", Rule: "matches_authorization", Sent: json.Number("2"), Expected: json.Number("1"),
			SentBy:     &client.Origin{Operation: "create_order", CorrelationID: "0192f1c2-0000-4000-8000-00000000000f"},
			ExpectedBy: &client.Origin{Operation: "updated", CorrelationID: "0192f1c2-0000-4000-8000-00000000000a", Revision: 2},
		}, {
			Path: "billing_address.postal_code", Rule: "matches_authorization", Sent: "1234 AB",
			Hint: "the values differ only in white space or letter case",
		}, {
			Path: "order_lines[0].total_tax_amount", Rule: "line_tax", Expected: json.Number("980"), Tolerance: 1,
			Hint: "total_amount 4900 - total_amount * 10000 / (10000 + tax_rate 2500) = 980, and this hint goes on for longer than a line",
		}},
		Request:  json.RawMessage(`{"order_amount":2}`),
		Response: json.RawMessage(`"not JSON"`),
	}
	const want = `create_order: 409 BAD_VALUE
POST /payments/v1/authorizations/a/order
0192f1c2-0000-4000-8000-00000000000f, 2026-11-23 10:11:12.013 UTC, 1.2 ms

Not matching fields: [order_amount]
why: the order differs from what was authorized

order_amount
  sent      2
            by create_order 0192f1c2-0000-4000-8000-00000000000f
  expected  1
            by updated 0192f1c2-0000-4000-8000-00000000000a, revision 2
  rule      matches_authorization

billing_address.postal_code
  sent      "1234 AB"
  expected  nothing
  hint      the values differ only in white space or letter case
  rule      matches_authorization

order_lines[0].total_tax_amount
  sent      nothing
  expected  980 ± 1
  hint      total_amount 4900 - total_amount * 10000 / (10000 + tax_rate 2500) = 980, and this
            hint goes on for longer than a line
  rule      line_tax

request
  {
    "order_amount": 2
  }

answer
  "not JSON"
`
	if diff := cmp.Diff(want, exchange.String()); diff != "" {
		t.Errorf("the explanation differs (-want +got):\n%s", diff)
	}
}

func TestExplanationOfASuccess(t *testing.T) {
	t.Parallel()
	exchange := client.Exchange{ID: "x", Method: "GET", Path: "/", Status: 200, BodiesShed: true, Request: json.RawMessage(`{}`)}
	const want = "no operation: 200\nGET /\nx, 0001-01-01 00:00:00.000 UTC, 0.0 ms\n\n" +
		"The bodies were not kept: the server was under overload, or the page had made many calls.\n"
	if diff := cmp.Diff(want, exchange.String()); diff != "" {
		t.Errorf("the explanation differs (-want +got):\n%s", diff)
	}
}

func TestLongBodiesAreShortened(t *testing.T) {
	t.Parallel()
	lines := make([]int, 100)
	body, err := json.Marshal(lines)
	if err != nil {
		t.Fatal(err)
	}
	text := client.Exchange{Request: body}.String()
	// 100 numbers and two brackets, of which 16 lines are shown.
	if !strings.HasSuffix(text, "    0,\n  … 86 more lines\n") {
		t.Errorf("the explanation ends in %q", text[max(0, len(text)-60):])
	}
}

// TestExplanationIsSafeForATerminal: whatever clients sent, the lines have no
// control characters, and none that can be broken is longer than 96.
func TestExplanationIsSafeForATerminal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.RuneFrom([]rune("\x1b[\n\r\x7f\u009b aå")))).Draw
		body, err := json.Marshal(word(t, "body"))
		if err != nil {
			t.Fatal(err)
		}
		exchange := client.Exchange{
			ID: word(t, "id"), Method: word(t, "method"), Path: word(t, "path"), Operation: word(t, "operation"),
			ErrorCode:     word(t, "code"),
			ErrorMessages: []string{word(t, "message")}, Reason: word(t, "reason"), Request: body, Response: json.RawMessage(word(t, "raw")),
			Violations: []client.Violation{{Path: word(t, "path"), Rule: word(t, "rule"), Sent: word(t, "sent"), Expected: word(t, "expected"),
				Hint: word(t, "hint"), SentBy: &client.Origin{Operation: word(t, "op"), CorrelationID: word(t, "by")}}},
		}
		text := exchange.String()
		if !utf8.ValidString(text) || !strings.HasSuffix(text, "\n") {
			t.Fatalf("the text is %q", text)
		}
		for _, r := range text {
			if r != '\n' && (r < ' ' || (r >= 0x7f && r < 0xa0)) {
				t.Fatalf("%U is in the text %q", r, text)
			}
		}
	})
	hint := strings.Repeat("många ord ", 60)
	for line := range strings.SplitSeq(fmt.Sprint(client.Violation{Path: "p", Hint: hint, Sent: hint}), "\n") {
		if n := utf8.RuneCountInString(line); n > 96 {
			t.Errorf("a line has %d characters: %s", n, line)
		}
	}
}
