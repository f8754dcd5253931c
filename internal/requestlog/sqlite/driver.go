package sqlite

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/ext/fts5"
)

// This file is the only one that knows the SQLite driver: a connection and its
// statements, used by one goroutine at a time. The driver's own interface is
// used and not database/sql, which takes a lock, a context and boxed arguments
// for every row.

// connection is one connection to the file.
type connection struct {
	conn       *sqlite3.Conn
	statements []*statement
}

// waiting is how long a statement waits for a lock, in milliseconds.
const waiting = `PRAGMA busy_timeout = 10000`

// pragmas hold for every connection. NORMAL: a commit is written to the
// write-ahead log before it is answered but not synced; it survives the process,
// and after a loss of power the file is whole up to some earlier commit. The
// page size counts only when the file is made.
const pragmas = waiting + `;
PRAGMA page_size = 8192;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA wal_autocheckpoint = 2000;
PRAGMA journal_size_limit = 67108864;`

// connect opens the file, which only its owner may read: it holds bodies.
func connect(ctx context.Context, path string) (*connection, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	// The files of the write-ahead log get the mode of the file. SQLite undoes
	// percent signs only: a plus would stay a plus.
	query := "modeof=" + strings.ReplaceAll(url.QueryEscape(path), "+", "%20")
	name := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: query}
	conn, err := sqlite3.OpenContext(ctx, name.String())
	if err != nil {
		return nil, err
	}
	c := &connection{conn: conn}
	if err := fts5.Register(conn); err != nil {
		return nil, joinClose(err, c.close)
	}
	if err := c.exec(pragmas); err != nil {
		return nil, joinClose(err, c.close)
	}
	return c, nil
}

// exec runs statements that have neither arguments nor results.
func (c *connection) exec(sql string) error { return c.conn.Exec(sql) }

// bound makes a done ctx interrupt what the connection does, until the
// returned function is called.
func (c *connection) bound(ctx context.Context) func() {
	before := c.conn.SetInterrupt(ctx)
	return func() { c.conn.SetInterrupt(before) }
}

// interrupted tells whether err is what a done context leads to.
func interrupted(err error) bool { return errors.Is(err, sqlite3.INTERRUPT) }

// lastSeq is the row id of the newest insert.
func (c *connection) lastSeq() int64 { return c.conn.LastInsertRowID() }

func (c *connection) close() error {
	var errs []error
	for _, s := range c.statements {
		errs = append(errs, s.stmt.Close())
	}
	return errors.Join(append(errs, c.conn.Close())...)
}

// statement is a prepared statement. Binding errors are kept for run or next.
type statement struct {
	stmt *sqlite3.Stmt
	err  error
}

// prepare compiles a statement that lives as long as the connection.
func (c *connection) prepare(sql string) (*statement, error) {
	stmt, _, err := c.conn.PrepareFlags(sql, sqlite3.PREPARE_PERSISTENT)
	if err != nil {
		return nil, err
	}
	s := &statement{stmt: stmt}
	c.statements = append(c.statements, s)
	return s, nil
}

// query is a statement to compile and where it goes.
type query struct {
	to  **statement
	sql string
}

func (c *connection) prepareAll(queries []query) (err error) {
	for _, q := range queries {
		if *q.to, err = c.prepare(q.sql); err != nil {
			return fmt.Errorf("prepare %s: %w", q.sql, err)
		}
	}
	return nil
}

// once uses a statement that is prepared for the occasion.
func (c *connection) once(sql string, use func(*statement) error) error {
	stmt, _, err := c.conn.Prepare(sql)
	if err != nil {
		return fmt.Errorf("prepare %s: %w", sql, err)
	}
	return errors.Join(use(&statement{stmt: stmt}), stmt.Close())
}

// emptyLog copies the write-ahead log back and empties it; emptied is false while
// somebody reads it.
func (c *connection) emptyLog() (emptied bool, err error) {
	_, _, err = c.conn.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE)
	if errors.Is(err, sqlite3.BUSY) {
		return false, nil
	}
	return err == nil, err
}

func (s *statement) keep(err error) {
	if s.err == nil {
		s.err = err
	}
}

// Arguments are numbered from 1. They stay bound until bound again.

func (s *statement) bindText(n int, value string)   { s.keep(s.stmt.BindText(n, value)) }
func (s *statement) bindInteger(n int, value int64) { s.keep(s.stmt.BindInt64(n, value)) }
func (s *statement) bindBlob(n int, value []byte)   { s.keep(s.stmt.BindBlob(n, value)) } // nil is NULL
func (s *statement) bindBool(n int, value bool)     { s.keep(s.stmt.BindBool(n, value)) }

// run executes a statement without results.
func (s *statement) run() error {
	if err := s.err; err != nil {
		s.err = nil
		return err
	}
	return s.stmt.Exec()
}

// next goes to the next row. After the last one, or an error, reset tells which.
func (s *statement) next() bool { return s.err == nil && s.stmt.Step() }

// reset ends a query.
func (s *statement) reset() error {
	err := errors.Join(s.err, s.stmt.Err())
	s.err = nil
	if resetErr := s.stmt.Reset(); err == nil {
		err = resetErr
	}
	return err
}

// Columns are numbered from 0.

func (s *statement) text(n int) string   { return s.stmt.ColumnText(n) }
func (s *statement) integer(n int) int64 { return s.stmt.ColumnInt64(n) }
func (s *statement) null(n int) bool     { return s.stmt.ColumnType(n) == sqlite3.NULL }

// rawBlob is valid until the next step.
func (s *statement) rawBlob(n int) []byte { return s.stmt.ColumnRawBlob(n) }

// joinClose closes what was opened before err happened.
func joinClose(err error, close func() error) error { return errors.Join(err, close()) }
