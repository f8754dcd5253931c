package sqlite

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/kvitto/kvitto/internal/store"
)

func TestOpenRefusesWhatIsNotAStore(t *testing.T) {
	t.Parallel()
	damage := func(t *testing.T, path string, from int64) {
		t.Helper()
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = file.WriteAt(bytes.Repeat([]byte{0xa5}, 2*pageSize-int(from)), from)
		if err := errors.Join(err, file.Close()); err != nil {
			t.Fatal(err)
		}
	}
	for name, prepare := range map[string]func(t *testing.T, path string){
		"a text file": func(t *testing.T, path string) {
			if err := os.WriteFile(path, bytes.Repeat([]byte("not a database\n"), 1000), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"a short file": func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"the database of another program": func(t *testing.T, path string) {
			foreign(t, path, `CREATE TABLE notes (body TEXT)`)
		},
		"an empty database of another program": func(t *testing.T, path string) {
			foreign(t, path, `PRAGMA application_id = 7`)
		},
		"a store with a damaged start":  func(t *testing.T, path string) { closedStore(t, path); damage(t, path, 0) },
		"a store with a damaged schema": func(t *testing.T, path string) { closedStore(t, path); damage(t, path, 100) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "kvitto.db")
			prepare(t, path)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			engine, err := Open(t.Context(), path)
			if !errors.Is(err, ErrForeign) {
				t.Fatalf("Open = %v, %v; want ErrForeign", engine, err)
			}
			after, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(before, after) {
				t.Errorf("the refused file was changed (%v)", err)
			}
		})
	}
}

// foreign makes a database that is not ours.
func foreign(t *testing.T, path, sql string) {
	t.Helper()
	if err := createFile(path); err != nil {
		t.Fatal(err)
	}
	raw(t, path, sql)
}

// raw runs SQL on a file that no engine has open.
func raw(t *testing.T, path, sql string) {
	t.Helper()
	conn, err := connect(path, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(conn.exec(sql), conn.close()); err != nil {
		t.Fatal(err)
	}
}

// closedStore makes a store with one session.
func closedStore(t *testing.T, path string) {
	t.Helper()
	engine, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	mustAnswer(t, engine, []store.Change{newSession()}, nil)
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOpenTellsOfAMissingDirectory(t *testing.T) {
	t.Parallel()
	engine, err := Open(t.Context(), filepath.Join(t.TempDir(), "missing", "kvitto.db"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open = %v, %v; want fs.ErrNotExist", engine, err)
	}
}

func TestAFailedOpenFreesTheLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kvitto.db")
	if err := os.WriteFile(path, []byte("not a database, and long enough"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := Open(t.Context(), path); !errors.Is(err, ErrForeign) {
			t.Fatalf("got %v, want ErrForeign", err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	openOn(t, path, "")
}

func TestAnyPathWillDo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a b+c%20?mode=ro#é&vfs=x.db")
	closedStore(t, path)
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the store is not where it was asked for: %v", err)
	}
	closedStore(t, path)
}

func TestTheFilesAreTheirOwnersOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	engine := openOn(t, filepath.Join(dir, "kvitto.db"), "")
	mustAnswer(t, engine, []store.Change{newSession()}, nil)
	for _, name := range []string{"kvitto.db", "kvitto.db-wal", "kvitto.db.lock"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		} else if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v: it holds names and addresses", name, info.Mode())
		}
	}
}

func TestCloseAnswersWaitingCallsAndMayBeRepeated(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	if err := engine.takeWriting(t.Context()); err != nil {
		t.Fatal(err)
	}
	answered, closed := make(chan []error), make(chan error)
	go func() { answered <- engine.Commit(t.Context(), []store.Change{newSession()}) }()
	go func() { closed <- engine.Close() }()
	if err := (<-answered)[0]; !errors.Is(err, store.ErrClosed) {
		t.Errorf("the waiting commit was answered %v", err)
	}
	engine.giveWriting()
	if err := errors.Join(<-closed, engine.Close()); err != nil {
		t.Errorf("Close: %v", err)
	}
	_, err := engine.Session(t.Context(), newSession().Session.ID)
	_, malformed := engine.Session(t.Context(), "")
	for _, err := range []error{err, malformed, engine.Ping(t.Context()), engine.EnsureMerchant(t.Context(), "M1", newSession().Event.At)} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("a closed engine answered %v", err)
		}
	}
}
