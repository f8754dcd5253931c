package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

// RunExpiring checks the rules of store.Expiring, each on an engine of its own
// that holds nothing else. The suite closes what open returns.
func RunExpiring(t *testing.T, open func(t *testing.T) store.Engine) {
	t.Helper()
	for _, r := range expiringRules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.check(t, opened(t, open))
		})
	}
}

var expiringRules = []rule{
	{"an expired session goes with its history and its tokens", func(t *testing.T, engine store.Engine) {
		e := fillExpiring(t, engine)
		mustDelete(t, engine, e.noon, 100, 2)
		for _, gone := range []*story{e.old, e.approved} {
			mustHaveHistory(t, engine, gone.session.ID, nil)
		}
		mustNotFind(t, "token", engine.SessionOfAuthorization, e.token)
		mustHaveHistory(t, engine, e.fresh.session.ID, e.freshHistory)
		mustRead(t, engine, e.ordered.session)
		mustFind(t, "token", engine.SessionOfAuthorization, e.orderedToken, e.ordered.session.ID)
		mustFind(t, "order", engine.SessionOfOrder, e.orderID, e.ordered.session.ID)
		mustDelete(t, engine, e.noon, 100, 0)
	}},
	{"a session is as old as its newest revision", func(t *testing.T, engine store.Engine) {
		e := fillExpiring(t, engine)
		mustCommit(t, engine, e.at(e.old, e.noon, updating("again")), e.at(e.fresh, e.noon.Add(time.Hour), updating("later")))
		mustDelete(t, engine, e.noon, 100, 1)
		mustRead(t, engine, e.old.session)
		mustDelete(t, engine, e.noon.Add(time.Millisecond), 100, 1)
		mustHaveHistory(t, engine, e.old.session.ID, nil)
		mustRead(t, engine, e.fresh.session)
	}},
	{"a deleted session cannot be changed and can be made again", func(t *testing.T, engine store.Engine) {
		e := fillExpiring(t, engine)
		update := e.old.fork().take(updating("too late"))
		mustDelete(t, engine, e.noon, 100, 2)
		mustConflict(t, engine, update)
		again := begin(t, e.merchant)
		again.session.ID = e.old.session.ID
		mustCommit(t, engine, again.created(), again.take(updating("again")))
		mustRead(t, engine, again.session)
		other := begin(t, e.merchant)
		mustCommit(t, engine, other.created(), other.take(authorizing(e.token)))
		mustFind(t, "token", engine.SessionOfAuthorization, e.token, other.session.ID)
	}},
	{"the cursor leads through all sessions in portions", func(t *testing.T, engine store.Engine) {
		e := fillExpiring(t, engine)
		deleted, calls, cursor := 0, 0, ""
		for {
			n, next, err := engine.(store.Expiring).DeleteExpired(t.Context(), e.noon, cursor, 1)
			if err != nil || n > 1 {
				t.Fatalf("DeleteExpired looking at one session: %d, %v", n, err)
			}
			deleted, calls = deleted+n, calls+1
			if next == "" {
				break
			}
			if next == cursor || calls > 10 {
				t.Fatalf("call %d leads from %q to %q", calls, cursor, next)
			}
			cursor = next
		}
		if deleted != 2 || calls < 4 {
			t.Errorf("%d sessions were deleted in %d calls, want 2 of 4 sessions in at least 4", deleted, calls)
		}
		mustRead(t, engine, e.fresh.session)
		mustRead(t, engine, e.ordered.session)
	}},
	{"a limit that is not positive and a foreign cursor are refused", func(t *testing.T, engine store.Engine) {
		e := fillExpiring(t, engine)
		for _, limit := range []int{0, -1} {
			if _, _, err := engine.(store.Expiring).DeleteExpired(t.Context(), e.noon, "", limit); err == nil {
				t.Errorf("the limit %d was taken", limit)
			}
		}
		if _, _, err := engine.(store.Expiring).DeleteExpired(t.Context(), e.noon, "no cursor", 10); err == nil {
			t.Error("a cursor that the store never gave was taken")
		}
		mustRead(t, engine, e.old.session)
	}},
	{"deleting goes on while sessions change", deletingBesideChanges},
	{"a deletion whose context has ended deletes nothing", func(t *testing.T, engine store.Engine) {
		e := fillExpiring(t, engine)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		_, _, err := engine.(store.Expiring).DeleteExpired(ended, e.noon, "", 100)
		mustBeCancelled(t, "DeleteExpired", err)
		mustRead(t, engine, e.old.session)
	}},
}

// deletingBesideChanges updates one session all the time while others are made
// and deleted.
func deletingBesideChanges(t *testing.T, engine store.Engine) {
	e := fillExpiring(t, engine)
	busy := begin(t, e.merchant)
	busy.now = e.noon
	mustCommit(t, engine, busy.created(), busy.take(updating("first")))
	stop, stopped := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
			}
			if err := engine.Commit(t.Context(), []store.Change{busy.take(updating("again"))})[0]; err != nil {
				stopped <- err
				return
			}
		}
	}()
	for range 50 {
		passing := begin(t, e.merchant)
		mustCommit(t, engine, passing.created(), passing.take(authorizing(newID())))
		mustEmpty(t, engine, e.noon)
		mustHaveHistory(t, engine, passing.session.ID, nil)
	}
	close(stop)
	if err := <-stopped; err != nil {
		t.Fatalf("an update beside the deletions: %v", err)
	}
	mustRead(t, engine, busy.session)
	mustRead(t, engine, e.fresh.session)
}

// mustEmpty deletes until nothing is left to delete: the newest revision of all
// may be kept until there is a newer one.
func mustEmpty(t *testing.T, engine store.Engine, before time.Time) {
	t.Helper()
	for range 1000 {
		other := begin(t, "PK 2")
		other.event.At = before
		mustCommit(t, engine, other.created())
		if deleted, _, err := engine.(store.Expiring).DeleteExpired(t.Context(), before, "", 1000); err != nil {
			t.Fatalf("DeleteExpired: %v", err)
		} else if deleted > 0 {
			return
		}
	}
	t.Fatal("nothing was deleted")
}

// expiring is a store with four sessions: two that are old, one of them
// approved, an old one with an order, and a fresh one, made last.
type expiring struct {
	merchant                      string
	noon                          time.Time // of the fresh one
	old, approved, ordered, fresh *story
	token, orderedToken, orderID  string
	freshHistory                  []store.Revision
}

func fillExpiring(t *testing.T, engine store.Engine) *expiring {
	t.Helper()
	e := &expiring{merchant: newMerchant(t, engine), noon: dawn.Add(24 * time.Hour), token: newID(), orderedToken: newID(), orderID: newID()}
	e.old, e.approved, e.ordered, e.fresh = begin(t, e.merchant), begin(t, e.merchant), begin(t, e.merchant), begin(t, e.merchant)
	mustCommit(t, engine, e.old.created(), e.old.take(updating("once")), e.old.take(updating("twice")))
	mustCommit(t, engine, e.approved.created(), e.approved.take(authorizing(e.token)))
	mustCommit(t, engine, e.ordered.created(), e.ordered.take(authorizing(e.orderedToken)), e.ordered.take(ordering(e.orderID)))
	changes := []store.Change{e.fresh.created(), e.at(e.fresh, e.noon, updating("fresh"))}
	mustCommit(t, engine, changes...)
	e.freshHistory = revisionsOf(changes...)
	return e
}

// at is a step that happens at a time.
func (e *expiring) at(s *story, at time.Time, next step) store.Change {
	s.now = at.Add(-1001 * time.Millisecond)
	return s.take(next)
}

func mustDelete(t *testing.T, engine store.Engine, before time.Time, limit, want int) {
	t.Helper()
	deleted, next, err := engine.(store.Expiring).DeleteExpired(t.Context(), before, "", limit)
	if err != nil || next != "" || deleted != want {
		t.Errorf("DeleteExpired = %d, %q, %v; want %d and the end", deleted, next, err, want)
	}
}
