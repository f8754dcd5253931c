package sqlite

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

// Engine is a store in one SQLite file.
type Engine struct {
	path string
	vfs  string
	lock *fileLock

	// writing holds one value while somebody owns the writer.
	writing      chan struct{}
	writer       *writer // nil after a failure, until the next write
	writeTimeout time.Duration
	broken       broken
	pending      pending // changed by the owner of the writing place
	flushing     flushPolicy

	readers chan *reader // the read pool; nil stands for one not yet opened

	logGrown      chan struct{} // wakes the checkpointer
	checkpointed  chan struct{} // closed when the checkpointer has ended
	checkpointErr atomic.Pointer[error]

	closed    chan struct{}
	closeOnce sync.Once
	closeErr  error
}

var _ store.Engine = (*Engine)(nil)

// takeWriting waits for the writing place.
func (e *Engine) takeWriting(ctx context.Context) error {
	if err := e.usable(ctx); err != nil {
		return err
	}
	select {
	case e.writing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-e.closed:
		return store.ErrClosed
	}
	// Close takes the place for ever, so that having it means the store is open.
	return nil
}

func (e *Engine) giveWriting() { <-e.writing }

// usable refuses work that should not start.
func (e *Engine) usable(ctx context.Context) error {
	select {
	case <-e.closed:
		return store.ErrClosed
	default:
		return ctx.Err()
	}
}

// Ping tells whether the file can be read and written, and its log kept short.
func (e *Engine) Ping(ctx context.Context) error {
	if err := e.broken.err(); err != nil {
		return err
	}
	if failed := e.checkpointErr.Load(); failed != nil {
		return *failed
	}
	return e.read(ctx, func(r *reader) error {
		r.ping.row()
		return r.ping.reset()
	})
}

// Close waits for the work under way, writes the pending heads, closes the
// file and frees its lock.
func (e *Engine) Close() error {
	e.closeOnce.Do(func() {
		close(e.closed)
		<-e.checkpointed
		e.writing <- struct{}{}
		var errs []error
		for range cap(e.readers) {
			if r := <-e.readers; r != nil {
				errs = append(errs, e.disconnect(r.conn))
			}
		}
		if e.writer != nil {
			errs = append(errs, e.flushAndClose(e.writer))
		}
		errs = append(errs, e.lock.release())
		e.closeErr = errors.Join(errs...)
	})
	return e.closeErr
}
