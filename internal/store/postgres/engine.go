package postgres

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kvitto/kvitto/internal/store"
)

// Engine is a store in one PostgreSQL database, which other engines may share.
type Engine struct {
	pool     *pgxpool.Pool
	retryFor time.Duration
	lookups  lookups
	// listsOrders: the schema has the columns of the list of orders.
	listsOrders atomic.Bool
	// ordersWalk is where FillOrders has come to.
	ordersWalk atomic.Pointer[store.OrderCursor]

	// life is held for reading by every call, and for writing by Close.
	life   sync.RWMutex
	closed bool
}

var (
	_ store.Engine   = (*Engine)(nil)
	_ store.Expiring = (*Engine)(nil)
)

// enter refuses work that should not start. After a nil the caller must leave.
func (e *Engine) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e.life.RLock()
	if e.closed {
		e.life.RUnlock()
		return store.ErrClosed
	}
	return nil
}

func (e *Engine) leave() { e.life.RUnlock() }

// Ping tells whether the store can serve: whether a server that takes writes
// answers. It does not try again.
func (e *Engine) Ping(ctx context.Context) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.leave()
	if err := e.pool.Ping(ctx); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	return nil
}

// Close waits for the work under way and closes the connections.
func (e *Engine) Close() error {
	e.life.Lock()
	defer e.life.Unlock()
	if !e.closed {
		e.closed = true
		e.pool.Close()
	}
	return nil
}
