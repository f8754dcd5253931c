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
	number   integer PRIMARY KEY,
	name     text NOT NULL,
	checksum text NOT NULL)`

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
	rows, err := conn.Query(ctx, "SELECT number, name, checksum FROM requestlog_migrations ORDER BY number")
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
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO requestlog_migrations (number, name, checksum) VALUES ($1, $2, $3)",
			step.Number, step.Name, step.Checksum)
		if err == nil {
			_, err = tx.Exec(ctx, step.SQL)
		}
		return err
	})
}
