package requestlog

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/identifier"
)

// A list that is opened right after an answer has its exchange, whether it
// waits, was written or was indexed in between, and whatever others do.
func TestSearchSeesWhatWasJustAnswered(t *testing.T) {
	onEachHome(t, testSearchSeesWhatWasJustAnswered)
}

func testSearchSeesWhatWasJustAnswered(t *testing.T, open place) {
	l := open(t, Options{Gather: never, indexByHand: true})
	ctx, end := context.WithCancel(context.Background())
	var others sync.WaitGroup
	defer others.Wait()
	defer end()
	others.Go(func() {
		for ctx.Err() == nil {
			if err := l.index(ctx, true); err != nil && ctx.Err() == nil {
				t.Errorf("index: %v", err)
				return
			}
		}
	})
	for n := range 30 {
		others.Go(func() {
			for i := range 50 {
				at := time.Now()
				e := Exchange{CorrelationID: identifier.New(at), MerchantID: "m2", At: at, Status: 200, Operation: "read_session"}
				if i%10 == 0 {
					e.Status = 400
				}
				if err := l.Record(context.Background(), e); err != nil {
					t.Errorf("record: %v", err)
				}
			}
		})
		at := time.Now()
		e := Exchange{
			CorrelationID: identifier.New(at), MerchantID: "m1", At: at, Operation: "update_session", Status: 204 + 196*(n%2),
			SessionID: identifier.New(at), RequestBody: fmt.Appendf(nil, `{"merchant_reference1":"ref%d"}`, n),
		}
		record(t, l, e)
		for name, q := range map[string]Query{
			"operation": {Operation: e.Operation}, "session": {SessionID: e.SessionID}, "id": {Text: e.CorrelationID},
			"word": {Text: fmt.Sprint("ref", n)}, "time": {From: at.Add(-time.Second)},
			"status": {StatusFrom: e.Status / 100 * 100, StatusTo: e.Status/100*100 + 99},
		} {
			q.MerchantID = "m1"
			if found := searched(t, l, q); len(found) == 0 || found[0] != e.CorrelationID || !slices.IsSortedFunc(found, cmpFalling) {
				t.Fatalf("%s right after %s: %v", name, e.CorrelationID, found)
			}
		}
	}
}
