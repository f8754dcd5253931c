package service

import "sync/atomic"

// staleness estimates how often the cached state of a session is old because
// another process has changed it since. It depends on how requests are spread
// over the processes: hardly ever where a session stays with one, half of the
// time with two that take turns.
//
// It is a moving average over about the last 1<<memory outcomes, in parts of
// whole. It knows no time and draws nothing: the same outcomes give the same
// estimate.
type staleness struct{ estimate atomic.Int64 }

const (
	memory = 5
	whole  = 1 << 16
	// worthAsking is where reading first begins to pay. A decision on an old
	// state costs a commit in vain, then a read and a commit; reading first
	// costs a read every time. A commit takes about three times as long as a
	// read.
	worthAsking = whole / 4
)

// note adds an outcome: whether a cached state turned out to be old.
func (s *staleness) note(old bool) {
	target := int64(0)
	if old {
		target = whole
	}
	for {
		before := s.estimate.Load()
		if s.estimate.CompareAndSwap(before, before+(target-before)>>memory) {
			return
		}
	}
}

// likely tells that the store is to be asked before anything is decided.
func (s *staleness) likely() bool { return s.estimate.Load() >= worthAsking }
