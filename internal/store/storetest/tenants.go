package storetest

import (
	"bytes"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

// tenantRules are about merchants, their clocks, and secrets.
var tenantRules = []rule{
	{"a merchant may be ensured again and keeps its clock", func(t *testing.T, engine store.Engine) {
		merchant := newMerchant(t, engine)
		mustAdvance(t, engine, merchant, time.Hour, time.Hour)
		for range 2 {
			if err := engine.EnsureMerchant(t.Context(), merchant, dawn.Add(time.Minute)); err != nil {
				t.Fatalf("EnsureMerchant again: %v", err)
			}
		}
		mustTell(t, engine, merchant, time.Hour)
	}},
	{"a clock that was never moved is not ahead", func(t *testing.T, engine store.Engine) {
		mustTell(t, engine, newMerchant(t, engine), 0)
	}},
	{"a clock adds up what it is moved by", func(t *testing.T, engine store.Engine) {
		merchant := newMerchant(t, engine)
		mustAdvance(t, engine, merchant, 61*time.Minute, 61*time.Minute)
		mustAdvance(t, engine, merchant, time.Millisecond, 61*time.Minute+time.Millisecond)
		mustAdvance(t, engine, merchant, 0, 61*time.Minute+time.Millisecond)
		mustAdvance(t, engine, merchant, 20*365*24*time.Hour, 20*365*24*time.Hour+61*time.Minute+time.Millisecond)
		mustTell(t, engine, merchant, 20*365*24*time.Hour+61*time.Minute+time.Millisecond)
	}},
	{"every merchant has a clock of its own", func(t *testing.T, engine store.Engine) {
		one, two := newMerchant(t, engine), newMerchant(t, engine)
		mustAdvance(t, engine, one, time.Hour, time.Hour)
		mustTell(t, engine, two, 0)
		mustAdvance(t, engine, two, time.Minute, time.Minute)
		mustTell(t, engine, one, time.Hour)
	}},
	{"the clock of an unknown merchant is not found", func(t *testing.T, engine store.Engine) {
		stranger := newID()
		mustNotFind(t, "clock of merchant", engine.ClockAdvance, stranger)
		mustNotFind(t, "clock of merchant", advancing(engine, time.Hour), stranger)
		if err := engine.EnsureMerchant(t.Context(), stranger, dawn); err != nil {
			t.Fatalf("EnsureMerchant: %v", err)
		}
		mustTell(t, engine, stranger, 0)
	}},
	{"the first proposal of a secret is everybody's", func(t *testing.T, engine store.Engine) {
		name := newID()
		for _, proposal := range [][]byte{{0, 255, 1}, {2}, nil} {
			mustShare(t, engine, name, proposal, []byte{0, 255, 1})
		}
	}},
	{"an empty secret is refused and leaves the name free", func(t *testing.T, engine store.Engine) {
		name := newID()
		for _, proposal := range [][]byte{nil, {}} {
			if got, err := engine.Secret(t.Context(), name, proposal); err == nil {
				t.Errorf("Secret proposing nothing = %q, want a refusal", got)
			}
		}
		mustShare(t, engine, name, []byte("something"), []byte("something"))
	}},
	{"secrets of different names are kept apart", func(t *testing.T, engine store.Engine) {
		one, two := newID(), newID()
		mustShare(t, engine, one, []byte("one"), []byte("one"))
		mustShare(t, engine, two, []byte("two"), []byte("two"))
		mustShare(t, engine, one, []byte("three"), []byte("one"))
	}},
	{"a secret is the store's own, whatever callers do to their bytes", func(t *testing.T, engine store.Engine) {
		name, proposed := newID(), []byte("kept")
		got, err := engine.Secret(t.Context(), name, proposed)
		if err != nil {
			t.Fatalf("Secret: %v", err)
		}
		clear(proposed)
		clear(got)
		mustShare(t, engine, name, nil, []byte("kept"))
	}},
}

func mustAdvance(t *testing.T, engine store.Engine, merchant string, by, want time.Duration) {
	t.Helper()
	if sum, err := engine.AdvanceClock(t.Context(), merchant, by); err != nil || sum != want {
		t.Errorf("AdvanceClock by %v = %v, %v; want %v", by, sum, err, want)
	}
}

func mustTell(t *testing.T, engine store.Engine, merchant string, want time.Duration) {
	t.Helper()
	if sum, err := engine.ClockAdvance(t.Context(), merchant); err != nil || sum != want {
		t.Errorf("ClockAdvance = %v, %v; want %v", sum, err, want)
	}
}

func mustShare(t *testing.T, engine store.Engine, name string, proposed, want []byte) {
	t.Helper()
	if got, err := engine.Secret(t.Context(), name, proposed); err != nil || !bytes.Equal(got, want) {
		t.Errorf("Secret proposing %q = %q, %v; want %q", proposed, got, err, want)
	}
}
