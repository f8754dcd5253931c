package identifier_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/identifier"
)

var shape = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestIdsLookLikeUUIDsAndSortByTime(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	previous := ""
	for i := range 10000 {
		id := identifier.New(time.UnixMilli(1_700_000_000_000 + int64(i)))
		if !shape.MatchString(id) {
			t.Fatalf("%q has another shape", id)
		}
		if seen[id] || id <= previous {
			t.Fatalf("%q after %q", id, previous)
		}
		seen[id], previous = true, id
	}
}

func TestIdsOfOneMomentDiffer(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_700_000_000_000)
	seen := map[string]bool{}
	for range 10000 {
		id := identifier.New(now)
		if seen[id] {
			t.Fatalf("%q came twice", id)
		}
		seen[id] = true
	}
}
