package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/postgres"
)

// TestCallbacksBeginWithTheirSchema: a server that was started on the schema
// before callbacks takes changes that have one, finds none, and writes them once
// the schema is there and it has looked again.
func TestCallbacksBeginWithTheirSchema(t *testing.T) {
	t.Parallel()
	const theirs = 3 // the number of their migration
	if newest(t) > theirs {
		return // no server starts on that schema any more
	}
	url := migratedTo(t, theirs-1)
	engine := open(t, url, postgres.Options{MaxConnections: 2})
	s := newTale()
	tell := func(kind checkout.EventKind) {
		t.Helper()
		change := s.next(kind)
		change.Callback = &store.Callback{ID: uuid.NewString(), Kind: checkout.CallbackAuthorization, URL: "https://shop.example/", Body: []byte("{}")}
		mustCommit(t, engine, change)
		s.goOn(change)
	}
	claim := func() int {
		t.Helper()
		now := time.Now().AddDate(10, 0, 0)
		claimed, err := engine.ClaimCallbacks(t.Context(), store.CallbackClaim{Lease: uuid.NewString(), Now: now, Until: now.Add(time.Minute), Limit: 9})
		if err != nil {
			t.Fatal(err)
		}
		return len(claimed)
	}
	tell(checkout.EventCreated)
	if n := claim(); n != 0 {
		t.Errorf("%d claimed where there is no outbox", n)
	}
	if held, err := engine.CallbacksHeld(t.Context(), "m"); held || err != nil {
		t.Errorf("held %v, %v", held, err)
	}
	if list, err := engine.Callbacks(t.Context(), store.CallbackFilter{MerchantID: "m", Limit: 9}); len(list) > 0 || err != nil {
		t.Errorf("%v, %v", list, err)
	}
	if err := engine.StepCallback(t.Context(), "m", uuid.NewString(), store.CallbackDrop, time.Now()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a step: %v", err)
	}
	if err := postgres.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	if n := claim(); n != 0 {
		t.Errorf("%d claimed that were never written", n)
	}
	tell(checkout.EventUpdated)
	if n := claim(); n != 1 {
		t.Errorf("%d claimed, want 1", n)
	}
}
