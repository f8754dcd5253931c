package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/money"
	"github.com/kvitto/kvitto/internal/store"
)

var _ store.Reviews = (*Engine)(nil)

const (
	// putReviews keeps what is listed. A revision that is not the newest any more
	// changes nothing: an attempt may come late.
	putReviews = `INSERT INTO reviews (order_id, session_id, revision, merchant_id, placed_at, due_at, amount, currency, state, waiting, claimed_by)
		SELECT c.order_id, c.session_id, c.revision, c.merchant_id, c.placed_at, c.due_at, c.amount, c.currency, c.state, c.waiting, c.claimed_by
		FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::text[],
			$10::text[], $11::boolean[], $12::text[])
			AS c (session_id, revision, change_id, order_id, merchant_id, placed_at, due_at, amount, currency, state, waiting, claimed_by)
		WHERE c.change_id = (SELECT r.change_id FROM revisions r WHERE r.session_id = c.session_id AND r.revision = c.revision)
		ON CONFLICT (order_id) DO UPDATE SET revision = excluded.revision, due_at = excluded.due_at, amount = excluded.amount,
			state = excluded.state, waiting = excluded.waiting, claimed_by = excluded.claimed_by
			WHERE reviews.revision < excluded.revision`

	reviewColumns = `SELECT r.order_id, r.session_id, r.merchant_id, r.placed_at, r.due_at, r.amount, r.currency, r.state, r.claimed_by
		FROM reviews r WHERE `

	reviewsWaiting = `r.waiting AND (r.due_at, r.order_id) > ($1, $2) ORDER BY r.due_at, r.order_id LIMIT $3`
	reviewsDecided = `NOT r.waiting AND (r.due_at, r.order_id) < ($1, $2) ORDER BY r.due_at DESC, r.order_id DESC LIMIT $3`

	dueReviews = reviewColumns + `r.waiting AND r.due_at <= $1 + ` + furthestAhead + `
		AND r.due_at <= $1 + coalesce((SELECT k.advance_ns FROM clocks k
		WHERE k.merchant_id = r.merchant_id ORDER BY k.move DESC LIMIT 1), 0) / 1000000 ORDER BY r.due_at, r.order_id LIMIT $2`
)

// reviewed are the parameters of putReviews.
func (w *wave) reviewed() []any {
	id, orders := newIdentity(w.reviews), make(uuids, 0, w.reviews)
	merchants, currencies := make(texts, 0, w.reviews), make(texts, 0, w.reviews)
	states, claimed := make(texts, 0, w.reviews), make(texts, 0, w.reviews)
	placed, due, amounts := make(integers, 0, w.reviews), make(integers, 0, w.reviews), make(integers, 0, w.reviews)
	waiting := make(pgtype.FlatArray[bool], 0, w.reviews)
	for i := range w.rows {
		r := &w.rows[i]
		if !r.reviewed {
			continue
		}
		review, _ := store.ReviewOf(&r.change.Session)
		id.add(r)
		orders, merchants = append(orders, uuid(r.reviewOf, true)), append(merchants, text(review.MerchantID, true))
		placed, due = append(placed, integer(review.PlacedAt.UnixMilli(), true)), append(due, integer(review.DueAt.UnixMilli(), true))
		amounts, currencies = append(amounts, integer(int64(review.Amount), true)), append(currencies, text(review.Currency, true))
		states, claimed = append(states, text(string(review.State), true)), append(claimed, text(review.ClaimedBy, true))
		waiting = append(waiting, review.State.Waits())
	}
	return []any{id.sessions, id.revisions, id.changes, orders, merchants, placed, due, amounts, currencies, states, waiting, claimed}
}

// readReview takes the id of the order whose review the change keeps up to date.
func (r *row) readReview() error {
	review, ok := store.ReviewOf(&r.change.Session)
	if r.reviewed = ok; !ok {
		return nil
	}
	if !identifier.Parse(review.OrderID, &r.reviewOf) {
		return errIdentifier
	}
	if !storable(review.Currency) || !storable(string(review.State)) || !storable(review.ClaimedBy) {
		return errText
	}
	return nil
}

// Reviews is store.Reviews'.
func (e *Engine) Reviews(ctx context.Context, filter store.ReviewFilter) (found []store.Review, next string, err error) {
	if filter.Limit < 1 {
		return nil, "", errors.New("postgres: a limit must be positive")
	}
	after, err := filter.Cursor()
	if err != nil {
		return nil, "", err
	}
	var order [16]byte
	if filter.After != "" && !identifier.Parse(after.OrderID, &order) {
		return nil, "", store.ErrCursor
	}
	if !storable(filter.MerchantID) {
		return nil, "", nil
	}
	query, which, parameters := reviewColumns, reviewsWaiting, []any{after.DueAt, order, filter.Limit + 1}
	if filter.MerchantID != "" {
		query, parameters = query+`r.merchant_id = $4 AND `, append(parameters, filter.MerchantID)
	}
	if filter.Decided {
		which = reviewsDecided
	}
	found, err = e.listReviews(ctx, query+which, parameters...)
	found, next = store.PageOfReviews(found, filter.Limit)
	return found, next, err
}

// DueReviews is store.Reviews'.
func (e *Engine) DueReviews(ctx context.Context, now time.Time, limit int) ([]store.Review, error) {
	if limit < 1 {
		return nil, errors.New("postgres: a limit must be positive")
	}
	return e.listReviews(ctx, dueReviews, now.UnixMilli(), limit)
}

// listReviews reads what a query selects.
func (e *Engine) listReviews(ctx context.Context, query string, parameters ...any) (found []store.Review, err error) {
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		found = nil
		rows, err := conn.Query(ctx, query, parameters...)
		return eachRow(rows, err, func(rows pgx.Rows) error { return scanReview(rows, &found) })
	})
	return found, err
}

// CountOpenReviews is store.Reviews'.
func (e *Engine) CountOpenReviews(ctx context.Context) (open int, err error) {
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		return each(ctx, conn, `SELECT count(*) FROM reviews WHERE waiting`, nil, func(rows pgx.Rows) error { return rows.Scan(&open) })
	})
	return open, err
}

func scanReview(rows pgx.Rows, into *[]store.Review) error {
	var r store.Review
	var order, session pgtype.UUID
	var placed, due, amount int64
	var state string
	if err := rows.Scan(&order, &session, &r.MerchantID, &placed, &due, &amount, &r.Currency, &state, &r.ClaimedBy); err != nil {
		return err
	}
	r.OrderID, r.SessionID, r.PlacedAt, r.DueAt = textOf(order), textOf(session), timeOf(placed), timeOf(due)
	r.Amount, r.State = money.Amount(amount), checkout.ReviewState(state)
	*into = append(*into, r)
	return nil
}
