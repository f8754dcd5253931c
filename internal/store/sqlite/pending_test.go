package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/storetest"
)

// hurried lets a round of writing heads begin all the time and last long.
var hurried = flushPolicy{tail: 3, slice: 2}

func openHurried(t *testing.T, dir string) store.Engine {
	t.Helper()
	engine, err := Open(t.Context(), filepath.Join(dir, "kvitto.db"))
	if err != nil {
		t.Fatal(err)
	}
	engine.flushing = hurried
	return engine
}

func TestAnEngineThatFlushesAllTheTimeIsAStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Engine { return openHurried(t, t.TempDir()) })
}

func TestAnEngineThatFlushesAllTheTimeIsDurable(t *testing.T) {
	t.Parallel()
	storetest.RunDurable(t, func(t *testing.T, dir string) store.Engine { return openHurried(t, dir) })
}

func TestAnEngineThatFlushesAllTheTimeAnswersLikeTheModel(t *testing.T) {
	t.Parallel()
	storetest.RunModel(t, func(t *testing.T) store.Engine { return openHurried(t, t.TempDir()) })
}

// crashed opens a copy of the files as they are while the engine is open.
func crashed(t *testing.T, engine *Engine) *Engine {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Dir(engine.path))); err != nil {
		t.Fatalf("copy the files as a crash would leave them: %v", err)
	}
	return openOn(t, filepath.Join(dir, filepath.Base(engine.path)), "")
}

func mustCount(t *testing.T, engine *Engine, sql string, want int64) {
	t.Helper()
	if got, err := queryInteger(engine.writer.conn, sql); err != nil || got != want {
		t.Errorf("%s = %d, %v; want %d", sql, got, err, want)
	}
}

const (
	countHeads = `SELECT count(*) FROM heads`
	readMarker = `SELECT row_id FROM heads_flushed`
	// wrongHeads are those that differ from the newest revision.
	wrongHeads = `SELECT count(*) FROM heads h WHERE (h.revision, h.row_id) IS NOT
		(SELECT r.revision, r.row_id FROM revisions r WHERE r.session = h.session ORDER BY r.row_id DESC LIMIT 1)`
)

func TestHeadsThatWereNotWrittenAreFoundAfterACrash(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	first, second := newSession(), newSession()
	mustAnswer(t, engine, []store.Change{first, second, next(first)}, nil, nil, nil)
	mustCount(t, engine, countHeads, 0)
	for range 2 {
		engine = crashed(t, engine)
		mustCount(t, engine, countHeads, 0)
		mustBeAt(t, engine, first.Session.ID, 2)
		mustBeAt(t, engine, second.Session.ID, 1)
		mustAnswer(t, engine, []store.Change{first, next(first), second}, store.ErrConflict, store.ErrConflict, store.ErrConflict)
	}
	mustAnswer(t, engine, []store.Change{next(next(first)), next(second)}, nil, nil)
	mustBeAt(t, crashed(t, engine), first.Session.ID, 3)
	mustBeAt(t, crashed(t, engine), second.Session.ID, 2)
}

func TestClosingWritesTheHeads(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kvitto.db")
	engine := openOn(t, path, "")
	change := newSession()
	mustAnswer(t, engine, []store.Change{change, newSession(), next(change)}, nil, nil, nil)
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	again := openOn(t, path, "")
	mustCount(t, again, countHeads, 2)
	mustCount(t, again, wrongHeads, 0)
	mustCount(t, again, readMarker, 3)
	if n := len(again.pending.heads); n != 0 {
		t.Errorf("%d heads are pending after an orderly end", n)
	}
	mustBeAt(t, again, change.Session.ID, 2)
}

// TestARoundTakesASliceOfEveryCommit follows a round of ten heads, two of which
// move on: one before it is written and one after. A crash after any slice
// loses nothing.
func TestARoundTakesASliceOfEveryCommit(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	engine.flushing = flushPolicy{tail: 10, slice: 2}
	changes, at := make([]store.Change, 10), map[string]int64{}
	for i := range changes {
		changes[i] = newSession()
		at[changes[i].Session.ID] = 1
	}
	mustAnswer(t, engine, changes, make([]error, 10)...)
	mustCount(t, engine, countHeads, 0)
	for i, moved := range []int{9, 8, 9, 0, 0} {
		changes[moved] = next(changes[moved])
		at[changes[moved].Session.ID]++
		mustAnswer(t, engine, []store.Change{changes[moved]}, nil)
		mustCount(t, engine, countHeads, int64(2*i+2))
		if i < 4 {
			mustCount(t, engine, readMarker, 0)
		}
		after := crashed(t, engine)
		for id, revision := range at {
			mustBeAt(t, engine, id, revision)
			mustBeAt(t, after, id, revision)
		}
	}
	mustCount(t, engine, readMarker, 10)
	// Session 0 moved after it was written; 8 and 9 moved before.
	mustCount(t, engine, wrongHeads, 1)
	if n := len(engine.pending.heads); n != 1 {
		t.Errorf("%d heads are pending, want 1", n)
	}
}

func TestASessionThatIsChangedAgainAndAgainStaysOneHead(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	engine.flushing = flushPolicy{tail: 20, slice: 2}
	change := newSession()
	mustAnswer(t, engine, []store.Change{change}, nil)
	for range 100 {
		batch := []store.Change{next(change), next(next(change)), next(next(next(change)))}
		mustAnswer(t, engine, batch, nil, nil, nil)
		change = batch[2]
		if n := len(engine.pending.heads); n > 1 {
			t.Fatalf("one session has %d heads", n)
		}
		if behind := engine.writer.flush.newest - engine.writer.flush.marker; behind > 20+3 {
			t.Fatalf("the marker is %d revisions behind", behind)
		}
	}
	mustBeAt(t, engine, change.Session.ID, 301)
	mustBeAt(t, crashed(t, engine), change.Session.ID, 301)
}

// TestACommitOfUnknownOutcomeIsReadFromTheFile makes a commit fail that did
// reach the file.
func TestACommitOfUnknownOutcomeIsReadFromTheFile(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	engine.flushing = hurried
	old, fresh, other := newSession(), newSession(), newSession()
	mustAnswer(t, engine, []store.Change{old, other, next(other), next(next(other))}, nil, nil, nil, nil)
	lost := errors.New("the answer of the disk was lost")
	err := engine.write(t.Context(), func(w *writer) error {
		err := w.begin.run()
		for _, change := range []store.Change{next(old), fresh} {
			_, failed := w.put(&change)
			err = errors.Join(err, failed)
		}
		return errors.Join(err, w.writeHeads(1), w.commit.run(), lost)
	})
	if !errors.Is(err, lost) || errors.Is(err, sqlite3.ERROR) {
		t.Fatal(err)
	}
	mustBeAt(t, engine, old.Session.ID, 1) // not acknowledged, and not yet seen
	mustAnswer(t, engine, []store.Change{next(old), fresh}, store.ErrConflict, store.ErrConflict)
	mustBeAt(t, engine, old.Session.ID, 2)
	mustBeAt(t, engine, fresh.Session.ID, 1)
	mustBeAt(t, engine, other.Session.ID, 3)
	mustAnswer(t, engine, []store.Change{next(next(old)), next(fresh)}, nil, nil)
	after := crashed(t, engine)
	mustBeAt(t, after, old.Session.ID, 3)
	mustBeAt(t, after, fresh.Session.ID, 2)
}

func TestAFailedCommitLeavesNoHeads(t *testing.T) {
	t.Parallel()
	diskName, disk := newDisk(t)
	engine := openOn(t, filepath.Join(t.TempDir(), "kvitto.db"), diskName)
	engine.flushing = flushPolicy{tail: 4, slice: 1}
	at := map[string]int64{}
	var changes []store.Change
	for range 6 {
		changes = append(changes, newSession())
		at[changes[len(changes)-1].Session.ID] = 1
	}
	mustAnswer(t, engine, changes, make([]error, 6)...)
	for i := range changes { // each is the commit of another slice, and fails at first
		moved := next(changes[i])
		disk.onWrite.Store(always(syscall.EIO))
		mustAnswer(t, engine, []store.Change{moved, newSession()}, sqlite3.IOERR, sqlite3.IOERR)
		mustBeAt(t, engine, moved.Session.ID, 1)
		disk.onWrite.Store(nil)
		mustAnswer(t, engine, []store.Change{moved, moved}, nil, store.ErrConflict)
		at[moved.Session.ID]++
		for id, revision := range at {
			mustBeAt(t, engine, id, revision)
		}
	}
	mustCount(t, engine, `SELECT count(*) FROM sessions`, 6)
}

func TestAFlushThatFailsWhenClosingLosesNothing(t *testing.T) {
	t.Parallel()
	diskName, disk := newDisk(t)
	path := filepath.Join(t.TempDir(), "kvitto.db")
	engine, err := open(t.Context(), path, diskName)
	if err != nil {
		t.Fatal(err)
	}
	change := newSession()
	mustAnswer(t, engine, []store.Change{change, next(change)}, nil, nil)
	disk.onWrite.Store(always(syscall.EIO))
	if err := engine.Close(); !errors.Is(err, sqlite3.IOERR) {
		t.Errorf("Close = %v, want the failure of the disk", err)
	}
	again := openOn(t, path, "")
	mustCount(t, again, countHeads, 0)
	mustBeAt(t, again, change.Session.ID, 2)
}
