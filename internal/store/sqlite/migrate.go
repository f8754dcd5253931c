package sqlite

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/kvitto/kvitto/internal/migration"
)

//go:embed migrations/*.sql
var embedded embed.FS

var migrationFiles = mustSub(embedded, "migrations")

func mustSub(files fs.FS, directory string) fs.FS {
	sub, err := fs.Sub(files, directory)
	if err != nil {
		panic(err)
	}
	return sub
}

const createMigrations = `CREATE TABLE IF NOT EXISTS schema_migrations (
	number     INTEGER PRIMARY KEY,
	name       TEXT    NOT NULL,
	checksum   TEXT    NOT NULL,
	applied_at INTEGER NOT NULL
) STRICT`

// migrate applies the files the database does not have yet, each in one
// transaction. What it has must be a prefix of the files, unchanged.
func migrate(conn *connection, files fs.FS) error {
	known, err := migration.Load(files)
	if err != nil {
		return err
	}
	if err := conn.exec(createMigrations); err != nil {
		return err
	}
	applied, err := appliedMigrations(conn)
	if err != nil {
		return err
	}
	pending, err := migration.Pending(known, applied)
	if err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	for i := range pending {
		if err := apply(conn, &pending[i]); err != nil {
			return fmt.Errorf("migration %s: %w", pending[i].Name, err)
		}
	}
	return nil
}

func appliedMigrations(conn *connection) ([]migration.Applied, error) {
	q, err := conn.prepare(`SELECT number, name, checksum FROM schema_migrations ORDER BY number`)
	if err != nil {
		return nil, err
	}
	var applied []migration.Applied
	for q.row() {
		applied = append(applied, migration.Applied{Number: int(q.columnInteger(0)), Name: q.columnText(1), Checksum: q.columnText(2)})
	}
	return applied, q.reset()
}

func apply(conn *connection, m *migration.File) error {
	if err := conn.exec(`BEGIN IMMEDIATE`); err != nil {
		return err
	}
	err := conn.exec(m.SQL)
	if err == nil {
		err = recordMigration(conn, m)
	}
	if err == nil {
		return conn.exec(`COMMIT`)
	}
	if conn.inTransaction() {
		err = errors.Join(err, conn.exec(`ROLLBACK`))
	}
	return err
}

func recordMigration(conn *connection, m *migration.File) error {
	q, err := conn.prepare(`INSERT INTO schema_migrations (number, name, checksum, applied_at)
		VALUES (?, ?, ?, CAST(unixepoch('subsec') * 1000 AS INTEGER))`)
	if err != nil {
		return err
	}
	return q.integer(1, int64(m.Number)).text(2, m.Name).text(3, m.Checksum).run()
}
