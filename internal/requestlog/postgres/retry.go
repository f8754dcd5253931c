package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kvitto/kvitto/internal/pgpool"
)

// patience is for how long the same is attempted, and how long one attempt may
// take: a server that is silent must leave time for another.
type patience struct{ all, each time.Duration }

var (
	// An answer to a refusal waits for it to be written.
	quickPatience = patience{all: 15 * time.Second, each: 5 * time.Second}
	// Nobody waits for a sweep, and counting what is dropped may take a while.
	sweepPatience = patience{all: time.Minute, each: time.Minute}
)

// Waits between attempts grow from the first to the longest.
const (
	firstWait   = 10 * time.Millisecond
	longestWait = 400 * time.Millisecond
)

// attempt does the work on a connection, and again while it fails for reasons
// that pass. Work must bear being done twice.
func (h *Home) attempt(ctx context.Context, p patience, work func(context.Context, *pgx.Conn) error) error {
	deadline := time.Now().Add(p.all)
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		err := h.once(ctx, p.each, work)
		if err == nil || ctx.Err() != nil || !passes(err) {
			return orDone(ctx, err)
		}
		if outdated(err) {
			h.days.forget()
		}
		if pgpool.Gone(pgpool.Code(err)) {
			h.pool.Reset() // the other connections lead to the same server
		}
		pause := wait/2 + rand.N(wait/2)
		if time.Now().Add(pause).After(deadline) {
			return fmt.Errorf("given up after %v: %w", p.all, err)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

func (h *Home) once(ctx context.Context, limit time.Duration, work func(context.Context, *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	conn, err := h.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return work(ctx, conn.Conn())
}

// orDone is the error of a done context, which says more than what it led to.
func orDone(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// finalError is an error that is not the database's: it does not pass.
type finalError struct{ error }

func (e finalError) Unwrap() error { return e.error }

// passes tells whether the same may succeed later: whatever is not the server's
// word, and what it says when it comes, goes, or chose a victim.
func passes(err error) bool {
	if errors.As(err, new(finalError)) {
		return false
	}
	code := pgpool.Code(err)
	return code == "" || pgpool.Passes(code) || pgpool.Gone(code) || outdated(err)
}

// outdated tells that another process made or dropped a day in between.
func outdated(err error) bool {
	switch pgpool.Code(err) {
	case pgpool.MissingTable,
		"42P07", "42710", "23505": // it is there already, or its name is in the catalogue
		return true
	}
	return false
}
