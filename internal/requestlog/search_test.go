package requestlog

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
)

// searched is the correlation ids of all pages of a query.
func searched(t *testing.T, l *Log, q Query) (ids []string) {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = SearchMax
	}
	for {
		page, err := l.Search(context.Background(), q)
		if err != nil {
			t.Fatalf("search %+v: %v", q, err)
		}
		if len(page.Exchanges) > q.Limit || page.Partial && page.Next == "" {
			t.Fatalf("search %+v: %d exchanges, partial %v, next %q", q, len(page.Exchanges), page.Partial, page.Next)
		}
		for _, e := range page.Exchanges {
			ids = append(ids, e.CorrelationID)
		}
		if page.Next == "" {
			return ids
		}
		q.Before = page.Next
	}
}

// What the exchanges of the story are about.
const (
	ofSession1 = "019a0000-0000-4000-8000-00000000005e"
	ofOrder1   = "019a0000-0000-4000-8000-0000000000d1"
	ofToken1   = "019a0000-0000-4000-8000-0000000000f1"
)

// story are exchanges of two merchants, a second apart, the oldest first. Their
// ids end in their place.
func story() []Exchange {
	bodies := []struct {
		operation, method     string
		status                int
		request, response     string
		session, order, token string
	}{
		0: {"create_session", "POST", 200, `{"purchase_country":"SE","order_amount":119900,"merchant_reference1":"ORD-2026/17",` +
			`"order_lines":[{"name":"Running shoe","total_amount":1000},{"name":"Bl\u00e5 tr\u00f6ja","total_amount":118900,"tax_rate":2500}]}`,
			`{"session_id":"` + ofSession1 + `","payment_method_categories":[{"identifier":"pay_later"}]}`, ofSession1, "", ""},
		1: {"update_session", "POST", 204, `{"order_amount":2500,"order_lines":[{"name":"T-shirt","total_amount":2500}]}`, ``, ofSession1, "", ""},
		2: {"update_session", "POST", 400, `{"order_amount":2501}`, `{"error_code":"BAD_VALUE","error_messages":["Bad value: order_amount"]}`, ofSession1, "", ""},
		3: {"browser_authorize", "POST", 200, `{"billing_address":{"city":"Stockholm","email":"Anna.Larsson@example.com","phone":"+46 70 123 45 67"}}`, `{"approved":true}`, ofSession1, "", ofToken1},
		4: {"create_order", "POST", 200, `{"order_amount":119900,"merchant_reference2":"100045","billing_address":{"city":"New York"}}`, `{"order_id":"` + ofOrder1 + `"}`, ofSession1, ofOrder1, ofToken1},
		5: {"", "GET", 404, ``, `<html>No such page</html>`, "", "", ""},
		6: {"read_session", "GET", 200, ``, `{"order_amount":119900,"status":"complete"}`, ofSession1, ofOrder1, ""},
	}
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var all []Exchange
	for _, merchant := range []string{"m1", "m2"} {
		for i, b := range bodies {
			at := start.Add(time.Duration(i) * time.Second)
			e := Exchange{
				CorrelationID: identifier.New(at), MerchantID: merchant, At: at,
				Method: b.method, Operation: b.operation, Status: b.status, SessionID: b.session, OrderID: b.order, AuthorizationToken: b.token,
				RequestBody: []byte(b.request), ResponseBody: []byte(b.response),
			}
			if e.Refused() {
				e.ErrorCode, e.Violations = "BAD_VALUE", []checkout.Violation{{Path: "order_amount", Rule: checkout.RuleMatch, Sent: int64(2501), Expected: int64(2500)}}
			}
			all = append(all, e)
		}
	}
	return all
}

// searches are what is asked of the story for m1, and the places of what is
// found.
var searches = []struct {
	name  string
	query Query
	want  []int
}{
	{"everything", Query{}, []int{6, 5, 4, 3, 2, 1, 0}},
	{"refused", Query{StatusFrom: 400, StatusTo: 499}, []int{5, 2}},
	{"one status", Query{StatusFrom: 204, StatusTo: 204}, []int{1}},
	{"from a status", Query{StatusFrom: 204}, []int{5, 2, 1}},
	{"method", Query{Method: "GET"}, []int{6, 5}},
	{"operation", Query{Operation: "update_session"}, []int{2, 1}},
	{"operation and status", Query{Operation: "update_session", StatusTo: 399}, []int{1}},
	{"session", Query{SessionID: ofSession1}, []int{6, 4, 3, 2, 1, 0}},
	{"unknown session", Query{SessionID: "s"}, nil},
	{"order", Query{OrderID: ofOrder1}, []int{6, 4}},
	{"time", Query{From: noon(1).Add(time.Second), To: noon(1).Add(3 * time.Second)}, []int{2, 1}},
	{"session as text", Query{Text: ofSession1}, []int{6, 4, 3, 2, 1, 0}},
	{"order as text", Query{Text: " " + ofOrder1 + "\n"}, []int{6, 4}},
	{"token as text", Query{Text: ofToken1}, []int{4, 3}},
	{"in capitals", Query{Text: "019A0000-0000-4000-8000-0000000000F1"}, []int{4, 3}},
	{"reference", Query{Text: "ORD-2026/17"}, []int{0}},
	{"half a reference", Query{Text: "ORD-2026/1"}, nil},
	{"reference of digits", Query{Text: "100045"}, []int{4}},
	{"amount", Query{Text: "119900"}, []int{6, 4, 0}},
	{"amount and not tax rate", Query{Text: "2500"}, []int{1}},
	{"word", Query{Text: "shoe"}, []int{0}},
	{"word in capitals", Query{Text: "RUNNING"}, []int{0}},
	{"half a word", Query{Text: "runn"}, nil},
	{"escaped word", Query{Text: "tröja"}, []int{0}},
	{"escaped word in capitals", Query{Text: "TRÖJA"}, []int{0}},
	{"words of one exchange", Query{Text: "tröja running"}, []int{0}},
	{"words of two exchanges", Query{Text: "running stockholm"}, nil},
	{"words in a row", Query{Text: `"running shoe"`}, []int{0}},
	{"words not in a row", Query{Text: `"shoe running"`}, nil},
	{"part of a word with a hyphen", Query{Text: "shirt"}, []int{1}},
	{"name of a property", Query{Text: "merchant_reference2"}, []int{4}},
	{"word of a body that is no JSON", Query{Text: "such"}, []int{5}},
	{"error code", Query{Text: "bad_value"}, []int{2}},
	{"e-mail", Query{Text: "anna.larsson@example.com"}, []int{3}},
	{"part of an e-mail", Query{Text: "larsson@example.co"}, nil},
	{"path", Query{Text: "billing_address.city=Stockholm"}, []int{3}},
	{"path with words", Query{Text: `billing_address.city="new york"`}, []int{4}},
	{"path into an array", Query{Text: "order_lines[0].total_amount=1000"}, []int{0}},
	{"path to another index", Query{Text: "order_lines[1].total_amount=1000"}, nil},
	{"path to any index", Query{Text: "order_lines[].total_amount=118900"}, []int{0}},
	{"path to a boolean", Query{Text: "approved=true"}, []int{3}},
	{"path of another value", Query{Text: "billing_address.city=Uppsala"}, nil},
	{"text and filter", Query{Text: "119900", Method: "POST"}, []int{4, 0}},
	{"text and session", Query{Text: "119900", SessionID: "s"}, nil},
	{"nothing but quotes", Query{Text: `""`}, []int{6, 5, 4, 3, 2, 1, 0}},
	{"no operator of the index", Query{Text: `shoe OR NOT * ( NEAR`}, nil},
}

func TestSearch(t *testing.T) { onEachHome(t, testSearch) }

// What is found does not depend on what is indexed.
func testSearch(t *testing.T, open place) {
	told := story()
	l := open(t, Options{Gather: never, indexByHand: true})
	record(t, l, told[:5]...)
	index(t, l)
	record(t, l, told[5:]...)
	t.Run("some are indexed", func(t *testing.T) { testSearches(t, l, told) })
	index(t, l)
	t.Run("all are indexed", func(t *testing.T) { testSearches(t, l, told) })
}

func TestSearchWithoutIndex(t *testing.T) { onEachHome(t, testSearchWithoutIndex) }

func testSearchWithoutIndex(t *testing.T, open place) {
	told := story()
	l := open(t, Options{Gather: never, indexByHand: true})
	record(t, l, told...)
	testSearches(t, l, told)
}

// index indexes all that was recorded.
func index(t *testing.T, l *Log) {
	t.Helper()
	if err := errors.Join(l.flush(context.Background()), l.index(context.Background(), true)); err != nil {
		t.Fatal(err)
	}
}

func testSearches(t *testing.T, l *Log, told []Exchange) {
	mine := told[:len(told)/2]
	for _, test := range searches {
		var want []string
		for _, i := range test.want {
			want = append(want, mine[i].CorrelationID)
		}
		for _, limit := range []int{SearchMax, 1, 2} {
			test.query.MerchantID, test.query.Limit = "m1", limit
			if diff := cmp.Diff(want, searched(t, l, test.query)); diff != "" {
				t.Errorf("%s, %d at a time (-want +found):\n%s", test.name, limit, diff)
			}
		}
	}
	// All merchants have told the same, each in a half of the story.
	for _, test := range searches {
		if test.query.MerchantID, test.query.AllMerchants, test.query.Limit = "", true, 3; len(searched(t, l, test.query)) != 2*len(test.want) {
			t.Errorf("%s of all merchants: %v", test.name, searched(t, l, test.query))
		}
	}
	for i, e := range told {
		q := Query{MerchantID: "m1", Text: e.CorrelationID}
		if found := searched(t, l, q); i < len(mine) != slices.Equal(found, []string{e.CorrelationID}) || len(found) > 1 {
			t.Errorf("the correlation id of exchange %d finds %v", i, found)
		}
	}
	if all := searched(t, l, Query{AllMerchants: true, Limit: 3}); len(all) != len(told) || !slices.IsSortedFunc(all, func(a, b string) int { return cmpFalling(a, b) }) {
		t.Errorf("of all merchants: %v", all)
	}
}

func cmpFalling(a, b string) int {
	if a > b {
		return -1
	}
	return 1
}

// What is found is what was recorded.
func TestSearchGivesWholeExchanges(t *testing.T) { onEachHome(t, testSearchGivesWholeExchanges) }

func testSearchGivesWholeExchanges(t *testing.T, open place) {
	l := open(t, Options{})
	for _, e := range roundTrips() {
		record(t, l, e)
	}
	page, err := l.Search(context.Background(), Query{AllMerchants: true, Limit: SearchMax})
	if err != nil || len(page.Exchanges) != len(roundTrips()) {
		t.Fatalf("%d exchanges, %v", len(page.Exchanges), err)
	}
	for _, e := range page.Exchanges {
		if e.LeftOut {
			continue
		}
		if diff := cmp.Diff(find(t, l, e.MerchantID, e.CorrelationID), e); diff != "" {
			t.Errorf("%s (-Find +Search):\n%s", e.CorrelationID, diff)
		}
	}
}

// Pages go on where the one before ended, whatever is written between them, and
// blocks that overlap give their exchanges in order.
func TestSearchPages(t *testing.T) {
	onEachHome(t, func(t *testing.T, open place) {
		testSearchPages(t, open(t, Options{Gather: never, indexByHand: true}), func(*Log) {})
	})
}

func TestSearchPagesWhileIndexing(t *testing.T) {
	onEachHome(t, func(t *testing.T, open place) {
		testSearchPages(t, open(t, Options{Gather: never, indexByHand: true}), func(l *Log) { index(t, l) })
	})
}

func testSearchPages(t *testing.T, l *Log, meanwhile func(*Log)) {
	var want []string
	start := noon(1)
	for i := range 3000 { // handlers end in another order than they began
		at := start.Add(time.Duration((i*7919)%3000) * 100 * time.Millisecond)
		e := Exchange{CorrelationID: identifier.New(at), MerchantID: "m1", At: at, Status: 200, SessionID: "s"}
		if i%250 == 0 {
			e.Status = 400
		}
		record(t, l, e)
		want = append(want, e.CorrelationID)
		if i%300 == 299 {
			if err := l.flush(context.Background()); err != nil {
				t.Fatal(err)
			}
			if i < 1500 {
				meanwhile(l)
			}
		}
	}
	slices.SortFunc(want, cmpFalling)
	q := Query{MerchantID: "m1", Limit: 170}
	var found []string
	for {
		page, err := l.Search(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Exchanges {
			found = append(found, e.CorrelationID)
		}
		at := start.Add(time.Hour)
		record(t, l, Exchange{CorrelationID: identifier.New(at), MerchantID: "m1", At: at, Status: 200})
		meanwhile(l)
		if page.Next == "" {
			break
		}
		q.Before = page.Next
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("(-want +found):\n%s", diff)
	}
}

// A search that has no time left says so and where to go on; every page gets
// further.
func TestSearchWithoutTime(t *testing.T) { onEachHome(t, testSearchWithoutTime) }

func testSearchWithoutTime(t *testing.T, open place) {
	l := open(t, Options{searchTime: time.Nanosecond, indexByHand: true})
	told := story()
	for n := range 20 {
		record(t, l, told...)
		for i := range told {
			told[i].At = told[i].At.Add(time.Hour)
			told[i].CorrelationID = identifier.New(told[i].At)
		}
		if n == 10 {
			index(t, l)
		}
		if err := l.flush(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	page, err := l.Search(context.Background(), Query{MerchantID: "m1", Text: "running", Limit: 100})
	if err != nil || !page.Partial || page.Next == "" {
		t.Errorf("%d found, partial %v, next %q, %v", len(page.Exchanges), page.Partial, page.Next, err)
	}
	if found := searched(t, l, Query{MerchantID: "m1", Text: "running", Limit: 100}); len(found) != 20 {
		t.Errorf("%d were found: %v", len(found), found)
	}
}

// Segments of one minute overlap. A search without time gets through them all the
// same, and gives nothing twice.
func TestSearchWithoutTimeInSegmentsThatOverlap(t *testing.T) {
	onEachHome(t, testSearchWithoutTimeInSegmentsThatOverlap)
}

func testSearchWithoutTimeInSegmentsThatOverlap(t *testing.T, open place) {
	l := open(t, Options{searchTime: time.Nanosecond, indexByHand: true})
	const segments = 4
	var want []string
	for i := range 10 * segments {
		n := i/10 + i%10*segments // each segment has exchanges of the whole time
		at := noon(1).Add(time.Duration(n) * time.Second)
		e := Exchange{CorrelationID: identifier.New(at), MerchantID: "m1", At: at, Status: 200}
		record(t, l, e)
		want = append(want, e.CorrelationID)
		if i%10 == 9 {
			index(t, l)
		}
	}
	slices.SortFunc(want, cmpFalling)
	var found []string
	q := Query{MerchantID: "m1", Limit: 7}
	for pages := 0; ; pages++ {
		page, err := l.Search(context.Background(), q)
		if err != nil || pages == 10*len(want) {
			t.Fatalf("page %d after %d exchanges: %v", pages, len(found), err)
		}
		for _, e := range page.Exchanges {
			found = append(found, e.CorrelationID)
		}
		if q.Before = page.Next; page.Next == "" {
			break
		}
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("(-want +found):\n%s", diff)
	}
}

func TestSearchRefusesWhatIsOutOfBounds(t *testing.T) {
	onEachHome(t, testSearchRefusesWhatIsOutOfBounds)
}

func testSearchRefusesWhatIsOutOfBounds(t *testing.T, open place) {
	l := open(t, Options{})
	for _, q := range []Query{{}, {Limit: -1}, {Limit: SearchMax + 1}, {Limit: 1, Text: string(make([]byte, TextMax+1))}} {
		if _, err := l.Search(context.Background(), q); !errors.Is(err, ErrQuery) {
			t.Errorf("limit %d, %d bytes of text: %v", q.Limit, len(q.Text), err)
		}
	}
	if _, err := l.Search(canceled(), Query{Limit: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a done context: %v", err)
	}
}
