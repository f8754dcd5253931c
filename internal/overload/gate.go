package overload

import (
	"context"
	"sync/atomic"
	"time"
)

// Options bound a server. A zero is the default, a negative number no bound.
type Options struct {
	// InFlight is how many requests are worked on at the same time. It is above
	// what fills a batch of the store, so that it costs no throughput.
	InFlight int
	// Waiting is how many more may wait for one of those to end.
	Waiting int
	// Patience is how long one waits before it is refused.
	Patience time.Duration
	// BodyBytes is the memory for the bodies being read at the same time, not
	// counting the first BodyFree bytes of each.
	BodyBytes int64
	// Connections is how many connections are open at the same time; the next
	// wait in the system's queue. No bound by default: a health check needs a
	// connection too.
	Connections int
}

// The defaults. A thousand requests in flight fill four batches of the store.
const (
	DefaultInFlight  = 1024
	DefaultWaiting   = 1024
	DefaultPatience  = time.Second
	DefaultBodyBytes = 64 << 20
)

// BodyFree is how much of a body needs no budget, in bytes: more than the
// bodies that shops send.
const BodyFree = 64 << 10

// WithDefaults fills in what is zero.
func (o Options) WithDefaults() Options {
	if o.InFlight == 0 {
		o.InFlight = DefaultInFlight
	}
	if o.Waiting == 0 {
		o.Waiting = DefaultWaiting
	}
	if o.Patience == 0 {
		o.Patience = DefaultPatience
	}
	if o.BodyBytes == 0 {
		o.BodyBytes = DefaultBodyBytes
	}
	return o
}

// Outcome is what the gate says.
type Outcome uint8

// The outcomes of Enter.
const (
	Entered   Outcome = iota // Leave must follow
	QueueFull                // too many wait already
	TooLong                  // nothing ended in time
	Gone                     // the caller's context ended
)

// Gate lets a bounded number in and a bounded number wait, in the order in
// which they came.
type Gate struct {
	slots    chan struct{} // nil bounds nothing
	waiting  atomic.Int64
	maxWait  int64
	patience time.Duration
	inside   atomic.Int64
}

// NewGate returns a gate of the options, defaults filled in.
func NewGate(options Options) *Gate {
	options = options.WithDefaults()
	g := &Gate{maxWait: int64(max(0, options.Waiting)), patience: options.Patience}
	if options.InFlight > 0 {
		g.slots = make(chan struct{}, options.InFlight)
	}
	if options.Waiting < 0 {
		g.maxWait = 1 << 62
	}
	return g
}

// Enter returns at once when there is room or no place to wait.
func (g *Gate) Enter(ctx context.Context) Outcome {
	if g.slots == nil {
		g.inside.Add(1)
		return Entered
	}
	select {
	case g.slots <- struct{}{}:
		return Entered
	default:
	}
	if g.waiting.Add(1) > g.maxWait {
		g.waiting.Add(-1)
		return QueueFull
	}
	defer g.waiting.Add(-1)
	var expired <-chan time.Time
	if g.patience > 0 {
		timer := time.NewTimer(g.patience)
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case g.slots <- struct{}{}:
		return Entered
	case <-expired:
		return TooLong
	case <-ctx.Done():
		return Gone
	}
}

// Leave gives the room back.
func (g *Gate) Leave() {
	if g.slots == nil {
		g.inside.Add(-1)
		return
	}
	<-g.slots
}

// InFlight is how many are inside now.
func (g *Gate) InFlight() int {
	if g.slots == nil {
		return int(g.inside.Load())
	}
	return len(g.slots)
}

// Waiting is how many wait now.
func (g *Gate) Waiting() int { return int(g.waiting.Load()) }
