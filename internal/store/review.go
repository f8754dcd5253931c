package store

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/money"
)

// Review is what a list tells of the review of an order. It follows from the
// session that was committed last; what was decided by whom is in the session.
type Review struct {
	OrderID    string
	SessionID  string
	MerchantID string
	PlacedAt   time.Time
	DueAt      time.Time // on the merchant's clock
	Amount     money.Amount
	Currency   string
	State      checkout.ReviewState
	ClaimedBy  string
}

// ReviewOf is the review of a session's order; ok is false without one.
func ReviewOf(s *checkout.Session) (review Review, ok bool) {
	o := s.Order
	if o == nil || o.Review == nil {
		return Review{}, false
	}
	return Review{
		OrderID: o.ID, SessionID: s.ID, MerchantID: s.MerchantID, PlacedAt: o.CreatedAt, DueAt: o.Review.DueAt,
		Amount: o.Ledger.Authorized, Currency: o.Content.PurchaseCurrency.Value, State: o.Review.State, ClaimedBy: o.Review.ClaimedBy,
	}, true
}

// ReviewFilter says which reviews are listed.
type ReviewFilter struct {
	MerchantID string // "" is of all
	Decided    bool   // those that have ended, instead of those that wait for a verdict
	Limit      int    // at least 1
	After      string // the cursor of the page before; "" begins
}

// Reviews finds reviews. A change whose session has an order with a review keeps
// it up to date, in the same transaction.
type Reviews interface {
	// Reviews lists reviews, the earliest due first. next is the cursor of what
	// follows, "" at the end. ErrCursor for a cursor that was never given.
	Reviews(ctx context.Context, filter ReviewFilter) (found []Review, next string, err error)
	// DueReviews returns reviews that wait although their time has come by their
	// merchant's clock, the earliest due first. Now is the system's time.
	DueReviews(ctx context.Context, now time.Time, limit int) ([]Review, error)
	// CountOpenReviews is how many wait for a verdict, of all merchants.
	CountOpenReviews(ctx context.Context) (int, error)
}

// ErrCursor: a list was to go on after a cursor that was never given.
var ErrCursor = errors.New("store: the cursor is none that a list has given")

// ReviewCursor is where a list has come to with a review.
type ReviewCursor struct {
	DueAt   int64 // unix milliseconds
	OrderID string
}

// Text is the cursor as a list gives it.
func (c ReviewCursor) Text() string { return strconv.FormatInt(c.DueAt, 10) + "." + c.OrderID }

// CursorOf is the cursor of a review.
func CursorOf(r *Review) ReviewCursor { return ReviewCursor{r.DueAt.UnixMilli(), r.OrderID} }

// ParseReviewCursor reads a cursor; "" is before everything. The order id is not
// looked at.
func ParseReviewCursor(text string) (ReviewCursor, error) {
	if text == "" {
		return ReviewCursor{DueAt: -1 << 63}, nil
	}
	due, order, ok := strings.Cut(text, ".")
	at, err := strconv.ParseInt(due, 10, 64)
	if !ok || err != nil || len(order) != 36 {
		return ReviewCursor{}, ErrCursor
	}
	return ReviewCursor{at, order}, nil
}

// PageOfReviews cuts a list that was read with one more than the limit.
func PageOfReviews(found []Review, limit int) (page []Review, next string) {
	if len(found) <= limit {
		return found, ""
	}
	page = found[:limit]
	return page, CursorOf(&page[limit-1]).Text()
}
