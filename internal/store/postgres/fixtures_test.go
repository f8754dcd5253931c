package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

var dawn = time.Date(2026, time.March, 14, 9, 26, 53, 0, time.UTC)

// tale is a session that is written revision by revision.
type tale struct {
	session checkout.Session
}

func newTale() *tale {
	return &tale{session: checkout.Session{
		ID: uuid.NewString(), MerchantID: "M1", ClientToken: "client token", CreatedAt: dawn,
		Content: checkout.Content{PurchaseCountry: checkout.TextOf("SE"), OrderAmount: checkout.IntegerOf(10_000)},
	}}
}

// next is a change to the next revision, which its correlation id tells from
// others to the same. The tale goes on when it is told so.
func (s *tale) next(kind checkout.EventKind) store.Change {
	session := s.session
	session.Revision++
	session.UpdatedAt = dawn.Add(time.Duration(session.Revision) * time.Second)
	session.ExpiresAt = session.UpdatedAt.Add(checkout.SessionLifetime)
	event := checkout.Event{Kind: kind, At: session.UpdatedAt, CorrelationID: uuid.NewString()}
	switch kind {
	case checkout.EventAuthorized:
		event.AuthorizationToken = uuid.NewString()
	case checkout.EventOrdered:
		event.AuthorizationToken, event.OrderID = uuid.NewString(), uuid.NewString()
		session.Order = &checkout.Order{
			ID: event.OrderID, AuthorizationToken: event.AuthorizationToken, CreatedAt: session.UpdatedAt,
			Ledger: checkout.NewLedger(10_000),
		}
	}
	return store.Change{Session: session, Event: event}
}

func (s *tale) goOn(change store.Change) { s.session = change.Session }

// commit hands over one change.
func commit(t testing.TB, engine store.Engine, change store.Change) error {
	t.Helper()
	return engine.Commit(t.Context(), []store.Change{change})[0]
}

func mustCommit(t testing.TB, engine store.Engine, changes ...store.Change) {
	t.Helper()
	for i, err := range engine.Commit(t.Context(), changes) {
		if err != nil {
			t.Fatalf("change %d (revision %d, %s): %v", i, changes[i].Session.Revision, changes[i].Event.Kind, err)
		}
	}
}

// mustHave expects exactly these changes in the session, each findable by what
// it issued or placed.
func mustHave(t testing.TB, engine store.Engine, sessionID string, want ...store.Change) {
	t.Helper()
	got, err := engine.Revisions(t.Context(), sessionID, 0, 0)
	if err != nil && !(errors.Is(err, store.ErrNotFound) && len(want) == 0) {
		t.Errorf("session %s: %v", sessionID, err)
		return
	}
	if diff := differences(want, got); diff != "" {
		t.Errorf("session %s: %s", sessionID, diff)
	}
	for _, change := range want {
		if change.Event.Kind == checkout.EventAuthorized {
			mustLead(t, engine.SessionOfAuthorization, change.Event.AuthorizationToken, sessionID)
		}
		if change.Event.OrderID != "" {
			mustLead(t, engine.SessionOfOrder, change.Event.OrderID, sessionID)
		}
	}
}

func differences(want []store.Change, got []store.Revision) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%d revisions, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i].Session.Revision != int64(i)+1 || got[i].Event.CorrelationID != want[i].Event.CorrelationID {
			return fmt.Sprintf("revision %d is %+v, want %+v", i+1, got[i].Event, want[i].Event)
		}
	}
	return ""
}

func mustLead(t testing.TB, find func(context.Context, string) (string, error), id, sessionID string) {
	t.Helper()
	if got, err := find(t.Context(), id); err != nil || got != sessionID {
		t.Errorf("%s leads to %q, %v; want %s", id, got, err, sessionID)
	}
}

func mustNotLead(t testing.TB, find func(context.Context, string) (string, error), id string) {
	t.Helper()
	if got, err := find(t.Context(), id); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("%s leads to %q, %v; want ErrNotFound", id, got, err)
	}
}
