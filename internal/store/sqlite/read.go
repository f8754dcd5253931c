package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/record"
)

// reader is one connection of the read pool.
type reader struct {
	conn *connection

	ping, session, revisions               *statement
	sessionOfAuthorization, sessionOfOrder *statement
	merchant, clock, secret                *statement
	merchants, keys, credential            *statement
	sessionsAfter, lastChange              *statement
	subject                                *statement
	outbox                                 outboxReader
	people                                 peopleReader
	signIns                                signInReader
	audit                                  auditReader
	assessments                            assessmentReader
	reviews                                reviewReader
	orders                                 orderReader
}

// headRow is the row of the newest revision of session ?1: ?2 when it is
// pending, what the table says when ?2 is NULL.
const headRow = `coalesce(?2, (SELECT h.row_id FROM sessions s JOIN heads h ON h.session = s.number WHERE s.session_id = ?1))`

func newReader(conn *connection) (*reader, error) {
	r := &reader{conn: conn}
	for _, s := range slices.Concat([]preparation{
		{&r.ping, `SELECT number FROM schema_migrations LIMIT 1`},
		{&r.session, `SELECT s.merchant_id, s.client_token, s.created_at, r.state
			FROM revisions r JOIN sessions s ON s.number = r.session WHERE r.row_id = ` + headRow},
		{&r.revisions, `WITH RECURSIVE chain (row_id, length) AS (
				SELECT ` + headRow + `, 0
				UNION ALL
				SELECT r.previous, c.length + (r.revision <= ?4) FROM chain c JOIN revisions r ON r.row_id = c.row_id
				WHERE r.previous IS NOT NULL AND c.length + (r.revision <= ?4) < ?3)
			SELECT s.merchant_id, s.client_token, s.created_at, r.state,
				r.at, r.kind, r.correlation_id, r.authorization_token, r.order_id, r.reason
			FROM chain c JOIN revisions r ON r.row_id = c.row_id JOIN sessions s ON s.number = r.session
			WHERE r.revision <= ?4 ORDER BY r.revision`},
		{&r.sessionOfAuthorization, `SELECT s.session_id FROM authorizations a JOIN sessions s ON s.number = a.session WHERE a.token = ?`},
		{&r.sessionOfOrder, `SELECT s.session_id FROM orders o JOIN sessions s ON s.number = o.session WHERE o.order_id = ?`},
		{&r.merchant, `SELECT 1 FROM merchants WHERE merchant_id = ?`},
		{&r.clock, `SELECT coalesce(c.advance_ns, 0) FROM merchants m LEFT JOIN clocks c ON c.merchant_id = m.merchant_id
			WHERE m.merchant_id = ?`},
		{&r.merchants, `SELECT merchant_id, name, created_at, disabled_at FROM merchants ORDER BY merchant_id`},
		{&r.keys, `SELECT username, merchant_id, hash, created_at, revoked_at FROM keys WHERE merchant_id = ?
			ORDER BY created_at, username`},
		{&r.credential, `SELECT k.username, k.merchant_id, k.hash, k.created_at, k.revoked_at, m.name, m.created_at, m.disabled_at
			FROM keys k JOIN merchants m ON m.merchant_id = k.merchant_id WHERE k.username = ?`},
		{&r.secret, `SELECT value FROM secrets WHERE name = ?`},
		{&r.sessionsAfter, `SELECT number, session_id FROM sessions WHERE number > ? ORDER BY number LIMIT ?`},
		{&r.lastChange, `SELECT at, revision FROM revisions
			WHERE row_id = coalesce(?2, (SELECT row_id FROM heads WHERE session = ?1))
			AND NOT EXISTS (SELECT 1 FROM orders WHERE session = ?1)`},
		{&r.subject, `SELECT version, first_at, last_at, orders, facts FROM subjects WHERE key = ?`},
	}, r.outbox.statements(), r.assessments.statements(), r.reviews.statements(), r.orders.statements(), r.people.statements(), r.signIns.statements(), r.audit.statements()) {
		statement, err := conn.prepare(s.sql)
		if err != nil {
			return nil, err
		}
		*s.into = statement
	}
	return r, nil
}

// read runs a query on a connection of the pool. The query ends with the context.
func (e *Engine) read(ctx context.Context, query func(*reader) error) error {
	if err := e.usable(ctx); err != nil {
		return err
	}
	var r *reader
	select {
	case r = <-e.readers:
	case <-ctx.Done():
		return ctx.Err()
	case <-e.closed:
		return store.ErrClosed
	}
	if r == nil {
		var err error
		if r, err = e.openReader(); err != nil {
			e.readers <- nil
			return fmt.Errorf("sqlite: read: %w", err)
		}
	}
	r.conn.bound(ctx)
	err := query(r)
	r.conn.bound(context.Background())
	e.readers <- r
	switch {
	case err == nil, errors.Is(err, store.ErrNotFound):
		return err
	case isInterrupted(err):
		return ctx.Err()
	default:
		return fmt.Errorf("sqlite: read: %w", withCode(err))
	}
}

func (e *Engine) openReader() (*reader, error) {
	conn, err := e.connectWith(readerPragmas)
	if err != nil {
		return nil, err
	}
	r, err := newReader(conn)
	if err != nil {
		return nil, errors.Join(err, conn.close())
	}
	return r, nil
}

// Session returns the newest state.
func (e *Engine) Session(ctx context.Context, sessionID string) (checkout.Session, error) {
	session := checkout.Session{ID: sessionID}
	err := e.find(ctx, sessionID, e.newest(func(r *reader) *statement { return r.session }), func(q *statement) error {
		return scanSession(q, &session)
	})
	if err != nil {
		return checkout.Session{}, err
	}
	return session, nil
}

// SessionOfAuthorization finds the session a token was ever issued for.
func (e *Engine) SessionOfAuthorization(ctx context.Context, token string) (sessionID string, err error) {
	return e.sessionOf(ctx, token, func(r *reader) *statement { return r.sessionOfAuthorization })
}

// SessionOfOrder finds the session of an order.
func (e *Engine) SessionOfOrder(ctx context.Context, orderID string) (sessionID string, err error) {
	return e.sessionOf(ctx, orderID, func(r *reader) *statement { return r.sessionOfOrder })
}

func (e *Engine) sessionOf(ctx context.Context, id string, query func(*reader) *statement) (sessionID string, err error) {
	bind := func(r *reader, key *identifier) *statement { return query(r).blob(1, key[:]) }
	err = e.find(ctx, id, bind, func(q *statement) error {
		sessionID = identifierText(q.columnBlob(0))
		return nil
	})
	return sessionID, err
}

// Revisions returns the newest revisions of a session, oldest first.
func (e *Engine) Revisions(ctx context.Context, sessionID string, limit int, upTo int64) ([]store.Revision, error) {
	var revisions []store.Revision
	if limit <= 0 {
		limit = math.MaxInt32
	}
	if upTo <= 0 {
		upTo = math.MaxInt64
	}
	newest := e.newest(func(r *reader) *statement { return r.revisions.integer(3, int64(limit)).integer(4, upTo) })
	err := e.find(ctx, sessionID, newest, func(q *statement) error {
		revision := store.Revision{Session: checkout.Session{ID: sessionID}}
		if err := scanSession(q, &revision.Session); err != nil {
			return err
		}
		revision.Event = scanEvent(q)
		revision.Event.By = revision.Session.ReviewedBy(revision.Event.Kind)
		revisions = append(revisions, revision)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return revisions, nil
}

// newest binds a query that begins at the newest revision of a session. Pending
// is looked at before the query takes its snapshot of the file, which then has
// whatever left pending earlier.
func (e *Engine) newest(query func(*reader) *statement) func(*reader, *identifier) *statement {
	return func(r *reader, session *identifier) *statement {
		q := query(r).blob(1, session[:])
		if row, ok := e.pending.rowOf(session); ok {
			return q.integer(2, row)
		}
		return q.null(2)
	}
}

// find runs a query by an id and scans its rows; none is ErrNotFound, and so
// is an id that no stored one can equal.
func (e *Engine) find(ctx context.Context, id string, bind func(*reader, *identifier) *statement, scan func(*statement) error) error {
	var key identifier
	if !parseIdentifier(id, &key) {
		if err := e.usable(ctx); err != nil {
			return err
		}
		return store.ErrNotFound
	}
	return e.read(ctx, func(r *reader) error {
		q, found := bind(r, &key), false
		for q.row() {
			found = true
			if err := scan(q); err != nil {
				return errors.Join(err, q.reset())
			}
		}
		if err := q.reset(); err != nil {
			return err
		}
		if !found {
			return store.ErrNotFound
		}
		return nil
	})
}

func scanSession(q *statement, session *checkout.Session) error {
	session.MerchantID = q.columnText(0)
	session.ClientToken = q.columnText(1)
	session.CreatedAt = time.UnixMilli(q.columnInteger(2)).UTC()
	if err := record.Decode(q.columnBlob(3), session); err != nil {
		return fmt.Errorf("session %s: %w", session.ID, err)
	}
	return nil
}

func scanEvent(q *statement) checkout.Event {
	return checkout.Event{
		At:                 time.UnixMilli(q.columnInteger(4)).UTC(),
		Kind:               checkout.EventKind(q.columnText(5)),
		CorrelationID:      q.columnText(6),
		AuthorizationToken: identifierText(q.columnBlob(7)),
		OrderID:            identifierText(q.columnBlob(8)),
		Reason:             q.columnText(9),
	}
}
