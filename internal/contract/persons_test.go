package contract_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/testcustomers"
)

// TestDataEmails: what the customer's test e-mail does, whatever the country,
// and where it acts in two countries only.
func TestDataEmails(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("emails")
	const approved, denied, pending = "ACCEPTED", "denied", "PENDING"
	for _, c := range []struct{ country, email, outcome string }{
		{"SE", "customer@email.se", approved},
		{"SE", "alice@example.com", approved},
		{"SE", "", approved},
		{"SE", "+denied", approved},
		{"SE", "denied@email.se", approved},
		{"DE", "customer+denied@email.de", denied},
		{"US", "CUSTOMER+DENIED@EMAIL.US", denied},
		{"SE", "youremail+denied@email.com", denied},
		{"GB", "customer+new_user@email.gb", approved},
		{"US", "customer+require_signup@email.us", approved},
		{"AT", "customer+red@email.at", approved},
		{"US", "customer+pend-accept-05@email.us", pending},
		{"US", "customer+pend-reject-00@email.us", pending},
		{"GB", "customer+pend-accept-99@email.uk", pending},
		{"GB", "customer+pend-reject-05@email.uk", pending},
		{"SE", "customer+pend-accept-05@email.se", approved},
		{"DE", "customer+pend-reject-05@email.de", approved},
		{"NO", "customer+disputed-return@email.no", approved},
		{"SE", "customer+disputed-high_risk_order@email.se", approved},
		{"FR", "customer+denied+auth_id_scan@email.fr", approved},
		{"US", "customer+denied+auth_bank_login@email.us", approved},
		{"DK", "customer+denied+auth_monthio@email.dk", approved},
		{"FI", "customer+denied+auth_bank_id_fi@email.fi", approved},
		{"US", "customer+denied+auth_otp_phone@email.us", approved},
		{"US", "customer+reject_reason_other@email.us", denied},
		{"US", "cust+reject_reason_customer_not_fulfilling_previous_engagements@email.us", denied},
		{"CA", "email+reject_reason_HIGH_RISK@email.com", denied},
	} {
		if got := outcomeOf(t, m, c.country, fmt.Sprintf(`{"email":%q}`, c.email)); got != c.outcome {
			t.Errorf("%s in %s ends %s, want %s", c.email, c.country, got, c.outcome)
		}
	}
}

// TestEveryCustomerOfEveryMarket: each published e-mail address and each published
// phone number alone, and both together, end as published; and what load shows.
func TestEveryCustomerOfEveryMarket(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("customers")
	for _, country := range testcustomers.Countries() {
		t.Run(country, func(t *testing.T) {
			t.Parallel()
			for _, c := range testcustomers.Of(country) {
				addresses := []string{fmt.Sprintf(`{"email":%q}`, c.Email)}
				if c.Phone != "" {
					addresses = append(addresses, fmt.Sprintf(`{"phone":%q}`, c.Phone), fmt.Sprintf(`{"email":%q,"phone":%q}`, c.Email, c.Phone))
				}
				for _, address := range addresses {
					if got := outcomeOf(t, m, country, address); got != string(c.End) {
						t.Errorf("%s: %s ends %s, want %s", c.Flow, address, got, c.End)
					}
				}
				id := m.create(t, pin(country, addresses[0]))
				if got := m.must(t, 200, "POST", "/kvitto/v1/sessions/"+id+"/load", "").object(t)["show_form"]; got != !c.Hidden {
					t.Errorf("%s: load says show_form %v", c.Flow, got)
				}
			}
		})
	}
}

// TestNumbersAreTheirDigits: however they are written.
func TestNumbersAreTheirDigits(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("phones")
	for _, written := range []string{"46701740620", "+46 70 174 06 20", "+46-(70)-1740620"} {
		if got := outcomeOf(t, m, "SE", fmt.Sprintf(`{"phone":%q}`, written)); got != "denied" {
			t.Errorf("%q ends %s, want denied", written, got)
		}
	}
}

// pin is a session of a customer in a country.
func pin(country, address string) string {
	return fmt.Sprintf(`{"purchase_country":%q,"purchase_currency":%q,"billing_address":%s,"order_amount":1,`+
		`"order_lines":[{"name":"Pin","quantity":1,"unit_price":1,"total_amount":1}]}`, country, currencyOf[country], address)
}

// outcomeOf authorizes a session with the billing address and tells how it
// ends: denied, or the fraud status of the order.
func outcomeOf(t *testing.T, m merchant, country, address string) string {
	t.Helper()
	body := pin(country, address)
	id := m.create(t, body)
	a := m.must(t, 200, "POST", "/kvitto/v1/sessions/"+id+"/authorize", "")
	token := a.text(t, "authorization_token")
	if token == "" {
		result := a.object(t)
		if _, ok := result["authorization_token"]; ok || result["approved"] != false || result["show_form"] != false {
			t.Errorf("%s in %s: not denied, and no token: %s", address, country, a.body)
		}
		return "denied"
	}
	return m.must(t, 200, "POST", orderPath(token), body).text(t, "fraud_status")
}

var currencyOf = func() map[string]string {
	found := make(map[string]string)
	for _, market := range strings.Fields(marketTable) {
		country, currency, _ := strings.Cut(market, ":")
		found[country] = currency
	}
	return found
}()

// TestDataRedAtLoad: +red says no at load and not at authorize; a denied
// customer is shown the widget.
func TestDataRedAtLoad(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("red")
	id := m.create(t, cart)
	for email, shown := range map[string]bool{
		"customer+red@email.se": false, "customer+denied@email.se": true, "customer@email.se": true, "customer+pend-accept-05@email.us": true,
	} {
		a := m.must(t, 200, "POST", "/kvitto/v1/sessions/"+id+"/load", fmt.Sprintf(`{"data":{"billing_address":{"email":%q}}}`, email))
		if got := a.object(t)["show_form"]; got != shown {
			t.Errorf("%s: show_form is %v, want %v", email, got, shown)
		}
	}
}

// The test data may come with the call itself, later than the session's.
func TestDataOfTheCallCounts(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("call")
	id := m.create(t, `{"billing_address":{"email":"customer@email.se"},`+cart[1:])
	a := m.must(t, 200, "POST", "/kvitto/v1/sessions/"+id+"/authorize", `{"data":{"billing_address":{"email":"customer+denied@email.se"}}}`)
	if a.object(t)["approved"] != false {
		t.Errorf("want a denial: %s", a.body)
	}
	a = m.must(t, 200, "POST", "/kvitto/v1/sessions/"+id+"/reauthorize", `{"data":{"billing_address":{"email":"customer@email.se"}}}`)
	if a.object(t)["approved"] != true {
		t.Errorf("want an approval: %s", a.body)
	}
}
