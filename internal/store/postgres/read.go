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
	// findSessions and its like look up every id by key: LIMIT keeps the planner
	// from joining the tables in another way.
	findSessions = `SELECT wanted.place, first.merchant_id, first.client_token, first.created_at, newest.state
		FROM unnest($1::uuid[], $2::bigint[]) AS wanted (session_id, place)
		CROSS JOIN LATERAL (SELECT r.state FROM revisions r
			WHERE r.session_id = wanted.session_id AND r.kind <> 'deleted' ORDER BY r.revision DESC LIMIT 1) newest
		CROSS JOIN LATERAL (SELECT r.merchant_id, r.client_token, r.created_at FROM revisions r
			WHERE r.session_id = wanted.session_id AND r.revision = 1 LIMIT 1) first`

	findSessionsOfAuthorizations = `SELECT wanted.place, found.session_id FROM unnest($1::uuid[], $2::bigint[]) AS wanted (token, place)
		CROSS JOIN LATERAL (SELECT a.session_id FROM authorizations a WHERE a.token = wanted.token LIMIT 1) found`

	findSessionsOfOrders = `SELECT wanted.place, found.session_id FROM unnest($1::uuid[], $2::bigint[]) AS wanted (order_id, place)
		CROSS JOIN LATERAL (SELECT o.session_id FROM orders o WHERE o.order_id = wanted.order_id LIMIT 1) found`

	findRevisions = `SELECT first.merchant_id, first.client_token, first.created_at, entry.state,
			entry.at, entry.kind, entry.correlation_id, entry.authorization_token, entry.order_id, entry.reason
		FROM (SELECT revision, state, at, kind, correlation_id, authorization_token, order_id, reason FROM revisions
			WHERE session_id = $1 AND kind <> 'deleted' AND revision <= $3 ORDER BY revision DESC LIMIT $2) entry,
			revisions first
		WHERE first.session_id = $1 AND first.revision = 1 ORDER BY entry.revision DESC`
)

// errDamaged: a state in the store cannot be read.
var errDamaged = errors.New("postgres: a stored session cannot be read")

// lookups are the reads that are gathered.
type lookups struct {
	sessions                  gathering[sessionRow]
	ofAuthorization, ofOrders gathering[[16]byte]
	subjects                  gathering[subjectRow]
}

func (l *lookups) begin(e *Engine) {
	l.sessions.engine, l.sessions.query, l.sessions.columns = e, findSessions, (*sessionRow).columns
	id := func(id *[16]byte) []any { return []any{id} }
	l.ofAuthorization.engine, l.ofAuthorization.query, l.ofAuthorization.columns = e, findSessionsOfAuthorizations, id
	l.ofOrders.engine, l.ofOrders.query, l.ofOrders.columns = e, findSessionsOfOrders, id
	l.subjects.engine, l.subjects.query, l.subjects.columns = e, findSubjects, (*subjectRow).columns
}

// Session returns the newest state.
func (e *Engine) Session(ctx context.Context, sessionID string) (checkout.Session, error) {
	found, err := e.lookups.sessions.find(ctx, sessionID)
	if err != nil {
		return checkout.Session{}, err
	}
	return found.session(sessionID)
}

// SessionOfAuthorization finds the session a token was ever issued for.
func (e *Engine) SessionOfAuthorization(ctx context.Context, token string) (sessionID string, err error) {
	return sessionOf(ctx, &e.lookups.ofAuthorization, token)
}

// SessionOfOrder finds the session of an order.
func (e *Engine) SessionOfOrder(ctx context.Context, orderID string) (sessionID string, err error) {
	return sessionOf(ctx, &e.lookups.ofOrders, orderID)
}

func sessionOf(ctx context.Context, from *gathering[[16]byte], id string) (sessionID string, err error) {
	found, err := from.find(ctx, id)
	if err != nil {
		return "", err
	}
	return identifier.Format(found), nil
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
	var key [16]byte
	valid := identifier.Parse(sessionID, &key)
	err := e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		if !valid {
			return store.ErrNotFound
		}
		revisions = nil
		rows, err := conn.Query(ctx, findRevisions, key, limit, upTo)
		return eachRow(rows, err, func(rows pgx.Rows) error {
			revision := store.Revision{Session: checkout.Session{ID: sessionID}}
			var stored header
			var event eventColumns
			var state pgtype.DriverBytes // a view, valid until the next row
			if err := rows.Scan(slices.Concat(stored.columns(), []any{&state}, event.columns())...); err != nil {
				return err
			}
			if err := stored.into(&revision.Session, state); err != nil {
				return err
			}
			revision.Event = event.event()
			revision.Event.By = revision.Session.ReviewedBy(revision.Event.Kind)
			revisions = append(revisions, revision)
			return nil
		})
	})
	if err == nil && len(revisions) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	slices.Reverse(revisions)
	return revisions, nil
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
}

func (h *header) columns() []any { return []any{&h.merchantID, &h.clientToken, &h.createdAt} }

// into fills in a session from the header and the stored document.
func (h *header) into(session *checkout.Session, state []byte) error {
	session.MerchantID, session.ClientToken, session.CreatedAt = h.merchantID, h.clientToken, timeOf(h.createdAt)
	if err := record.Decode(state, session); err != nil {
		return fmt.Errorf("%w: session %s: %w", errDamaged, session.ID, err)
	}
	return nil
}

// sessionRow is a session that whoever asked decodes himself.
type sessionRow struct {
	header
	state []byte // a copy
}

func (r *sessionRow) columns() []any { return append(r.header.columns(), &r.state) }

func (r *sessionRow) session(id string) (checkout.Session, error) {
	session := checkout.Session{ID: id}
	if err := r.into(&session, r.state); err != nil {
		return checkout.Session{}, err
	}
	return session, nil
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
