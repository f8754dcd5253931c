package postgres_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/pgtest"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/postgres"
)

// TestACommitIsOneRoundTrip: whatever is in the batch, once the statements of
// the connection are prepared; and so is a read.
func TestACommitIsOneRoundTrip(t *testing.T) {
	t.Parallel()
	indirect, proxy := through(t, migrated(t))
	for mode, url := range map[string]string{
		"prepared": indirect, "behind a pooler": indirect + "?default_query_exec_mode=cache_describe",
	} {
		t.Run(mode, func(t *testing.T) { // one after the other: they share the proxy
			engine := open(t, url, postgres.Options{MaxConnections: 1})
			countTrips(t, engine, proxy) // prepares the statements
			for what, n := range countTrips(t, engine, proxy) {
				if n != 1 {
					t.Errorf("%s: %d round trips, want 1", what, n)
				}
			}
		})
	}
}

// countTrips goes through the life of a few sessions.
func countTrips(t *testing.T, engine *postgres.Engine, proxy *pgtest.Proxy) map[string]int {
	t.Helper()
	tales := make([]*tale, 64)
	for i := range tales {
		tales[i] = newTale()
	}
	counts := map[string]int{}
	count := func(what string, do func() error) {
		before := proxy.RoundTrips()
		if err := do(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		counts[what] = proxy.RoundTrips() - before
	}
	batch := func(what string, kinds ...checkout.EventKind) {
		var changes []store.Change
		for i, s := range tales {
			change := s.next(kinds[i%len(kinds)])
			s.goOn(change)
			changes = append(changes, change)
		}
		count(what, func() error { return errors.Join(engine.Commit(t.Context(), changes)...) })
	}
	batch("64 creations", checkout.EventCreated)
	batch("64 updates", checkout.EventUpdated)
	batch("updates and authorizations", checkout.EventUpdated, checkout.EventAuthorized)
	batch("updates and orders", checkout.EventUpdated, checkout.EventOrdered)
	batch("updates after orders", checkout.EventUpdated)
	twice := newTale()
	first := twice.next(checkout.EventCreated)
	twice.goOn(first)
	count("two changes of one session", func() error {
		return errors.Join(engine.Commit(t.Context(), []store.Change{first, twice.next(checkout.EventUpdated)})...)
	})
	keys := subjectKeys(3)
	var changes []store.Change
	for i := range 8 {
		changes = append(changes, assessed(newTale(), checkout.EventCreated,
			store.SubjectChange{Key: keys[0], Expected: int64(i), At: dawn}, store.SubjectChange{Key: keys[1+i%2], Expected: store.AnyVersion, At: dawn}))
	}
	count("facts and assessments", func() error { return errors.Join(engine.Commit(t.Context(), changes)...) })
	count("a read of subjects", func() error {
		_, err := engine.Subjects(t.Context(), keys)
		return err
	})
	count("a read", func() error {
		_, err := engine.Session(t.Context(), twice.session.ID)
		return err
	})
	count("a read by order", func() error {
		_, err := engine.SessionOfOrder(t.Context(), tales[1].session.Order.ID)
		return err
	})
	count("a read by token", func() error {
		_, err := engine.SessionOfAuthorization(t.Context(), uuid.NewString())
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return fmt.Errorf("a token that nobody has: %w", err)
	})
	return counts
}
