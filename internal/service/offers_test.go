package service_test

import (
	"context"
	"slices"
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store/memstore"
)

// byAmount decides about a load by the amount.
type byAmount map[int64]checkout.Outcome

func (b byAmount) Assess(_ context.Context, in risk.Input) risk.Assessment {
	outcome, ok := b[in.Content.OrderAmount.Value]
	if !ok || in.Call != risk.CallLoad {
		outcome = checkout.OutcomeApprove
	}
	return risk.Assessment{Decision: checkout.Decision{Outcome: outcome, Reason: "by amount"}}
}

// TestOffersSayWhatALoadWouldShow: the session's content with what is asked
// beside it, the rules at load, and a session that has ended.
func TestOffersSayWhatALoadWouldShow(t *testing.T) {
	t.Parallel()
	engine := memstore.New()
	s := remembering(t, engine, engine, byAmount{13: checkout.OutcomeDeny, 14: checkout.OutcomeInvalidFields, 15: checkout.OutcomeRefer}, 1)[0]
	sessionID := create(t, s)
	done := create(t, s)
	answered, err := s.Browser(t.Context(), caller("m"), done, service.BrowserCall{Call: risk.CallAuthorize, AutoFinalize: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.PlaceOrder(t.Context(), caller("m"), answered.Result.AuthorizationToken, cart(1), nil); err != nil {
		t.Fatal(err)
	}
	amount := func(n int64) checkout.Content { return checkout.Content{OrderAmount: checkout.IntegerOf(n)} }
	for name, c := range map[string]struct {
		question       service.OfferQuestion
		reasons, notes []checkout.Rule
	}{
		"a session":                {question: service.OfferQuestion{SessionID: sessionID}},
		"another category of it":   {question: service.OfferQuestion{SessionID: sessionID, Category: "card"}, reasons: []checkout.Rule{checkout.RuleCategoryOfMarket}},
		"no session":               {question: service.OfferQuestion{Content: cart(1)}},
		"hidden by a rule":         {question: service.OfferQuestion{SessionID: sessionID, Content: amount(13)}, reasons: []checkout.Rule{checkout.RuleRisk}},
		"fields to mend":           {question: service.OfferQuestion{SessionID: sessionID, Content: amount(14)}, notes: []checkout.Rule{checkout.RuleRisk}},
		"referred later":           {question: service.OfferQuestion{SessionID: sessionID, Content: amount(15)}},
		"with an order":            {question: service.OfferQuestion{SessionID: done}, reasons: []checkout.Rule{checkout.RuleSessionOpen}},
		"another currency for all": {question: service.OfferQuestion{SessionID: sessionID, Content: checkout.Content{PurchaseCurrency: checkout.TextOf("EUR")}}, reasons: []checkout.Rule{checkout.RuleCurrency}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer, err := s.Offers(t.Context(), caller("m"), c.question)
			if err != nil || len(answer.Offerings) == 0 {
				t.Fatalf("%+v %v", answer, err)
			}
			for _, one := range answer.Offerings {
				if got := rulesOf(one.Reasons); !slices.Equal(got, c.reasons) || one.Offered != (c.reasons == nil) {
					t.Errorf("%s: offered %t, reasons %v", one.Category, one.Offered, got)
				}
				if got := rulesOf(one.Notes); !slices.Equal(got, c.notes) {
					t.Errorf("%s: notes %v", one.Category, got)
				}
			}
		})
	}
	if _, err := s.Offers(t.Context(), caller("another"), service.OfferQuestion{SessionID: sessionID}); kindOf(err) != checkout.KindSessionNotFound {
		t.Errorf("another merchant's session: %v", err)
	}
	if kept, err := engine.AssessmentsOf(t.Context(), "m", sessionID, 1); err != nil || len(kept) > 0 {
		t.Errorf("a question was kept: %+v %v", kept, err)
	}
}

func rulesOf(violations []checkout.Violation) []checkout.Rule {
	var rules []checkout.Rule
	for _, v := range violations {
		rules = append(rules, v.Rule)
	}
	return rules
}
