package lab_test

import (
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/lab"
	"github.com/kvitto/kvitto/internal/market"
	"github.com/kvitto/kvitto/internal/risk"
)

// TestThePersonsOfAllMarkets can buy: they know all that their market asks for,
// what they say is valid, and their test data is approved.
func TestThePersonsOfAllMarkets(t *testing.T) {
	t.Parallel()
	for _, m := range market.All() {
		person := lab.Person(m.Country)
		if person == nil {
			t.Errorf("%s has no person", m.Country)
			continue
		}
		content := checkout.Content{PurchaseCountry: checkout.TextOf(m.Country), PurchaseCurrency: checkout.TextOf(m.Currency),
			OrderAmount: checkout.IntegerOf(1), OrderLines: []checkout.Line{{Name: checkout.TextOf("a"), Quantity: checkout.IntegerOf(1),
				UnitPrice: checkout.IntegerOf(1), TotalAmount: checkout.IntegerOf(1)}}}
		session, _, refusal := checkout.Create("s", "m", content, nil, dawn)
		if refusal != nil {
			t.Fatalf("%s: %v", m.Country, refusal)
		}
		call := checkout.Browser{Category: "pay_later", Now: dawn, NewToken: func() string { return "t" },
			Flow: &checkout.Flow{Answers: checkout.Answers{Details: person}},
			Decide: func(c *checkout.Content) checkout.Decision {
				return risk.Playground{}.Assess(t.Context(), risk.Input{Call: risk.CallAuthorize, Content: c}).Decision
			}}
		_, _, result, _ := session.Authorize(call)
		if result.Ask == nil || result.Ask.Step != checkout.StepConfirm {
			t.Errorf("%s: asked %+v", m.Country, result.Ask)
			continue
		}
		call.Flow.Answers.Consent = result.Ask.Terms
		if _, _, result, _ = session.Authorize(call); !result.Approved {
			t.Errorf("%s: %+v", m.Country, result)
		}
	}
	if lab.Person("XX") != nil {
		t.Error("a person of nowhere")
	}
}

var dawn = time.Date(2026, 1, 1, 6, 0, 0, 0, time.UTC)
