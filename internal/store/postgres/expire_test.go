package postgres_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/postgres"
)

// deleteAll walks through all sessions.
func deleteAll(t testing.TB, engine *postgres.Engine, before time.Time, limit int) (deleted int) {
	t.Helper()
	cursor := ""
	for {
		n, next, err := engine.DeleteExpired(t.Context(), before, cursor, limit)
		if err != nil {
			t.Fatal(err)
		}
		deleted += n
		if next == "" {
			return deleted
		}
		cursor = next
	}
}

func TestWhatHasHadItsTimeIsDeletedWhole(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{"newest schema": migrated(t), "schema before": before(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine := open(t, url, postgres.Options{MaxConnections: 2})
			later := dawn.Add(time.Hour)
			var old, kept [][]store.Change
			for i := range 130 {
				s := newTale()
				var history []store.Change
				take := func(kind checkout.EventKind, at time.Time) {
					change := s.next(kind)
					change.Event.At = at
					mustCommit(t, engine, change)
					s.goOn(change)
					history = append(history, change)
				}
				take(checkout.EventCreated, dawn)
				take(checkout.EventAuthorized, dawn)
				switch i % 4 {
				case 0:
					take(checkout.EventOrdered, dawn)
					kept = append(kept, history)
				case 1:
					take(checkout.EventUpdated, later)
					kept = append(kept, history)
				default:
					old = append(old, history)
				}
			}
			if n := deleteAll(t, engine, dawn, 7); n != 0 {
				t.Errorf("%d were deleted before their time", n)
			}
			if n := deleteAll(t, engine, later, 7); n != len(old) {
				t.Errorf("%d were deleted, want %d", n, len(old))
			}
			for _, history := range kept {
				mustHave(t, engine, history[0].Session.ID, history...)
			}
			for _, history := range old {
				mustHave(t, engine, history[0].Session.ID)
				mustNotLead(t, engine.SessionOfAuthorization, history[1].Event.AuthorizationToken)
			}
			if n := deleteAll(t, engine, later, 1000); n != 0 {
				t.Errorf("%d were deleted twice", n)
			}
			mustForget(t, engine, url, len(old))
		})
	}
}

// mustForget expects the rows that close the places of deleted sessions to go
// when their time has come.
func mustForget(t *testing.T, engine *postgres.Engine, url string, closed int) {
	t.Helper()
	looking := observe(t, url)
	await(t, looking, `SELECT count(*) = $1 FROM revisions WHERE kind = 'deleted'`, closed)
	if closed < 55 {
		t.Fatalf("%d fit into one transaction: this test shows little", closed)
	}
	aged := (postgres.ClosedFor + time.Minute).Milliseconds()
	execute(t, looking, fmt.Sprintf(`UPDATE revisions SET at = at - %d WHERE kind = 'deleted'`, aged))
	deleteAll(t, engine, dawn, 1000)
	await(t, looking, `SELECT count(*) = 0 FROM revisions WHERE kind = 'deleted'`)
}

// TestADeletedSessionIsNotChanged: what was decided before the deletion comes
// too late.
func TestADeletedSessionIsNotChanged(t *testing.T) {
	t.Parallel()
	engine := open(t, migrated(t), postgres.Options{MaxConnections: 2})
	s := newTale()
	created := s.next(checkout.EventCreated)
	mustCommit(t, engine, created)
	s.goOn(created)
	late := []store.Change{s.next(checkout.EventUpdated), s.next(checkout.EventOrdered)}
	if n := deleteAll(t, engine, dawn.Add(time.Hour), 10); n != 1 {
		t.Fatalf("%d were deleted", n)
	}
	s.goOn(late[0])
	late = append(late, s.next(checkout.EventUpdated)) // as if the first had been written
	for i, err := range engine.Commit(t.Context(), late) {
		if !errors.Is(err, store.ErrConflict) {
			t.Errorf("change %d: got %v, want ErrConflict", i, err)
		}
	}
	mustHave(t, engine, s.session.ID)
}

// TestDeletingMeetsChanging: sessions are changed while they are deleted. Each
// ends whole or not at all, and no acknowledged change to one that is left is
// missing.
func TestDeletingMeetsChanging(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	engine := open(t, url, postgres.Options{MaxConnections: 4})
	deleting := open(t, url, postgres.Options{MaxConnections: 2})
	const sessions, rounds = 40, 30
	var writers, deleters sync.WaitGroup
	var ended atomic.Bool
	var deleted atomic.Int64
	for range 2 {
		deleters.Go(func() {
			for !ended.Load() {
				deleted.Add(int64(deleteAll(t, deleting, dawn.Add(time.Hour), 5)))
			}
		})
	}
	var gone atomic.Int64
	for range sessions {
		writers.Go(func() {
			s := newTale()
			var written []store.Change
			for round := range rounds {
				kind := checkout.EventUpdated
				if round == 0 {
					kind = checkout.EventCreated
				}
				change := s.next(kind)
				if round == rounds/2 {
					change.Event.At = dawn.Add(2 * time.Hour) // from here on it is not expired
				}
				err := commit(t, engine, change)
				if errors.Is(err, store.ErrConflict) {
					gone.Add(1)
					mustHave(t, engine, s.session.ID)
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				s.goOn(change)
				written = append(written, change)
				if round == rounds/2 {
					break
				}
			}
			mustHave(t, engine, s.session.ID, written...)
		})
	}
	writers.Wait()
	ended.Store(true)
	deleters.Wait()
	if deleted.Load() != gone.Load() {
		t.Errorf("%d were deleted, %d writers noticed", deleted.Load(), gone.Load())
	}
	if n := gone.Load(); n == 0 || n == sessions {
		t.Logf("%d of %d were deleted: the race was not close", n, sessions)
	}
	await(t, observe(t, url), `SELECT count(*) = 0 FROM revisions r WHERE r.kind <> 'deleted' AND NOT EXISTS
		(SELECT 1 FROM revisions f WHERE f.session_id = r.session_id AND f.revision = 1)`)
}

func TestACursorIsAnId(t *testing.T) {
	t.Parallel()
	engine := open(t, migrated(t), postgres.Options{MaxConnections: 1})
	for _, cursor := range []string{"x", "0B1D9815-165E-42E2-8867-35BC03789E0A"} {
		if _, _, err := engine.DeleteExpired(t.Context(), dawn, cursor, 10); err == nil {
			t.Errorf("%q was taken", cursor)
		}
	}
	if _, _, err := engine.DeleteExpired(t.Context(), dawn, "", 0); err == nil {
		t.Error("a limit of 0 was taken")
	}
}
