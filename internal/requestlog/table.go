package requestlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kvitto/kvitto/internal/compression"
)

// columns are the columns of an exchange; bind and scan number them alike.
const columns = `correlation_id, merchant_id, at_ns, duration_ns, method, path, operation, status,
	session_id, order_id, authorization_token, shed, packed, explanation, request_body, response_body`

// writerFile is the file as the writer sees it.
type writerFile struct {
	*connection
	begin, commit, rollback *statement
	insertExchange          *statement
	insertRun               *statement
	sessions                []byte // of the transaction under way
	packed                  []byte // scratch for a packed body
}

func openWriter(ctx context.Context, path string) (*writerFile, error) {
	c, err := connect(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := migrate(c); err != nil {
		return nil, joinClose(err, c.close)
	}
	f := &writerFile{connection: c}
	for _, p := range []struct {
		to  **statement
		sql string
	}{
		{&f.begin, "BEGIN IMMEDIATE"},
		{&f.commit, "COMMIT"},
		{&f.rollback, "ROLLBACK"},
		{&f.insertExchange, "INSERT INTO exchanges (" + columns + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
		{&f.insertRun, "INSERT INTO runs (first_seq, written_ms, sessions) VALUES (?, ?, ?)"},
	} {
		if *p.to, err = c.prepare(p.sql); err != nil {
			return nil, joinClose(err, c.close)
		}
	}
	return f, nil
}

// write puts the exchanges into the file in one transaction.
func (f *writerFile) write(groups ...[]Exchange) error {
	if err := f.begin.run(); err != nil {
		return err
	}
	err := f.insert(groups)
	if err == nil {
		err = f.commit.run()
	}
	if err != nil {
		// A full disk may have rolled back already; then this one complains.
		_ = f.rollback.run()
	}
	return err
}

func (f *writerFile) insert(groups [][]Exchange) error {
	f.sessions = f.sessions[:0]
	for _, exchanges := range groups {
		for i := range exchanges {
			if err := f.bind(&exchanges[i]); err != nil {
				return err
			}
			if err := f.insertExchange.run(); err != nil {
				return err
			}
			f.sessions = appendSessionMark(f.sessions, exchanges[i].SessionID)
		}
	}
	// Row ids of one transaction follow each other.
	first := f.lastSeq() - int64(len(f.sessions)/sessionMarkSize) + 1
	f.insertRun.bindInteger(1, first)
	f.insertRun.bindInteger(2, time.Now().UnixMilli())
	f.insertRun.bindBlob(3, f.sessions)
	return f.insertRun.run()
}

func (f *writerFile) bind(e *Exchange) error {
	explanation, err := explanationOf(e)
	if err != nil {
		return err
	}
	s := f.insertExchange
	s.bindText(1, e.CorrelationID)
	s.bindText(2, e.MerchantID)
	s.bindTime(3, e.At)
	s.bindInteger(4, int64(e.Duration))
	s.bindText(5, e.Method)
	s.bindText(6, e.Path)
	s.bindText(7, e.Operation)
	s.bindInteger(8, int64(e.Status))
	s.bindText(9, e.SessionID)
	s.bindText(10, e.OrderID)
	s.bindText(11, e.AuthorizationToken)
	s.bindInteger(12, 0)
	if e.Shed {
		s.bindInteger(12, 1)
	}
	if explanation == nil {
		s.bindNull(14)
	} else {
		s.bindText(14, string(explanation))
	}
	f.bindBodies(redact(e.RequestBody), redact(e.ResponseBody))
	return nil
}

// The bits of the column packed.
const (
	requestPacked  = 1
	responsePacked = 2
)

// bindBodies binds the bodies, large ones packed, and says which are.
func (f *writerFile) bindBodies(request, response []byte) {
	var packed int64
	for _, body := range []struct {
		bytes  []byte
		column int
		bit    int64
	}{{request, 15, requestPacked}, {response, 16, responsePacked}} {
		var ok bool
		f.packed, ok = compression.Append(f.packed[:0], body.bytes)
		if ok {
			packed |= body.bit
			f.insertExchange.bindBlob(body.column, f.packed) // copied by the driver
			continue
		}
		f.insertExchange.bindBlob(body.column, body.bytes)
	}
	f.insertExchange.bindInteger(13, packed)
}

// unpackBodies undoes bindBodies on what was read.
func unpackBodies(e *Exchange, packed int64) error {
	for _, body := range []struct {
		bytes *[]byte
		bit   int64
	}{{&e.RequestBody, requestPacked}, {&e.ResponseBody, responsePacked}} {
		if packed&body.bit == 0 {
			continue
		}
		plain, err := compression.Unpack(*body.bytes)
		if err != nil {
			return fmt.Errorf("a stored body is damaged: %w", err)
		}
		*body.bytes = plain
	}
	return nil
}

// scan reads the exchange of the current row, whose columns are columns.
func scan(s *statement) (Exchange, error) {
	e := Exchange{
		CorrelationID:      s.text(0),
		MerchantID:         s.text(1),
		At:                 s.time(2),
		Duration:           time.Duration(s.integer(3)),
		Method:             s.text(4),
		Path:               s.text(5),
		Operation:          s.text(6),
		Status:             int(s.integer(7)),
		SessionID:          s.text(8),
		OrderID:            s.text(9),
		AuthorizationToken: s.text(10),
		Shed:               s.integer(11) != 0,
		RequestBody:        s.blob(14),
		ResponseBody:       s.blob(15),
	}
	if err := unpackBodies(&e, s.integer(12)); err != nil || s.null(13) {
		return e, err
	}
	return e, explain(&e, s.rawBlob(13))
}

var errNoRow = errors.New("no row")

// one reads the first row of a query and ends it.
func one(s *statement) (e Exchange, err error) {
	if s.next() {
		e, err = scan(s)
	} else {
		err = errNoRow
	}
	if resetErr := s.reset(); resetErr != nil {
		err = resetErr
	}
	return e, err
}
