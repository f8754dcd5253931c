package postgres

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/pgpool"
	"github.com/kvitto/kvitto/internal/pgtest"
	"github.com/kvitto/kvitto/internal/requestlog/home"
)

func TestSweepByDay(t *testing.T) {
	t.Parallel()
	h := open(t, pgtest.URL(t))
	first, third, fourth := batchOf(noon(1)), batchOf(noon(3)), batchOf(noon(4))
	for _, b := range []*home.Batch{first, third, fourth} {
		write(t, h, b)
	}
	for _, test := range []struct {
		name    string
		limits  home.Limits
		deleted int64
		left    []string
	}{
		{"no limits", home.Limits{Now: noon(30)}, 0, idsOf(first, third, fourth)},
		{"the day is not over", home.Limits{Now: noon(4), Before: noon(1).AddDate(0, 0, 0)}, 0, idsOf(first, third, fourth)},
		{"one day", home.Limits{Now: noon(4), Before: noon(2)}, 11, idsOf(third, fourth)},
		{"nothing more", home.Limits{Now: noon(4), Before: noon(2)}, 0, idsOf(third, fourth)},
		{"room enough", home.Limits{Now: noon(4), MaxBytes: 1 << 30}, 0, idsOf(third, fourth)},
		{"too large", home.Limits{Now: noon(4), MaxBytes: 1}, 11, idsOf(fourth)},
		{"today stays", home.Limits{Now: noon(4), MaxBytes: 1}, 0, idsOf(fourth)},
		{"the last day", home.Limits{Now: noon(30), Before: noon(29)}, 11, nil},
		{"nothing at all", home.Limits{Now: noon(30), Before: noon(29), MaxBytes: 1}, 0, nil},
	} {
		deleted, err := h.Sweep(t.Context(), test.limits)
		if err != nil || deleted != test.deleted {
			t.Errorf("%s: %d exchanges deleted, want %d: %v", test.name, deleted, test.deleted, err)
		}
		if diff := cmp.Diff(test.left, ids(t, h)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	write(t, h, first) // the day is made again
	if diff := cmp.Diff(idsOf(first), ids(t, h)); diff != "" {
		t.Errorf("after the sweep (-want +got):\n%s", diff)
	}
}

// A day that somebody holds is not dropped behind their back, nor waited for so
// long that others queue.
func TestSweepWaitsForReaders(t *testing.T) {
	t.Parallel()
	h := open(t, pgtest.URL(t))
	write(t, h, batchOf(noon(1)))
	tx, err := h.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT FROM "+dayOf(noon(1)).blocks()); err != nil {
		t.Fatal(err)
	}
	limits := home.Limits{Now: noon(30), Before: noon(30)}
	h.sweeping.all = 1
	if _, err := h.Sweep(t.Context(), limits); pgpool.Code(err) != "55P03" {
		t.Errorf("sweep of a day that is read: %v", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if deleted, err := h.Sweep(t.Context(), limits); err != nil || deleted != 11 {
		t.Errorf("afterwards %d exchanges were deleted: %v", deleted, err)
	}
}
