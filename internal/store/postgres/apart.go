package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kvitto/kvitto/internal/store"
)

const uniqueViolation = "23505"

// apart writes each change in a transaction of its own. It is needed when a
// token or an order is another's, which the domain's random ids do not let
// happen. Nobody can tell it from one transaction: the changes do not depend on
// each other but by the conditions they are written on, and none is answered
// before all are.
func (b *batch) apart(ctx context.Context, conn *pgx.Conn, again bool) error {
	b.forget()
	for i := range b.rows {
		if err := rollBack(ctx, conn); err != nil {
			return err
		}
		alone := b.rows[i : i+1]
		err := b.transact(ctx, conn, []wave{newWave(alone)}, again)
		if refused(err) {
			b.rows[i].refusal = refusalOf(err)
		} else if err != nil {
			return err
		}
	}
	return rollBack(ctx, conn)
}

// rollBack ends a transaction that an error has broken.
func rollBack(ctx context.Context, conn *pgx.Conn) error {
	if conn.PgConn().TxStatus() == 'I' {
		return nil
	}
	_, err := conn.Exec(ctx, "ROLLBACK")
	return err
}

func refusalOf(err error) error {
	var said *pgconn.PgError
	if errors.As(err, &said) && said.Code == uniqueViolation {
		return store.ErrConflict
	}
	return fmt.Errorf("postgres: the change contradicts the schema: %w", err)
}
