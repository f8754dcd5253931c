package simulation_test

import (
	"fmt"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// stateOf is a stored session in the words of the model. The error names what
// the model has no word for.
func stateOf(s *checkout.Session) (state, error) {
	known, err := contentOf(&s.Content)
	if err != nil {
		return state{}, err
	}
	written := state{merchant: s.MerchantID, revision: s.Revision, content: known, until: s.ExpiresAt.UTC()}
	if a := s.Authorization; a != nil {
		approved, err := contentOf(a.Content)
		if err != nil {
			return state{}, fmt.Errorf("an approval of %w", err)
		}
		written.approval = approval{state: string(a.State), token: a.Token, category: a.Category, revision: a.Revision,
			until: a.ExpiresAt.UTC(), referred: a.Referred, content: approved}
	}
	if o := s.Order; o != nil {
		sold, err := contentOf(&o.Content)
		if err != nil {
			return state{}, fmt.Errorf("an order of %w", err)
		}
		written.order = placed{id: o.ID, token: o.AuthorizationToken, fraud: o.FraudStatus, method: o.Method.Type,
			authorized: int64(o.Ledger.Authorized), captured: int64(o.Ledger.Captured), content: sold}
		if o.Ledger.Refunded != 0 || o.Ledger.Released != 0 {
			return state{}, fmt.Errorf("a ledger of %+v", o.Ledger)
		}
	}
	if t := s.CustomerToken; t != nil {
		written.customer = customer{t.ID, t.AuthorizationToken}
	}
	return written, nil
}

func contentOf(c *checkout.Content) (content, error) {
	known := content{lines: len(c.OrderLines), amount: c.OrderAmount.Value, tax: c.OrderTaxAmount.Value,
		intent: c.Intent.Value, reference: c.MerchantReference1.Value}
	if c.BillingAddress != nil {
		known.city = c.BillingAddress.City.Value
	}
	for i := range c.OrderLines {
		l := &c.OrderLines[i]
		known.unit = l.UnitPrice.Value
		if l.UnitPrice != c.OrderLines[0].UnitPrice || l.TotalAmount != l.UnitPrice || l.TotalTaxAmount.Value != known.unit/5 {
			return content{}, fmt.Errorf("a cart that nobody sent: %+v", c.OrderLines)
		}
	}
	if known.amount != int64(known.lines)*known.unit || known.tax != known.amount/5 || c.PurchaseCurrency.Value != "SEK" {
		return content{}, fmt.Errorf("a sum that does not add up: %+v in %s", known, c.PurchaseCurrency.Value)
	}
	return known, nil
}

// issuedBy are the ids that a change brought.
func issuedBy(change *store.Change) fresh {
	ids := fresh{session: change.Session.ID}
	switch event := &change.Event; event.Kind {
	case checkout.EventAuthorized, checkout.EventReferred:
		ids.token = event.AuthorizationToken
	case checkout.EventOrdered:
		ids.order = event.OrderID
	case checkout.EventCustomerTokenCreated:
		ids.customer = change.Session.CustomerToken.ID
	}
	return ids
}
