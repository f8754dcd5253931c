package requestlog

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestMigrationsAreAppliedOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "requests.db")
	for range 2 {
		newFile(t, path)
	}
	f, err := openWriter(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	applied, err := appliedMigrations(f.connection)
	if err != nil {
		t.Fatal(err)
	}
	steps, err := migrations()
	if err != nil {
		t.Fatal(err)
	}
	if len(applied) != len(steps) || len(steps) == 0 {
		t.Errorf("%d of %d migrations were applied", len(applied), len(steps))
	}
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
}

func TestForeignSchemasAreRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sql  string
		want error
	}{
		"newer":   {"INSERT INTO migrations VALUES (1000, 'migrations/1000_later.sql', 'x')", ErrNewerSchema},
		"changed": {"UPDATE migrations SET checksum = 'x' WHERE version = 1", ErrChangedMigration},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "requests.db")
			newFile(t, path)
			alter(t, path, test.sql)
			if _, err := Open(context.Background(), path, Options{}); !errors.Is(err, test.want) {
				t.Errorf("Open: %v, want %v", err, test.want)
			}
		})
	}
}

// A step that fails leaves nothing of itself.
func TestFailedMigrationIsUndone(t *testing.T) {
	t.Parallel()
	f, err := openWriter(context.Background(), filepath.Join(t.TempDir(), "requests.db"))
	if err != nil {
		t.Fatal(err)
	}
	step := migration{version: 1000, name: "bad", sql: "CREATE TABLE half (x); CREATE TABLE exchanges (x);"}
	if err := apply(f.connection, step); err == nil {
		t.Error("a table was made twice")
	}
	if err := f.exec("SELECT * FROM half"); err == nil {
		t.Error("half of the failed migration is left")
	}
	step.sql = "CREATE TABLE half (x);"
	if err := apply(f.connection, step); err != nil {
		t.Errorf("the mended migration: %v", err)
	}
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
}

func TestOpenFailures(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	noDatabase := filepath.Join(folder, "text.db")
	if err := os.WriteFile(noDatabase, []byte("this is a text and no database, long enough to be read as a header"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"no folder": filepath.Join(folder, "none", "requests.db"), "a folder": folder, "no database": noDatabase,
	} {
		if _, err := Open(context.Background(), path, Options{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := Open(canceled(), filepath.Join(folder, "requests.db"), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a done context: %v", err)
	}
}

// The files hold bodies of requests: they are nobody else's to read.
func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "requests of åäö?&#.db")
	l := open(t, path, Options{})
	record(t, l, refusal("c1"))
	for _, name := range []string{path, path + "-wal"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != fs.FileMode(0o600) {
			t.Errorf("%s has mode %v", filepath.Base(name), info.Mode())
		}
	}
}
