package checkout

// Terms are what a customer agrees to: what is paid, how and when.
type Terms struct {
	Category     string // payment_method_category, empty when the call named none
	OrderAmount  int64  // minor units
	Currency     string // ISO 4217
	Days         int    // until the payment is due, 0 when at once
	Installments int    // 1 when paid in one go
}

// TermsOf are the terms of paying the content with the category.
func TermsOf(c *Content, category string) Terms {
	method := c.Market().MethodOf(category)
	return Terms{
		Category: category, OrderAmount: c.OrderAmount.Value, Currency: c.PurchaseCurrency.Value,
		Days: method.NumberOfDays, Installments: method.NumberOfInstallments,
	}
}

// Worse tells whether the terms have got worse since they were agreed to, so
// that the customer has to be asked again: a larger amount, another currency,
// or another way to pay. A smaller amount needs nobody's consent.
func (t Terms) Worse(agreed Terms) bool {
	if t.Currency != agreed.Currency || t.OrderAmount > agreed.OrderAmount {
		return true
	}
	return t.Category != agreed.Category || t.Days != agreed.Days || t.Installments != agreed.Installments
}

// agreedTerms are what the customer agreed to with an earlier approval of this
// session, nil when there was none. A denial ends what was agreed, and so does the
// merchant who releases the authorization.
func (s *Session) agreedTerms() *Terms {
	a := s.Authorization
	if a == nil || a.Content == nil || a.State == AuthorizationDenied || a.State == AuthorizationReleased {
		return nil
	}
	terms := TermsOf(a.Content, a.Category)
	return &terms
}
