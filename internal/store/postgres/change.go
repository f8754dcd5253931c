package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kvitto/kvitto/internal/store"
)

// change runs a transaction that people, a playground or retention cause. It
// may be run again, so doing it twice must be doing it once.
func (e *Engine) change(ctx context.Context, fill func(p *pipeline)) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.leave()
	err := e.write(ctx, func(ctx context.Context, conn *pgxpool.Conn, again bool) error {
		p := &pipeline{}
		fill(p)
		return p.commit(ctx, conn.Conn(), again)
	})
	if err == nil || errors.Is(err, ctx.Err()) {
		return err
	}
	return fmt.Errorf("postgres: write: %w", err)
}

// insert adds a row whose first two parameters are its key and its change id;
// it is ErrConflict when the key is taken. isMine finds the row that is there:
// under the same change id it was added, perhaps by an earlier attempt.
func (e *Engine) insert(ctx context.Context, insertion, isMine string, parameters ...any) error {
	mine := false
	err := e.change(ctx, func(p *pipeline) {
		mine = false
		p.exec(insertion, parameters...)
		p.query(func(rows pgx.Rows, err error) error {
			return eachRow(rows, err, func(rows pgx.Rows) error { return rows.Scan(&mine) })
		}, isMine, parameters[:2]...)
	})
	if err == nil && !mine {
		return store.ErrConflict
	}
	return err
}
