package requestlog

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/identifier"
)

// recordDays records a success and a refusal at noon of each of the first days
// of a month, and returns their ids.
func recordDays(t *testing.T, l *Log, count int) (ids []string) {
	t.Helper()
	for n := range count {
		at := noon(n + 1)
		for _, status := range []int{204, 400} {
			id := identifier.New(at.Add(time.Duration(status))) // the success is older
			record(t, l, Exchange{CorrelationID: id, MerchantID: "m1", SessionID: "s", At: at.Add(time.Duration(status)), Status: status})
			ids = append(ids, id)
		}
		if err := l.flush(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	return ids
}

func noon(n int) time.Time { return time.Date(2026, 3, n, 12, 0, 0, 0, time.UTC) }

func TestSweepByAge(t *testing.T) { onEachHome(t, testSweepByAge) }

func testSweepByAge(t *testing.T, open place) {
	const kept = 3 * 24 * time.Hour
	l := open(t, Options{Retention: kept})
	ids := recordDays(t, l, 6)
	for _, test := range []struct {
		now     time.Time
		deleted int64
		left    []string
	}{
		{noon(3), 0, ids},
		{noon(5).Add(13 * time.Hour), 4, ids[4:]}, // two days and an hour after noon of the third
		{noon(5).Add(13 * time.Hour), 0, ids[4:]},
		{noon(30), 8, nil},
	} {
		deleted, err := l.Sweep(context.Background(), test.now)
		if err != nil || deleted != test.deleted {
			t.Errorf("at %v %d were deleted, want %d: %v", test.now, deleted, test.deleted, err)
		}
		if diff := cmp.Diff(test.left, ofSession(t, l, "m1", "s", 0)); diff != "" {
			t.Errorf("left at %v (-want +got):\n%s", test.now, diff)
		}
	}
	for _, id := range ids {
		if _, err := l.Find(context.Background(), "m1", id); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", id, err)
		}
	}
	if again := recordDays(t, l, 1); !cmp.Equal(again, ofSession(t, l, "m1", "s", 0)) {
		t.Error("what is recorded after a sweep is not found")
	}
}

// The index forgets what the log forgets, and counts the rest on.
func TestSweepOfIndexed(t *testing.T) { onEachHome(t, testSweepOfIndexed) }

func testSweepOfIndexed(t *testing.T, open place) {
	l := open(t, Options{Retention: 3 * 24 * time.Hour, indexByHand: true})
	ids := recordDays(t, l, 6)
	index(t, l)
	for _, test := range []struct {
		now  time.Time
		left []string
	}{
		{noon(5).Add(13 * time.Hour), ids[4:]},
		{noon(30), nil},
	} {
		if _, err := l.Sweep(context.Background(), test.now); err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(test.left)
		slices.SortFunc(want, cmpFalling)
		if diff := cmp.Diff(want, searched(t, l, Query{MerchantID: "m1"})); diff != "" {
			t.Errorf("left at %v (-want +found):\n%s", test.now, diff)
		}
	}
	// An emptied table of SQLite counts from the beginning again.
	again := recordDays(t, l, 1)
	slices.SortFunc(again, cmpFalling)
	for _, when := range []string{"before", "after"} {
		if diff := cmp.Diff(again, searched(t, l, Query{MerchantID: "m1"})); diff != "" {
			t.Errorf("what is recorded after a sweep, %s it is indexed (-want +found):\n%s", when, diff)
		}
		index(t, l)
	}
}

func TestSweepBySize(t *testing.T) { onEachHome(t, testSweepBySize) }

func testSweepBySize(t *testing.T, open place) {
	recorded := recordDays(t, open(t, Options{}), 6)
	generous := open(t, Options{MaxBytes: 1 << 30})
	if deleted, err := generous.Sweep(context.Background(), noon(6)); err != nil || deleted != 0 {
		t.Errorf("with room enough %d were deleted: %v", deleted, err)
	}
	tight := open(t, Options{MaxBytes: 1})
	deleted, err := tight.Sweep(context.Background(), noon(6))
	left := ofSession(t, tight, "m1", "s", 0)
	if err != nil || deleted < 10 || int(deleted)+len(left) != len(recorded) {
		t.Errorf("without room %d of %d were deleted and %v are left: %v", deleted, len(recorded), left, err)
	}
}

func TestSweepWithoutLimits(t *testing.T) { onEachHome(t, testSweepWithoutLimits) }

func testSweepWithoutLimits(t *testing.T, open place) {
	l := open(t, Options{})
	ids := recordDays(t, l, 2)
	if deleted, err := l.Sweep(context.Background(), noon(30)); err != nil || deleted != 0 {
		t.Errorf("%d were deleted: %v", deleted, err)
	}
	if diff := cmp.Diff(ids, ofSession(t, l, "m1", "s", 0)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSweepEnds(t *testing.T) { onEachHome(t, testSweepEnds) }

func testSweepEnds(t *testing.T, open place) {
	l := open(t, Options{Retention: 1})
	if _, err := l.Sweep(canceled(), noon(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("with a done context: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Sweep(context.Background(), noon(1)); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
