package postgres_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/pgtest"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/postgres"
)

// assessed is the tale's next change, with an assessment and facts.
func assessed(s *tale, kind checkout.EventKind, facts ...store.SubjectChange) store.Change {
	change := s.next(kind)
	change.Subjects = facts
	change.Assessment = &store.Assessment{ID: uuid.NewString(), At: change.Event.At, Call: "authorize", Outcome: "approve", Document: []byte("{}")}
	return change
}

func subjectKeys(n int) []store.SubjectKey {
	keys := make([]store.SubjectKey, n)
	for i := range keys {
		keys[i] = store.SubjectKey(uuid.New())
	}
	return keys
}

func versions(t testing.TB, engine *postgres.Engine, keys []store.SubjectKey) []int64 {
	t.Helper()
	found, err := engine.Subjects(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]int64, len(found))
	for i := range found {
		all[i] = found[i].Version
	}
	return all
}

// TestFactsOfRacingEnginesAreAddedOnce: two engines on one database, whose
// connections are cut now and then, add facts to the same few subjects, in
// batches and in any order. No change waits for another for ever, none is lost
// and none is added twice.
func TestFactsOfRacingEnginesAreAddedOnce(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	direct := open(t, url, postgres.Options{MaxConnections: 2})
	engines, proxies := make([]*postgres.Engine, 2), make([]*pgtest.Proxy, 2)
	for i := range engines {
		var indirect string
		indirect, proxies[i] = through(t, url)
		engines[i] = open(t, indirect, postgres.Options{MaxConnections: 4})
	}
	keys := subjectKeys(6)
	var mu sync.Mutex
	want := make([]int64, len(keys))
	const racers, rounds = 8, 12
	var all sync.WaitGroup
	for n := range racers {
		all.Go(func() {
			draw := rand.New(rand.NewPCG(2, uint64(n)))
			for range rounds {
				if draw.IntN(4) == 0 {
					proxies[draw.IntN(2)].Cut(pgtest.Points()[draw.IntN(len(pgtest.Points()))], draw.IntN(100))
				}
				changes := make([]store.Change, 1+draw.IntN(4))
				picked := make([][]int, len(changes))
				for i := range changes {
					picked[i] = draw.Perm(len(keys))[:1+draw.IntN(4)]
				}
				added := addTo(t, engines[draw.IntN(2)], changes, picked, keys)
				mu.Lock()
				for i := range changes {
					for _, k := range picked[i] {
						want[k] += added[i]
					}
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if got := versions(t, direct, keys); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("versions %d, want %d", got, want)
	}
	for _, key := range keys {
		mustBeDecidedInOrder(t, direct, key)
	}
	if made := proxies[0].Made() + proxies[1].Made(); made == 0 {
		t.Error("no cuts were made")
	}
}

// addTo commits a batch of new sessions with facts for the subjects picked, the
// first of each change on the condition of the version that was read. It tells
// of each change whether, 1 or 0, it was written.
func addTo(t *testing.T, engine *postgres.Engine, changes []store.Change, picked [][]int, keys []store.SubjectKey) []int64 {
	for i := range changes {
		var facts []store.SubjectChange
		for j, k := range picked[i] {
			f := store.SubjectChange{Key: keys[k], Expected: store.AnyVersion, At: dawn}
			if j == 0 {
				f.Expected = versions(t, engine, keys[k:k+1])[0]
			}
			binary.BigEndian.PutUint64(f.Fact[:], uint64(f.Expected))
			facts = append(facts, f)
		}
		changes[i] = assessed(newTale(), checkout.EventCreated, facts...)
	}
	added := make([]int64, len(changes))
	for i, err := range engine.Commit(context.WithoutCancel(t.Context()), changes) {
		switch {
		case err == nil:
			added[i] = 1
		case !errors.Is(err, store.ErrConflict):
			t.Errorf("Commit: %v", err)
		}
	}
	return added
}

// mustBeDecidedInOrder expects that each fact on a condition follows the version
// it was decided on.
func mustBeDecidedInOrder(t *testing.T, engine *postgres.Engine, key store.SubjectKey) {
	t.Helper()
	found, err := engine.Subjects(t.Context(), []store.SubjectKey{key})
	if err != nil {
		t.Fatal(err)
	}
	before := found[0].Version
	for one := range slices.Chunk(found[0].Facts, store.FactBytes) {
		before--
		if expected := int64(binary.BigEndian.Uint64(one)); expected != store.AnyVersion && expected != before {
			t.Errorf("a fact that was decided on version %d was added to version %d", expected, before)
		}
	}
}
