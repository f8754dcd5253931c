package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/record"
)

// All reads are of the server that takes writes, and of one snapshot: they see
// whatever was acknowledged before they began.
const (
	findSession = `SELECT first.merchant_id, first.client_token, first.created_at, newest.state
		FROM (SELECT state FROM revisions WHERE session_id = $1 AND kind <> 'deleted' ORDER BY revision DESC LIMIT 1) newest,
			revisions first
		WHERE first.session_id = $1 AND first.revision = 1`

	findRevisions = `SELECT first.merchant_id, first.client_token, first.created_at, entry.state,
			entry.at, entry.kind, entry.correlation_id, entry.authorization_token, entry.order_id, entry.reason
		FROM (SELECT revision, state, at, kind, correlation_id, authorization_token, order_id, reason FROM revisions
			WHERE session_id = $1 AND kind <> 'deleted' AND revision <= $3 ORDER BY revision DESC LIMIT $2) entry,
			revisions first
		WHERE first.session_id = $1 AND first.revision = 1 ORDER BY entry.revision DESC`

	findSessionOfAuthorization = `SELECT session_id FROM authorizations WHERE token = $1`
	findSessionOfOrder         = `SELECT session_id FROM orders WHERE order_id = $1`
)

// errDamaged: a state in the store cannot be read.
var errDamaged = errors.New("postgres: a stored session cannot be read")

// Session returns the newest state.
func (e *Engine) Session(ctx context.Context, sessionID string) (checkout.Session, error) {
	var session checkout.Session
	err := e.find(ctx, findSession, sessionID, nil, func(rows pgx.Rows) error {
		session = checkout.Session{ID: sessionID}
		var stored header
		if err := rows.Scan(stored.columns()...); err != nil {
			return err
		}
		return stored.into(&session)
	})
	if err != nil {
		return checkout.Session{}, err
	}
	return session, nil
}

// SessionOfAuthorization finds the session a token was ever issued for.
func (e *Engine) SessionOfAuthorization(ctx context.Context, token string) (sessionID string, err error) {
	return e.sessionOf(ctx, findSessionOfAuthorization, token)
}

// SessionOfOrder finds the session of an order.
func (e *Engine) SessionOfOrder(ctx context.Context, orderID string) (sessionID string, err error) {
	return e.sessionOf(ctx, findSessionOfOrder, orderID)
}

func (e *Engine) sessionOf(ctx context.Context, query, id string) (sessionID string, err error) {
	err = e.find(ctx, query, id, nil, func(rows pgx.Rows) error {
		var found [16]byte
		if err := rows.Scan(&found); err != nil {
			return err
		}
		sessionID = identifier.Format(found)
		return nil
	})
	return sessionID, err
}

// Revisions returns the newest revisions of a session, oldest first.
func (e *Engine) Revisions(ctx context.Context, sessionID string, limit int, upTo int64) ([]store.Revision, error) {
	if limit <= 0 {
		limit = math.MaxInt32
	}
	if upTo <= 0 {
		upTo = math.MaxInt64
	}
	var revisions []store.Revision
	begun := func() { revisions = nil }
	err := e.findAll(ctx, findRevisions, sessionID, []any{limit, upTo}, begun, func(rows pgx.Rows) error {
		revision := store.Revision{Session: checkout.Session{ID: sessionID}}
		var stored header
		var event eventColumns
		if err := rows.Scan(append(stored.columns(), event.columns()...)...); err != nil {
			return err
		}
		revision.Event = event.event()
		revisions = append(revisions, revision)
		return stored.into(&revisions[len(revisions)-1].Session)
	})
	if err != nil {
		return nil, err
	}
	slices.Reverse(revisions)
	return revisions, nil
}

// find runs a query whose first parameter is an id, and scans its one row; none
// is ErrNotFound, and so is an id that no stored one can equal.
func (e *Engine) find(ctx context.Context, query, id string, more []any, scan func(pgx.Rows) error) error {
	return e.findAll(ctx, query, id, more, func() {}, scan)
}

// findAll is find for several rows. A query may be run again; begun says so.
func (e *Engine) findAll(ctx context.Context, query, id string, more []any, begun func(), scan func(pgx.Rows) error) error {
	var key [16]byte
	valid := identifier.Parse(id, &key)
	return e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		if !valid {
			return store.ErrNotFound
		}
		begun()
		return each(ctx, conn, query, append([]any{key}, more...), scan)
	})
}

// each scans the rows of a query; none is ErrNotFound.
func each(ctx context.Context, conn *pgxpool.Conn, query string, parameters []any, scan func(pgx.Rows) error) error {
	found := false
	rows, err := conn.Query(ctx, query, parameters...)
	err = eachRow(rows, err, func(rows pgx.Rows) error {
		found = true
		return scan(rows)
	})
	if err == nil && !found {
		return store.ErrNotFound
	}
	return err
}

// eachRow scans the rows that a query returned.
func eachRow(rows pgx.Rows, err error, scan func(pgx.Rows) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	rows.Close()
	return rows.Err()
}

// header is what every read of a session begins with.
type header struct {
	merchantID, clientToken string
	createdAt               int64
	state                   pgtype.DriverBytes // a view, valid until the next row
}

func (h *header) columns() []any {
	return []any{&h.merchantID, &h.clientToken, &h.createdAt, &h.state}
}

func (h *header) into(session *checkout.Session) error {
	session.MerchantID, session.ClientToken, session.CreatedAt = h.merchantID, h.clientToken, timeOf(h.createdAt)
	if err := record.Decode(h.state, session); err != nil {
		return fmt.Errorf("%w: session %s: %w", errDamaged, session.ID, err)
	}
	return nil
}

type eventColumns struct {
	at                    int64
	kind                  string
	correlationID, reason pgtype.Text
	token, orderID        pgtype.UUID
}

func (c *eventColumns) columns() []any {
	return []any{&c.at, &c.kind, &c.correlationID, &c.token, &c.orderID, &c.reason}
}

func (c *eventColumns) event() checkout.Event {
	return checkout.Event{
		At: timeOf(c.at), Kind: checkout.EventKind(c.kind), CorrelationID: c.correlationID.String,
		AuthorizationToken: textOf(c.token), OrderID: textOf(c.orderID), Reason: c.reason.String,
	}
}

// textOf is the canonical form of an id, "" of NULL.
func textOf(id pgtype.UUID) string {
	if !id.Valid {
		return ""
	}
	return identifier.Format(id.Bytes)
}

func timeOf(milliseconds int64) time.Time { return time.UnixMilli(milliseconds).UTC() }

// optional is NULL for the zero time.
func optional(t time.Time) pgtype.Int8 { return integer(t.UnixMilli(), !t.IsZero()) }

// optionalTime is zero for NULL.
func optionalTime(milliseconds pgtype.Int8) time.Time {
	if !milliseconds.Valid {
		return time.Time{}
	}
	return timeOf(milliseconds.Int64)
}
