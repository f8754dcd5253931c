package sqlite

import (
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/store"
)

// TestHeadsNeverRememberWrongly compares with a map that forgets nothing: what
// heads still know is right, they know the most recent, and they stay small.
func TestHeadsNeverRememberWrongly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 8).Draw(t, "limit")
		remembered, truth := newHeads(limit), map[identifier]head{}
		var recent []identifier
		for row := range rapid.Int64Range(0, 60).Draw(t, "puts") {
			var id identifier
			binary.BigEndian.PutUint64(id[:], rapid.Uint64Range(0, 20).Draw(t, "session"))
			next := head{number: int64(id[7]), revision: row, row: row}
			remembered.put(&id, next)
			truth[id] = next
			recent = append(recent, id)
			for known, want := range truth {
				if got, ok := remembered.get(&known); ok && got != want {
					t.Fatalf("remembered %+v, want %+v", got, want)
				}
			}
			for _, id := range recent[max(0, len(recent)-limit):] {
				if _, ok := remembered.get(&id); !ok {
					t.Fatalf("one of the %d most recent was forgotten", limit)
				}
			}
			if n := len(remembered.young) + len(remembered.old); n > 2*limit {
				t.Fatalf("%d are remembered with a limit of %d", n, limit)
			}
		}
		var stranger identifier
		stranger[0] = 1
		if got, ok := remembered.get(&stranger); ok {
			t.Fatalf("remembered a session never put: %+v", got)
		}
	})
}

func TestASessionThatWasForgottenIsFoundAgain(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	change := newSession()
	mustAnswer(t, engine, []store.Change{change}, nil)
	forget := func() {
		if err := engine.writer.flushAll(); err != nil {
			t.Fatal(err)
		}
		engine.writer.heads = newHeads(headsRemembered)
	}
	forget()
	mustAnswer(t, engine, []store.Change{next(change), next(change)}, nil, store.ErrConflict)
	forget()
	mustAnswer(t, engine, []store.Change{next(change), change, next(next(change))}, store.ErrConflict, store.ErrConflict, nil)
	mustBeAt(t, engine, change.Session.ID, 3)
}
