package postgres

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/pgtest"
	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// Wherever the connection is cut, the batch is written, and written once.
func TestConnectionIsCut(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Shared(t)
	for _, test := range []struct {
		name, text string
		batch      int // the first of a day is 0, the second 1
	}{
		{"while a day is made", "CREATE TABLE IF NOT EXISTS requestlog_blocks_", 0},
		{"after a day was made", "COMMIT", 0},
		{"before the server hears", "INSERT INTO requestlog_refusals_", 0},
		{"after the server committed", "INSERT 0 1", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			between := newCutter(t, cluster.Address())
			h := open(t, cluster.URLThrough(between.listener.Addr().String(), pgtest.Database(t, cluster))+"?sslmode=disable")
			batches := []*home.Batch{batchOf(noon(1)), batchOf(noon(1).Add(time.Second)), batchOf(noon(2))}
			for i, b := range batches {
				if i == test.batch {
					between.text.Store(&test.text)
				}
				write(t, h, b)
			}
			if between.text.Load() != nil {
				t.Fatal("the connection was not cut")
			}
			if diff := cmp.Diff(idsOf(batches...), ids(t, h)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Reads survive a cut too, and visit nothing twice.
func TestConnectionIsCutWhileReading(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Shared(t)
	between := newCutter(t, cluster.Address())
	h := open(t, cluster.URLThrough(between.listener.Addr().String(), pgtest.Database(t, cluster))+"?sslmode=disable")
	first, second := batchOf(noon(1)), batchOf(noon(2))
	write(t, h, first)
	write(t, h, second)
	for _, text := range []string{"20260302", second.Refusals[0].CorrelationID, second.Blocks[0].FirstID} {
		between.text.Store(&text)
		if diff := cmp.Diff(idsOf(first, second), ids(t, h)); diff != "" {
			t.Errorf("cut at %s (-want +got):\n%s", text, diff)
		}
		if between.text.Load() != nil {
			t.Errorf("nothing was cut at %s", text)
		}
	}
}

// A server that ends and comes back is waited for.
func TestServerRestarts(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t, pgtest.Options{Name: "requestlog"})
	h := open(t, cluster.URL("postgres"))
	h.quick = patience{all: time.Minute, each: time.Minute}
	first, second := batchOf(noon(1)), batchOf(noon(1).Add(time.Second))
	write(t, h, first)
	if err := cluster.StopImmediately(); err != nil {
		t.Fatal(err)
	}
	written := make(chan error, 1)
	go func() { written <- h.Write(t.Context(), second) }()
	if err := cluster.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(idsOf(first, second), ids(t, h)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A server that stays away is given up, and found again later.
func TestServerIsAway(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t, pgtest.Options{Name: "requestlog"})
	h := open(t, cluster.URL("postgres"))
	batch := batchOf(noon(1))
	if err := cluster.StopImmediately(); err != nil {
		t.Fatal(err)
	}
	h.quick = patience{all: 1, each: time.Minute}
	if err := h.Write(t.Context(), batch); err == nil {
		t.Fatal("a batch was written without a server")
	}
	if err := cluster.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.quick = quickPatience
	write(t, h, batch)
	if diff := cmp.Diff(idsOf(batch), ids(t, h)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A server that takes no writes any more is left: behind the address another
// one will be.
func TestServerTakesNoWrites(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t, pgtest.Options{Name: "requestlog"})
	h := open(t, cluster.URL("postgres"))
	batch := batchOf(noon(1))
	for _, step := range []struct {
		setting string
		written bool
	}{{"default_transaction_read_only = on", false}, {"default_transaction_read_only = off", true}} {
		if err := errors.Join(cluster.Configure(step.setting), cluster.Stop(), cluster.Start(t.Context())); err != nil {
			t.Fatal(err)
		}
		h.quick = patience{all: 1, each: time.Minute}
		if step.written {
			h.quick = quickPatience
		}
		if err := h.Write(t.Context(), batch); (err == nil) != step.written {
			t.Errorf("with %s: %v", step.setting, err)
		}
	}
	if diff := cmp.Diff(idsOf(batch), ids(t, h)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Processes that begin together, and all write into days that nobody has made
// yet, while others sweep them away.
func TestManyProcesses(t *testing.T) {
	t.Parallel()
	const processes, rounds = 6, 8
	url := pgtest.URL(t)
	var want sync.Map
	var all sync.WaitGroup
	for range processes {
		all.Go(func() {
			h, err := Open(t.Context(), url)
			if err != nil {
				t.Error(err)
				return
			}
			defer h.Close()
			for n := range rounds {
				old, kept := batchOf(noon(1+n)), batchOf(noon(20+n))
				if err := h.Write(t.Context(), old); err != nil {
					t.Error(err)
				}
				if err := h.Write(t.Context(), kept); err != nil {
					t.Error(err)
				}
				if _, err := h.Sweep(t.Context(), home.Limits{Now: noon(20), Before: noon(20)}); err != nil {
					t.Error(err)
				}
				for _, id := range idsOf(kept) {
					want.Store(id, true)
				}
			}
		})
	}
	all.Wait()
	h := open(t, url)
	for swept := int64(1); swept > 0; {
		var err error
		if swept, err = h.Sweep(t.Context(), home.Limits{Now: noon(20), Before: noon(20)}); err != nil {
			t.Fatal(err)
		}
	}
	left := ids(t, h)
	for _, id := range left {
		if _, ok := want.Load(id); !ok {
			t.Errorf("%s is there twice, or should be gone", id)
		}
		want.Delete(id)
	}
	if len(left) != processes*rounds*2 {
		t.Errorf("%d ids are left, want %d", len(left), processes*rounds*2)
	}
}

// The ids of a bucket are kept in one day, so that one day has to be asked.
func TestPlaces(t *testing.T) {
	t.Parallel()
	midnight := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	bucket := time.UnixMilli(midnight.UnixMilli() &^ bucketTime)
	if !bucket.Before(midnight) {
		t.Fatal("the bucket of midnight begins at midnight; choose another day")
	}
	for _, test := range []struct {
		id   string
		want day
	}{
		{identifier.New(bucket.Add(-1)), "20260301"},
		{identifier.New(midnight), "20260301"},
		{identifier.New(bucket.Add((bucketTime + 1) * time.Millisecond)), "20260302"},
		{"not an id of ours", "20260405"},
		{"ffffffff-ffff-4fff-8fff-ffffffffffff", "20260405"},
		{"", "20260405"},
	} {
		if got := placeOf(test.id, time.Date(2026, 4, 5, 0, 0, 0, 0, time.UTC)); got != test.want {
			t.Errorf("%q is kept in %s, want %s", test.id, got, test.want)
		}
	}
}
