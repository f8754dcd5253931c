package requestlog

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/kvitto/kvitto/internal/identifier"
)

// A log that is swept by its size keeps to it however long it runs, its index
// included, and the index does not push the exchanges out.
func TestTheSizeLimitHoldsForLogAndIndex(t *testing.T) {
	t.Parallel()
	const limit, rounds, each = 2 << 20, 30, 400
	path := filepath.Join(t.TempDir(), "requests.db")
	l := placeAt(path)(t, Options{MaxBytes: limit, indexByHand: true})
	at := noon(1)
	kept := make([]int, 0, rounds)
	for round := range rounds {
		for n := range each {
			at = at.Add(time.Second)
			record(t, l, Exchange{
				CorrelationID: identifier.New(at), MerchantID: "m1", At: at, Status: 204, SessionID: identifier.New(at),
				RequestBody: saleOf(round*each + n).cart,
			})
		}
		index(t, l)
		if _, err := l.Sweep(context.Background(), at); err != nil {
			t.Fatal(err)
		}
		if used := bytesUsed(t, path); used > limit {
			t.Fatalf("round %d: %d bytes are in use, the limit is %d", round, used, limit)
		}
		left := searched(t, l, Query{MerchantID: "m1"})
		kept = append(kept, len(left))
		if found := searched(t, l, Query{MerchantID: "m1", Text: fmt.Sprintf("SE-%07d", (round+1)*each-1)}); len(found) != 1 || found[0] != left[0] {
			t.Fatalf("round %d: the newest is not found by its reference: %v", round, found)
		}
	}
	if kept[rounds-1] == rounds*each {
		t.Fatal("nothing was ever swept")
	}
	if last, most := kept[rounds-1], slices.Max(kept); last < most/2 {
		t.Errorf("%d exchanges are left where there was room for %d: %v", last, most, kept)
	}
}

// bytesUsed is the bytes of a file that are in use.
func bytesUsed(t *testing.T, path string) (used int64) {
	t.Helper()
	conn, err := sqlite3.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, _, err := conn.Prepare("SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size")
	if err != nil {
		t.Fatal(errors.Join(err, conn.Close()))
	}
	if rows.Step() {
		used = rows.ColumnInt64(0)
	}
	if err := errors.Join(rows.Close(), conn.Close()); err != nil {
		t.Fatal(err)
	}
	return used
}
