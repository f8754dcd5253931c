package sqlite

import (
	"embed"
	"fmt"
	"io/fs"

	"github.com/kvitto/kvitto/internal/migration"
)

//go:embed migrations/*.sql
var embedded embed.FS

// steps are the migrations of this program.
func steps() ([]migration.File, error) {
	files, err := fs.Sub(embedded, "migrations")
	if err != nil {
		return nil, err
	}
	return migration.Load(files)
}

// migrate brings the file to the newest schema, each step in a transaction of
// its own.
func migrate(c *connection) error {
	known, err := steps()
	if err != nil {
		return err
	}
	if err := c.exec(`CREATE TABLE IF NOT EXISTS schema_migrations (
		number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL) STRICT`); err != nil {
		return err
	}
	applied, err := appliedMigrations(c)
	if err != nil {
		return err
	}
	pending, err := migration.Pending(known, applied)
	if err != nil {
		return err
	}
	for i := range pending {
		if err := apply(c, &pending[i]); err != nil {
			return fmt.Errorf("migration %s: %w", pending[i].Name, err)
		}
	}
	return nil
}

func appliedMigrations(c *connection) ([]migration.Applied, error) {
	s, err := c.prepare("SELECT number, name, checksum FROM schema_migrations ORDER BY number")
	if err != nil {
		return nil, err
	}
	var applied []migration.Applied
	for s.next() {
		applied = append(applied, migration.Applied{Number: int(s.integer(0)), Name: s.text(1), Checksum: s.text(2)})
	}
	return applied, s.reset()
}

func apply(c *connection, step *migration.File) error {
	insert, err := c.prepare("INSERT INTO schema_migrations (number, name, checksum) VALUES (?, ?, ?)")
	if err != nil {
		return err
	}
	insert.bindInteger(1, int64(step.Number))
	insert.bindText(2, step.Name)
	insert.bindText(3, step.Checksum)
	if err := c.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err = c.exec(step.SQL)
	if err == nil {
		err = insert.run()
	}
	if err == nil {
		err = c.exec("COMMIT")
	}
	if err != nil {
		_ = c.exec("ROLLBACK")
	}
	return err
}
