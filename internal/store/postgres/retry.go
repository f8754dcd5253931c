package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kvitto/kvitto/internal/pgpool"
	"github.com/kvitto/kvitto/internal/store"
)

// Waits between attempts grow from the first to the last.
const (
	firstWait = 5 * time.Millisecond
	lastWait  = 500 * time.Millisecond
)

// attempts is how many of them have room in the time of a retry when none is
// answered: a server that is silent costs a part of the time, not all of it.
const attempts = 3

// work is done on one connection. again tells that an earlier attempt may have
// done it, or may be doing it still.
type work func(ctx context.Context, conn *pgxpool.Conn, again bool) error

// write does the work until it is known to be done or not, for a bounded time.
// The context bounds the wait for a connection only: what was sent is waited
// for.
func (e *Engine) write(ctx context.Context, do work) error {
	detached := context.WithoutCancel(ctx)
	deadline := time.Now().Add(e.retryFor)
	again := false
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		sent, err := e.attempt(ctx, detached, deadline, again, do)
		switch {
		case err == nil:
			return nil
		case !transient(err) && again:
			return given(again, nil, err)
		case !transient(err):
			return err
		}
		again = again || sent
		if again {
			// From here on only the time bounds the wait: the truth is worth it.
			ctx = detached
		}
		if pauseErr := pause(ctx, jittered(wait), deadline); pauseErr != nil {
			return given(again, pauseErr, err)
		}
	}
}

// read is write for work that changes nothing: its context ends it.
func (e *Engine) read(ctx context.Context, do func(ctx context.Context, conn *pgxpool.Conn) error) error {
	return e.readUntil(ctx, time.Now().Add(e.retryFor), do)
}

// readUntil is read for work that is tried again until the deadline.
func (e *Engine) readUntil(ctx context.Context, deadline time.Time, do func(ctx context.Context, conn *pgxpool.Conn) error) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.leave()
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		_, err := e.attempt(ctx, ctx, deadline, false, func(ctx context.Context, conn *pgxpool.Conn, _ bool) error { return do(ctx, conn) })
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil || errors.Is(err, store.ErrNotFound) {
			return err
		}
		if !transient(err) && pgpool.Code(err) != "" {
			return fmt.Errorf("postgres: read: %w", err)
		}
		if !transient(err) {
			return err // this package's own
		}
		if pauseErr := pause(ctx, jittered(wait), deadline); pauseErr != nil {
			return fmt.Errorf("postgres: read: %w", given(false, pauseErr, err))
		}
	}
}

// attempt does the work once. sent tells whether the server can have heard of it.
func (e *Engine) attempt(waiting, working context.Context, deadline time.Time, again bool, do work) (sent bool, err error) {
	waiting, cancel := context.WithDeadline(waiting, deadline)
	defer cancel()
	conn, err := e.pool.Acquire(waiting)
	if err != nil {
		return false, &unreachableError{err}
	}
	defer conn.Release()
	delete(conn.Conn().PgConn().CustomData(), doubtMark)
	bounded, cancel := context.WithTimeout(working, e.retryFor/attempts)
	defer cancel()
	err = do(bounded, conn, again)
	switch {
	case err == nil && conn.Conn().PgConn().CustomData()[doubtMark] != nil:
		err = errUnconfirmed
	case err != nil && conn.Conn().IsClosed():
		err = &brokenError{err}
	}
	if err != nil && lost(err) {
		// The others of the pool lead to the same server.
		e.pool.Reset()
	}
	return !pgconn.SafeToRetry(err), err
}

// given up, and why.
func given(again bool, why, err error) error {
	switch {
	case again:
		return fmt.Errorf("it is not known whether this was written: %w", err)
	case errors.Is(why, errOutOfTime):
		return fmt.Errorf("nothing was done: %w", err)
	default:
		return why
	}
}

var (
	errOutOfTime = errors.New("postgres: out of time")
	// errUnconfirmed: the commit is there, and may be lost with its server.
	errUnconfirmed = errors.New("postgres: the server gave up waiting for its synchronous standby")
)

// unreachableError: there was no connection to work on.
type unreachableError struct{ err error }

func (e *unreachableError) Error() string { return "no connection: " + e.err.Error() }
func (e *unreachableError) Unwrap() error { return e.err }

// brokenError: the connection ended before the answer did.
type brokenError struct{ err error }

func (e *brokenError) Error() string { return "the connection broke: " + e.err.Error() }
func (e *brokenError) Unwrap() error { return e.err }

// pause waits unless the time or the context ends.
func pause(ctx context.Context, wait time.Duration, deadline time.Time) error {
	if time.Until(deadline) < wait {
		return errOutOfTime
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func jittered(wait time.Duration) time.Duration { return wait/2 + rand.N(wait/2) }

// transient errors may be gone when the same is tried again: there was no
// connection or it broke, or the server said so.
func transient(err error) bool {
	if _, broke := errors.AsType[*brokenError](err); broke {
		return true
	}
	switch code := pgpool.Code(err); code {
	case "": // the server said nothing
		_, unreachable := errors.AsType[*unreachableError](err)
		return unreachable || errors.Is(err, errUnconfirmed)
	case "40003": // completion unknown
		return true
	default:
		return pgpool.Passes(code)
	}
}

// lost tells that the other connections of the pool are likely of no use either.
func lost(err error) bool {
	_, broke := errors.AsType[*brokenError](err)
	return broke || pgpool.Gone(pgpool.Code(err))
}
