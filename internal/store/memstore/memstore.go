package memstore

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

var _ store.Engine = (*Engine)(nil)

// Engine keeps everything in memory. Sessions are kept as they are given:
// the domain never changes a value it has returned.
type Engine struct {
	mu     sync.Mutex
	closed bool
	books  books
	outbox outbox

	subjects    subjects
	assessments assessments
	reviews     reviews
	orders      orders

	tenants tenants
	signIns signIns
	clocks  map[string]time.Duration // by merchant
	secrets map[string][]byte
	cursors map[string]bool // those that DeleteExpired gave
}

// New returns an empty engine.
func New() *Engine {
	return &Engine{
		books:    newBooks(),
		outbox:   outbox{held: map[string]bool{}},
		subjects: subjects{},
		reviews:  reviews{},
		orders:   orders{},
		tenants:  newTenants(),
		signIns:  newSignIns(),
		clocks:   map[string]time.Duration{},
		secrets:  map[string][]byte{},
		cursors:  map[string]bool{},
	}
}

// enter locks the engine unless the context has ended or the engine was
// closed. After a nil the caller must unlock.
func (e *Engine) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return store.ErrClosed
	}
	return nil
}

// Commit is store.Engine's.
func (e *Engine) Commit(ctx context.Context, changes []store.Change) []error {
	answers := make([]error, len(changes))
	if err := e.enter(ctx); err != nil {
		for i := range answers {
			answers[i] = err
		}
		return answers
	}
	defer e.mu.Unlock()
	for i := range changes {
		if answers[i] = e.check(&changes[i]); answers[i] == nil {
			e.put(&changes[i])
		}
	}
	return answers
}

// check says why a change cannot be written. It is checked whole before
// anything of it is, so a refused one leaves nothing behind.
func (e *Engine) check(c *store.Change) error {
	if err := e.books.check(c); err != nil {
		return err
	}
	if c.Callback != nil {
		if err := e.outbox.check(c.Callback); err != nil {
			return err
		}
	}
	if c.Assessment != nil {
		if err := e.assessments.check(c.Assessment.ID); err != nil {
			return err
		}
	}
	return e.subjects.check(c.Subjects)
}

// put writes a change that check accepted.
func (e *Engine) put(c *store.Change) {
	e.books.write(c)
	e.reviews.put(c)
	e.orders.put(c)
	if c.Callback != nil {
		e.outbox.add(c)
	}
	if c.Assessment != nil {
		e.assessments.addOf(c)
	}
	e.subjects.add(c.Subjects)
}

// Session is store.Engine's.
func (e *Engine) Session(ctx context.Context, sessionID string) (checkout.Session, error) {
	if err := e.enter(ctx); err != nil {
		return checkout.Session{}, err
	}
	defer e.mu.Unlock()
	history, err := found(e.books.histories, sessionID)
	if err != nil {
		return checkout.Session{}, err
	}
	return history[len(history)-1].Session, nil
}

// SessionOfAuthorization is store.Engine's.
func (e *Engine) SessionOfAuthorization(ctx context.Context, token string) (string, error) {
	if err := e.enter(ctx); err != nil {
		return "", err
	}
	defer e.mu.Unlock()
	return found(e.books.sessionOfToken, token)
}

// SessionOfOrder is store.Engine's.
func (e *Engine) SessionOfOrder(ctx context.Context, orderID string) (string, error) {
	if err := e.enter(ctx); err != nil {
		return "", err
	}
	defer e.mu.Unlock()
	return found(e.books.sessionOfOrder, orderID)
}

// Revisions is store.Engine's.
func (e *Engine) Revisions(ctx context.Context, sessionID string, limit int, upTo int64) ([]store.Revision, error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.mu.Unlock()
	history, err := found(e.books.histories, sessionID)
	if upTo > 0 {
		history = history[:min(upTo, int64(len(history)))] // revision n stands at n-1
	}
	if limit > 0 && len(history) > limit {
		history = history[len(history)-limit:]
	}
	return slices.Clone(history), err
}

// EnsureMerchant is store.Engine's.
func (e *Engine) EnsureMerchant(ctx context.Context, merchantID string, now time.Time) error {
	err := e.AddMerchant(ctx, store.Merchant{ID: merchantID, CreatedAt: milliseconds(now)})
	if errors.Is(err, store.ErrConflict) {
		return nil
	}
	return err
}

// ClockAdvance is store.Engine's. ErrNotFound for a merchant never ensured.
func (e *Engine) ClockAdvance(ctx context.Context, merchantID string) (time.Duration, error) {
	return e.AdvanceClock(ctx, merchantID, 0)
}

// AdvanceClock is store.Engine's. ErrNotFound for a merchant never ensured.
func (e *Engine) AdvanceClock(ctx context.Context, merchantID string, by time.Duration) (time.Duration, error) {
	if err := e.enter(ctx); err != nil {
		return 0, err
	}
	defer e.mu.Unlock()
	if _, err := found(e.tenants.merchants, merchantID); err != nil {
		return 0, err
	}
	e.clocks[merchantID] += by
	return e.clocks[merchantID], nil
}

// Secret is store.Engine's. An empty one is nobody's secret and refused.
func (e *Engine) Secret(ctx context.Context, name string, proposed []byte) ([]byte, error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.mu.Unlock()
	if _, err := found(e.secrets, name); err != nil {
		if len(proposed) == 0 {
			return nil, errors.New("memstore: a secret must not be empty")
		}
		e.secrets[name] = bytes.Clone(proposed)
	}
	return bytes.Clone(e.secrets[name]), nil
}

// Ping is store.Engine's.
func (e *Engine) Ping(ctx context.Context) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	e.mu.Unlock()
	return nil
}

// Close forgets nothing but answers every later call with store.ErrClosed. It
// may be called again.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	return nil
}

func found[V any](in map[string]V, key string) (V, error) {
	value, ok := in[key]
	if !ok {
		return value, store.ErrNotFound
	}
	return value, nil
}
