package postgres_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/postgres"
)

// TestKindsOfCallbacksBeginWithTheirSchema: on the schema before reviews, whose
// index knows one delivery under way for each session, the callbacks of a session
// go one by one, of whatever kind; those of another session go beside them. On
// the newest schema kinds do not wait for each other.
func TestKindsOfCallbacksBeginWithTheirSchema(t *testing.T) {
	t.Parallel()
	const theirs = 5 // the number of their migration
	if newest(t) > theirs {
		return // no server starts on the schema before any more
	}
	url := migratedTo(t, theirs-1)
	engine := open(t, url, postgres.Options{MaxConnections: 2})
	tell := func(s *tale, kind checkout.CallbackKind) string {
		t.Helper()
		event := checkout.EventUpdated
		if s.session.Revision == 0 {
			event = checkout.EventCreated
		}
		change := s.next(event)
		change.Callback = &store.Callback{ID: uuid.NewString(), Kind: kind, URL: "https://shop.example/", Body: []byte("{}")}
		mustCommit(t, engine, change)
		s.goOn(change)
		return change.Callback.ID
	}
	one, other := newTale(), newTale()
	authorization, push := tell(one, checkout.CallbackAuthorization), tell(one, checkout.CallbackPush)
	beside, notification := tell(other, checkout.CallbackAuthorization), tell(one, checkout.CallbackNotification)

	lease, now := uuid.NewString(), time.Now()
	claim := func(want ...string) {
		t.Helper()
		lease = uuid.NewString()
		claimed, err := engine.ClaimCallbacks(t.Context(), store.CallbackClaim{Lease: lease, Now: now, Until: now.Add(time.Minute), Limit: 9})
		var ids []string
		for _, c := range claimed {
			ids = append(ids, c.ID)
		}
		slices.Sort(ids)
		slices.Sort(want)
		if err != nil || !slices.Equal(ids, want) {
			t.Fatalf("claimed %q, %v; want %q", ids, err, want)
		}
	}
	finish := func(id string) {
		t.Helper()
		if err := engine.FinishCallback(t.Context(), id, lease, store.CallbackEnd{State: store.CallbackDelivered}); err != nil {
			t.Fatal(err)
		}
	}
	claim(authorization, beside)
	claim()
	if err := postgres.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	claim() // until it has looked again
	if _, err := engine.CountOpenReviews(t.Context()); err != nil {
		t.Fatal(err)
	}
	claim(push, notification)
	finish(push)
	finish(notification)
}
