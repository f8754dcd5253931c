package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/money"
	"github.com/kvitto/kvitto/internal/store"
)

var _ store.Reviews = (*Engine)(nil)

const putReview = `INSERT INTO reviews
	(order_id, session_id, merchant_id, placed_at, due_at, amount, currency, state, waiting, claimed_by)
	VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
	ON CONFLICT (order_id) DO UPDATE SET due_at = excluded.due_at, amount = excluded.amount, state = excluded.state,
		waiting = excluded.waiting, claimed_by = excluded.claimed_by`

// reviewColumns are what scanReview reads.
const reviewColumns = `SELECT r.order_id, r.session_id, r.merchant_id, r.placed_at, r.due_at, r.amount, r.currency, r.state, r.claimed_by
	FROM reviews r`

// reviewReader are the statements that read reviews.
type reviewReader struct{ all, ofMerchant, due, count *statement }

func (r *reviewReader) statements() []preparation {
	const after = ` AND (r.due_at, r.order_id) > (?2, ?3) ORDER BY r.due_at, r.order_id LIMIT ?4`
	return []preparation{
		{&r.all, reviewColumns + ` WHERE r.waiting = ?1` + after},
		{&r.ofMerchant, reviewColumns + ` WHERE r.merchant_id = ?5 AND r.waiting = ?1` + after},
		{&r.due, reviewColumns + ` LEFT JOIN clocks k ON k.merchant_id = r.merchant_id
			WHERE r.waiting = 1 AND r.due_at <= ?1 + coalesce(k.advance_ns, 0) / 1000000 ORDER BY r.due_at, r.order_id LIMIT ?2`},
		{&r.count, `SELECT count(*) FROM reviews WHERE waiting = 1`},
	}
}

// putReviewOf keeps what is listed of the session's order, when it has a review.
func (w *writer) putReviewOf(s *checkout.Session) error {
	review, ok := store.ReviewOf(s)
	if !ok {
		return nil
	}
	var order identifier
	if !parseIdentifier(review.OrderID, &order) {
		return errIdentifier
	}
	return w.putReview.blob(1, order[:]).blob(2, w.ids.session[:]).text(3, review.MerchantID).integer(4, review.PlacedAt.UnixMilli()).
		integer(5, review.DueAt.UnixMilli()).integer(6, int64(review.Amount)).text(7, review.Currency).text(8, string(review.State)).
		integer(9, bit(review.State.Waits())).text(10, review.ClaimedBy).run()
}

func bit(set bool) int64 {
	if set {
		return 1
	}
	return 0
}

// Reviews is store.Reviews'.
func (e *Engine) Reviews(ctx context.Context, filter store.ReviewFilter) (found []store.Review, next string, err error) {
	if filter.Limit < 1 {
		return nil, "", fmt.Errorf("sqlite: the limit %d is not positive", filter.Limit)
	}
	after, err := store.ParseReviewCursor(filter.After)
	if err != nil {
		return nil, "", err
	}
	var order identifier
	if filter.After != "" && !parseIdentifier(after.OrderID, &order) {
		return nil, "", store.ErrCursor
	}
	err = e.read(ctx, func(r *reader) (err error) {
		q := r.reviews.all
		if filter.MerchantID != "" {
			q = r.reviews.ofMerchant.text(5, filter.MerchantID)
		}
		found, err = scanReviews(q.integer(1, bit(!filter.Decided)).integer(2, after.DueAt).blob(3, order[:]).integer(4, int64(filter.Limit)+1))
		return err
	})
	found, next = store.PageOfReviews(found, filter.Limit)
	return found, next, err
}

// DueReviews is store.Reviews'.
func (e *Engine) DueReviews(ctx context.Context, now time.Time, limit int) (due []store.Review, err error) {
	if limit < 1 {
		return nil, fmt.Errorf("sqlite: the limit %d is not positive", limit)
	}
	err = e.read(ctx, func(r *reader) (err error) {
		due, err = scanReviews(r.reviews.due.integer(1, now.UnixMilli()).integer(2, int64(limit)))
		return err
	})
	return due, err
}

// CountOpenReviews is store.Reviews'.
func (e *Engine) CountOpenReviews(ctx context.Context) (open int, err error) {
	err = e.read(ctx, func(r *reader) error {
		_, err := single(r.reviews.count, func(q *statement) { open = int(q.columnInteger(0)) })
		return err
	})
	return open, err
}

func scanReviews(q *statement) (found []store.Review, err error) {
	for q.row() {
		found = append(found, store.Review{
			OrderID: identifierText(q.columnBlob(0)), SessionID: identifierText(q.columnBlob(1)), MerchantID: q.columnText(2),
			PlacedAt: q.columnTime(3), DueAt: q.columnTime(4), Amount: money.Amount(q.columnInteger(5)), Currency: q.columnText(6),
			State: checkout.ReviewState(q.columnText(7)), ClaimedBy: q.columnText(8),
		})
	}
	return found, q.reset()
}
