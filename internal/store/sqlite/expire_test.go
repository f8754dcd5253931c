package sqlite

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/storetest"
)

func TestAnEngineThatFlushesAllTheTimeDeletesWhatHasExpired(t *testing.T) {
	t.Parallel()
	storetest.RunExpiring(t, func(t *testing.T) store.Engine { return openHurried(t, t.TempDir()) })
}

// TestTheNewestRevisionOfAllIsKept: its row id must not come again.
func TestTheNewestRevisionOfAllIsKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kvitto.db")
	engine := openOn(t, path, "")
	first, second := newSession(), newSession()
	mustAnswer(t, engine, []store.Change{first, second, next(second)}, nil, nil, nil)
	later := first.Event.At.Add(time.Hour)
	for range 2 {
		if _, next, err := engine.DeleteExpired(t.Context(), later, "", 10); err != nil || next != "" {
			t.Fatalf("DeleteExpired: %q, %v", next, err)
		}
		mustBeAt(t, engine, second.Session.ID, 2)
		mustCount(t, engine, `SELECT count(*) FROM sessions`, 1)
		mustCount(t, engine, `SELECT max(row_id) FROM revisions`, 3)
		if err := engine.Close(); err != nil {
			t.Fatal(err)
		}
		engine = openOn(t, path, "")
	}
	mustAnswer(t, engine, []store.Change{newSession()}, nil)
	if deleted, _, err := engine.DeleteExpired(t.Context(), later, "", 10); deleted != 1 || err != nil {
		t.Errorf("once there is a newer one: %d, %v", deleted, err)
	}
	mustCount(t, engine, `SELECT count(*) FROM revisions WHERE row_id <= 3`, 0)
}

// TestARoundPassesOverDeletedSessions deletes a session between the beginning
// of a round and its turn.
func TestARoundPassesOverDeletedSessions(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	engine.flushing = flushPolicy{tail: 4, slice: 1}
	changes := make([]store.Change, 4)
	for i := range changes {
		changes[i] = newSession()
	}
	mustAnswer(t, engine, changes, make([]error, 4)...)
	fresh := func() store.Change {
		change := newSession()
		change.Event.At = change.Event.At.Add(time.Hour)
		return change
	}
	mustAnswer(t, engine, []store.Change{fresh()}, nil)
	mustCount(t, engine, countHeads, 1)
	if deleted, _, err := engine.DeleteExpired(t.Context(), fresh().Event.At, "", 10); deleted != 4 || err != nil {
		t.Fatalf("DeleteExpired: %d, %v", deleted, err)
	}
	for range 8 {
		mustAnswer(t, engine, []store.Change{fresh()}, nil)
	}
	mustCount(t, engine, wrongHeads, 0)
	mustCount(t, engine, `SELECT count(*) FROM heads WHERE session NOT IN (SELECT number FROM sessions)`, 0)
	mustCount(t, engine, readMarker, 8)
	after := crashed(t, engine)
	mustAnswer(t, after, []store.Change{next(changes[0])}, store.ErrConflict)
	mustCount(t, after, `SELECT count(*) FROM sessions`, 9)
}

func TestATransactionDeletesAPortion(t *testing.T) {
	t.Parallel()
	of := func(revisions ...int64) []candidate {
		all := make([]candidate, len(revisions))
		for i := range all {
			all[i].revision = revisions[i]
		}
		return all
	}
	many := make([]int64, 2*expiredSessions)
	for _, test := range []struct {
		revisions []int64
		want      int
	}{
		{[]int64{1}, 1}, {[]int64{1, 2, 3}, 3}, {[]int64{9999, 1}, 1}, {[]int64{1, 9999}, 1},
		{[]int64{expiredRevisions - 1, 1, 1}, 2}, {many, expiredSessions},
	} {
		if got := portion(of(test.revisions...)); got != test.want {
			t.Errorf("of %v the first %d are deleted, want %d", test.revisions, got, test.want)
		}
	}
}
