package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kvitto/kvitto/internal/pgpool"
)

const createMigrations = `CREATE TABLE IF NOT EXISTS schema_migrations (
	number        integer NOT NULL PRIMARY KEY,
	name          text    NOT NULL,
	checksum      text    NOT NULL,
	readable_from integer NOT NULL,
	applied_at    bigint  NOT NULL
)`

// Migrate brings the schema of the database up to date, each step in one
// transaction. Any number of processes may do so at the same time, and others
// may serve meanwhile. It tries again for a while when the server is away or a
// table is in use.
func Migrate(ctx context.Context, url string) error {
	known, err := ownSteps()
	if err != nil {
		return err
	}
	return migrate(ctx, url, known)
}

// migratePatience bounds how long Migrate and HasNamedMerchants try again.
const migratePatience = time.Minute

func migrate(ctx context.Context, url string, known []step) error {
	return patiently(ctx, url, "migrate", func(ctx context.Context, conn *pgx.Conn) error { return applyAll(ctx, conn, known) })
}

// patiently works on a connection of its own, again while the server is away.
func patiently(ctx context.Context, url, what string, work func(context.Context, *pgx.Conn) error) error {
	if _, err := parse(url); err != nil {
		return err
	}
	deadline := time.Now().Add(migratePatience)
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		err := once(ctx, url, what, work)
		if err == nil || !transient(err) || ctx.Err() != nil {
			return err
		}
		if pause(ctx, jittered(wait), deadline) != nil {
			return fmt.Errorf("postgres: %s: given up after %v: %w", what, migratePatience, err)
		}
	}
}

// raced are the errors of two processes that create the same table at the same
// time: IF NOT EXISTS looks before it waits. Then it is there.
func raced(err error) bool {
	switch pgpool.Code(err) {
	case uniqueViolation, "42P07", "42710":
		return true
	}
	return false
}

func once(ctx context.Context, url, what string, work func(context.Context, *pgx.Conn) error) error {
	conn, err := connect(ctx, url)
	if err != nil {
		return fmt.Errorf("postgres: %s: %w", what, err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it may have broken
	err = work(ctx, conn)
	if err != nil && conn.IsClosed() {
		return &brokenError{err}
	}
	return err
}

func applyAll(ctx context.Context, conn *pgx.Conn, known []step) error {
	for {
		found, err := readRecorded(ctx, conn)
		if err != nil {
			return fmt.Errorf("postgres: migrate: %w", err)
		}
		if found == nil {
			if _, err := conn.Exec(ctx, createMigrations); err != nil && !raced(err) {
				return fmt.Errorf("postgres: migrate: %w", err)
			}
		}
		rest, err := pending(known, found)
		if err != nil || len(rest) == 0 {
			return err
		}
		if err := apply(ctx, conn, &rest[0]); err != nil {
			return fmt.Errorf("postgres: migration %s: %w", rest[0].Name, err)
		}
	}
}

// apply carries out a step. Its transaction begins with the row that records
// it: whoever comes second waits there for the first, and finds it done.
func apply(ctx context.Context, conn *pgx.Conn, s *step) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		// Waiting long for a table would make everybody behind wait as well.
		if _, err := tx.Exec(ctx, `SET LOCAL lock_timeout = '5s'`); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `INSERT INTO schema_migrations (number, name, checksum, readable_from, applied_at)
			VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
			s.Number, s.Name, s.Checksum, s.readableFrom, time.Now().UnixMilli())
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		_, err = tx.Conn().PgConn().Exec(ctx, s.SQL).ReadAll()
		return err
	})
}
