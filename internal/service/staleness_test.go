package service

import (
	"testing"

	"pgregory.net/rapid"
)

// TestStalenessFollowsWhatHappens: one conflict changes nothing, many do, and so
// does their end.
func TestStalenessFollowsWhatHappens(t *testing.T) {
	t.Parallel()
	var s staleness
	s.note(true)
	if s.likely() {
		t.Error("one old state, and all are read")
	}
	for range 1 << memory {
		s.note(true)
	}
	if !s.likely() {
		t.Error("all states are old, and they are not read")
	}
	for range 3 << memory {
		s.note(false)
	}
	if s.likely() {
		t.Error("no state is old any more, and all are read")
	}
}

// TestStalenessStaysInItsBounds: whatever happens it can still turn round.
func TestStalenessStaysInItsBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s staleness
		for _, old := range rapid.SliceOfN(rapid.Bool(), 0, 2000).Draw(t, "old") {
			s.note(old)
			if e := s.estimate.Load(); e < 0 || e > whole {
				t.Fatalf("estimate %d, want 0 to %d", e, whole)
			}
		}
		for range 5 << memory {
			s.note(false)
		}
		if s.likely() {
			t.Fatal("it does not forget")
		}
	})
}
