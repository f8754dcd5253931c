package sqlite

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

// ClockAdvance is how far a merchant's playground clock was moved.
func (e *Engine) ClockAdvance(ctx context.Context, merchantID string) (time.Duration, error) {
	var advance time.Duration
	err := e.read(ctx, func(r *reader) error {
		found, err := single(r.clock.text(1, merchantID), func(q *statement) { advance = time.Duration(q.columnInteger(0)) })
		return orNotFound(found, err)
	})
	return advance, err
}

// AdvanceClock moves it further and returns the new sum.
func (e *Engine) AdvanceClock(ctx context.Context, merchantID string, by time.Duration) (time.Duration, error) {
	var advance time.Duration
	found := false
	err := e.write(ctx, func(w *writer) (err error) {
		found, err = single(w.moveClock.text(1, merchantID).integer(2, int64(by)), func(q *statement) {
			advance = time.Duration(q.columnInteger(0))
		})
		return err
	})
	return advance, orNotFound(found, err)
}

// Secret returns the named secret, storing proposed if there is none yet.
func (e *Engine) Secret(ctx context.Context, name string, proposed []byte) ([]byte, error) {
	stored, err := e.storedSecret(ctx, name)
	if !errors.Is(err, store.ErrNotFound) {
		return stored, err
	}
	if len(proposed) == 0 {
		return nil, errors.New("sqlite: a secret must not be empty")
	}
	err = e.write(ctx, func(w *writer) error { return w.addSecret.text(1, name).blob(2, proposed).run() })
	if err != nil {
		return nil, err
	}
	return e.storedSecret(ctx, name) // another caller's may have been first
}

func (e *Engine) storedSecret(ctx context.Context, name string) ([]byte, error) {
	var stored []byte
	err := e.read(ctx, func(r *reader) error {
		found, err := single(r.secret.text(1, name), func(q *statement) { stored = bytes.Clone(q.columnBlob(0)) })
		return orNotFound(found, err)
	})
	return stored, err
}

// single runs a query of at most one row.
func single(q *statement, scan func(*statement)) (found bool, err error) {
	for q.row() {
		found = true
		scan(q)
	}
	return found, q.reset()
}

func orNotFound(found bool, err error) error {
	if err == nil && !found {
		return store.ErrNotFound
	}
	return err
}
