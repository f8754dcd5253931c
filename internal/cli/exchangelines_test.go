package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/console"
	"github.com/kvitto/kvitto/internal/requestlog"
)

// TestExchangeLines: whatever the console prints, in pieces of any size, becomes
// one object for each exchange; and without json it passes through.
func TestExchangeLines(t *testing.T) {
	t.Parallel()
	word := rapid.OneOf(rapid.SampledFrom([]string{"/payments/v1/sessions", "/a b  1.5 ms  x", "/ ", "/\n200  x"}), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		var want []exchangeLine
		for range rapid.IntRange(0, 4).Draw(t, "exchanges") {
			e := requestlog.Exchange{
				At: time.Unix(rapid.Int64Range(0, 1e9).Draw(t, "at"), 0), Status: rapid.IntRange(200, 599).Draw(t, "status"),
				Operation: rapid.SampledFrom([]string{"", "create_session", "an_operation_with_a_long_name"}).Draw(t, "operation"),
				Method:    rapid.SampledFrom([]string{"GET", "DELETE"}).Draw(t, "method"), Path: word.Draw(t, "path"),
				Duration:      time.Duration(rapid.Int64Range(0, 1e7).Draw(t, "tenths")) * 100 * time.Microsecond,
				CorrelationID: "01a20fac-5bf4-4c91-8219-5945c5cb781c", ErrorCode: "BAD_VALUE", ErrorMessages: []string{word.Draw(t, "message")},
				Reason:     word.Draw(t, "reason"),
				Violations: []checkout.Violation{{Path: "order_amount", Sent: word.Draw(t, "sent"), Hint: word.Draw(t, "hint")}},
			}
			printed := console.Format(&e)
			text.WriteString(printed)
			// The console makes the path fit for a line; what stands there counts.
			first, _, _ := strings.Cut(printed, "\n")
			path := strings.TrimSuffix(first[strings.Index(first, e.Method)+len(e.Method)+1:], "  "+e.CorrelationID)
			path = path[:strings.LastIndex(strings.TrimSuffix(path, " ms"), "  ")]
			want = append(want, exchangeLine{e.At.Local().Format("15:04:05"), e.Status, e.Operation, e.Method, path,
				float64(e.Duration.Microseconds()) / 1000, e.CorrelationID})
		}
		objects, plain := bytes.Buffer{}, bytes.Buffer{}
		asJSON, asText := &exchangeLines{out: &objects, json: true}, &exchangeLines{out: &plain}
		for rest := []byte(text.String()); len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			for _, lines := range []*exchangeLines{asJSON, asText} {
				if wrote, err := lines.Write(rest[:n]); err != nil || wrote != n {
					t.Fatalf("Write returned %d, %v", wrote, err)
				}
			}
			rest = rest[n:]
		}
		var got []exchangeLine
		for decoder := json.NewDecoder(&objects); decoder.More(); {
			var e exchangeLine
			if err := decoder.Decode(&e); err != nil {
				t.Fatal(err)
			}
			got = append(got, e)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("the objects differ (-want +got):\n%s", diff)
		}
		if plain.String() != text.String() || asText.seen != len(want) || asJSON.seen != len(want) {
			t.Fatalf("%d and %d exchanges were counted, want %d; the text is %q", asText.seen, asJSON.seen, len(want), plain.String())
		}
	})
}

func TestLinesThatAreNoExchange(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"", " ", "          (3 exchanges were not printed: the terminal is slower than the load)", "hello", "a b c d", "a b c d e",
		"10:00:00  200  read_clock GET /  soon ms  id", "10:00:00  two  read_clock GET /  1.0 ms  id",
	} {
		if e, ok := parseExchange(line); ok {
			t.Errorf("%q was read as %+v", line, e)
		}
	}
}
