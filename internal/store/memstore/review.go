package memstore

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

var _ store.Reviews = (*Engine)(nil)

// reviews are by order.
type reviews map[string]store.Review

func (r reviews) put(c *store.Change) {
	if review, ok := store.ReviewOf(&c.Session); ok {
		r[review.OrderID] = review
	}
}

// inOrder are those that a condition holds for, the earliest due first.
func (r reviews) inOrder(wanted func(*store.Review) bool) []store.Review {
	return slices.SortedFunc(func(yield func(store.Review) bool) {
		for review := range maps.Values(r) {
			if wanted(&review) && !yield(review) {
				return
			}
		}
	}, func(a, b store.Review) int { return compareReviews(store.CursorOf(&a), store.CursorOf(&b)) })
}

func compareReviews(a, b store.ReviewCursor) int {
	return cmp.Or(cmp.Compare(a.DueAt, b.DueAt), cmp.Compare(a.OrderID, b.OrderID))
}

// Reviews is store.Reviews'.
func (e *Engine) Reviews(ctx context.Context, filter store.ReviewFilter) (found []store.Review, next string, err error) {
	if err := e.enter(ctx); err != nil {
		return nil, "", err
	}
	defer e.mu.Unlock()
	if filter.Limit < 1 {
		return nil, "", fmt.Errorf("memstore: the limit %d is not positive", filter.Limit)
	}
	after, err := store.ParseReviewCursor(filter.After)
	if err != nil {
		return nil, "", err
	}
	found = e.reviews.inOrder(func(r *store.Review) bool {
		return (filter.MerchantID == "" || r.MerchantID == filter.MerchantID) && r.State.Waits() != filter.Decided &&
			compareReviews(store.CursorOf(r), after) > 0
	})
	found, next = store.PageOfReviews(found, filter.Limit)
	return found, next, nil
}

// DueReviews is store.Reviews'.
func (e *Engine) DueReviews(ctx context.Context, now time.Time, limit int) ([]store.Review, error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.mu.Unlock()
	if limit < 1 {
		return nil, fmt.Errorf("memstore: the limit %d is not positive", limit)
	}
	due := e.reviews.inOrder(func(r *store.Review) bool {
		return r.State.Waits() && !r.DueAt.After(now.Add(e.clocks[r.MerchantID]))
	})
	return due[:min(len(due), limit)], nil
}

// CountOpenReviews is store.Reviews'.
func (e *Engine) CountOpenReviews(ctx context.Context) (int, error) {
	if err := e.enter(ctx); err != nil {
		return 0, err
	}
	defer e.mu.Unlock()
	return len(e.reviews.inOrder(func(r *store.Review) bool { return r.State.Waits() })), nil
}
