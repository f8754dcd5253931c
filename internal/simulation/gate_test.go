package simulation_test

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"testing/synctest"

	"github.com/kvitto/kvitto/internal/store"
)

// verdict is what the scheduler does to a goroutine that stopped.
type verdict string

// The verdicts. All but proceed and slow are faults.
const (
	proceed    verdict = "proceed"
	slow       verdict = "slow"        // a read: look now, hear of it later
	failBefore verdict = "fail before" // nothing was done, and that is an error
	failAfter  verdict = "fail after"  // it was done, and the caller hears of an error
	applyLater verdict = "apply later" // the caller hears of an error, and it is done later
	conflict   verdict = "conflict"    // one change is refused though nothing is wrong
	died       verdict = "died"        // the process is gone
)

// The places to stop.
const (
	atRead      = "read"      // before a read of the store
	atReadDone  = "read done" // after a slow one
	atCommit    = "commit"    // the batcher's transaction begins
	atCommitted = "committed" // it has ended, the batcher does not know
	atAnswer    = "answer"    // the service is about to hear of its commit
)

// stop is a goroutine that waits to be let go.
type stop struct {
	place   string
	process *process
	call    *call          // nil for a batcher's transaction
	changes []store.Change // of a transaction
	turn    chan verdict
}

// gate is where goroutines stop.
type gate struct {
	mu    sync.Mutex
	stops []*stop
}

// stop waits for the scheduler. A dead process never stops.
func (g *gate) stop(s *stop) verdict {
	if s.process.dead.Load() {
		return died
	}
	s.turn = make(chan verdict)
	g.mu.Lock()
	g.stops = append(g.stops, s)
	g.mu.Unlock()
	return <-s.turn
}

// settled waits until every goroutine has stopped and returns those that can
// be let go, in an order that does not depend on who came first.
func (g *gate) settled() []*stop {
	synctest.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	slices.SortFunc(g.stops, func(a, b *stop) int {
		return cmp.Or(cmp.Compare(a.number(), b.number()), strings.Compare(a.place, b.place))
	})
	return slices.Clone(g.stops)
}

// number tells stops apart: a call stops in one place at a time, and so does a
// process's only transaction.
func (s *stop) number() int {
	if s.call != nil {
		return s.call.number
	}
	return -s.process.number
}

// release lets one goroutine go on.
func (g *gate) release(s *stop, v verdict) {
	g.mu.Lock()
	g.stops = slices.DeleteFunc(g.stops, func(other *stop) bool { return other == s })
	g.mu.Unlock()
	s.turn <- v
}
