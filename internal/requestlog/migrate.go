package requestlog

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one numbered step of the schema. A released one never changes:
// files in use were made by it.
type migration struct {
	version  int64
	name     string
	sql      string
	checksum string // SHA-256 of sql
}

// migrations are the embedded steps, 1 first and none left out.
func migrations() ([]migration, error) {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var steps []migration
	for i, name := range names {
		text, err := migrationFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		step := migration{version: int64(i) + 1, name: name, sql: string(text), checksum: checksum(text)}
		var number int64
		if _, err := fmt.Sscanf(name, "migrations/%d_", &number); err != nil || number != step.version {
			return nil, fmt.Errorf("requestlog: %s should have the number %d", name, step.version)
		}
		steps = append(steps, step)
	}
	return steps, nil
}

func checksum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// migrate brings the file to the newest schema, each step in a transaction of
// its own.
func migrate(c *connection) error {
	steps, err := migrations()
	if err != nil {
		return err
	}
	if err := c.exec(`CREATE TABLE IF NOT EXISTS migrations (
		version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL) STRICT`); err != nil {
		return err
	}
	applied, err := appliedMigrations(c)
	if err != nil {
		return err
	}
	if len(applied) > len(steps) {
		return fmt.Errorf("%w (migration %d)", ErrNewerSchema, len(applied))
	}
	for i, step := range steps {
		if i < len(applied) {
			if applied[i] != step.checksum {
				return fmt.Errorf("%w (%s)", ErrChangedMigration, step.name)
			}
			continue
		}
		if err := apply(c, step); err != nil {
			return fmt.Errorf("requestlog: %s: %w", step.name, err)
		}
	}
	return nil
}

// appliedMigrations are the checksums of the steps the file was made by.
func appliedMigrations(c *connection) ([]string, error) {
	s, err := c.prepare("SELECT checksum FROM migrations ORDER BY version")
	if err != nil {
		return nil, err
	}
	var sums []string
	for s.next() {
		sums = append(sums, s.text(0))
	}
	return sums, s.reset()
}

func apply(c *connection, step migration) error {
	insert, err := c.prepare("INSERT INTO migrations (version, name, checksum) VALUES (?, ?, ?)")
	if err != nil {
		return err
	}
	insert.bindInteger(1, step.version)
	insert.bindText(2, step.name)
	insert.bindText(3, step.checksum)
	if err := c.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err = c.exec(step.sql)
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
