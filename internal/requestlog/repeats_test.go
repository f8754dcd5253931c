package requestlog

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
)

func TestRepeats(t *testing.T) { onEachHome(t, testRepeats) }

func testRepeats(t *testing.T, open place) {
	l := open(t, Options{})
	var told []Exchange
	refuse := func(merchant, operation, code string, paths ...string) {
		at := noon(1).Add(time.Duration(len(told)) * time.Minute)
		e := Exchange{CorrelationID: identifier.New(at), MerchantID: merchant, At: at, Operation: operation, Status: 400, ErrorCode: code}
		for _, path := range paths {
			e.Violations = append(e.Violations, checkout.Violation{Path: path, Rule: checkout.RuleLineTotal})
		}
		told = append(told, e)
	}
	refuse("m1", "create_session", "BAD_VALUE", "order_lines[0].total_amount") // before since
	refuse("m1", "create_session", "BAD_VALUE", "order_lines[0].total_amount", "locale")
	refuse("m1", "create_session", "BAD_VALUE", "locale", "order_lines[3].total_amount", "order_lines[4].total_amount")
	refuse("m1", "update_session", "BAD_VALUE", "locale", "order_lines[3].total_amount")
	refuse("m2", "create_session", "BAD_VALUE", "locale", "order_lines[3].total_amount")
	refuse("m1", "create_session", "BAD_VALUE", "locale", "order_lines[1].total_amount")
	refuse("m1", "read_session", "NOT_FOUND")
	refuse("m1", "read_session", "NOT_FOUND")
	refuse("m1", "create_session", "BAD_VALUE", "locale")
	record(t, l, told...)
	record(t, l, Exchange{CorrelationID: identifier.New(noon(1)), MerchantID: "m1", At: noon(1), Status: 200, Operation: "read_session"})
	got, err := l.Repeats(context.Background(), "m1", told[1].At)
	if err != nil {
		t.Fatal(err)
	}
	want := []Repeat{
		{Operation: "create_session", ErrorCode: "BAD_VALUE", Paths: []string{"locale", "order_lines.total_amount"}, Count: 3,
			First: told[1].At, Last: told[5].At, CorrelationID: told[5].CorrelationID},
		{Operation: "read_session", ErrorCode: "NOT_FOUND", Count: 2, First: told[6].At, Last: told[7].At, CorrelationID: told[7].CorrelationID},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, err := l.Repeats(context.Background(), "m3", time.Time{}); err != nil || len(got) != 0 {
		t.Errorf("a merchant without refusals has %v, %v", got, err)
	}
	if got, err := l.Repeats(context.Background(), "m1", noon(2)); err != nil || len(got) != 0 {
		t.Errorf("since the day after there are %v, %v", got, err)
	}
}
