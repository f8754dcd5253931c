package sqlite

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
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

// SchemaNewerError: the file was written by a newer version of the program.
type SchemaNewerError struct {
	Stored int // number of the newest migration in the file
	Known  int // number of the newest this program has
}

func (e *SchemaNewerError) Error() string {
	return fmt.Sprintf("sqlite: the store has schema %d and this program knows %d: it was written by a newer version; "+
		"run that one, or restore a backup made before the upgrade", e.Stored, e.Known)
}

// SchemaChangedError: a migration in the file is not the one this program has
// under its number, so what the tables look like is unknown.
type SchemaChangedError struct {
	Number int
	Stored string // name and checksum in the file
	Known  string // name and checksum of this program, empty when there is none
}

func (e *SchemaChangedError) Error() string {
	return fmt.Sprintf("sqlite: migration %d of the store is %q but this program's is %q: "+
		"it was written by a build with another schema; run that build, or restore a backup", e.Number, e.Stored, e.Known)
}

// migration is one numbered file.
type migration struct {
	number   int
	name     string
	checksum string // SHA-256, hexadecimal
	sql      string
}

func (m *migration) identity() string { return m.name + " " + m.checksum }

const createMigrations = `CREATE TABLE IF NOT EXISTS schema_migrations (
	number     INTEGER PRIMARY KEY,
	name       TEXT    NOT NULL,
	checksum   TEXT    NOT NULL,
	applied_at INTEGER NOT NULL
) STRICT`

// migrate applies the files the database does not have yet, each in one
// transaction. What it has must be a prefix of the files, unchanged.
func migrate(conn *connection, files fs.FS) error {
	known, err := loadMigrations(files)
	if err != nil {
		return err
	}
	if err := conn.exec(createMigrations); err != nil {
		return err
	}
	applied, err := checkApplied(conn, known)
	if err != nil {
		return err
	}
	for i := range known[applied:] {
		if err := apply(conn, &known[applied+i]); err != nil {
			return fmt.Errorf("migration %s: %w", known[applied+i].name, err)
		}
	}
	return nil
}

// loadMigrations reads NNNN_name.sql, numbered from 1 without a gap.
func loadMigrations(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	var known []migration
	for i, name := range names {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		prefix, _, _ := strings.Cut(name, "_")
		if number, err := strconv.Atoi(prefix); err != nil || number != i+1 || len(prefix) != 4 {
			return nil, fmt.Errorf("sqlite: migration %s: expected number %04d", name, i+1)
		}
		sum := sha256.Sum256(content)
		known = append(known, migration{number: i + 1, name: name, checksum: hex.EncodeToString(sum[:]), sql: string(content)})
	}
	return known, nil
}

// checkApplied compares the database's migrations with the known ones and
// returns how many there are.
func checkApplied(conn *connection, known []migration) (applied int, err error) {
	newest, err := queryInteger(conn, `SELECT coalesce(max(number), 0) FROM schema_migrations`)
	if err != nil {
		return 0, err
	}
	if int(newest) > len(known) {
		return 0, &SchemaNewerError{Stored: int(newest), Known: len(known)}
	}
	q, err := conn.prepare(`SELECT number, name, checksum FROM schema_migrations ORDER BY number`)
	if err != nil {
		return 0, err
	}
	for err == nil && q.row() {
		stored := migration{number: int(q.columnInteger(0)), name: q.columnText(1), checksum: q.columnText(2)}
		expected := &known[applied]
		applied++
		if stored.number != expected.number || stored.identity() != expected.identity() {
			err = &SchemaChangedError{Number: stored.number, Stored: stored.identity(), Known: expected.identity()}
		}
	}
	return applied, errors.Join(err, q.reset())
}

func apply(conn *connection, m *migration) error {
	if err := conn.exec(`BEGIN IMMEDIATE`); err != nil {
		return err
	}
	err := conn.exec(m.sql)
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

func recordMigration(conn *connection, m *migration) error {
	q, err := conn.prepare(`INSERT INTO schema_migrations (number, name, checksum, applied_at)
		VALUES (?, ?, ?, CAST(unixepoch('subsec') * 1000 AS INTEGER))`)
	if err != nil {
		return err
	}
	return q.integer(1, int64(m.number)).text(2, m.name).text(3, m.checksum).run()
}
