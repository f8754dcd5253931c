package postgres

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"

	"github.com/kvitto/kvitto/internal/migration"
)

//go:embed migrations/*.sql
var embedded embed.FS

const createMigrations = `CREATE TABLE IF NOT EXISTS requestlog_migrations (
	number        integer PRIMARY KEY,
	name          text    NOT NULL,
	checksum      text    NOT NULL,
	readable_from integer NOT NULL)`

// readableFrom is the number of the newest migration that a program must know
// to work on the schema that a step leaves. Each step says it in its first line,
// so that an older program may start while a newer one is rolled out.
func readableFrom(step *migration.File) (from int, err error) {
	if _, err := fmt.Sscanf(step.SQL, "-- readable-from: %d\n", &from); err != nil || from < 1 || from > step.Number {
		return 0, fmt.Errorf("the first line must be -- readable-from: N, from 1 to %d", step.Number)
	}
	return from, nil
}

// migrate brings the schema up to date. Processes that do it at once meet at
// the primary key of requestlog_migrations: one makes the step, the others see
// it when they try again.
func migrate(ctx context.Context, conn *pgx.Conn) error {
	files, err := fs.Sub(embedded, "migrations")
	if err != nil {
		return err
	}
	known, err := migration.Load(files)
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, createMigrations); err != nil {
		return err
	}
	rows, err := conn.Query(ctx, `SELECT number, name, checksum FROM requestlog_migrations
		WHERE number <= $1 OR readable_from > $1 ORDER BY number`, len(known))
	if err != nil {
		return err
	}
	applied, err := pgx.CollectRows(rows, pgx.RowToStructByPos[migration.Applied])
	if err != nil {
		return err
	}
	pending, err := migration.Pending(known, applied)
	if err != nil {
		return finalError{err}
	}
	for i := range pending {
		if err := apply(ctx, conn, &pending[i]); err != nil {
			return fmt.Errorf("migration %s: %w", pending[i].Name, err)
		}
	}
	return nil
}

func apply(ctx context.Context, conn *pgx.Conn, step *migration.File) error {
	from, err := readableFrom(step)
	if err != nil {
		return finalError{err}
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO requestlog_migrations (number, name, checksum, readable_from) VALUES ($1, $2, $3, $4)",
			step.Number, step.Name, step.Checksum, from)
		if err == nil {
			_, err = tx.Exec(ctx, step.SQL)
		}
		return err
	})
}
