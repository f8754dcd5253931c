package main

import (
	"context"
	"sync"
	"time"
)

// pacer hands out moments at an even distance.
type pacer struct {
	rate float64       // moments per second; 0 is without a bound
	gap  time.Duration // 0 is none

	mu   sync.Mutex
	next time.Time
}

func newPacer(rate float64) *pacer {
	if rate == 0 {
		return &pacer{}
	}
	return &pacer{rate: rate, gap: time.Duration(float64(time.Second) / rate)}
}

// arrears is how much of what was missed is caught up: a server that stood
// still for a while is not flooded afterwards.
const arrears = time.Second

// wait returns at the caller's moment; false when ctx has ended.
func (p *pacer) wait(ctx context.Context) bool {
	if p.gap == 0 {
		return ctx.Err() == nil
	}
	p.mu.Lock()
	if oldest := time.Now().Add(-arrears); p.next.Before(oldest) {
		p.next = oldest
	}
	at := p.next
	p.next = at.Add(p.gap)
	p.mu.Unlock()
	return pause(ctx, time.Until(at))
}

// pause is false when ctx ended before the time was over.
func pause(ctx context.Context, length time.Duration) bool {
	if length <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
