package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// exactly compares times by representation too: an engine returns UTC.
var exactly = cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) && a.Location() == b.Location() })

// newMerchant makes a merchant known. The space in the id is deliberate.
func newMerchant(t *testing.T, engine store.Engine) string {
	t.Helper()
	merchant := "PK 1_" + newID()
	if err := engine.EnsureMerchant(t.Context(), merchant, dawn); err != nil {
		t.Fatalf("EnsureMerchant: %v", err)
	}
	return merchant
}

// commit hands the changes over as one batch.
func commit(t *testing.T, engine store.Engine, changes ...store.Change) []error {
	t.Helper()
	answers := engine.Commit(t.Context(), changes)
	if len(answers) != len(changes) {
		t.Fatalf("Commit of %d changes gave %d answers", len(changes), len(answers))
	}
	return answers
}

// mustCommit expects every change of one batch to be accepted.
func mustCommit(t *testing.T, engine store.Engine, changes ...store.Change) {
	t.Helper()
	for i, err := range commit(t, engine, changes...) {
		if err != nil {
			t.Fatalf("change %d (revision %d, %s): %v", i, changes[i].Session.Revision, changes[i].Event.Kind, err)
		}
	}
}

// mustConflict expects the change to be refused and to leave nothing behind
// in its session.
func mustConflict(t *testing.T, engine store.Engine, change store.Change) {
	t.Helper()
	before := historyOf(t, engine, change.Session.ID)
	if err := commit(t, engine, change)[0]; !errors.Is(err, store.ErrConflict) {
		t.Fatalf("revision %d, %s: got %v, want ErrConflict", change.Session.Revision, change.Event.Kind, err)
	}
	mustHaveHistory(t, engine, change.Session.ID, before)
}

// mustAnswer expects the kinds of answers of one batch, in its order.
func mustAnswer(t *testing.T, engine store.Engine, changes []store.Change, want []error) {
	t.Helper()
	for i, err := range commit(t, engine, changes...) {
		if !errors.Is(err, want[i]) {
			t.Errorf("change %d of the batch: got %v, want %v", i, err, want[i])
		}
	}
}

// mustRead expects the session as the newest state.
func mustRead(t *testing.T, engine store.Engine, want checkout.Session) {
	t.Helper()
	got, err := engine.Session(t.Context(), want.ID)
	if err != nil {
		t.Fatalf("Session: %v", err)
	}
	if diff := cmp.Diff(want, got, exactly); diff != "" {
		t.Fatalf("the session differs (-written +read):\n%s", diff)
	}
}

// historyOf is the history of a session, empty when there is none.
func historyOf(t *testing.T, engine store.Engine, sessionID string) []store.Revision {
	t.Helper()
	history, err := engine.Revisions(t.Context(), sessionID, 0, 0)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("Revisions: %v", err)
	}
	return history
}

// wholeHistory is Revisions without a limit.
func wholeHistory(engine store.Engine) func(context.Context, string) ([]store.Revision, error) {
	return func(ctx context.Context, sessionID string) ([]store.Revision, error) {
		return engine.Revisions(ctx, sessionID, 0, 0)
	}
}

// mustHaveHistory expects exactly these revisions, oldest first, and the last
// of them as the newest state.
func mustHaveHistory(t *testing.T, engine store.Engine, sessionID string, want []store.Revision) {
	t.Helper()
	if len(want) == 0 {
		mustNotFind(t, "session", engine.Session, sessionID)
		mustNotFind(t, "history", wholeHistory(engine), sessionID)
		return
	}
	got, err := engine.Revisions(t.Context(), sessionID, 0, 0)
	if err != nil {
		t.Fatalf("Revisions: %v", err)
	}
	if diff := cmp.Diff(want, got, exactly); diff != "" {
		t.Fatalf("the history differs (-written +read):\n%s", diff)
	}
	mustRead(t, engine, want[len(want)-1].Session)
}

// revisionsOf is the history that the changes of one session make.
func revisionsOf(changes ...store.Change) []store.Revision {
	history := make([]store.Revision, len(changes))
	for i := range changes {
		history[i] = store.Revision{Session: changes[i].Session, Event: changes[i].Event}
	}
	return history
}

func mustFind(t *testing.T, what string, find func(context.Context, string) (string, error), key, want string) {
	t.Helper()
	if got, err := find(t.Context(), key); err != nil || got != want {
		t.Errorf("the %s %q leads to %q, %v; want session %q", what, key, got, err, want)
	}
}

func mustNotFind[V any](t *testing.T, what string, find func(context.Context, string) (V, error), key string) {
	t.Helper()
	if got, err := find(t.Context(), key); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the %s %q: got %v, %v; want ErrNotFound", what, key, got, err)
	}
}
