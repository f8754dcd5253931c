package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

func sweep(t *testing.T, h *Home, limits home.Limits) (deleted int64) {
	t.Helper()
	for {
		portion, err := h.Sweep(context.Background(), limits)
		if err != nil {
			t.Fatal(err)
		}
		if portion == 0 {
			return deleted
		}
		deleted += portion
	}
}

// What is oldest goes first, whichever table it is in.
func TestSweepBySize(t *testing.T) {
	t.Parallel()
	const size = 64 << 10
	path := filepath.Join(t.TempDir(), "requests.db")
	h := open(t, path)
	for n := 1; n <= 4*blocksOfPortion; n++ {
		write(t, h, home.Batch{Blocks: []home.Block{block(n, size)}, Refusals: []home.Refusal{refusal(n)}})
	}
	limit := int64(2 * blocksOfPortion * size)
	deleted := sweep(t, h, home.Limits{MaxBytes: limit})
	used, err := h.writer.used()
	if err != nil || used > limit || used < limit/4 {
		t.Errorf("%d bytes of %d are in use: %v", used, limit, err)
	}
	left := ids(t, h)
	last := block(4*blocksOfPortion, 0)
	if len(left) == 0 || left[len(left)-1] != last.FirstID {
		t.Errorf("the newest block is gone; left are %v", left)
	}
	blocks := 0
	for _, id := range left {
		if id[0] == 'b' {
			blocks++
		}
	}
	if want := int64(4*blocksOfPortion-blocks)*10 + int64(4*blocksOfPortion-(len(left)-blocks)); deleted != want {
		t.Errorf("%d exchanges were said to be deleted, %d were", deleted, want)
	}
	before := fileSize(t, h, path)
	for n := 1; n <= 10; n++ { // into the pages that became free
		write(t, h, home.Batch{Blocks: []home.Block{block(500+n, size)}})
	}
	if after := fileSize(t, h, path); after > before {
		t.Errorf("the file grew from %d to %d bytes while pages were free", before, after)
	}
}

func fileSize(t *testing.T, h *Home, path string) int64 {
	t.Helper()
	if err := h.writer.exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// One portion holds up the writer for so many rows at most.
func TestSweepInPortions(t *testing.T) {
	t.Parallel()
	h := open(t, filepath.Join(t.TempDir(), "requests.db"))
	var batch home.Batch
	for n := range blocksOfPortion + 1 {
		batch.Blocks = append(batch.Blocks, block(n, 1))
	}
	for n := range refusalsOfPortion + 1 {
		batch.Refusals = append(batch.Refusals, refusal(1000+n))
	}
	write(t, h, batch)
	var portions []int64
	for {
		portion, err := h.Sweep(context.Background(), home.Limits{Before: day(5000)})
		if err != nil {
			t.Fatal(err)
		}
		if portion == 0 {
			break
		}
		portions = append(portions, portion)
	}
	if diff := cmp.Diff([]int64{10 * blocksOfPortion, 10, refusalsOfPortion, 1}, portions); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if left := ids(t, h); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
}
