package storetest

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

// writers is how many goroutines the concurrency rules set on one engine.
const writers = 16

// concurrencyRules: calls at the same time are as if one came after the other.
var concurrencyRules = []rule{
	{"writers of different sessions do not hinder each other", func(t *testing.T, engine store.Engine) {
		merchant := newMerchant(t, engine)
		lives := make([][]store.Change, writers)
		for i := range lives {
			s := begin(t, merchant)
			lives[i] = []store.Change{s.created(), s.take(updating("two")), s.take(authorizing(newID())), s.take(ordering(newID()))}
		}
		together(func(i int) {
			for _, change := range lives[i] {
				if err := engine.Commit(t.Context(), []store.Change{change})[0]; err != nil {
					t.Errorf("revision %d: %v", change.Session.Revision, err)
				}
			}
		})
		for _, life := range lives {
			mustHaveHistory(t, engine, life[0].Session.ID, revisionsOf(life...))
		}
	}},
	{"of writers of the same revision exactly one wins", oneWinner},
	{"of sessions that take the same token or order id exactly one wins", oneTaker},
	{"a reader sees every acknowledged change and never half of one", readersAndWriter},
	{"clocks moved at the same time lose nothing", func(t *testing.T, engine store.Engine) {
		merchant := newMerchant(t, engine)
		sums := make([]time.Duration, writers)
		together(func(i int) {
			var err error
			if sums[i], err = engine.AdvanceClock(t.Context(), merchant, time.Second); err != nil {
				t.Errorf("AdvanceClock: %v", err)
			}
		})
		seen := map[time.Duration]bool{}
		for _, sum := range sums {
			seen[sum] = true
		}
		if len(seen) != writers {
			t.Errorf("the sums %v are not all different", sums)
		}
		mustTell(t, engine, merchant, writers*time.Second)
	}},
	{"a merchant ensured by many at the same time is one merchant", func(t *testing.T, engine store.Engine) {
		merchant := newID()
		together(func(int) {
			if err := engine.EnsureMerchant(t.Context(), merchant, dawn); err != nil {
				t.Errorf("EnsureMerchant: %v", err)
			}
		})
		mustAdvance(t, engine, merchant, time.Second, time.Second)
	}},
	{"a secret proposed by many at the same time is one secret", func(t *testing.T, engine store.Engine) {
		name := newID()
		secrets := make([]string, writers)
		together(func(i int) {
			secret, err := engine.Secret(t.Context(), name, []byte(newID()))
			if err != nil {
				t.Errorf("Secret: %v", err)
			}
			secrets[i] = string(secret)
		})
		for _, secret := range secrets {
			mustShare(t, engine, name, nil, []byte(secret))
		}
	}},
}

// together runs every writer's part at the same time and waits for all.
func together(part func(writer int)) {
	var start, end sync.WaitGroup
	start.Add(1)
	for i := range writers {
		end.Go(func() {
			start.Wait()
			part(i)
		})
	}
	start.Done()
	end.Wait()
}

// oneWinner lets all writers decide on the same revision, again and again.
func oneWinner(t *testing.T, engine store.Engine) {
	s := begin(t, newMerchant(t, engine))
	history := []store.Change{s.created()}
	mustCommit(t, engine, history...)
	for range 10 {
		var attempts [writers]store.Change
		for i := range attempts {
			attempts[i] = s.fork().take(updating(newID()))
		}
		var answers [writers]error
		together(func(i int) { answers[i] = engine.Commit(t.Context(), attempts[i:i+1])[0] })
		winner := soleWinner(t, answers[:])
		history = append(history, attempts[winner])
		s.session, s.now = attempts[winner].Session, attempts[winner].Event.At
	}
	mustHaveHistory(t, engine, s.session.ID, revisionsOf(history...))
}

// oneTaker lets sessions that know nothing of each other take one id.
func oneTaker(t *testing.T, engine store.Engine) {
	merchant := newMerchant(t, engine)
	stories := make([]*story, writers)
	created := make([]store.Change, writers)
	for i := range stories {
		stories[i] = begin(t, merchant)
		created[i] = stories[i].created()
	}
	mustCommit(t, engine, created...)
	race := func(step func() step) int {
		var attempts [writers]store.Change
		for i, s := range stories {
			attempts[i] = s.fork().take(step())
		}
		var answers [writers]error
		together(func(i int) { answers[i] = engine.Commit(t.Context(), attempts[i:i+1])[0] })
		return soleWinner(t, answers[:])
	}

	token := newID()
	winner := race(func() step { return authorizing(token) })
	mustFind(t, "token", engine.SessionOfAuthorization, token, stories[winner].session.ID)
	stories[winner].take(authorizing(token))
	mustCommit(t, engine, stories[winner].take(authorizing(newID())))
	for i, s := range stories {
		if i != winner {
			mustCommit(t, engine, s.take(authorizing(newID())))
		}
	}
	orderID := newID()
	winner = race(func() step { return ordering(orderID) })
	mustFind(t, "order", engine.SessionOfOrder, orderID, stories[winner].session.ID)
}

// soleWinner is the one change that was accepted; all others were conflicts.
func soleWinner(t *testing.T, answers []error) int {
	t.Helper()
	winner := -1
	for i, err := range answers {
		switch {
		case err == nil && winner >= 0:
			t.Fatalf("writers %d and %d both won", winner, i)
		case err == nil:
			winner = i
		case !errors.Is(err, store.ErrConflict):
			t.Errorf("writer %d: got %v, want ErrConflict", i, err)
		}
	}
	if winner < 0 {
		t.Fatalf("nobody won: %v", answers)
	}
	return winner
}

// readersAndWriter reads a session without pause while it is written.
func readersAndWriter(t *testing.T, engine store.Engine) {
	s := begin(t, newMerchant(t, engine))
	mustCommit(t, engine, s.created())
	changes := make([]store.Change, 60)
	for i := range changes {
		changes[i] = s.take(updating(newID()))
	}
	var acknowledged atomic.Int64
	acknowledged.Store(1)
	together(func(i int) {
		if i == 0 {
			for n := range changes {
				if err := engine.Commit(t.Context(), changes[n:n+1])[0]; err != nil {
					t.Errorf("revision %d: %v", changes[n].Session.Revision, err)
				}
				acknowledged.Store(changes[n].Session.Revision)
			}
			return
		}
		for last := changes[len(changes)-1].Session.Revision; acknowledged.Load() < last && !t.Failed(); {
			mustBeWhole(t, engine, s.session.ID, acknowledged.Load())
		}
	})
	mustRead(t, engine, s.session)
}

// mustBeWhole expects a history without gaps that has at least the revisions
// acknowledged before the read began.
func mustBeWhole(t *testing.T, engine store.Engine, sessionID string, atLeast int64) {
	t.Helper()
	newest, err := engine.Session(t.Context(), sessionID)
	if err != nil || newest.Revision < atLeast {
		t.Errorf("read revision %d, %v after %d was acknowledged", newest.Revision, err, atLeast)
		return
	}
	history, err := engine.Revisions(t.Context(), sessionID, 0, 0)
	if err != nil || int64(len(history)) < newest.Revision {
		t.Errorf("a history of %d, %v after revision %d was read", len(history), err, newest.Revision)
		return
	}
	for i := range history {
		state, event := &history[i].Session, &history[i].Event
		if state.Revision != int64(i)+1 || !state.UpdatedAt.Equal(event.At) {
			t.Errorf("entry %d is revision %d of %v with an event of %v", i, state.Revision, state.UpdatedAt, event.At)
			return
		}
	}
}
