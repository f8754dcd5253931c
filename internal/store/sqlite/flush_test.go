package sqlite

import (
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// TestNoCrashLosesAnAcknowledgedRevision commits to a few sessions with all
// kinds of flush policies; at any moment the process may crash, or end in
// order, and goes on from the files.
func TestNoCrashLosesAnAcknowledgedRevision(t *testing.T) {
	t.Parallel()
	dir, midRound := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		policy := flushPolicy{
			tail:  rapid.Int64Range(1, 12).Draw(rt, "tail"),
			slice: rapid.IntRange(1, 4).Draw(rt, "slice"), perChange: rapid.IntRange(0, 2).Draw(rt, "per change"),
		}
		here, err := os.MkdirTemp(dir, "")
		if err != nil {
			rt.Fatal(err)
		}
		engine := reopened(rt, here, policy)
		var newest []store.Change
		for range rapid.IntRange(1, 15).Draw(rt, "commits") {
			newest = commitSome(rt, engine, newest)
			if len(engine.writer.flush.queue) > 0 {
				midRound++
			}
			if marker, err := queryInteger(engine.writer.conn, readMarker); err != nil || marker != engine.writer.flush.marker {
				rt.Fatalf("the marker is %d, %v, and is taken for %d", marker, err, engine.writer.flush.marker)
			}
			if ending := rapid.IntRange(0, 5).Draw(rt, "ending"); ending <= 1 {
				before := here
				if here, err = os.MkdirTemp(dir, ""); err != nil {
					rt.Fatal(err)
				}
				if ending == 0 {
					closeOrFail(rt, engine)
				}
				if err := os.CopyFS(here, os.DirFS(before)); err != nil {
					rt.Fatal(err)
				}
				closeOrFail(rt, engine)
				engine = reopened(rt, here, policy)
			}
			for i := range newest {
				s, err := engine.Session(t.Context(), newest[i].Session.ID)
				if err != nil || s.Revision != newest[i].Session.Revision {
					rt.Fatalf("session %d is at %d, %v; want %d", i, s.Revision, err, newest[i].Session.Revision)
				}
			}
		}
		closeOrFail(rt, engine)
	})
	if midRound == 0 {
		t.Error("no commit was in the middle of a round: this test shows nothing")
	}
}

func reopened(t *rapid.T, dir string, policy flushPolicy) *Engine {
	engine, err := Open(t.Context(), filepath.Join(dir, "kvitto.db"))
	if err != nil {
		t.Fatal(err)
	}
	engine.flushing = policy
	return engine
}

func closeOrFail(t *rapid.T, engine *Engine) {
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
}

// holdingToken issues a token with a change: always the same, so that all but
// the first are found to conflict when they are half written.
func holdingToken(change store.Change) store.Change {
	change.Event.Kind, change.Event.AuthorizationToken = checkout.EventAuthorized, "0b1d9815-165e-42e2-8867-35bc03789e00"
	return change
}

// commitSome commits a batch of new sessions and updates, with a stale one and
// at times one that has the whole batch undone, and returns the newest states.
func commitSome(t *rapid.T, engine *Engine, newest []store.Change) []store.Change {
	var batch []store.Change
	var fits []bool
	for range rapid.IntRange(1, 4).Draw(t, "changes") {
		which := rapid.IntRange(0, min(len(newest), 7)).Draw(t, "session")
		if which == len(newest) {
			newest = append(newest, newSession())
			if which == 0 {
				newest[0] = holdingToken(newest[0])
			}
		} else {
			newest[which] = next(newest[which])
		}
		batch = append(batch, newest[which], newest[which])
		fits = append(fits, true, false)
	}
	if rapid.IntRange(0, 3).Draw(t, "undo") == 0 {
		batch, fits = append(batch, holdingToken(next(newest[0]))), append(fits, false)
	}
	for i, err := range engine.Commit(t.Context(), batch) {
		if (err == nil) != fits[i] {
			t.Fatalf("change %d of %d was answered %v", i, len(batch), err)
		}
	}
	return newest
}

// TestReadersNeverSeeLessThanWasAcknowledged reads while heads move between
// pending and their table all the time.
func TestReadersNeverSeeLessThanWasAcknowledged(t *testing.T) {
	t.Parallel()
	engine := newEngine(t)
	engine.flushing = hurried
	changes := make([]store.Change, 8)
	acknowledged := make([]atomic.Int64, len(changes))
	for i := range changes {
		changes[i] = newSession()
		acknowledged[i].Store(1)
	}
	mustAnswer(t, engine, changes, make([]error, len(changes))...)
	var reading sync.WaitGroup
	stop := make(chan struct{})
	for first := range 4 {
		id := [2]string{changes[2*first].Session.ID, changes[2*first+1].Session.ID}
		reading.Go(func() {
			for i := 0; ; i ^= 1 {
				select {
				case <-stop:
					return
				default:
				}
				least := acknowledged[2*first+i].Load()
				session, err := engine.Session(t.Context(), id[i])
				history, err2 := engine.Revisions(t.Context(), id[i], 0, 0)
				if err != nil || err2 != nil || session.Revision < least || int64(len(history)) < session.Revision {
					t.Errorf("read revision %d, %v, and a history of %d, %v; %d was acknowledged before",
						session.Revision, err, len(history), err2, least)
					return
				}
			}
		})
	}
	rounds, marker := 0, int64(0)
	for n := range 400 {
		i := n * 5 % len(changes)
		changes[i] = next(changes[i])
		mustAnswer(t, engine, changes[i:i+1], nil)
		acknowledged[i].Store(changes[i].Session.Revision)
		if now := engine.writer.flush.marker; now != marker {
			rounds, marker = rounds+1, now
		}
	}
	close(stop)
	reading.Wait()
	if rounds < 20 {
		t.Errorf("only %d rounds of writing heads: this test shows little", rounds)
	}
}

// BenchmarkOpenAfterCrash opens files with 100,000 revisions after the marker,
// more than twice what the policy lets come about.
func BenchmarkOpenAfterCrash(b *testing.B) {
	dir := b.TempDir()
	path := filepath.Join(dir, "kvitto.db")
	engine, err := Open(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	engine.flushing.tail = 1 << 40
	changes := make([]store.Change, 10_000)
	for i := range changes {
		changes[i] = newSession()
		changes[i].State = make([]byte, 1300)
	}
	for range 10 {
		for _, err := range engine.Commit(b.Context(), changes) {
			if err != nil {
				b.Fatal(err)
			}
		}
		for i := range changes {
			changes[i] = next(changes[i])
		}
	}
	crashed := b.TempDir()
	if err := os.CopyFS(crashed, os.DirFS(dir)); err != nil {
		b.Fatal(err)
	}
	if err := engine.Close(); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for range b.N {
		engine, err := Open(b.Context(), filepath.Join(crashed, "kvitto.db"))
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if n := len(engine.pending.heads); n != len(changes) {
			b.Fatalf("%d heads are pending", n)
		}
		engine.flushing.tail = 1 << 40
		engine.writer.flush.marker = engine.writer.flush.newest // nothing to write when closing
		if err := engine.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
