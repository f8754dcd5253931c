package lab

import (
	"context"
	"errors"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Advances is where the sum of a merchant's clock moves is kept: the store.
type Advances interface {
	ClockAdvance(ctx context.Context, merchantID string) (time.Duration, error)
	AdvanceClock(ctx context.Context, merchantID string, by time.Duration) (time.Duration, error)
}

// AdvanceMax bounds one move of the clock: ten years.
const AdvanceMax = 10 * 365 * 24 * time.Hour

// ErrAdvance: a clock only moves forward, by at most AdvanceMax in all.
var ErrAdvance = errors.New("the clock moves forward only, by at most ten years in all")

// Clock is the system's time plus what each merchant added.
type Clock struct {
	system   func() time.Time
	advances Advances
	known    *lru.Cache[string, time.Duration] // nil: every sum is read anew
	mu       sync.Mutex                        // reading a sum and adding to it follow each other
}

// NewClock returns a clock over the system's time. shared says that other
// processes move the same clocks: then nothing is remembered here.
func NewClock(system func() time.Time, advances Advances, shared bool) (*Clock, error) {
	if shared {
		return &Clock{system: system, advances: advances}, nil
	}
	known, err := lru.New[string, time.Duration](16384)
	if err != nil {
		return nil, err
	}
	return &Clock{system: system, advances: advances, known: known}, nil
}

// Now is the merchant's time in UTC with the precision of the protocol,
// milliseconds.
func (c *Clock) Now(ctx context.Context, merchantID string) (time.Time, error) {
	advanced, err := c.Advanced(ctx, merchantID)
	return c.system().UTC().Add(advanced).Truncate(time.Millisecond), err
}

// Advanced is how far the merchant's clock was moved.
func (c *Clock) Advanced(ctx context.Context, merchantID string) (time.Duration, error) {
	if c.known == nil {
		return c.advances.ClockAdvance(ctx, merchantID)
	}
	if advanced, ok := c.known.Get(merchantID); ok {
		return advanced, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.advanced(ctx, merchantID)
}

func (c *Clock) advanced(ctx context.Context, merchantID string) (time.Duration, error) {
	if c.known == nil {
		return c.advances.ClockAdvance(ctx, merchantID)
	}
	if advanced, ok := c.known.Get(merchantID); ok {
		return advanced, nil
	}
	advanced, err := c.advances.ClockAdvance(ctx, merchantID)
	if err == nil {
		c.known.Add(merchantID, advanced)
	}
	return advanced, err
}

// Advance moves the merchant's clock, durably.
func (c *Clock) Advance(ctx context.Context, merchantID string, by time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	before, err := c.advanced(ctx, merchantID)
	if err != nil {
		return err
	}
	if by < 0 || by > AdvanceMax || before+by > AdvanceMax {
		return ErrAdvance
	}
	advanced, err := c.advances.AdvanceClock(ctx, merchantID, by)
	switch {
	case c.known == nil:
	case err == nil:
		c.known.Add(merchantID, advanced)
	default:
		// Whatever happened, the store knows and the cache does not.
		c.known.Remove(merchantID)
	}
	return err
}
