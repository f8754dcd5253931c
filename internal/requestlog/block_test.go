package requestlog

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// idsIn are the correlation ids of a block, in its order.
func idsIn(t *testing.T, b home.Block) (ids []string) {
	t.Helper()
	if _, err := search(b.Data, b.Packed, everything, nil, func(e Exchange) bool {
		ids = append(ids, e.CorrelationID)
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return ids
}

// Exchanges end in another order than they begin, also around the moment when
// the beginning of their ids changes.
func TestBlocksHoldOneBucket(t *testing.T) {
	t.Parallel()
	id := func(bucket, n int) string { return fmt.Sprintf("%08d-%04d", bucket, n) }
	var successes []Exchange
	for _, id := range []string{id(2, 5), id(1, 9), id(2, 3), id(1, 2), id(2, 4)} {
		e := success(id)
		e.SessionID = "session of " + id
		successes = append(successes, e)
	}
	successes[2].OrderID, successes[2].AuthorizationToken = "an order", "token"
	var c encoder
	for range 2 { // the second time in memory of the first
		batch, err := c.encode(successes, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(batch.Blocks) != 2 {
			t.Fatalf("%d blocks, want one for each bucket", len(batch.Blocks))
		}
		for i, want := range []struct {
			first, last, oldest, newest string
			ids                         []string
		}{
			{id(1, 2), id(1, 9), "session of " + id(1, 2), "session of " + id(1, 9), []string{id(1, 9), id(1, 2)}},
			{id(2, 3), id(2, 5), "an order", "token", []string{id(2, 5), id(2, 3), id(2, 4)}},
		} {
			b := batch.Blocks[i]
			if b.FirstID != want.first || b.LastID != want.last || b.OldestName != want.oldest || b.NewestName != want.newest {
				t.Errorf("block %d: %s to %s, names from %q to %q; want %+v", i, b.FirstID, b.LastID, b.OldestName, b.NewestName, want)
			}
			if diff := cmp.Diff(want.ids, idsIn(t, b)); diff != "" || b.Count != len(want.ids) {
				t.Errorf("block %d has %d (-want +got):\n%s", i, b.Count, diff)
			}
			for _, id := range want.ids {
				if !home.HasMark(b.Marks, "session of "+id) {
					t.Errorf("block %d has no mark of the session of %s", i, id)
				}
			}
			if home.HasMark(b.Marks, "token") != (i == 1) || home.HasMark(b.Marks, "an order") != (i == 1) {
				t.Errorf("block %d: the marks of order and token are wrong", i)
			}
		}
	}
}

// A block is closed when it has its size, and packed better than its exchanges
// alone would be.
func TestBlocksHaveASize(t *testing.T) {
	t.Parallel()
	var successes []Exchange
	raw := 0
	at := time.Unix(1_800_000_000, 0)
	for n := range batchSize {
		e := success(identifier.New(at))
		e.RequestBody = shopBody(10, n)
		raw += len(e.RequestBody)
		successes = append(successes, e)
	}
	batch, err := new(encoder).encode(successes, nil)
	if err != nil {
		t.Fatal(err)
	}
	stored, count := 0, 0
	for _, b := range batch.Blocks {
		stored += len(b.Data)
		count += b.Count
		if len(b.Data) > blockSize || !b.Packed {
			t.Errorf("a block of %d bytes, packed: %v", len(b.Data), b.Packed)
		}
	}
	if len(batch.Blocks) < raw/(2*blockSize) || count != batchSize || stored > raw/4 {
		t.Errorf("%d exchanges in %d blocks of %d bytes, packed from %d", count, len(batch.Blocks), stored, raw)
	}
}

// What a batch was given in memory that had to grow stays what it was.
func TestBatchOutlivesGrowth(t *testing.T) {
	t.Parallel()
	var refusals []Exchange
	for n := range 200 {
		e := refusal(fmt.Sprint("r", n))
		e.RequestBody = shopBody(1+n%40, n)
		refusals = append(refusals, e)
	}
	batch, err := new(encoder).encode(nil, refusals)
	if err != nil {
		t.Fatal(err)
	}
	for n, r := range batch.Refusals {
		if _, err := search(r.Data, r.Packed, everything, nil, func(e Exchange) bool {
			if diff := cmp.Diff(refusals[n].RequestBody, e.RequestBody); diff != "" || e.CorrelationID != refusals[n].CorrelationID {
				t.Errorf("%d became %s (-want +got):\n%s", n, e.CorrelationID, diff)
			}
			return true
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSearchable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "01934b1e-7a3c": "01934b1e-7a3c", "åäö": "åäö", "a\x00b": "a\ufffdb", "\xff\xfeb": "\ufffdb", "\x00\xff": "\ufffd\ufffd",
	} {
		if got := searchable(text); got != want {
			t.Errorf("%q is searched as %q, want %q", text, got, want)
		}
	}
	for id, want := range map[string]string{"": "", "c1": "c1", "01934b1e-7a3c": "01934b1e", "1234567å": "1234567å", "12345678å": "12345678"} {
		if got := bucket(id); got != want {
			t.Errorf("%q is in the bucket %q, want %q", id, got, want)
		}
	}
}
