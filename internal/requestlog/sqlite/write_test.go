package sqlite

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// A failed transaction leaves nothing of itself, and the next one is written.
func TestFailedTransactionIsUndone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "requests.db")
	h := open(t, path)
	batch := home.Batch{Blocks: []home.Block{block(1, 1)}, Refusals: []home.Refusal{refusal(1)}}
	alter(t, path, "ALTER TABLE marks RENAME TO away")
	if err := h.Write(context.Background(), &batch); err == nil {
		t.Fatal("a batch was written without a table")
	}
	alter(t, path, "ALTER TABLE away RENAME TO marks")
	if left := ids(t, h); len(left) > 0 {
		t.Errorf("of the failed transaction %v is left", left)
	}
	write(t, h, batch)
	if diff := cmp.Diff([]string{"r000001", "b000001"}, ids(t, h)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A block is looked at for the ids it can hold and for no others.
func TestCovering(t *testing.T) {
	t.Parallel()
	h := open(t, filepath.Join(t.TempDir(), "requests.db"))
	one, two, other := block(1, 1), block(2, 1), block(3, 1)
	one.FirstID, one.LastID = "bucket1-b", "bucket1-f"
	two.FirstID, two.LastID = "bucket1-d", "bucket1-k"
	other.FirstID, other.LastID = "bucket0-a", "bucket0-z"
	write(t, h, home.Batch{Blocks: []home.Block{one, two, other}})
	for id, want := range map[string][]string{
		"bucket1-a": nil, "bucket1-b": {"bucket1-b"}, "bucket1-e": {"bucket1-d", "bucket1-b"}, "bucket1-k": {"bucket1-d"}, "bucket1-l": nil,
	} {
		var got []string
		err := h.Covering(context.Background(), "bucket1-", id, func(b *home.Block) (bool, error) {
			got = append(got, b.FirstID)
			return true, nil
		})
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", id, err, diff)
		}
	}
}
