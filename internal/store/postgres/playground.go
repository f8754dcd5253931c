package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kvitto/kvitto/internal/store"
)

// ClockAdvance is how far a merchant's playground clock was moved.
func (e *Engine) ClockAdvance(ctx context.Context, merchantID string) (time.Duration, error) {
	_, sum, err := e.clock(ctx, merchantID)
	return sum, err
}

// clock is the number of the newest move and the sum after it, 0 and 0 when
// there was none.
func (e *Engine) clock(ctx context.Context, merchantID string) (move int64, sum time.Duration, err error) {
	err = e.readByText(ctx, `SELECT coalesce(c.move, 0), coalesce(c.advance_ns, 0) FROM merchants m
		LEFT JOIN clocks c ON c.merchant_id = m.merchant_id
		WHERE m.merchant_id = $1 ORDER BY c.move DESC NULLS LAST LIMIT 1`, merchantID, func(rows pgx.Rows) error {
		return rows.Scan(&move, (*int64)(&sum))
	})
	return move, sum, err
}

// AdvanceClock moves it further and returns the new sum. As with sessions, of
// several who make the same move one is there first, and the others look again.
func (e *Engine) AdvanceClock(ctx context.Context, merchantID string, by time.Duration) (time.Duration, error) {
	id := newChangeNames().at(0)
	for {
		move, sum, err := e.clock(ctx, merchantID)
		if err != nil {
			return 0, err
		}
		sum += by
		err = e.insert(ctx, `INSERT INTO clocks (merchant_id, change_id, move, advance_ns) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			`SELECT true FROM clocks WHERE merchant_id = $1 AND change_id = $2`, merchantID, id, move+1, int64(sum))
		if !errors.Is(err, store.ErrConflict) {
			return sum, err
		}
	}
}

// Secret returns the named secret, storing proposed if there is none yet.
func (e *Engine) Secret(ctx context.Context, name string, proposed []byte) ([]byte, error) {
	stored, err := e.secret(ctx, name)
	if !errors.Is(err, store.ErrNotFound) {
		return stored, err
	}
	if len(proposed) == 0 {
		return nil, errors.New("postgres: a secret must not be empty")
	}
	if !storable(name) {
		return nil, errText
	}
	err = e.change(ctx, func(p *pipeline) {
		p.exec(`INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, name, proposed)
	})
	if err != nil {
		return nil, err
	}
	return e.secret(ctx, name) // another caller's may have been first
}

func (e *Engine) secret(ctx context.Context, name string) (stored []byte, err error) {
	err = e.readByText(ctx, `SELECT value FROM secrets WHERE name = $1`, name, func(rows pgx.Rows) error { return rows.Scan(&stored) })
	return stored, err
}
