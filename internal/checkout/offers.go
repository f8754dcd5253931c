package checkout

import "github.com/kvitto/kvitto/internal/market"

// Offer is a way to pay that the customer may choose.
type Offer struct {
	Category     string
	Name         string
	Days         int
	Installments int
}

// Offers are the ways to pay the content: by the category that a call named,
// else by those it named, else by all of the market's. A category that the
// market's sessions are not offered is taken when it is named alone.
func Offers(c *Content, category string, categories []string) []Offer {
	m := c.Market()
	if category != "" && category != market.AnyCategory {
		return []Offer{offerOf(m, m.Category(category))}
	}
	var offered, both, others []Offer
	for _, own := range m.Categories() {
		offered = append(offered, offerOf(m, own))
	}
	if category == market.AnyCategory {
		return offered
	}
	for _, named := range categories {
		switch {
		case offers(offered, named) && !offers(both, named):
			both = append(both, offerOf(m, m.Category(named)))
		case market.KnownCategory(named) && named != market.AnyCategory && !offers(others, named):
			others = append(others, offerOf(m, m.Category(named)))
		}
	}
	switch {
	case len(both) > 0:
		return both
	case len(others) > 0:
		return others
	}
	return offered
}

// Review is what a review page shows: what was approved, and how it is paid.
// ok is false when nothing was.
func (s *Session) Review() (content Content, paid Offer, ok bool) {
	a := s.Authorization
	if a == nil || a.Content == nil || a.State == AuthorizationDenied || a.State == AuthorizationReleased {
		return s.Known(), Offer{}, false
	}
	category := a.Category
	if category == "" {
		category = market.AnyCategory
	}
	m := a.Content.Market()
	return a.Content.filledWith(s.Collected), offerOf(m, m.Category(category)), true
}

// chosenWithoutCustomer is the category where nobody chooses: a repeated call
// keeps the one before, another takes the first that was named.
func (s *Session) chosenWithoutCustomer(call *Browser, known *Content) string {
	if call.Category != "" || len(call.Categories) == 0 {
		return call.Category
	}
	offered := Offers(known, call.Category, call.Categories)
	if earlier := s.Authorization; call.repeated && earlier != nil && offers(offered, earlier.Category) {
		return earlier.Category
	}
	return offered[0].Category
}

func offerOf(m market.Market, category market.Category) Offer {
	method := m.MethodOf(category.Identifier)
	return Offer{category.Identifier, category.Name, method.NumberOfDays, method.NumberOfInstallments}
}

func offers(offered []Offer, category string) bool {
	for _, offer := range offered {
		if offer.Category == category {
			return true
		}
	}
	return false
}
