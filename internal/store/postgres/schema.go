package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/kvitto/kvitto/internal/migration"
	"github.com/kvitto/kvitto/internal/pgpool"
)

//go:embed migrations/*.sql
var embedded embed.FS

// ErrNoSchema: the database has no tables of Kvitto.
var ErrNoSchema = errors.New("postgres: the database has no schema yet: run `kvitto migrate` with the same store")

// schemaBefore is the schema of the version before, the oldest that this program works
// on. Those between it and the newest are steps of one upgrade.
const schemaBefore = 6

// SchemaOlderError: the schema is older than that of the version before.
type SchemaOlderError struct {
	Stored int // number of the newest migration in the database
	Known  int // number of the newest this program has
}

func (e *SchemaOlderError) Error() string {
	return fmt.Sprintf("postgres: the store has schema %d and this program needs %d to %d: run `kvitto migrate` with the same store",
		e.Stored, schemaBefore, e.Known)
}

// step is a migration and what it says of the programs before it.
type step struct {
	migration.File
	// readableFrom is the number of the newest migration that a program must
	// know to work on this schema.
	readableFrom int
}

var readableFrom = regexp.MustCompile(`^-- readable-from: ([0-9]+)\n`)

// steps reads the migrations. Each begins with the line that tells which
// programs can work on what it leaves.
func steps(files fs.FS) ([]step, error) {
	known, err := migration.Load(files)
	if err != nil {
		return nil, err
	}
	all := make([]step, len(known))
	for i, file := range known {
		said := readableFrom.FindStringSubmatch(file.SQL)
		if said == nil {
			return nil, fmt.Errorf("migration %s: the first line must be -- readable-from: N", file.Name)
		}
		from, err := strconv.Atoi(said[1])
		if err != nil || from < 1 || from > file.Number {
			return nil, fmt.Errorf("migration %s: readable-from must be 1 to %d", file.Name, file.Number)
		}
		all[i] = step{file, from}
	}
	return all, nil
}

func ownSteps() ([]step, error) {
	files, err := fs.Sub(embedded, "migrations")
	if err != nil {
		return nil, err
	}
	return steps(files)
}

// recorded is a migration in the database.
type recorded struct {
	migration.Applied
	readableFrom int
}

// readRecorded are the migrations in the database; none when there is no table
// of them.
func readRecorded(ctx context.Context, conn *pgx.Conn) ([]recorded, error) {
	rows, err := conn.Query(ctx, `SELECT number, name, checksum, readable_from FROM schema_migrations ORDER BY number`)
	var found []recorded
	if err == nil {
		found, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r recorded, err error) {
			err = row.Scan(&r.Number, &r.Name, &r.Checksum, &r.readableFrom)
			return r, err
		})
	}
	if pgpool.Code(err) == pgpool.MissingTable {
		return nil, nil
	}
	return found, err
}

// pending are the steps that the database lacks. Steps that it has beyond the
// known ones are no error when all of them say that this program can work with
// them.
func pending(known []step, found []recorded) ([]step, error) {
	files, applied := make([]migration.File, len(known)), make([]migration.Applied, 0, len(found))
	for i := range known {
		files[i] = known[i].File
	}
	for i, r := range found {
		if i >= len(known) && r.readableFrom <= len(known) {
			continue
		}
		applied = append(applied, r.Applied)
	}
	rest, err := migration.Pending(files, applied)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return known[len(known)-len(rest):], nil
}

// checkSchema refuses a database whose schema this program cannot work with: it
// works with its own, with those from schemaBefore on, and with newer ones that say so.
func checkSchema(ctx context.Context, conn *pgx.Conn) error {
	known, err := ownSteps()
	if err != nil {
		return err
	}
	found, err := readRecorded(ctx, conn)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return ErrNoSchema
	}
	rest, err := pending(known, found)
	if err == nil && len(known)-len(rest) < schemaBefore {
		err = &SchemaOlderError{Stored: len(known) - len(rest), Known: len(known)}
	}
	return err
}
