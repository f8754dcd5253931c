package portal_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/admin"
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/portal"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/memstore"
	"github.com/kvitto/kvitto/internal/store/storetest"
)

// goodRules deny the amount 4.
const goodRules = "name = \"fours\"\n[[rule]]\nname = \"four\"\npriority = 1\ncondition = 'order_amount == 4'\naction = \"deny\"\nreason = \"it is four\"\n"

func parsed(t *testing.T, text string) *risk.RuleSet {
	t.Helper()
	set, err := risk.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// RulesInUse gives what the test has put there, else rules that deny fours.
func (s *site) RulesInUse(string) portal.RulesInUse {
	if s.rules.Set == nil {
		return usedRules(s.t, goodRules)
	}
	return s.rules
}

// usedRules were used one after the other, the last named first.
func usedRules(t *testing.T, texts ...string) portal.RulesInUse {
	t.Helper()
	in := portal.RulesInUse{File: "/etc/kvitto/rules.toml", Set: parsed(t, texts[0])}
	for i, text := range texts {
		set := parsed(t, text)
		in.Versions = append(in.Versions, portal.RuleVersion{Name: set.Name, Version: set.Version, Since: noon.Add(-time.Duration(i) * time.Hour), Text: text})
	}
	return in
}

func (s *site) RuleList(_, path string) ([]byte, error) {
	if path == "bad.txt" {
		return []byte("bad@example.com\n"), nil
	}
	return nil, errors.New("no such list")
}

// Replay is of assessments whose document is an amount.
func (s *site) Replay(question service.ReplayQuestion) (*service.Replaying, error) {
	if s.turns == nil {
		s.remember(s.t, 0, "")
	}
	return s.turns.Replay(question)
}

// remember fills the store with so many approved assessments of the amounts 0 to 9
// in turn, of a merchant and its session.
func (s *site) remember(t *testing.T, n int, of string) {
	t.Helper()
	read := func(document []byte) (risk.Input, risk.Decided, error) {
		in := risk.Input{Call: risk.CallAuthorize, SessionID: string(document[1:]), Content: &checkout.Content{OrderAmount: checkout.IntegerOf(int64(document[0]))}}
		return in, risk.Decided{Outcome: checkout.OutcomeApprove, RuleSet: "before"}, nil
	}
	engine := memstore.New()
	err := storetest.FillAssessments(t.Context(), engine, n, func(i int) store.Assessment {
		at := noon.Add(time.Duration(i) * time.Second)
		return store.Assessment{ID: identifier.New(at), MerchantID: of, SessionID: own.session, At: at, Call: "authorize", Outcome: "approve",
			Document: append([]byte{byte(i % 10)}, own.session...)}
	})
	if err != nil {
		t.Fatal(err)
	}
	s.turns, err = service.New(service.Options{Engine: engine, NewID: identifier.New, Memory: engine, ReadInput: read, ReplayWorkers: 1})
	if err != nil {
		t.Fatal(err)
	}
}

func (s *site) Keys(ctx context.Context, merchantID string) ([]admin.Key, error) {
	return admin.Direct{Tenants: s.store, Now: time.Now}.Keys(ctx, merchantID)
}

func (s *site) CreateKey(_ context.Context, merchantID string) (admin.Key, error) {
	s.moved = append(s.moved, "made one of "+merchantID)
	return admin.Key{MerchantID: merchantID, Username: "the-new-user-name", Password: "kvitto_api_MADE", CreatedAt: noon}, nil
}

func (s *site) RevokeKey(ctx context.Context, merchantID, username string) error {
	s.moved = append(s.moved, "revoked "+username+" of "+merchantID)
	return admin.Direct{Tenants: s.store, Now: time.Now}.RevokeKey(ctx, username)
}

func (s *site) CallbackSecret(_ context.Context, merchantID string) (string, error) {
	for _, of := range []things{own, others} {
		if of.merchant == merchantID {
			return "whsec_" + of.mark, nil
		}
	}
	return "", store.ErrNotFound
}

func (s *site) Kept(_ context.Context, counted bool) ([]portal.Kept, error) {
	kept := portal.Kept{What: "Assessments", For: 400 * 24 * time.Hour, Setting: "retention.assessments"}
	if counted {
		kept.Now = "4711"
	}
	return []portal.Kept{kept, {What: "Orders"}}, nil
}
