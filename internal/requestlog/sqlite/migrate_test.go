package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/kvitto/kvitto/internal/migration"
	"github.com/kvitto/kvitto/internal/requestlog/home"
)

func TestMigrationsAreAppliedOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "requests.db")
	for range 2 {
		newFile(t, path)
	}
	applied, err := appliedMigrations(open(t, path).writer.connection)
	if err != nil {
		t.Fatal(err)
	}
	known, err := steps()
	if err != nil {
		t.Fatal(err)
	}
	if len(applied) != len(known) || len(known) == 0 {
		t.Errorf("%d of %d migrations were applied", len(applied), len(known))
	}
}

func TestForeignSchemasAreRefused(t *testing.T) {
	t.Parallel()
	var newer *migration.NewerError
	var changed *migration.ChangedError
	for name, test := range map[string]struct {
		sql  string
		want any
	}{
		"newer":   {"INSERT INTO schema_migrations VALUES (1000, '1000_later.sql', 'x')", &newer},
		"changed": {"UPDATE schema_migrations SET checksum = 'x' WHERE number = 1", &changed},
	} {
		path := filepath.Join(t.TempDir(), "requests.db")
		newFile(t, path)
		alter(t, path, test.sql)
		if _, err := Open(context.Background(), path); !errors.As(err, test.want) {
			t.Errorf("%s: Open gave %v", name, err)
		}
	}
}

// A step that fails leaves nothing of itself.
func TestFailedMigrationIsUndone(t *testing.T) {
	t.Parallel()
	c := open(t, filepath.Join(t.TempDir(), "requests.db")).writer.connection
	step := migration.File{Number: 1000, Name: "bad", SQL: "CREATE TABLE half (x); CREATE TABLE blocks (x);"}
	if err := apply(c, &step); err == nil {
		t.Error("a table was made twice")
	}
	if err := c.exec("SELECT * FROM half"); err == nil {
		t.Error("half of the failed migration is left")
	}
	step.SQL = "CREATE TABLE half (x);"
	if err := apply(c, &step); err != nil {
		t.Errorf("the mended migration: %v", err)
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
		if _, err := Open(context.Background(), path); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open(canceled, filepath.Join(folder, "requests.db")); !errors.Is(err, context.Canceled) {
		t.Errorf("with a done context: %v", err)
	}
}

// The files hold bodies of requests: they are nobody else's to read.
func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "requests of åäö?&#.db")
	write(t, open(t, path), home.Batch{Refusals: []home.Refusal{refusal(1)}})
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
