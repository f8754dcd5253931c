package browser_test

import (
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/browsertest"
	"github.com/kvitto/kvitto/internal/market"
	"github.com/kvitto/kvitto/internal/testcustomers"
)

// paying has a session for each customer and makes both calls, one customer
// after the other, on one page.
const paying = `async (customers) => {
	const call = (method, ...args) => new Promise((done) => Klarna.Payments[method](...args, done))
	window.paid = []
	for (const c of customers) {
		Klarna.Payments.init({client_token: c.token})
		const loaded = await call('load', {container: '#klarna-container', payment_method_category: c.category}, {})
		const authorized = await call('authorize', {payment_method_category: c.category}, {billing_address: c.address})
		paid.push({loaded, authorized})
	}
}`

// payment is one customer's way to pay.
type payment struct {
	testcustomers.Customer
	address object
}

// waysToPay are the customers of a market by what a shop can send of them. Of the
// disputes, which differ after the order only, there is one.
func waysToPay(country string) (all []payment) {
	for _, c := range testcustomers.Of(country) {
		if strings.HasPrefix(c.Flow, "disputed-") && c.Flow != "disputed-return" {
			continue
		}
		all = append(all, payment{Customer: c, address: object{"email": c.Email}})
		if c.Phone != "" {
			all = append(all, payment{Customer: c, address: object{"phone": c.Phone}})
		}
	}
	return all
}

// TestCustomersOfEveryMarket: the published test data ends in a browser as it
// does over the API, without a window: what load shows, what the callback of
// authorize gets, and what becomes of the order.
func TestCustomersOfEveryMarket(t *testing.T) {
	t.Parallel()
	s := newMerchant(t)
	s.open("/once")
	s.ready()
	s.headless()
	for _, m := range market.All() {
		body := object{"purchase_country": m.Country, "purchase_currency": m.Currency, "locale": m.Locales[0], "order_amount": amount,
			"order_lines": []any{object{"name": "Running shoe", "quantity": 1, "unit_price": amount, "total_amount": amount}}}
		all := waysToPay(m.Country)
		given := make([]object, len(all))
		for i := range all {
			session, err := s.server.CreateSession(t.Context(), with(body, object{"billing_address": all[i].address}))
			if err != nil {
				t.Fatal(err)
			}
			given[i] = object{"token": session.ClientToken, "category": session.PaymentMethodCategories[0].Identifier, "address": all[i].address}
		}
		s.Do(paying, given)
		results := browsertest.Eval[[]struct{ Loaded, Authorized object }](s, "paid")
		for i := range all {
			s.checkPayment(&all[i], body, results[i].Loaded, results[i].Authorized)
		}
	}
}

func (s *shop) checkPayment(p *payment, body, loaded, authorized object) {
	s.t.Helper()
	want, shows := approved, shown
	if p.End == testcustomers.Denied {
		want = refusal
	}
	if p.Hidden {
		shows = hidden
	}
	if got := text(s.t, loaded); got != text(s.t, shows) {
		s.t.Errorf("%s %s %v: load gave %s", p.Country, p.Flow, p.address, got)
	}
	s.check(authorized, want)
	if p.End == testcustomers.Denied {
		return
	}
	placed, err := s.order(s.token(authorized), with(body, object{"billing_address": p.address}))
	if err != nil || placed.FraudStatus != string(p.End) {
		s.t.Errorf("%s %s %v: the order is %+v, %v", p.Country, p.Flow, p.address, placed, err)
	}
}
