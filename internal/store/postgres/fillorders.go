package postgres

import (
	"context"
	"errors"
	"math"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/pgpool"
	"github.com/kvitto/kvitto/internal/store"
)

const (
	// unlistedOrders are those that a program wrote which kept no list.
	unlistedOrders = `SELECT o.session_id FROM orders o WHERE o.revision IS NULL LIMIT $1`

	// comparedOrders tells of orders in the order of the list whether such a program
	// has changed them since.
	comparedOrders = `SELECT o.session_id, o.created_at, o.order_id, EXISTS (SELECT FROM revisions r
			WHERE r.session_id = o.session_id AND r.revision > o.revision AND r.kind <> 'deleted')
		FROM orders o WHERE (o.created_at + 0, o.order_id) < ($1, $2) ORDER BY o.created_at + 0 DESC, o.order_id DESC LIMIT $3`

	// fillOrders fills them in, unless a change did meanwhile.
	fillOrders = `UPDATE orders o ` + listedOrder + ` FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::text[], $10::text[])
			AS c (session_id, revision, authorized, captured, released, refunded, currency, fraud_status, reference1, reference2)
		WHERE o.session_id = c.session_id AND (o.revision IS NULL OR o.revision < c.revision)`
)

// comparedForOne is how many orders are compared with their sessions for one that may be
// filled in: so many of the newest, and as many of the walk through all. Each is a
// probe of an index.
const comparedForOne = 5

// newestOrder is before all orders of the list.
var newestOrder = store.OrderCursor{PlacedAt: math.MaxInt64}

// noteOrders notes whether the schema has the columns of the list. On the schema
// before, orders are placed without, and filled in when it is migrated.
func (e *Engine) noteOrders(ctx context.Context) error {
	if e.listsOrders.Load() {
		return nil
	}
	return e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		_, err := conn.Exec(ctx, `SELECT revision, fraud_status FROM orders LIMIT 0`)
		if pgpool.Code(err) == missingColumn {
			return nil
		}
		e.listsOrders.Store(err == nil)
		return err
	})
}

const missingColumn = "42703"

// FillOrders is store.Orders'. Where all are listed it looks for rows that are behind
// their sessions: a program which keeps no list may serve beside this one. Those of
// the newest orders are found at once, others as the walk comes to them.
func (e *Engine) FillOrders(ctx context.Context, limit int) (filled int, err error) {
	if limit < 1 {
		return 0, errors.New("postgres: a limit must be positive")
	}
	if err := e.noteOrders(ctx); err != nil || !e.listsOrders.Load() {
		return 0, err
	}
	sessions, err := e.unlisted(ctx, limit)
	if err == nil && len(sessions) == 0 {
		sessions, err = e.behind(ctx, limit)
	}
	if err != nil || len(sessions) == 0 {
		return 0, err
	}
	return e.list(ctx, sessions)
}

func (e *Engine) unlisted(ctx context.Context, limit int) (sessions []string, err error) {
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		sessions = nil
		rows, err := conn.Query(ctx, unlistedOrders, limit)
		return eachRow(rows, err, func(rows pgx.Rows) error {
			var id pgtype.UUID
			err := rows.Scan(&id)
			sessions = append(sessions, textOf(id))
			return err
		})
	})
	return sessions, err
}

// behind are sessions that were changed after what is listed of their orders, at most
// limit. It goes on with the walk where the look before ended.
func (e *Engine) behind(ctx context.Context, limit int) ([]string, error) {
	portion := comparedForOne * limit
	sessions, next, err := e.compare(ctx, newestOrder, portion, limit)
	if err != nil || len(sessions) == limit || next == newestOrder {
		return sessions, err
	}
	from := next
	if at := e.ordersWalk.Load(); at != nil && next.Before(*at) {
		from = *at
	}
	more, next, err := e.compare(ctx, from, portion, limit-len(sessions))
	if err == nil {
		e.ordersWalk.Store(&next)
	}
	return append(sessions, more...), err
}

// compare looks at a portion of the orders after a place of the list, until limit are
// behind. next is where it ended, the beginning when there are no more.
func (e *Engine) compare(ctx context.Context, after store.OrderCursor, portion, limit int) (sessions []string, next store.OrderCursor, err error) {
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		sessions, next = nil, after
		looked := 0
		rows, err := conn.Query(ctx, comparedOrders, after.PlacedAt, after.OrderID, portion)
		err = eachRow(rows, err, func(rows pgx.Rows) error {
			var session, order pgtype.UUID
			var placed int64
			var changed bool
			err := rows.Scan(&session, &placed, &order, &changed)
			if looked++; err != nil || len(sessions) == limit {
				return err
			}
			if next = (store.OrderCursor{PlacedAt: placed, OrderID: order.Bytes}); changed {
				sessions = append(sessions, textOf(session))
			}
			return nil
		})
		if err == nil && looked < portion && len(sessions) < limit {
			next = newestOrder
		}
		return err
	})
	return sessions, next, err
}

// list puts the orders of sessions into the list, as their newest revisions say.
func (e *Engine) list(ctx context.Context, sessions []string) (filled int, err error) {
	var listed listing
	ids, revisions := make(uuids, 0, len(sessions)), make(integers, 0, len(sessions))
	for _, id := range sessions {
		session, err := e.Session(ctx, id)
		if err != nil && !errors.Is(err, store.ErrNotFound) { // it may be deleted meanwhile
			return 0, err
		}
		if order, ok := store.OrderOf(&session); ok {
			var key [16]byte
			identifier.Parse(id, &key) // the database gave it
			ids, revisions = append(ids, uuid(key, true)), append(revisions, integer(session.Revision, true))
			listed.add(&order)
		}
	}
	return len(ids), e.change(ctx, func(p *pipeline) { p.exec(fillOrders, append([]any{ids, revisions}, listed.parameters()...)...) })
}
