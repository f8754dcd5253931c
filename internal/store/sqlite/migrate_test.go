package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/migration"
)

func files(contents ...string) fstest.MapFS {
	all := fstest.MapFS{}
	for i, sql := range contents {
		all[fmt.Sprintf("%04d_step.sql", i+1)] = &fstest.MapFile{Data: []byte(sql)}
	}
	return all
}

// scratch is a connection to an empty database.
func scratch(t *testing.T) *connection {
	t.Helper()
	path := filepath.Join(t.TempDir(), "scratch.db")
	if err := createFile(path); err != nil {
		t.Fatal(err)
	}
	conn, err := connect(path, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return conn
}

func mustHaveTables(t *testing.T, conn *connection, want ...string) {
	t.Helper()
	q, err := conn.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'schema_migrations' ORDER BY name`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for q.row() {
		got = append(got, q.columnText(0))
	}
	if err := q.reset(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
}

const (
	stepOne = `CREATE TABLE one (x INTEGER) STRICT; INSERT INTO one VALUES (1);`
	stepTwo = `CREATE TABLE two (x INTEGER) STRICT;`
)

func TestMigrationsRunOnceAndInOrder(t *testing.T) {
	t.Parallel()
	conn := scratch(t)
	for _, known := range []fstest.MapFS{files(stepOne), files(stepOne), files(stepOne, stepTwo), files(stepOne, stepTwo)} {
		if err := migrate(conn, known); err != nil {
			t.Fatal(err)
		}
	}
	mustHaveTables(t, conn, "one", "two")
	if n, err := queryInteger(conn, `SELECT count(*) FROM one`); err != nil || n != 1 {
		t.Errorf("the first migration ran %d times, %v", n, err)
	}
	if n, err := queryInteger(conn, `SELECT count(*) FROM schema_migrations WHERE applied_at > 1700000000000`); err != nil || n != 2 {
		t.Errorf("%d migrations are recorded with a time, %v", n, err)
	}
}

func TestAFailedMigrationLeavesNothing(t *testing.T) {
	t.Parallel()
	conn := scratch(t)
	err := migrate(conn, files(stepOne, stepTwo+`CREATE TABLE two (again INTEGER);`))
	if err == nil || !strings.Contains(err.Error(), "0002_step.sql") {
		t.Errorf("got %v, want an error that names the migration", err)
	}
	mustHaveTables(t, conn, "one")
	if err := migrate(conn, files(stepOne, stepTwo)); err != nil {
		t.Errorf("after it was mended: %v", err)
	}
	mustHaveTables(t, conn, "one", "two")
}

func TestANewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	conn := scratch(t)
	if err := migrate(conn, files(stepOne, stepTwo)); err != nil {
		t.Fatal(err)
	}
	err := migrate(conn, files(stepOne))
	var newer *migration.NewerError
	if !errors.As(err, &newer) {
		t.Fatalf("got %v, want a NewerError", err)
	}
	if diff := cmp.Diff(migration.NewerError{Stored: 2, Known: 1}, *newer); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAChangedMigrationIsRefused(t *testing.T) {
	t.Parallel()
	conn := scratch(t)
	if err := migrate(conn, files(stepOne, stepTwo)); err != nil {
		t.Fatal(err)
	}
	renamed := files(stepOne, stepTwo)
	renamed["0002_other.sql"] = renamed["0002_step.sql"]
	delete(renamed, "0002_step.sql")
	for name, known := range map[string]fstest.MapFS{
		"content":                      files(stepOne, stepTwo+" "),
		"name":                         renamed,
		"content, with one more to do": files(stepOne, stepTwo+" ", `CREATE TABLE three (x INTEGER);`),
	} {
		err := migrate(conn, known)
		var changed *migration.ChangedError
		if !errors.As(err, &changed) || changed.Number != 2 || changed.Stored == changed.Known {
			t.Errorf("%s: got %v, want a ChangedError of migration 2", name, err)
		}
	}
	mustHaveTables(t, conn, "one", "two")
}

func TestOpenRefusesANewerOrChangedStore(t *testing.T) {
	t.Parallel()
	newer := filepath.Join(t.TempDir(), "kvitto.db")
	closedStore(t, newer)
	raw(t, newer, `INSERT INTO schema_migrations VALUES (9999, '9999_future.sql', 'x', 0)`)
	_, err := Open(t.Context(), newer)
	var newerError *migration.NewerError
	if !errors.As(err, &newerError) || !strings.Contains(err.Error(), newer) {
		t.Errorf("got %v, want a NewerError that names the file", err)
	}

	changed := filepath.Join(t.TempDir(), "kvitto.db")
	closedStore(t, changed)
	raw(t, changed, `UPDATE schema_migrations SET checksum = 'x' WHERE number = 1`)
	_, err = Open(t.Context(), changed)
	var changedError *migration.ChangedError
	if !errors.As(err, &changedError) || !strings.Contains(err.Error(), changed) {
		t.Errorf("got %v, want a ChangedError that names the file", err)
	}
}
