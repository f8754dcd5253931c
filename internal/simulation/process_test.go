package simulation_test

import (
	"context"
	"encoding/binary"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kvitto/kvitto/internal/api"
	"github.com/kvitto/kvitto/internal/clienttoken"
	"github.com/kvitto/kvitto/internal/hostname"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/lab"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/record"
)

// process is one running server over the shared store.
type process struct {
	number  int // counts all that were ever started
	dead    atomic.Bool
	batcher *store.Batcher
	handler http.Handler
	ids     identifiers
}

// identifiers are a process's own: what a dead one still draws disturbs nobody.
type identifiers struct {
	mu     sync.Mutex
	random *rand.Rand
}

func (i *identifiers) next(time.Time) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], i.random.Uint64())
	binary.BigEndian.PutUint64(b[8:], i.random.Uint64())
	return identifier.Format(b)
}

// start starts a server as the application wires it.
func (s *simulation) start() (*process, error) {
	s.started++
	p := &process{number: s.started, ids: identifiers{random: rand.New(rand.NewPCG(s.seed, uint64(s.started)))}}
	engine := &view{Engine: s.store, simulation: s, process: p}
	clock, err := lab.NewClock(time.Now, engine, s.shared)
	if err != nil {
		return nil, err
	}
	door, err := lab.NewOpenDoor(engine, time.Now)
	if err != nil {
		return nil, err
	}
	checkouts, err := service.New(service.Options{
		Engine: engine, Committer: committer{s, p}, Clock: clock, Minter: clienttoken.New([]byte("simulation"), clienttoken.Playground),
		Assessor: risk.Playground{}, NewID: p.ids.next, CacheBytes: s.cacheBytes, Shared: s.shared,
	})
	if err != nil {
		return nil, err
	}
	p.batcher = store.NewBatcher(engine, store.BatcherOptions{MaxBatch: s.maxBatch, Queue: s.queue,
		Encode: record.Append})
	p.handler = api.New(api.Options{
		Service: checkouts, Authenticator: door, Clock: watchedClock{clock, s.auditor}, Recorder: recorder{}, NewID: p.ids.next,
		Addresses: func(*http.Request) hostname.Addresses {
			return hostname.Addresses{API: "http://kvitto", Browser: "http://kvitto"}
		}, Playground: clock, Logger: slog.New(slog.DiscardHandler),
	})
	return p, nil
}

// callOf is the call that a context belongs to.
func callOf(ctx context.Context) *call {
	found, _ := ctx.Value(callKey{}).(*call)
	return found
}

type callKey struct{}

// watchedClock notes what time a call was told.
type watchedClock struct {
	*lab.Clock
	auditor *auditor
}

func (c watchedClock) Now(ctx context.Context, merchantID string) (time.Time, error) {
	now, err := c.Clock.Now(ctx, merchantID)
	if err != nil {
		return now, err
	}
	called := callOf(ctx)
	called.now, called.told, called.advanced = now, time.Now(), c.auditor.advanced[merchantID]
	return now, nil
}

// recorder keeps the exchange of each call beside it.
type recorder struct{}

func (recorder) Record(ctx context.Context, exchange requestlog.Exchange) error {
	callOf(ctx).record = &exchange
	return nil
}

func (recorder) Find(context.Context, string, string) (requestlog.Exchange, error) {
	return requestlog.Exchange{}, requestlog.ErrNotFound
}

func (recorder) Search(context.Context, requestlog.Query) (requestlog.Page, error) {
	return requestlog.Page{}, nil
}

func (recorder) OfSession(context.Context, string, string, requestlog.Bounds) ([]requestlog.Exchange, error) {
	return nil, nil
}
