package checkout_test

import (
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
)

// TestWhatHasGotWorse: a customer is asked again for more money, other money or
// another way to pay, and never for less money.
func TestWhatHasGotWorse(t *testing.T) {
	t.Parallel()
	agreed := checkout.Terms{Category: "pay_later", OrderAmount: 10000, Currency: "SEK", Days: 30, Installments: 1}
	for name, c := range map[string]struct {
		change func(*checkout.Terms)
		worse  bool
	}{
		"nothing":               {func(*checkout.Terms) {}, false},
		"amount up by one":      {func(n *checkout.Terms) { n.OrderAmount++ }, true},
		"amount down by one":    {func(n *checkout.Terms) { n.OrderAmount-- }, false},
		"nothing to pay":        {func(n *checkout.Terms) { n.OrderAmount = 0 }, false},
		"other currency":        {func(n *checkout.Terms) { n.Currency = "NOK" }, true},
		"less in another":       {func(n *checkout.Terms) { n.Currency, n.OrderAmount = "NOK", 1 }, true},
		"other category":        {func(n *checkout.Terms) { n.Category = "pay_now" }, true},
		"due earlier":           {func(n *checkout.Terms) { n.Days = 14 }, true},
		"due later":             {func(n *checkout.Terms) { n.Days = 60 }, true},
		"more installments":     {func(n *checkout.Terms) { n.Installments = 3 }, true},
		"less, but due earlier": {func(n *checkout.Terms) { n.OrderAmount, n.Days = 1, 14 }, true},
	} {
		now := agreed
		c.change(&now)
		if got := now.Worse(agreed); got != c.worse {
			t.Errorf("%s: worse is %v", name, got)
		}
	}
}

func TestTermsAreTheMethodsOfTheMarket(t *testing.T) {
	t.Parallel()
	us := american()
	for category, want := range map[string]checkout.Terms{
		"pay_later":     {Category: "pay_later", OrderAmount: us.OrderAmount.Value, Currency: "USD", Days: 30, Installments: 1},
		"pay_over_time": {Category: "pay_over_time", OrderAmount: us.OrderAmount.Value, Currency: "USD", Days: 0, Installments: 4},
	} {
		requireSame(t, category, want, checkout.TermsOf(&us, category))
	}
}
