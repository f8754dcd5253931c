package api

import (
	"sync/atomic"
	"time"
)

// sampler lets one line a second through and counts those it does not.
type sampler struct {
	last   atomic.Int64 // Unix time of the newest line, in seconds
	missed atomic.Int64
}

// due counts an event. In a new second it returns how many there were since
// the last line, else 0.
func (s *sampler) due(now time.Time) (events int64) {
	s.missed.Add(1)
	last, second := s.last.Load(), now.Unix()
	if second == last || !s.last.CompareAndSwap(last, second) {
		return 0
	}
	return s.missed.Swap(0)
}
