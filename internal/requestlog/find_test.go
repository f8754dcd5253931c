package requestlog

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/requestlog/home"
)

func fullRefusal() Exchange {
	at := time.Date(2026, 2, 3, 4, 5, 6, 789_012_345, time.UTC)
	return Exchange{
		CorrelationID: "01934b1e-7a3c-7def-8123-456789abcdef", MerchantID: "K501517_7d9e12f4a8b3", At: at,
		Duration: 1234567 * time.Nanosecond, Method: "POST",
		Path: "/payments/v1/authorizations/b4bd3423-24e3/order", Operation: "place_order", Status: 409,
		SessionID: "068df369-13a7-4d47-a564-62f8408bb760", OrderID: "f3392f8b-6116-4073-ab96-e330819e2c07",
		AuthorizationToken: "b4bd3423-24e3-6d3d-91e7-3d3a7e2f1b11",
		RequestBody:        []byte("{\"order_amount\": 2500,\n \"locale\":\"sv-SE\"}"),
		ResponseBody:       []byte(`{"error_code":"NOT_MATCHING"}`),
		ErrorCode:          "NOT_MATCHING", ErrorMessages: []string{"Not matching fields: [order_amount]", "å"},
		Reason: "the order differs from what was authorized",
		Violations: []checkout.Violation{
			{Path: "order_amount", Rule: checkout.RuleMatch, Stage: checkout.StageMatch, Sent: int64(2500), Expected: int64(math.MinInt64),
				Tolerance: 3, Hint: "a hint",
				SentBy:     checkout.Origin{CorrelationID: "01934b1e-0000", Operation: "place_order", Revision: 7, At: at},
				ExpectedBy: checkout.Origin{CorrelationID: "01934b1e-0001", Operation: "authorize", Revision: 6, At: at.Add(-time.Hour)}},
			{Path: "billing_address.city", Rule: checkout.RuleMatch, Stage: checkout.StageMatch, Sent: "1", Expected: nil},
			{Path: "auto_capture", Rule: checkout.RuleSameBody, Stage: checkout.StageMatch, Sent: true, Expected: false},
			{Path: "order_lines[1].total_tax_amount", Rule: checkout.RuleLineTax, Stage: checkout.StageLineTaxes,
				Sent: nil, Expected: int64(math.MaxInt64)},
			{Path: "x", Rule: checkout.RuleType, Stage: checkout.StageFields, Sent: "", Expected: "\"<&>\\ \u2028 å 漢"},
		},
	}
}

func roundTrips() map[string]Exchange {
	bare := Exchange{CorrelationID: "01934b1e-7a3c-7def-8123-000000000001", Status: 204}
	shed := success("01934b1e-7a3c-7def-8123-000000000002")
	shed.Shed = true
	empty := success("01934b1e-7a3c-7def-8123-000000000003")
	empty.RequestBody, empty.ResponseBody = []byte{}, []byte{}
	odd := success("not a uuid \x00 '\" å")
	odd.Path, odd.RequestBody = "/payments/v1/\xff\x00", []byte{0, 0xff, '"'}
	oddRefusal := odd
	oddRefusal.CorrelationID, oddRefusal.SessionID, oddRefusal.Status = "another \xff\x00", "\x00\xff", 404
	coded := refusal("01934b1e-7a3c-7def-8123-000000000004")
	explained := success("01934b1e-7a3c-7def-8123-000000000005")
	explained.Reason, explained.Violations = "it was accepted all the same", fullRefusal().Violations
	large := fullRefusal()
	large.CorrelationID, large.Status = "01934b1e-7a3c-7def-8123-000000000006", 200
	large.ErrorCode, large.ErrorMessages, large.Reason, large.Violations = "", nil, "", nil
	large.RequestBody, large.ResponseBody = shopBody(50, 1), make([]byte, blockSize+1)
	largeRefusal := fullRefusal()
	largeRefusal.CorrelationID, largeRefusal.RequestBody = "01934b1e-7a3c-7def-8123-000000000007", shopBody(50, 2)
	return map[string]Exchange{
		"full": fullRefusal(), "bare": bare, "shed": shed, "empty bodies": empty, "odd bytes": odd, "odd bytes refused": oddRefusal,
		"code only": coded, "explained success": explained, "large": large, "large refusal": largeRefusal,
	}
}

func TestRoundTrip(t *testing.T) { onEachHome(t, testRoundTrip) }

func testRoundTrip(t *testing.T, open place) {
	l := open(t, Options{Gather: never})
	for _, e := range roundTrips() {
		record(t, l, e)
	}
	for name, e := range roundTrips() {
		if diff := cmp.Diff(e, find(t, l, e.MerchantID, e.CorrelationID)); diff != "" {
			t.Errorf("%s before the restart (-recorded +found):\n%s", name, diff)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, Options{})
	for name, e := range roundTrips() {
		if diff := cmp.Diff(e, find(t, again, e.MerchantID, e.CorrelationID)); diff != "" {
			t.Errorf("%s after the restart (-recorded +found):\n%s", name, diff)
		}
	}
}

// Times come back as the same instant in UTC, whatever zone they came in.
func TestTimesComeBackInUTC(t *testing.T) { onEachHome(t, testTimesComeBackInUTC) }

func testTimesComeBackInUTC(t *testing.T, open place) {
	l := open(t, Options{})
	local := time.Date(2026, 2, 3, 4, 5, 6, 7, time.FixedZone("", 2*60*60+30))
	e := refusal("c1")
	e.At = local
	e.Violations = []checkout.Violation{{SentBy: checkout.Origin{At: local}}}
	record(t, l, e)
	got := find(t, l, "m1", "c1")
	for name, at := range map[string]time.Time{"exchange": got.At, "origin": got.Violations[0].SentBy.At} {
		if !at.Equal(local) || at.Location() != time.UTC {
			t.Errorf("%s: %v, want %v in UTC", name, at, local)
		}
	}
}

func TestMerchantsAreWalls(t *testing.T) { onEachHome(t, testMerchantsAreWalls) }

func testMerchantsAreWalls(t *testing.T, open place) {
	ctx := context.Background()
	l := open(t, Options{})
	mine, theirs, nobodys := refusal("c1"), refusal("c2"), refusal("c3")
	theirs.MerchantID, nobodys.MerchantID = "m2", ""
	mine.SessionID, theirs.SessionID, nobodys.SessionID = "s", "s", "s"
	record(t, l, mine, theirs, nobodys)
	for _, test := range []struct {
		merchantID, correlationID string
		found                     bool
	}{
		{"m1", "c1", true}, {"m1", "c2", false}, {"m1", "c3", false}, {"m1", "c4", false}, {"m1", "", false},
		{"m2", "c1", false}, {"m2", "c2", true}, {"m2", "c3", false},
		{"", "c1", false}, {"", "c2", false}, {"", "c3", true}, {"M1", "c1", false}, {"%", "c1", false},
	} {
		e, err := l.Find(ctx, test.merchantID, test.correlationID)
		switch {
		case test.found && (err != nil || e.CorrelationID != test.correlationID):
			t.Errorf("Find(%q, %q): %+v, %v", test.merchantID, test.correlationID, e, err)
		case !test.found && (!errors.Is(err, ErrNotFound) || !cmp.Equal(e, Exchange{})):
			t.Errorf("Find(%q, %q): %+v, %v; want nothing and ErrNotFound", test.merchantID, test.correlationID, e, err)
		}
	}
	for merchantID, want := range map[string][]string{"m1": {"c1"}, "m2": {"c2"}, "": {"c3"}, "m3": nil} {
		if diff := cmp.Diff(want, ofSession(t, l, merchantID, "s", 0)); diff != "" {
			t.Errorf("session s of %q (-want +got):\n%s", merchantID, diff)
		}
	}
}

// ofSession is the correlation ids of the answer.
func ofSession(t *testing.T, l *Log, merchantID, sessionID string, limit int) (ids []string) {
	t.Helper()
	exchanges, err := l.OfSession(context.Background(), merchantID, sessionID, Bounds{Count: limit})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range exchanges {
		ids = append(ids, e.CorrelationID)
	}
	return ids
}

func TestOfSession(t *testing.T) { onEachHome(t, testOfSession) }

func testOfSession(t *testing.T, open place) {
	l := open(t, Options{Gather: never})
	start := time.Unix(1_800_000_000, 0).UTC()
	var want []string
	for i := range 1500 { // three batches and refusals between them
		e := success(fmt.Sprintf("c%04d", i))
		e.At, e.SessionID = start.Add(time.Duration(i)*time.Millisecond), fmt.Sprint("s", i%100)
		if i%250 == 7 {
			e.Status = 400
		}
		if e.SessionID == "s7" {
			want = append(want, e.CorrelationID)
		}
		record(t, l, e)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, Options{Gather: never})
	for limit, want := range map[int][]string{0: want, -1: want, 1: want[:1], 4: want[:4], 15: want, 16: want} {
		if diff := cmp.Diff(want, ofSession(t, l, "m1", "s7", limit)); diff != "" {
			t.Errorf("limit %d (-want +got):\n%s", limit, diff)
		}
	}
	for _, none := range []string{"", "s", "s100"} {
		if got := ofSession(t, l, "m1", none, 0); len(got) != 0 {
			t.Errorf("session %q has %v", none, got)
		}
	}
	if _, err := l.OfSession(canceled(), "m1", "s7", Bounds{}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a done context: %v", err)
	}
}

// An exchange that took longer is recorded later; it is shown where it began.
func TestOfSessionIsOldestFirst(t *testing.T) { onEachHome(t, testOfSessionIsOldestFirst) }

func testOfSessionIsOldestFirst(t *testing.T, open place) {
	l := open(t, Options{Gather: never})
	third, first, second := success("third"), refusal("first"), success("second")
	first.At, second.At, third.At = time.Unix(1, 0), time.Unix(2, 0), time.Unix(3, 0)
	first.SessionID, second.SessionID, third.SessionID = "s", "s", "s"
	record(t, l, third, first, second)
	if diff := cmp.Diff([]string{"first", "second", "third"}, ofSession(t, l, "m1", "s", 0)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A session may have exchanges with huge bodies and long explanations: a list
// has the small ones, within its bounds, and says what it left out.
func TestOfSessionHoldsNoMoreThanItsBounds(t *testing.T) {
	onEachHome(t, testOfSessionHoldsNoMoreThanItsBounds)
}

func testOfSessionHoldsNoMoreThanItsBounds(t *testing.T, open place) {
	l := open(t, Options{Gather: never})
	const count, each, all = 60, 4 << 10, 64 << 10
	huge, small := shopBody(400, 1), []byte(`{"a":1}`)
	for i := range count {
		e := success(fmt.Sprintf("c%04d", i))
		e.SessionID, e.RequestBody, e.ResponseBody, e.At = "s", huge, small, time.Unix(int64(i), 0)
		switch i % 3 {
		case 1:
			e.Status = 400
			for range 5000 {
				e.Violations = append(e.Violations, checkout.Violation{Path: "locale", Sent: "x"})
				e.ErrorMessages = append(e.ErrorMessages, "Bad value: locale")
			}
		case 2:
			e.RequestBody = shopBody(2, i)
		}
		record(t, l, e)
	}
	found, err := l.OfSession(context.Background(), "m1", "s", Bounds{Body: each, Bodies: all})
	if err != nil || len(found) != count {
		t.Fatalf("%d, %v", len(found), err)
	}
	held, whole := 0, 0
	for i, e := range found {
		held += len(e.RequestBody) + len(e.ResponseBody)
		if len(e.RequestBody) > each || i%3 != 2 && !e.LeftOut || len(e.Violations) > 3 || len(e.ErrorMessages) > 3 {
			t.Errorf("%s: a body of %d bytes, %d violations, left out %v", e.CorrelationID, len(e.RequestBody), len(e.Violations), e.LeftOut)
		}
		if !e.LeftOut {
			whole++
		}
		if again := find(t, l, "m1", e.CorrelationID); len(again.RequestBody) == 0 || again.LeftOut || i%3 == 1 && len(again.Violations) != 5000 {
			t.Errorf("%s alone: %d bytes, %d violations", e.CorrelationID, len(again.RequestBody), len(again.Violations))
		}
	}
	if held > all || whole == 0 {
		t.Errorf("%d bytes of bodies, %d exchanges as a whole", held, whole)
	}
}

// Two sessions with the same mark are still two sessions.
func TestSessionsWithTheSameMark(t *testing.T) { onEachHome(t, testSessionsWithTheSameMark) }

func testSessionsWithTheSameMark(t *testing.T, open place) {
	const one, other = "session-1129599", "session-1732382" // found by trying
	if !home.HasMark(home.AppendMark(nil, one), other) {
		t.Fatal("the marks differ: files of older versions could not be searched")
	}
	l := open(t, Options{})
	a, b := success("a"), success("b")
	a.SessionID, b.SessionID = one, other
	record(t, l, a, b)
	if diff := cmp.Diff([]string{"a"}, ofSession(t, l, "m1", one, 0)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Values of a type the domain does not promise are kept as their text.
func TestOddValues(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ value, want any }{
		{7, "7"}, {1.5, "1.5"}, {[]string{"a", "b"}, "[a b]"}, {"a\xffb", "a\ufffdb"},
	} {
		got, err := decodeValue(encodeValue(test.value))
		if err != nil || got != test.want {
			t.Errorf("%#v became %#v, %v; want %#v", test.value, got, err, test.want)
		}
	}
}
