package storetest

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/store"
)

// durableRule is a rule about engines that keep their data in a directory.
type durableRule struct {
	name  string
	check func(t *testing.T, reopen func(dir string) store.Engine)
}

// RunDurable checks that an engine which is opened on the same directory again
// goes on where it ended. The suite closes what open returns.
func RunDurable(t *testing.T, open func(t *testing.T, dir string) store.Engine) {
	t.Helper()
	for _, r := range durableRules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.check(t, func(dir string) store.Engine {
				return opened(t, func(t *testing.T) store.Engine { return open(t, dir) })
			})
		})
	}
}

var durableRules = []durableRule{
	{"everything committed is there after a restart", func(t *testing.T, reopen func(dir string) store.Engine) {
		dir := t.TempDir()
		engine := reopen(dir)
		written := writeOneOfEach(t, engine)
		for range 2 {
			shut(t, engine)
			engine = reopen(dir)
			written.mustBeIn(t, engine)
		}
	}},
	{"an answered change is in the files before the engine is closed", func(t *testing.T, reopen func(dir string) store.Engine) {
		dir, crashed := t.TempDir(), t.TempDir()
		written := writeOneOfEach(t, reopen(dir))
		if err := os.CopyFS(crashed, os.DirFS(dir)); err != nil {
			t.Fatalf("copy the files as a crash would leave them: %v", err)
		}
		written.mustBeIn(t, reopen(crashed))
	}},
	{"the conditions hold across a restart", func(t *testing.T, reopen func(dir string) store.Engine) {
		dir := t.TempDir()
		engine := reopen(dir)
		merchant := newMerchant(t, engine)
		s := begin(t, merchant)
		token, orderID := newID(), newID()
		mustCommit(t, engine, s.created(), s.take(authorizing(token)))
		beforeOrder := s.fork()
		mustCommit(t, engine, s.take(ordering(orderID)))

		shut(t, engine)
		engine = reopen(dir)
		mustConflict(t, engine, s.created())
		mustConflict(t, engine, beforeOrder.take(updating("stale")))
		mustConflict(t, engine, s.fork().take(forcingOrder(token, newID())))
		other := begin(t, merchant)
		mustCommit(t, engine, other.created())
		mustConflict(t, engine, other.fork().take(authorizing(token)))
		mustCommit(t, engine, other.take(authorizing(newID())))
		mustConflict(t, engine, other.fork().take(ordering(orderID)))
		mustConflict(t, engine, other.fork().take(forcingOrder(token, newID())))
		mustCommit(t, engine, other.take(ordering(newID())), s.take(capturing(1)))
	}},
}

// written is a sample of everything an engine can hold.
type written struct {
	session         *story
	history         []store.Revision
	token, orderID  string
	merchant        string
	clock           time.Duration
	secret, phrases string
	assessed        store.Change
}

func writeOneOfEach(t *testing.T, engine store.Engine) written {
	t.Helper()
	w := written{token: newID(), orderID: newID(), merchant: newMerchant(t, engine), secret: newID(), phrases: newID()}
	w.session = begin(t, w.merchant)
	changes := []store.Change{
		w.session.created(), w.session.take(updating("before")), w.session.take(authorizing(w.token)),
		w.session.take(ordering(w.orderID)), w.session.take(capturing(100)),
	}
	for _, change := range changes {
		mustCommit(t, engine, change)
		w.history = append(w.history, store.Revision{Session: change.Session, Event: change.Event})
	}
	w.assessed = newMemory(t, engine).adding(fact(newKey(), 0, 1, "fact"))
	w.assessed.Assessment = assessmentOf(&w.assessed)
	mustCommit(t, engine, w.assessed)
	var err error
	if w.clock, err = engine.AdvanceClock(t.Context(), w.merchant, 49*time.Hour); err != nil {
		t.Fatalf("AdvanceClock: %v", err)
	}
	if _, err := engine.Secret(t.Context(), w.secret, []byte(w.phrases)); err != nil {
		t.Fatalf("Secret: %v", err)
	}
	return w
}

func (w *written) mustBeIn(t *testing.T, engine store.Engine) {
	t.Helper()
	mustRead(t, engine, w.session.session)
	mustHaveHistory(t, engine, w.session.session.ID, w.history)
	mustFind(t, "token", engine.SessionOfAuthorization, w.token, w.session.session.ID)
	mustFind(t, "order", engine.SessionOfOrder, w.orderID, w.session.session.ID)
	(&memory{t: t, subjects: engine.(store.Subjects)}).mustRemember(remembered(w.assessed.Subjects...))
	(&ledger{t: t, assessments: engine.(store.Assessments)}).mustKeep(keptOf(&w.assessed))
	if clock, err := engine.ClockAdvance(t.Context(), w.merchant); err != nil || clock != w.clock {
		t.Errorf("ClockAdvance = %v, %v, want %v", clock, err, w.clock)
	}
	secret, err := engine.Secret(t.Context(), w.secret, []byte("a later proposal"))
	if diff := cmp.Diff(w.phrases, string(secret)); err != nil || diff != "" {
		t.Errorf("Secret: %v, difference (-want +got):\n%s", err, diff)
	}
}

func shut(t *testing.T, engine store.Engine) {
	t.Helper()
	if err := engine.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
}
