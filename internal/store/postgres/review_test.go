package postgres_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/postgres"
)

// TestReviewsBeginWithTheirSchema: a server that was started on the schema before
// reviews refuses an order that needs one, which nobody would ever decide about,
// and says what to do; the others of the batch are taken. It takes it once the
// schema is there and it has looked again.
func TestReviewsBeginWithTheirSchema(t *testing.T) {
	t.Parallel()
	const theirs = 5 // the number of their migration
	if newest(t) > theirs {
		return // no server starts on that schema any more
	}
	url := migratedTo(t, theirs-1)
	engine := open(t, url, postgres.Options{MaxConnections: 2})
	referred, other := newTale(), newTale()
	change := referred.next(checkout.EventCreated)
	change.Session.Order = &checkout.Order{ID: uuid.NewString(), AuthorizationToken: uuid.NewString(), FraudStatus: checkout.FraudPending,
		Review: &checkout.Review{State: checkout.ReviewOpen, DueAt: time.UnixMilli(1).UTC()}}
	answers := engine.Commit(t.Context(), []store.Change{change, other.next(checkout.EventCreated)})
	if answers[0] == nil || !strings.Contains(answers[0].Error(), "kvitto migrate") || answers[1] != nil {
		t.Fatal(answers)
	}
	look := func(want int) {
		t.Helper()
		due, err := engine.DueReviews(t.Context(), time.Now(), 10)
		if err != nil || len(due) != want {
			t.Errorf("%d are due, %v; want %d", len(due), err, want)
		}
		if open, err := engine.CountOpenReviews(t.Context()); err != nil || open != want {
			t.Errorf("%d are open, %v; want %d", open, err, want)
		}
		if list, _, err := engine.Reviews(t.Context(), store.ReviewFilter{Limit: 10}); err != nil || len(list) != want {
			t.Errorf("%d are listed, %v; want %d", len(list), err, want)
		}
	}
	look(0)
	if err := postgres.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	look(0)
	mustCommit(t, engine, change)
	look(1)
}
