package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kvitto/kvitto/internal/store"
)

const (
	savepoint       = `SAVEPOINT change`
	undoChange      = `ROLLBACK TO SAVEPOINT change`
	releaseChange   = `RELEASE SAVEPOINT change`
	uniqueViolation = "23505"
)

// apart writes each change behind a savepoint of its own, in one transaction.
// It is needed when a token or an order is another's, which the domain's random
// ids do not let happen.
func (b *batch) apart(ctx context.Context, conn *pgx.Conn, again bool) error {
	b.forget()
	if conn.PgConn().TxStatus() != 'I' {
		if _, err := conn.Exec(ctx, "ROLLBACK"); err != nil {
			return err
		}
	}
	if _, err := conn.Exec(ctx, begin); err != nil {
		return err
	}
	for i := range b.rows {
		if err := b.one(ctx, conn, i); err != nil {
			return err
		}
	}
	if again {
		if err := confirm(ctx, conn); err != nil {
			return err
		}
	}
	tag, err := conn.Exec(ctx, "COMMIT")
	if err == nil && tag.String() != "COMMIT" {
		err = fmt.Errorf("the server answered COMMIT with %s", tag)
	}
	return err
}

// one writes a change, or notes why it was refused.
func (b *batch) one(ctx context.Context, conn *pgx.Conn, i int) error {
	if _, err := conn.Exec(ctx, savepoint); err != nil {
		return err
	}
	alone := newWave(b.rows[i : i+1])
	pipeline := &pgx.Batch{}
	b.queue(pipeline, &alone)
	tells := pipeline.Len()
	pipeline.Queue(findWritten, alone.keys()...)
	results := conn.SendBatch(ctx, pipeline)
	var err error
	for at := 0; at < tells && err == nil; at++ {
		_, err = results.Exec()
	}
	if err == nil {
		err = b.note(results.Query())
	}
	if closeErr := results.Close(); err == nil {
		err = closeErr
	}
	end := releaseChange
	if refused(err) {
		b.rows[i].written = false
		b.rows[i].refusal = refusalOf(err)
		end = undoChange + "; " + releaseChange
	} else if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, end, pgx.QueryExecModeSimpleProtocol)
	return err
}

func refusalOf(err error) error {
	var said *pgconn.PgError
	if errors.As(err, &said) && said.Code == uniqueViolation {
		return store.ErrConflict
	}
	return fmt.Errorf("postgres: the change contradicts the schema: %w", err)
}
