package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// faultyDisk is the operating system's file system with a write-ahead log
// whose writes and syncs can be made to fail, or observed, and a database to
// which copying the log can fail.
type faultyDisk struct {
	vfs.VFSFilename
	onWrite, onSync, onCopy atomic.Pointer[func() error]
}

// newDisk registers a disk under the returned name.
func newDisk(t *testing.T) (name string, disk *faultyDisk) {
	t.Helper()
	system, ok := vfs.Find("os").(vfs.VFSFilename)
	if !ok {
		t.Fatal("the driver's file system has no file names")
	}
	name, disk = uuid.NewString(), &faultyDisk{VFSFilename: system}
	vfs.Register(name, disk)
	t.Cleanup(func() { vfs.Unregister(name) })
	return name, disk
}

func (d *faultyDisk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	file, flags, err := d.VFSFilename.OpenFilename(name, flags)
	switch {
	case err != nil:
	case flags&vfs.OPEN_WAL != 0:
		file = &faultyFile{File: file, onWrite: &d.onWrite, onSync: &d.onSync}
	case flags&vfs.OPEN_MAIN_DB != 0:
		file = &faultyFile{File: file, onWrite: &d.onCopy, onSync: &atomic.Pointer[func() error]{}}
	}
	return file, flags, err
}

type faultyFile struct {
	vfs.File
	onWrite, onSync *atomic.Pointer[func() error]
}

// SharedMemory is the log's index, without which there is no log.
func (f *faultyFile) SharedMemory() vfs.SharedMemory {
	return f.File.(vfs.FileSharedMemory).SharedMemory()
}

func (f *faultyFile) WriteAt(p []byte, at int64) (int, error) {
	if hook := f.onWrite.Load(); hook != nil {
		if err := (*hook)(); err != nil {
			return 0, err
		}
	}
	return f.File.WriteAt(p, at)
}

func (f *faultyFile) Sync(flags vfs.SyncFlag) error {
	if hook := f.onSync.Load(); hook != nil {
		if err := (*hook)(); err != nil {
			return err
		}
	}
	return f.File.Sync(flags)
}

func always(err error) *func() error {
	hook := func() error { return err }
	return &hook
}

func openOn(t *testing.T, path, disk string) *Engine {
	t.Helper()
	engine, err := open(t.Context(), path, disk)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return engine
}

func newEngine(t *testing.T) *Engine {
	t.Helper()
	return openOn(t, filepath.Join(t.TempDir(), "kvitto.db"), "")
}

// newSession is a first revision; next makes the ones after it.
func newSession() store.Change {
	at := time.UnixMilli(1_773_480_413_589).UTC()
	return store.Change{
		Session: checkout.Session{
			ID: uuid.NewString(), MerchantID: "M1", ClientToken: "token", CreatedAt: at, Revision: 1, UpdatedAt: at, ExpiresAt: at,
		},
		Event: checkout.Event{Kind: checkout.EventCreated, At: at},
	}
}

func next(c store.Change) store.Change {
	c.Session.Revision++
	c.Event.Kind = checkout.EventUpdated
	return c
}

// mustAnswer commits and compares the answers; an error of wants is any.
func mustAnswer(t *testing.T, engine *Engine, changes []store.Change, wants ...error) {
	t.Helper()
	answers := engine.Commit(t.Context(), changes)
	if len(answers) != len(wants) {
		t.Fatalf("%d answers to %d changes", len(answers), len(wants))
	}
	for i, want := range wants {
		if !errors.Is(answers[i], want) {
			t.Errorf("change %d was answered %v, want %v", i, answers[i], want)
		}
	}
}

func mustBeAt(t *testing.T, engine *Engine, sessionID string, revision int64) {
	t.Helper()
	session, err := engine.Session(t.Context(), sessionID)
	if err != nil || session.Revision != revision {
		t.Errorf("read revision %d, %v; want %d", session.Revision, err, revision)
	}
	history, err := engine.Revisions(t.Context(), sessionID, 0, 0)
	if err != nil || int64(len(history)) != revision {
		t.Errorf("read a history of %d, %v; want %d", len(history), err, revision)
	}
}

func TestAFailedCommitFailsTheBatchAndLeavesWhatWasThere(t *testing.T) {
	t.Parallel()
	diskName, disk := newDisk(t)
	path := filepath.Join(t.TempDir(), "kvitto.db")
	engine := openOn(t, path, diskName)
	old, fresh := newSession(), newSession()
	mustAnswer(t, engine, []store.Change{old, next(old)}, nil, nil)

	disk.onWrite.Store(always(syscall.EIO))
	batch := []store.Change{fresh, next(next(old)), next(fresh)}
	mustAnswer(t, engine, batch, sqlite3.IOERR, sqlite3.IOERR, sqlite3.IOERR)
	mustBeAt(t, engine, old.Session.ID, 2)
	if _, err := engine.Session(t.Context(), fresh.Session.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a session of the failed batch: %v", err)
	}
	mustAnswer(t, engine, batch, sqlite3.IOERR, sqlite3.IOERR, sqlite3.IOERR)

	disk.onWrite.Store(nil)
	mustAnswer(t, engine, batch, nil, nil, nil)
	mustAnswer(t, engine, batch, store.ErrConflict, store.ErrConflict, store.ErrConflict)
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	again := openOn(t, path, "")
	mustBeAt(t, again, old.Session.ID, 3)
	mustBeAt(t, again, fresh.Session.ID, 2)
}

// TestAfterAFailedSyncNothingIsWritten: a later sync that succeeds does not say
// that what the first one missed is on the disk.
func TestAfterAFailedSyncNothingIsWritten(t *testing.T) {
	t.Parallel()
	for name, failing := range map[string]func(*testing.T, *Engine){
		"of a commit": func(t *testing.T, engine *Engine) {
			mustAnswer(t, engine, []store.Change{newSession()}, sqlite3.IOERR_FSYNC)
		},
		"of a checkpoint": func(_ *testing.T, engine *Engine) { engine.checkpoint(engine.writer.conn) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			diskName, disk := newDisk(t)
			path := filepath.Join(t.TempDir(), "kvitto.db")
			engine, err := open(t.Context(), path, diskName)
			if err != nil {
				t.Fatal(err)
			}
			old := newSession()
			mustAnswer(t, engine, []store.Change{old, next(old)}, nil, nil)
			disk.onSync.Store(always(syscall.EIO))
			failing(t, engine)
			disk.onSync.Store(nil)

			for range 2 {
				mustAnswer(t, engine, []store.Change{next(next(old)), newSession()}, sqlite3.IOERR_FSYNC, sqlite3.IOERR_FSYNC)
			}
			if err := engine.Ping(t.Context()); !errors.Is(err, sqlite3.IOERR_FSYNC) {
				t.Errorf("Ping: %v, want the failed sync", err)
			}
			mustBeAt(t, engine, old.Session.ID, 2)
			length := logSize(t, engine)
			if err := engine.Close(); err != nil {
				t.Fatal(err)
			}
			if after := logSize(t, engine); length == 0 || after != length {
				t.Errorf("closing left a log of %d bytes, want the %d that were there", after, length)
			}
			again := openOn(t, path, "")
			mustBeAt(t, again, old.Session.ID, 2)
			mustAnswer(t, again, []store.Change{next(next(old))}, nil)
		})
	}
}

func TestAFullDiskIsSurvived(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	old, large := newSession(), newSession()
	large.State = make([]byte, 4<<20)
	mustAnswer(t, engine, []store.Change{old}, nil)
	if err := engine.writer.conn.exec(`PRAGMA max_page_count = 100`); err != nil {
		t.Fatal(err)
	}
	for _, err := range engine.Commit(t.Context(), []store.Change{next(old), large}) {
		if err == nil || errors.Is(err, store.ErrConflict) {
			t.Errorf("got %v, want the failure of the batch", err)
		}
	}
	mustBeAt(t, engine, old.Session.ID, 1)
	mustAnswer(t, engine, []store.Change{next(old), large}, nil, nil)
}

func TestATransactionThatHasStartedIsNotTornByItsCaller(t *testing.T) {
	t.Parallel()
	diskName, disk := newDisk(t)
	engine := openOn(t, filepath.Join(t.TempDir(), "kvitto.db"), diskName)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	leave := func() error {
		cancel()
		return nil
	}
	disk.onWrite.Store(&leave)
	change := newSession()
	for _, err := range engine.Commit(ctx, []store.Change{change, next(change)}) {
		if err != nil {
			t.Errorf("the caller left in the middle: %v", err)
		}
	}
	if ctx.Err() == nil {
		t.Fatal("the commit never wrote to the log: this test shows nothing")
	}
	mustBeAt(t, engine, change.Session.ID, 2)
}

func TestATransactionThatTakesTooLongIsUndone(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	change := newSession()
	engine.writeTimeout = 0
	for _, err := range engine.Commit(t.Context(), []store.Change{change}) {
		if !isInterrupted(err) {
			t.Errorf("got %v, want an interruption", err)
		}
	}
	engine.writeTimeout = writeTimeout
	mustAnswer(t, engine, []store.Change{change}, nil)
	mustBeAt(t, engine, change.Session.ID, 1)
}

func TestWaitingForTheWriterEndsWithTheContext(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	if err := engine.takeWriting(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	answered := make(chan []error)
	go func() { answered <- engine.Commit(ctx, []store.Change{newSession()}) }()
	cancel()
	if err := (<-answered)[0]; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	engine.giveWriting()
}

func TestAChangeWithoutProperIDsIsRefusedAlone(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	good := newSession()
	badSession, badToken, badOrder, strayOrder := newSession(), newSession(), newSession(), newSession()
	badSession.Session.ID = "0B1D9815-165E-42E2-8867-35BC03789E00"
	badToken.Event.AuthorizationToken = "token"
	badOrder.Event.OrderID = "order"
	strayOrder.Event.OrderID = uuid.NewString()
	mustAnswer(t, engine, []store.Change{badSession, badToken, badOrder, strayOrder, good},
		errIdentifier, errIdentifier, errIdentifier, errOrder, nil)
	mustBeAt(t, engine, good.Session.ID, 1)
}
