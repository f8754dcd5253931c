package storetest

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/memstore"
)

// RunModel drives engines and the model with the same random commands and
// compares every answer, after every command the newest of everything, and the
// histories of the sessions it meant.
// The suite closes what the functions return.
func RunModel(t *testing.T, open ...func(t *testing.T) store.Engine) {
	t.Helper()
	engines := make([]store.Engine, len(open))
	for i := range open {
		engines[i] = opened(t, open[i])
	}
	rapid.Check(t, func(t *rapid.T) {
		p := newRow(t, engines)
		t.Repeat(map[string]func(*rapid.T){
			"":                p.compareReads,
			"commit":          p.commit,
			"ensure merchant": p.ensureMerchant,
			"advance clock":   p.advanceClock,
			"propose secret":  p.proposeSecret,
			"add merchant":    p.addMerchant,
			"disable":         p.disable,
			"add key":         p.addKey,
			"revoke key":      p.revokeKey,
		})
		p.compareHistories(t, p.sessions)
	})
}

// row is the model and the engines beside it. The names are few, so that random
// commands meet; they are new in every run, so that one engine serves all.
type row struct {
	model     store.Engine
	engines   []store.Engine
	merchants []string // the first is known from the start and owns the sessions
	sessions  []string
	tokens    []string
	orders    []string
	secrets   []string
	usernames []string

	subjects    []store.SubjectKey
	assessments []string
}

func newRow(t *rapid.T, engines []store.Engine) *row {
	p := &row{
		engines: engines, model: memstore.New(),
		merchants: newIDs(3), sessions: newIDs(4), tokens: newIDs(7), orders: newIDs(4), secrets: newIDs(2), usernames: newIDs(3),
		subjects: []store.SubjectKey{newKey(), newKey(), newKey()}, assessments: newIDs(6),
	}
	for _, side := range append([]store.Engine{p.model}, p.engines...) {
		if err := side.EnsureMerchant(t.Context(), p.merchants[0], dawn); err != nil {
			t.Fatalf("EnsureMerchant: %v", err)
		}
	}
	return p
}

func newIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = newID()
	}
	return ids
}

// pick draws a name by its place, so that a failure prints the same way twice.
func pick(t *rapid.T, label string, from []string) string {
	return from[rapid.IntRange(0, len(from)-1).Draw(t, label)]
}

func (p *row) commit(t *rapid.T) {
	drafts := p.drawBatch(t)
	changes := make([]store.Change, len(drafts))
	meant := make([]string, len(drafts))
	for i := range drafts {
		p.drawFacts(t, &drafts[i].change)
		changes[i], meant[i] = drafts[i].change, drafts[i].change.Session.ID
	}
	want := p.model.Commit(t.Context(), slices.Clone(changes))
	for _, engine := range p.engines {
		got := engine.Commit(t.Context(), slices.Clone(changes))
		if len(got) != len(want) {
			t.Fatalf("Commit of %d changes gave %d answers by %T", len(want), len(got), engine)
		}
		for i := range want {
			// A change that is broken and a conflict too may be called either.
			alike := sameKind(got[i], want[i]) || (drafts[i].broken && got[i] != nil && want[i] != nil)
			if !alike {
				t.Errorf("change %d (%s): %T says %v, the model %v", i, drafts[i].label, engine, got[i], want[i])
			}
		}
	}
	p.compareHistories(t, meant)
}

func (p *row) ensureMerchant(t *rapid.T) {
	merchant := pick(t, "merchant", p.merchants)
	compare(t, "EnsureMerchant", p, func(e store.Engine) (struct{}, error) {
		return struct{}{}, e.EnsureMerchant(t.Context(), merchant, dawn)
	})
}

func (p *row) advanceClock(t *rapid.T) {
	merchant := pick(t, "merchant", p.merchants)
	by := time.Duration(rapid.Int64Range(0, 1<<32).Draw(t, "milliseconds")) * time.Millisecond
	compare(t, "AdvanceClock", p, func(e store.Engine) (time.Duration, error) {
		return e.AdvanceClock(t.Context(), merchant, by)
	})
}

func (p *row) proposeSecret(t *rapid.T) {
	name := pick(t, "name", p.secrets)
	proposed := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "proposed")
	compare(t, "Secret", p, func(e store.Engine) (string, error) {
		secret, err := e.Secret(t.Context(), name, bytes.Clone(proposed))
		return string(secret), err
	})
}

func (p *row) compareHistories(t *rapid.T, sessions []string) {
	limit, upTo := rapid.IntRange(0, 4).Draw(t, "limit"), rapid.Int64Range(0, 6).Draw(t, "up to")
	for _, id := range sessions {
		compareRead(t, "Revisions", p, func(engine store.Engine, ctx context.Context, sessionID string) ([]store.Revision, error) {
			return engine.Revisions(ctx, sessionID, limit, upTo)
		}, id)
	}
}

// compareReads reads everything that the names of this run lead to, but for
// the histories: they are long and nothing in them may change.
func (p *row) compareReads(t *rapid.T) {
	for _, id := range p.sessions {
		compareRead(t, "Session", p, store.Engine.Session, id)
	}
	for _, token := range p.tokens {
		compareRead(t, "SessionOfAuthorization", p, store.Engine.SessionOfAuthorization, token)
	}
	for _, orderID := range p.orders {
		compareRead(t, "SessionOfOrder", p, store.Engine.SessionOfOrder, orderID)
	}
	for _, merchant := range p.merchants {
		compareRead(t, "ClockAdvance", p, store.Engine.ClockAdvance, merchant)
		compareRead(t, "Keys", p, store.Engine.Keys, merchant)
	}
	for _, username := range p.usernames {
		compareRead(t, "Credential", p, credential, username)
	}
	p.compareMemories(t)
}

func compareRead[V any](t *rapid.T, what string, p *row, read func(store.Engine, context.Context, string) (V, error), key string) {
	t.Helper()
	compare(t, what, p, func(e store.Engine) (V, error) { return read(e, t.Context(), key) })
}

// compare asks all the same.
func compare[V any](t *rapid.T, what string, p *row, ask func(store.Engine) (V, error)) {
	t.Helper()
	want, wantErr := ask(p.model)
	for _, engine := range p.engines {
		got, gotErr := ask(engine)
		if !sameKind(gotErr, wantErr) {
			t.Fatalf("%s: %T says %v, the model %v", what, engine, gotErr, wantErr)
		}
		// cmp is slow, and nearly always there is nothing to show.
		if wantErr != nil || reflect.DeepEqual(want, got) {
			continue
		}
		if diff := cmp.Diff(want, got, exactly); diff != "" {
			t.Fatalf("%s of %T differs (-model +engine):\n%s", what, engine, diff)
		}
	}
}

// sameKind tells whether two answers mean the same to a caller.
func sameKind(a, b error) bool {
	for _, kind := range []error{nil, store.ErrNotFound, store.ErrConflict, store.ErrClosed} {
		if errors.Is(a, kind) != errors.Is(b, kind) {
			return false
		}
	}
	return true
}
