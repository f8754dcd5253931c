package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// ErrForeign: the file is damaged, is no SQLite database, or belongs to
// another program.
var ErrForeign = errors.New("sqlite: not a Kvitto store")

const (
	// applicationID marks the file as ours: "Kvit" in ASCII.
	applicationID = 0x4b766974
	// pageSize fits five states of a small cart; 4096 wastes a quarter of a
	// page and costs a tenth more CPU per change.
	pageSize = 8192
	// busyTimeout is for the moments SQLite itself locks the file: the process
	// has one writer and checkpoints are coordinated with it.
	busyTimeout = 5 * time.Second
)

// pragmas of every connection. fullfsync is for macOS, where fsync does not
// reach the disk; it does nothing elsewhere.
const pragmas = `
PRAGMA foreign_keys = ON;
PRAGMA synchronous = FULL;
PRAGMA fullfsync = ON;
PRAGMA checkpoint_fullfsync = ON;
PRAGMA trusted_schema = OFF;
PRAGMA temp_store = MEMORY;
PRAGMA wal_autocheckpoint = 0;
`

// Cache sizes in KiB, used as needed. The ends of the tables are nearly all
// a writer needs; a reader wants the inner pages of the session index. The
// writer checks no foreign keys: it has the number of a session from its row or
// its head, each check would read the session's page once more, and deleting a
// session would look for its revisions in the whole table.
const (
	writerPragmas = pragmas + `PRAGMA foreign_keys = OFF; PRAGMA cache_size = -16384; PRAGMA journal_size_limit = 134217728;`
	readerPragmas = pragmas + `PRAGMA cache_size = -4096; PRAGMA query_only = ON;`
)

// Open opens or creates the store in a file and brings its schema up to date.
// The directory must exist. Errors to tell apart: ErrLocked, ErrForeign,
// *migration.NewerError, *migration.ChangedError.
func Open(ctx context.Context, path string) (*Engine, error) {
	e, err := open(ctx, path, "")
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return e, nil
}

func open(ctx context.Context, path, vfs string) (*Engine, error) {
	path, err := realPath(path)
	if err != nil {
		return nil, err
	}
	lock, err := acquireLock(path)
	if err != nil {
		return nil, err
	}
	e := &Engine{
		path: path, vfs: vfs, lock: lock,
		writing:      make(chan struct{}, 1),
		readers:      make(chan *reader, max(2, min(runtime.GOMAXPROCS(0), 8))),
		logGrown:     make(chan struct{}, 1),
		checkpointed: make(chan struct{}),
		closed:       make(chan struct{}),
		writeTimeout: writeTimeout,
		flushing:     defaultFlushPolicy,
	}
	for range cap(e.readers) {
		e.readers <- nil
	}
	checkpoints, err := e.prepare(ctx)
	if err != nil {
		return nil, errors.Join(err, lock.release())
	}
	go e.keepLogShort(checkpoints)
	return e, nil
}

// prepare creates the file if need be, migrates it and opens the connections
// that are always there.
func (e *Engine) prepare(ctx context.Context) (checkpoints *connection, err error) {
	if err := createFile(e.path); err != nil {
		return nil, err
	}
	if err := e.migrate(ctx); err != nil {
		if isUnusable(err) {
			return nil, fmt.Errorf("%w: the file is damaged or is not a SQLite database (%w); restore a backup or choose another path",
				ErrForeign, err)
		}
		return nil, err
	}
	if err := e.openWriter(); err != nil {
		return nil, err
	}
	checkpoints, err = e.connectWith(pragmas)
	if err == nil {
		err = checkpoints.busyTimeout(checkpointPatience)
	}
	if err != nil {
		return nil, errors.Join(err, e.writer.conn.close())
	}
	return checkpoints, nil
}

// migrate checks that the file is ours and runs what is missing of the schema,
// on a connection of its own: later ones see the finished schema only. What a
// process that was killed left in the log, synced or not, is then copied into
// the file and synced there, before anybody is shown it.
func (e *Engine) migrate(ctx context.Context) error {
	conn, err := connect(e.path, e.vfs)
	if err != nil {
		return err
	}
	conn.bound(ctx)
	err = conn.busyTimeout(busyTimeout)
	if err == nil {
		err = identify(conn)
	}
	if err == nil {
		err = conn.exec(writerPragmas)
	}
	if err == nil {
		err = migrate(conn, migrationFiles)
	}
	if err == nil {
		err = conn.exec(endAllLeases) // the file has one owner, and that is a new one
	}
	if err == nil {
		err = conn.checkpointAll()
	}
	conn.bound(context.Background())
	if isInterrupted(err) {
		err = errors.Join(ctx.Err(), err)
	}
	return errors.Join(err, conn.close())
}

// identify refuses a database of another program before anything is changed,
// and gives an empty one our form.
func identify(conn *connection) error {
	tables, err := queryInteger(conn, `SELECT count(*) FROM sqlite_schema`)
	if err != nil {
		return err
	}
	id, err := queryInteger(conn, `PRAGMA application_id`)
	if err != nil {
		return err
	}
	if id == applicationID {
		return nil
	}
	if tables > 0 || id != 0 {
		return fmt.Errorf("%w: it is the SQLite database of another program; choose another path", ErrForeign)
	}
	return conn.exec(fmt.Sprintf(`PRAGMA page_size = %d; PRAGMA journal_mode = WAL; PRAGMA application_id = %d;`, pageSize, applicationID))
}

func (e *Engine) connectWith(pragmas string) (*connection, error) {
	conn, err := connect(e.path, e.vfs)
	if err != nil {
		return nil, err
	}
	if err = conn.busyTimeout(busyTimeout); err == nil {
		err = conn.exec(pragmas)
	}
	if err != nil {
		return nil, errors.Join(err, conn.close())
	}
	return conn, nil
}

// openWriter opens the write connection and reads the pending heads. The
// caller owns the writing place, or is the only one.
func (e *Engine) openWriter() error {
	conn, err := e.connectWith(writerPragmas)
	if err != nil {
		return err
	}
	heads, marker, newest, err := readPending(conn)
	if err != nil {
		return errors.Join(err, conn.close())
	}
	w, err := newWriter(conn, &e.pending, flush{policy: &e.flushing, marker: marker, newest: newest})
	if err != nil {
		return errors.Join(err, conn.close())
	}
	e.pending.replace(heads)
	watchLog(conn, checkpointPages, e.logGrown)
	e.writer = w
	return nil
}

// createFile makes an empty file that only its owner may read: it will hold
// names and addresses. Its directory entry is made durable.
func createFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	directory, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}

// realPath is the path without links, so that one file has one lock.
func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil
	}
	return real, err
}

func queryInteger(conn *connection, sql string) (int64, error) {
	q, err := conn.prepare(sql)
	if err != nil {
		return 0, err
	}
	var value int64
	if q.row() {
		value = q.columnInteger(0)
	}
	return value, q.reset()
}
