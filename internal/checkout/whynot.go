package checkout

import (
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/market"
)

// The rules that only a question why something is not offered names.
const (
	RuleCategory         Rule = "known_category"
	RuleCategoryOfMarket Rule = "category_of_market"
	RuleSessionOpen      Rule = "session_open"
	RuleLocaleOfMarket   Rule = "locale_of_market"
	RuleIntent           Rule = "intent"
	RuleNothingToPay     Rule = "nothing_to_pay"
	RuleRisk             Rule = "risk"
)

// Offering tells whether a category is offered for a content, and why not.
type Offering struct {
	Category string
	Name     string
	Offered  bool
	Reasons  []Violation // why it is not; none when it is
	Notes    []Violation // what hides nothing and is easily overlooked
}

// WhyNot tells for each category of the content's market, or for the one that is
// named, whether a session with this content is offered it. What the content
// does not say, but country and currency, is not looked at: it need not be
// enough for a session. The reasons are all that there are.
func WhyNot(c *Content, category string) []Offering {
	content := c.normalized()
	reasons, notes := whyNothing(&content), offerNotes(&content)
	m := content.Market()
	categories := m.Categories()
	if category != "" {
		categories = []market.Category{m.Category(category)}
	}
	offerings := make([]Offering, len(categories))
	for i, own := range categories {
		offering := Offering{Category: own.Identifier, Name: own.Name, Notes: notes}
		offering.Reasons = append(offering.Reasons, reasons...)
		if reason := whyNotHere(m, own.Identifier); reason != nil {
			offering.Reasons = append(offering.Reasons, *reason)
		}
		offering.Offered = len(offering.Reasons) == 0
		offerings[i] = offering
	}
	return offerings
}

// WhyClosed is why nothing can be offered for the session any more; nil when it
// can.
func (s *Session) WhyClosed(now time.Time) *Violation {
	refusal := s.open(now)
	if refusal == nil {
		return nil
	}
	sent := "expired"
	if s.Complete() {
		sent = "complete"
	}
	return &Violation{Path: "session_id", Rule: RuleSessionOpen, Sent: sent, Expected: "a session that is not complete and has not expired",
		Hint: refusal.Reason}
}

// whyNothing are the reasons why no session can have this content: those of the
// market, and of an amount, locale or intent that no session takes.
func whyNothing(c *Content) []Violation {
	v := validation{content: c}
	v.market(v.codes(StageMarket))
	for i := range ContentTextFields {
		if f := &ContentTextFields[i]; f.Name == "locale" || f.Name == "intent" {
			v.text("", f.Name, *f.At(c), f.Min, f.Max, f.Format)
		}
	}
	checkIntegers(&v, "", ContentIntegerFields, c)
	return v.violations
}

// whyNotHere is why the market's sessions are not offered the category.
func whyNotHere(m market.Market, category string) *Violation {
	names := make([]string, 0, len(m.Categories()))
	for _, own := range m.Categories() {
		if own.Identifier == category {
			return nil
		}
		names = append(names, own.Identifier)
	}
	expected := strings.Join(names, ", ")
	switch {
	case category == market.AnyCategory:
		return nil // it stands for all of them
	case !market.KnownCategory(category):
		return &Violation{Path: "payment_method_category", Rule: RuleCategory, Sent: category, Expected: expected,
			Hint: "the protocol has no category of this name"}
	case m.Country == "":
		return nil // without a market no category is wrong
	}
	return &Violation{Path: "payment_method_category", Rule: RuleCategoryOfMarket, Sent: category, Expected: expected,
		Hint: "sessions in " + m.Country + " are not offered it; a load() that names it alone is shown it all the same"}
}

// offerNotes are what changes something else than the offer.
func offerNotes(c *Content) []Violation {
	var notes []Violation
	m := c.Market()
	if locale := c.Locale.Value; m.Country != "" && !m.Speaks(locale) && len(locale) >= 2 && !equalFold(locale[:2], "en") {
		notes = append(notes, Violation{Path: "locale", Rule: RuleLocaleOfMarket, Sent: locale, Expected: strings.Join(m.Locales, ", "),
			Hint: "the customer's pages are in English: the country does not have this locale"})
	}
	if c.OrderAmount.Set && c.OrderAmount.Value == 0 && c.intent() == IntentBuy {
		notes = append(notes, Violation{Path: "order_amount", Rule: RuleNothingToPay, Sent: int64(0), Expected: "more than 0",
			Hint: "nothing is to be paid; a customer token without a purchase has the intent tokenize"})
	}
	if c.intent() == IntentTokenize {
		notes = append(notes, Violation{Path: "intent", Rule: RuleIntent, Sent: c.Intent.Value, Expected: IntentBuy,
			Hint: "the authorization makes a customer token and no order"})
	}
	return notes
}
