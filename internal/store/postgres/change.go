package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kvitto/kvitto/internal/store"
)

// change runs a transaction of statements that people or playgrounds cause, one
// round trip for each. It may be run again, so doing it twice must be doing it
// once. An error that is the store's own is an answer and rolls back.
func (e *Engine) change(ctx context.Context, do func(ctx context.Context, tx pgx.Tx) error) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.leave()
	err := e.write(ctx, func(ctx context.Context, conn *pgxpool.Conn, again bool) error {
		return pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.ReadCommitted, AccessMode: pgx.ReadWrite}, func(tx pgx.Tx) error {
			if err := do(ctx, tx); err != nil || !again {
				return err
			}
			return confirm(ctx, tx)
		})
	})
	if err == nil || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrConflict) || errors.Is(err, ctx.Err()) {
		return err
	}
	return fmt.Errorf("postgres: write: %w", err)
}
