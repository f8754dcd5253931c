package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/migration"
	"github.com/kvitto/kvitto/internal/pgtest"
	"github.com/kvitto/kvitto/internal/store/postgres"
	"github.com/kvitto/kvitto/internal/store/storetest"
)

// newest is the number of this program's newest migration.
func newest(t testing.TB) int {
	t.Helper()
	names, err := fs.Glob(postgres.MigrationFiles, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

// before is the URL of a database with the schema of the version before.
func before(t testing.TB) string { return migratedTo(t, postgres.SchemaBefore) }

// migratedTo is the URL of a database with an earlier schema.
func migratedTo(t testing.TB, number int) string {
	t.Helper()
	url := pgtest.URL(t)
	if err := postgres.MigrateTo(t.Context(), url, number); err != nil {
		t.Fatal(err)
	}
	return url
}

// TestTheSchemaBeforeIsAStoreToo: during a rolling upgrade new programs work on
// it until it is migrated.
func TestTheSchemaBeforeIsAStoreToo(t *testing.T) {
	t.Parallel()
	url := before(t)
	storetest.Run(t, opener(url))
	// Subtests run in parallel after this; a rule that migrates would be seen.
	t.Cleanup(func() { mustBeAt(t, url, postgres.SchemaBefore) })
}

func mustBeAt(t *testing.T, url string, number int) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context()) // also called when the test has ended
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }() // nothing is left to do
	var at int
	if err := conn.QueryRow(ctx, `SELECT max(number) FROM schema_migrations`).Scan(&at); err != nil || at != number {
		t.Errorf("the schema is at %d, %v; want %d", at, err, number)
	}
}

// TestAnUpgradeWhileServing: an engine that was opened on the schema before
// goes on through the migration and after it.
func TestAnUpgradeWhileServing(t *testing.T) {
	t.Parallel()
	url := before(t)
	engine := open(t, url, postgres.Options{MaxConnections: 2})
	s := newTale()
	created := s.next(checkout.EventCreated)
	mustCommit(t, engine, created)
	s.goOn(created)
	if err := postgres.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	updated := s.next(checkout.EventUpdated)
	mustCommit(t, engine, updated)
	mustHave(t, engine, s.session.ID, created, updated)
}

// TestOrdersAreReadWhileTheirIndexesAreMade: what makes them waits for no reader, and
// keeps none waiting.
func TestOrdersAreReadWhileTheirIndexesAreMade(t *testing.T) {
	t.Parallel()
	const lists = 8
	url := migratedTo(t, lists-1)
	sql, err := fs.ReadFile(postgres.MigrationFiles, "migrations/0008_order_lists.sql")
	if err != nil {
		t.Fatal(err)
	}
	reader, maker := observe(t, url), observe(t, url)
	execute(t, reader, `BEGIN; SELECT FROM orders`)
	execute(t, maker, `BEGIN; SET LOCAL lock_timeout = '5s';`+string(sql))
	execute(t, reader, `SET LOCAL lock_timeout = '5s'; SELECT FROM orders; COMMIT`)
	execute(t, maker, `COMMIT`)
}

func TestManyMigrateAtTheSameTime(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := postgres.Migrate(t.Context(), url); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	mustBeAt(t, url, newest(t))
	open(t, url, postgres.Options{})
	if err := postgres.Migrate(t.Context(), url); err != nil {
		t.Errorf("again: %v", err)
	}
}

func TestADatabaseWithoutASchemaIsRefused(t *testing.T) {
	t.Parallel()
	_, err := postgres.Open(t.Context(), pgtest.URL(t), postgres.Options{})
	if !errors.Is(err, postgres.ErrNoSchema) || !strings.Contains(err.Error(), "kvitto migrate") {
		t.Errorf("got %v, want ErrNoSchema with what to do", err)
	}
}

// program is the migrations of an earlier or later program: this one's, and
// what comes after.
func program(t *testing.T, more ...string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for n := range newest(t) {
		names, err := fs.Glob(postgres.MigrationFiles, fmt.Sprintf("migrations/%04d_*.sql", n+1))
		if err != nil || len(names) != 1 {
			t.Fatalf("%v, %v", names, err)
		}
		content, err := fs.ReadFile(postgres.MigrationFiles, names[0])
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimPrefix(names[0], "migrations/")] = &fstest.MapFile{Data: content}
	}
	for i, sql := range more {
		files[fmt.Sprintf("%04d_later.sql", newest(t)+i+1)] = &fstest.MapFile{Data: []byte(sql)}
	}
	return files
}

func TestANewerSchemaIsRefusedUnlessItSaysOtherwise(t *testing.T) {
	t.Parallel()
	own := newest(t)
	for name, test := range map[string]struct {
		later    []string
		readable bool
	}{
		"readable":              {[]string{fmt.Sprintf("-- readable-from: %d\nCREATE TABLE later (x int);", own)}, true},
		"not readable":          {[]string{fmt.Sprintf("-- readable-from: %d\nCREATE TABLE later (x int);", own+1)}, false},
		"readable, then not":    {[]string{fmt.Sprintf("-- readable-from: %d\n", own), fmt.Sprintf("-- readable-from: %d\n", own+1)}, false},
		"not readable, then is": {[]string{fmt.Sprintf("-- readable-from: %d\n", own+1), fmt.Sprintf("-- readable-from: %d\n", own)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.URL(t)
			if err := postgres.MigrateWith(t.Context(), url, program(t, test.later...)); err != nil {
				t.Fatal(err)
			}
			engine, openErr := postgres.Open(t.Context(), url, postgres.Options{})
			if openErr == nil {
				defer func() { _ = engine.Close() }() // it was only to be opened
			}
			for what, err := range map[string]error{"Open": openErr, "Migrate": postgres.Migrate(t.Context(), url)} {
				var newer *migration.NewerError
				switch {
				case test.readable && err != nil:
					t.Errorf("%s: %v", what, err)
				case !test.readable && !errors.As(err, &newer):
					t.Errorf("%s: got %v, want a NewerError", what, err)
				}
			}
		})
	}
}

func TestAChangedSchemaIsRefused(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	execute(t, observe(t, url), `UPDATE schema_migrations SET checksum = 'x' WHERE number = 1`)
	_, err := postgres.Open(t.Context(), url, postgres.Options{})
	for what, err := range map[string]error{"Open": err, "Migrate": postgres.Migrate(t.Context(), url)} {
		var changed *migration.ChangedError
		if !errors.As(err, &changed) || changed.Number != 1 {
			t.Errorf("%s: got %v, want a ChangedError of migration 1", what, err)
		}
	}
}

// TestAnOlderSchemaIsRefused: one before that of the version before.
func TestAnOlderSchemaIsRefused(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	execute(t, observe(t, url), fmt.Sprintf(`DELETE FROM schema_migrations WHERE number >= %d`, postgres.SchemaBefore))
	_, err := postgres.Open(t.Context(), url, postgres.Options{})
	var older *postgres.SchemaOlderError
	if !errors.As(err, &older) || !strings.Contains(err.Error(), "kvitto migrate") {
		t.Errorf("got %v, want a SchemaOlderError with what to do", err)
	}
}

func TestAFailedMigrationLeavesNothing(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	broken := program(t, fmt.Sprintf("-- readable-from: %d\nCREATE TABLE later (x int); CREATE TABLE later (x int);", newest(t)))
	err := postgres.MigrateWith(t.Context(), url, broken)
	if err == nil || !strings.Contains(err.Error(), "later.sql") {
		t.Errorf("got %v, want an error that names the migration", err)
	}
	mustBeAt(t, url, newest(t))
	if err := postgres.MigrateWith(t.Context(), url, program(t, "-- readable-from: 1\nCREATE TABLE later (x int);")); err != nil {
		t.Errorf("after it was mended: %v", err)
	}
}

func TestAMigrationSaysWhoCanReadIt(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"CREATE TABLE x (y int);", "-- readable-from: 0\n", "-- readable-from: 99\n", "\n-- readable-from: 1\n"} {
		if err := postgres.MigrateWith(t.Context(), "postgres://localhost/none", program(t, text)); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
