package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/store"
)

const (
	// readersMax is how many queries of a gathering are under way at once where
	// one takes long. Usually it is one: two would each be half as large, which
	// costs this process and the server more work for the same answers.
	readersMax = 4
	// stalledAfter is how long a lookup waits to be sent before it goes beside
	// the query that it waits for. Much longer than a round trip: the server is
	// far, or busy, or that connection is dead and nobody has said so.
	stalledAfter = 20 * time.Millisecond
	// gatheredMax bounds the answer that one query brings into memory.
	gatheredMax = 256
)

// gathering looks up values by id. What comes while a query is under way waits,
// and goes as one query when that returns; what comes when none is goes at once,
// alone. Nothing joins a query that was sent: an answer must not be older than
// the question.
type gathering[V any] struct {
	engine  *Engine
	query   string // $1 the ids, $2 a place for each; answers with the place and the columns
	columns func(*V) []any

	mu      sync.Mutex
	waiting []*lookup[V]
	readers int
}

// lookup is one question. Value and err are the reader's until done is closed.
type lookup[V any] struct {
	key   [16]byte
	asked time.Time
	done  chan struct{}

	value V
	found bool
	err   error

	trip *trip // under the mutex of the gathering; nil while it waits
	gone bool  // likewise: nobody waits for the answer
}

func newLookup[V any]() *lookup[V] { return &lookup[V]{asked: time.Now(), done: make(chan struct{})} }

// trip is one query. It ends early when nobody waits for any of its answers.
type trip struct {
	cancel context.CancelFunc
	wanted int
}

// find looks one id up. An id that no stored one can equal is not found.
func (g *gathering[V]) find(ctx context.Context, id string) (value V, err error) {
	l := newLookup[V]()
	if err := g.engine.enter(ctx); err != nil {
		return value, err
	}
	g.engine.leave() // the query enters for itself: to enter twice would lock out a Close in between
	if !identifier.Parse(id, &l.key) {
		return value, store.ErrNotFound
	}
	g.ask(l)
	return g.wait(ctx, l)
}

// wait returns the answer to a lookup that was asked.
func (g *gathering[V]) wait(ctx context.Context, l *lookup[V]) (value V, err error) {
	retryFor := g.engine.retryFor
	timer := time.NewTimer(stalledAfter)
	defer timer.Stop()
	for stalled := false; ; stalled = true {
		select {
		case <-l.done:
			return l.value, l.err
		case <-ctx.Done():
			g.giveUp(l)
			return value, ctx.Err()
		case <-timer.C:
		}
		if stalled {
			g.giveUp(l)
			return value, fmt.Errorf("postgres: read: %w", given(false, errOutOfTime, errOutOfTime))
		}
		g.hurry(l)
		// A query may be at its last attempt for longer than a lookup that joined
		// it early has time.
		timer.Reset(time.Until(l.asked.Add(retryFor + retryFor/attempts)))
	}
}

// ask lets lookups wait, for a reader that comes at once if there is none.
func (g *gathering[V]) ask(l ...*lookup[V]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = append(g.waiting, l...)
	if g.readers == 0 {
		g.readers++
		go g.read()
	}
}

// hurry sends what waits, with a lookup that has waited for long.
func (g *gathering[V]) hurry(l *lookup[V]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if l.trip == nil && g.readers < readersMax {
		g.readers++
		go g.read()
	}
}

func (g *gathering[V]) giveUp(l *lookup[V]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	l.gone = true
	if l.trip == nil {
		return
	}
	if l.trip.wanted--; l.trip.wanted == 0 {
		l.trip.cancel()
	}
}

// read asks the server until nothing waits.
func (g *gathering[V]) read() {
	for {
		ctx, cancel := context.WithCancel(context.Background())
		together := g.take(&trip{cancel: cancel})
		if len(together) > 0 {
			g.load(ctx, together)
		}
		cancel()
		if len(together) == 0 {
			return
		}
	}
}

// take is what goes next; nothing when the reader is to end.
func (g *gathering[V]) take(t *trip) []*lookup[V] {
	g.mu.Lock()
	defer g.mu.Unlock()
	var together []*lookup[V]
	taken := 0
	for _, l := range g.waiting {
		if len(together) == gatheredMax {
			break
		}
		taken++
		if !l.gone {
			l.trip = t
			together = append(together, l)
		}
	}
	g.waiting = g.waiting[taken:]
	t.wanted = len(together)
	if len(together) == 0 {
		g.waiting = nil
		g.readers--
	}
	return together
}

// load answers lookups with one query, which has the time that the last of them
// has.
func (g *gathering[V]) load(ctx context.Context, together []*lookup[V]) {
	keys, places := make(uuids, len(together)), make(integers, len(together))
	for i, l := range together {
		keys[i], places[i] = uuid(l.key, true), integer(int64(i), true)
	}
	deadline := together[len(together)-1].asked.Add(g.engine.retryFor)
	err := g.engine.readUntil(ctx, deadline, func(ctx context.Context, conn *pgxpool.Conn) error {
		for _, l := range together {
			l.found = false
		}
		rows, err := conn.Query(ctx, g.query, keys, places)
		return eachRow(rows, err, func(rows pgx.Rows) error { return g.scan(rows, together) })
	})
	for _, l := range together {
		if l.err = err; err == nil && !l.found {
			l.err = store.ErrNotFound
		}
		close(l.done)
	}
}

// scan reads a row into the lookup whose place it names.
func (g *gathering[V]) scan(rows pgx.Rows, together []*lookup[V]) error {
	var place int64
	var value V
	if err := rows.Scan(append([]any{&place}, g.columns(&value)...)...); err != nil {
		return err
	}
	together[place].value, together[place].found = value, true
	return nil
}
