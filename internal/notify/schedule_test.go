package notify

import (
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
)

// TestTheDocumentedSchedule: three attempts in all, with delays that grow from
// a second.
func TestTheDocumentedSchedule(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		attempt int
		wait    time.Duration // 0 is given up
	}{{1, time.Second}, {2, 2 * time.Second}, {3, 0}, {4, 0}, {0, 0}, {-1, 0}} {
		at, ok := Next(checkout.CallbackAuthorization, row.attempt, now)
		if ok != (row.wait > 0) || ok && !at.Equal(now.Add(row.wait)) {
			t.Errorf("after attempt %d: %v %v, want %v", row.attempt, at, ok, row.wait)
		}
	}
	if _, ok := Next("unknown", 1, now); ok {
		t.Error("a kind without a schedule is tried again")
	}
}
