package sqlite

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// This file is the only one that names the SQLite driver. The driver's own API
// is used instead of database/sql: prepared statements stay with their
// connection and a bound value is copied once, a quarter less CPU per change.

// connection is one database connection. It is not safe for concurrent use.
type connection struct {
	db         *sqlite3.Conn
	statements []*statement
}

// connect opens the file, which must exist. The journal files get its mode and
// owner. vfs names a registered file system, "" is the operating system's.
func connect(path, vfs string) (*connection, error) {
	query := url.Values{"modeof": {path}, "vfs": {vfs}}
	if vfs == "" {
		query.Del("vfs")
	}
	// SQLite takes a plus sign for a plus sign.
	encoded := strings.ReplaceAll(query.Encode(), "+", "%20")
	name := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: encoded}
	db, err := sqlite3.OpenFlags(name.String(), sqlite3.OPEN_READWRITE|sqlite3.OPEN_URI)
	if err != nil {
		return nil, err
	}
	return &connection{db: db}, nil
}

// close finishes the statements and the connection.
func (c *connection) close() error {
	var errs []error
	for _, s := range c.statements {
		errs = append(errs, s.stmt.Close())
	}
	return errors.Join(append(errs, c.db.Close())...)
}

// bound makes every further call end with an error once ctx is done.
func (c *connection) bound(ctx context.Context) { c.db.SetInterrupt(ctx) }

func (c *connection) busyTimeout(d time.Duration) error { return c.db.BusyTimeout(d) }

// exec runs the statements of sql, without results.
func (c *connection) exec(sql string) error { return c.db.Exec(sql) }

// prepare compiles a statement that lives as long as the connection.
func (c *connection) prepare(sql string) (*statement, error) {
	stmt, _, err := c.db.PrepareFlags(sql, sqlite3.PREPARE_PERSISTENT)
	if err != nil {
		return nil, err
	}
	s := &statement{stmt: stmt}
	c.statements = append(c.statements, s)
	return s, nil
}

// prepareOnce compiles a statement that its user closes.
func (c *connection) prepareOnce(sql string) (*statement, error) {
	stmt, _, err := c.db.Prepare(sql)
	return &statement{stmt: stmt}, err
}

// changed is the number of rows the last statement changed.
func (c *connection) changed() int64 { return c.db.Changes() }

// lastRow is the row id of the last insert.
func (c *connection) lastRow() int64 { return c.db.LastInsertRowID() }

// inTransaction tells whether a transaction is open.
func (c *connection) inTransaction() bool { return !c.db.GetAutocommit() }

// onCommit calls back after every commit with the length of the write-ahead
// log in pages. It replaces the automatic checkpoint.
func (c *connection) onCommit(call func(pages int)) {
	c.db.WALHook(func(_ *sqlite3.Conn, _ string, pages int) error {
		call(pages)
		return nil
	})
}

// keepLog lets the log be when the last connection is closed.
func (c *connection) keepLog() error {
	_, err := c.db.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true)
	return err
}

// checkpointAll copies the whole log into the database, syncs it there and
// empties the log. There must be no other connection.
func (c *connection) checkpointAll() error {
	_, _, err := c.db.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE)
	return err
}

// checkpointBeside copies the write-ahead log into the database as far as it
// can without waiting for anybody.
func (c *connection) checkpointBeside() error {
	_, _, err := c.db.WALCheckpoint("main", sqlite3.CHECKPOINT_PASSIVE)
	return unlessBusy(err)
}

// checkpointWhole also waits, at most the busy timeout, for readers, so that
// the next commit writes the log from its start. There must be no writer.
func (c *connection) checkpointWhole() error {
	_, _, err := c.db.WALCheckpoint("main", sqlite3.CHECKPOINT_RESTART)
	return unlessBusy(err)
}

// emptyLog copies the whole log into the database and empties it. emptied is false
// while a reader needs it.
func (c *connection) emptyLog() (emptied bool, err error) {
	_, _, err = c.db.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE)
	return err == nil, unlessBusy(err)
}

func unlessBusy(err error) error {
	if errors.Is(err, sqlite3.BUSY) {
		return nil
	}
	return err
}

// statement is a prepared statement. An error of a binding is kept and
// returned by run or row, so that bindings can be chained.
type statement struct {
	stmt *sqlite3.Stmt
	err  error
}

// preparation is a statement to prepare and where it goes.
type preparation struct {
	into **statement
	sql  string
}

func (s *statement) keep(err error) *statement {
	if err != nil && s.err == nil {
		s.err = err
	}
	return s
}

func (s *statement) integer(at int, v int64) *statement { return s.keep(s.stmt.BindInt64(at, v)) }
func (s *statement) text(at int, v string) *statement   { return s.keep(s.stmt.BindText(at, v)) }
func (s *statement) null(at int) *statement             { return s.keep(s.stmt.BindNull(at)) }

// blob binds bytes; the statement has its own copy.
func (s *statement) blob(at int, v []byte) *statement { return s.keep(s.stmt.BindBlob(at, v)) }

// optional binds a text, an empty one as NULL.
func (s *statement) optional(at int, v string) *statement {
	if v == "" {
		return s.null(at)
	}
	return s.text(at, v)
}

// optionalID binds an id, none as NULL.
func (s *statement) optionalID(at int, id *identifier, present bool) *statement {
	if !present {
		return s.null(at)
	}
	return s.blob(at, id[:])
}

// optionalTime binds a time in milliseconds, the zero time as NULL.
func (s *statement) optionalTime(at int, v time.Time) *statement {
	if v.IsZero() {
		return s.null(at)
	}
	return s.integer(at, v.UnixMilli())
}

// run executes a statement without rows.
func (s *statement) run() error {
	if err := s.err; err != nil {
		s.err = nil
		return err
	}
	return s.stmt.Exec()
}

// row steps to the next row; false at the end or on an error. reset must follow.
func (s *statement) row() bool { return s.err == nil && s.stmt.Step() }

// reset ends a query and returns what went wrong since the first binding.
func (s *statement) reset() error {
	err := s.err
	if err == nil {
		err = s.stmt.Err() // Reset forgets an interrupt that came before the step
	}
	s.err = nil
	if stepped := s.stmt.Reset(); err == nil {
		err = stepped
	}
	return err
}

func (s *statement) columnInteger(at int) int64 { return s.stmt.ColumnInt64(at) }

// columnTime is the time of a column in milliseconds, zero for NULL.
func (s *statement) columnTime(at int) time.Time {
	if s.stmt.ColumnType(at) == sqlite3.NULL {
		return time.Time{}
	}
	return time.UnixMilli(s.stmt.ColumnInt64(at)).UTC()
}

func (s *statement) columnText(at int) string { return s.stmt.ColumnText(at) }

// columnBlob is a view, valid until the next call on the statement.
func (s *statement) columnBlob(at int) []byte { return s.stmt.ColumnRawBlob(at) }

// Classes of errors.

// isTaken: a row with that key exists.
func isTaken(err error) bool {
	return errors.Is(err, sqlite3.CONSTRAINT_UNIQUE) || errors.Is(err, sqlite3.CONSTRAINT_PRIMARYKEY) ||
		errors.Is(err, sqlite3.CONSTRAINT_ROWID)
}

// isRefused: a constraint of the schema says no. The transaction goes on.
func isRefused(err error) bool { return errors.Is(err, sqlite3.CONSTRAINT) }

// isUnusable: the file is damaged or is not a database.
func isUnusable(err error) bool {
	return errors.Is(err, sqlite3.NOTADB) || errors.Is(err, sqlite3.CORRUPT)
}

// withCode adds the number of an I/O error to its text: it tells a failed sync
// from a failed write, which the text does not.
func withCode(err error) error {
	var failure *sqlite3.Error
	var code sqlite3.ExtendedErrorCode
	switch {
	case errors.As(err, &failure):
		code = failure.ExtendedCode()
	case !errors.As(err, &code):
		return err
	}
	if code.Code() != sqlite3.IOERR {
		return err
	}
	return fmt.Errorf("%w (SQLite result code %d)", err, code)
}

// isFailedSync: what was written to a file may not be on the disk, and the
// system may have forgotten that.
func isFailedSync(err error) bool {
	return errors.Is(err, sqlite3.IOERR_FSYNC) || errors.Is(err, sqlite3.IOERR_DIR_FSYNC)
}

// isInterrupted: the context given to bound is done.
func isInterrupted(err error) bool { return errors.Is(err, sqlite3.INTERRUPT) }
