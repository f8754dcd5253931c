package checkout_test

import (
	"slices"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/market"
)

// asked is a question about a market.
func asked(country, currency string) checkout.Content {
	return checkout.Content{PurchaseCountry: text(country), PurchaseCurrency: text(currency)}
}

// rulesOf are the names of the rules that are told.
func rulesOf(violations []checkout.Violation) []checkout.Rule {
	var rules []checkout.Rule
	for _, v := range violations {
		rules = append(rules, v.Rule)
	}
	return rules
}

// TestWhyNotAgreesWithWhatSessionsAreOffered walks every pair of country and
// currency and every category: it says offered exactly where a session is made
// and its market has the category.
func TestWhyNotAgreesWithWhatSessionsAreOffered(t *testing.T) {
	t.Parallel()
	categories := []string{"pay_later", "pay_over_time", "pay_in_parts", "pay_now", "card", "direct_debit", market.BankTransfer}
	for _, m := range market.All() {
		for _, other := range market.All() {
			session := swedish()
			session.PurchaseCountry, session.PurchaseCurrency = text(m.Country), text(other.Currency)
			possible := len(checkout.Validate(checkout.OperationCreate, &session, nil)) == 0
			offered := checkout.Offers(&session, "", nil)
			question := asked(m.Country, other.Currency)
			for _, all := range checkout.WhyNot(&question, "") {
				if all.Offered != possible {
					t.Errorf("%s %s %s: offered %t, a session is possible: %t", m.Country, other.Currency, all.Category, all.Offered, possible)
				}
			}
			for _, category := range categories {
				has := slices.ContainsFunc(offered, func(o checkout.Offer) bool { return o.Category == category })
				got := checkout.WhyNot(&question, category)
				if len(got) != 1 || got[0].Category != category || got[0].Offered != (possible && has) {
					t.Errorf("%s %s %s: %+v", m.Country, other.Currency, category, got)
				}
				if got[0].Offered != (len(got[0].Reasons) == 0) {
					t.Errorf("%s %s %s: offered %t with the reasons %+v", m.Country, other.Currency, category, got[0].Offered, got[0].Reasons)
				}
			}
		}
	}
}

// TestWhyNotSaysWhy: every reason there is, and notes that hide nothing.
func TestWhyNotSaysWhy(t *testing.T) {
	t.Parallel()
	amount := func(c checkout.Content, n int64) checkout.Content { c.OrderAmount = checkout.IntegerOf(n); return c }
	with := func(c checkout.Content, change func(*checkout.Content)) checkout.Content { change(&c); return c }
	for name, row := range map[string]struct {
		content        checkout.Content
		category       string
		reasons, notes []checkout.Rule
	}{
		"all is well":           {content: amount(asked("SE", "SEK"), 10000)},
		"small letters":         {content: asked("se", "sek")},
		"no such country":       {content: asked("ZA", "ZAR"), reasons: []checkout.Rule{checkout.RuleCountry}},
		"another's currency":    {content: asked("SE", "EUR"), reasons: []checkout.Rule{checkout.RuleCurrency}},
		"nothing said":          {reasons: []checkout.Rule{checkout.RuleRequired, checkout.RuleRequired}},
		"a negative amount":     {content: amount(asked("SE", "SEK"), -1), reasons: []checkout.Rule{checkout.RuleRange}},
		"nothing to pay":        {content: amount(asked("SE", "SEK"), 0), notes: []checkout.Rule{checkout.RuleNothingToPay}},
		"not in the US":         {content: asked("US", "USD"), category: "pay_now", reasons: []checkout.Rule{checkout.RuleCategoryOfMarket}},
		"of the US":             {content: asked("US", "USD"), category: "pay_over_time"},
		"any category":          {content: asked("US", "USD"), category: market.AnyCategory},
		"no such category":      {content: asked("SE", "SEK"), category: "pay_never", reasons: []checkout.Rule{checkout.RuleCategory}},
		"two reasons":           {content: asked("US", "SEK"), category: "pay_now", reasons: []checkout.Rule{checkout.RuleCurrency, checkout.RuleCategoryOfMarket}},
		"a category of nowhere": {content: asked("ZA", "ZAR"), category: "card", reasons: []checkout.Rule{checkout.RuleCountry}},
		"another's locale": {content: with(asked("SE", "SEK"), func(c *checkout.Content) { c.Locale = text("pl-PL") }),
			notes: []checkout.Rule{checkout.RuleLocaleOfMarket}},
		"English everywhere": {content: with(asked("SE", "SEK"), func(c *checkout.Content) { c.Locale = text("en-US") })},
		"no locale at all": {content: with(asked("SE", "SEK"), func(c *checkout.Content) { c.Locale = text("swedish") }),
			reasons: []checkout.Rule{checkout.RuleFormat}, notes: []checkout.Rule{checkout.RuleLocaleOfMarket}},
		"a token": {content: with(amount(asked("SE", "SEK"), 0), func(c *checkout.Content) { c.Intent = text("tokenize") }),
			notes: []checkout.Rule{checkout.RuleIntent}},
		"no such intent": {content: with(asked("SE", "SEK"), func(c *checkout.Content) { c.Intent = text("rent") }),
			reasons: []checkout.Rule{checkout.RuleFormat}},
		"a billing country that overrides": {content: with(asked("SE", "SEK"), func(c *checkout.Content) {
			c.BillingAddress = &checkout.Address{Country: text("NO")}
		}), reasons: []checkout.Rule{checkout.RuleCurrency}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, got := range checkout.WhyNot(&row.content, row.category) {
				if !slices.Equal(rulesOf(got.Reasons), row.reasons) || !slices.Equal(rulesOf(got.Notes), row.notes) || got.Offered != (row.reasons == nil) {
					t.Errorf("%s: offered %t, reasons %v, notes %v", got.Category, got.Offered, rulesOf(got.Reasons), rulesOf(got.Notes))
				}
			}
		})
	}
}

// TestNothingIsOfferedForASessionThatHasEnded.
func TestNothingIsOfferedForASessionThatHasEnded(t *testing.T) {
	t.Parallel()
	session := checkout.Session{ID: "s", Content: swedish(), ExpiresAt: time.Unix(1000, 0)}
	if why := session.WhyClosed(time.Unix(999, 0)); why != nil {
		t.Errorf("an open session: %+v", why)
	}
	if why := session.WhyClosed(time.Unix(1000, 0)); why == nil || why.Sent != "expired" || why.Hint == "" {
		t.Errorf("an expired session: %+v", why)
	}
	session.Order = &checkout.Order{ID: "o"}
	if why := session.WhyClosed(time.Unix(999, 0)); why == nil || why.Sent != "complete" {
		t.Errorf("a complete session: %+v", why)
	}
}
