package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

// lifeRules are about calls that come too late.
var lifeRules = []rule{
	{"an open engine answers a ping", func(t *testing.T, engine store.Engine) {
		if err := engine.Ping(t.Context()); err != nil {
			t.Errorf("Ping: %v", err)
		}
	}},
	{"a call whose context has ended changes nothing", func(t *testing.T, engine store.Engine) {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		merchant, stranger, secret := newMerchant(t, engine), newID(), newID()
		s, fresh := begin(t, merchant), begin(t, merchant)
		created := s.created()
		mustCommit(t, engine, created)
		token := newID()
		for i, err := range engine.Commit(ended, []store.Change{fresh.created(), s.take(authorizing(token))}) {
			mustBeCancelled(t, "Commit", err)
			if i > 1 {
				t.Errorf("Commit of 2 changes gave answer %d", i)
			}
		}
		mustBeCancelled(t, "EnsureMerchant", engine.EnsureMerchant(ended, stranger, dawn))
		_, err := engine.AdvanceClock(ended, merchant, time.Hour)
		mustBeCancelled(t, "AdvanceClock", err)
		_, err = engine.Secret(ended, secret, []byte("of a caller who left"))
		mustBeCancelled(t, "Secret", err)

		mustHaveHistory(t, engine, fresh.session.ID, nil)
		mustHaveHistory(t, engine, s.session.ID, revisionsOf(created))
		mustNotFind(t, "token", engine.SessionOfAuthorization, token)
		mustNotFind(t, "clock of merchant", engine.ClockAdvance, stranger)
		mustTell(t, engine, merchant, 0)
		mustShare(t, engine, secret, []byte("of another"), []byte("of another"))
	}},
	{"a closed engine takes no change", func(t *testing.T, engine store.Engine) {
		merchant := newMerchant(t, engine)
		s := begin(t, merchant)
		mustCommit(t, engine, s.created())
		shut(t, engine)
		changes := []store.Change{s.take(updating("too late")), begin(t, merchant).created()}
		mustAnswer(t, engine, changes, []error{store.ErrClosed, store.ErrClosed})
		if err := engine.Ping(t.Context()); err == nil {
			t.Error("a closed engine answered a ping")
		}
	}},
}

func mustBeCancelled(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%s: got %v, want context.Canceled", what, err)
	}
}

// advancing is AdvanceClock by a fixed duration.
func advancing(engine store.Engine, by time.Duration) func(context.Context, string) (time.Duration, error) {
	return func(ctx context.Context, merchant string) (time.Duration, error) {
		return engine.AdvanceClock(ctx, merchant, by)
	}
}
