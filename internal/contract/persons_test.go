package contract_test

import (
	"fmt"
	"strings"
	"testing"
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

// deniedPhones and approvedPhones are the published test numbers by country.
const (
	deniedPhones = "AT:+4306762600745 BE:+32485212123 CZ:+420771623691 DK:+4552555348 FI:+358401234568 FR:+33687984322 " +
		"DE:+49017610927312 GR:+306945553625 HU:+36705553575 IE:+353855351401 IT:+393312232389 NL:+31632167678 NO:+4740123457 " +
		"PL:+48795223325 PT:+351915593837 RO:+40707127444 SK:+421905123457 ES:+34682425101 SE:+46701740620 CH:+41758680001 " +
		"GB:+447355505530 CA:+15197308624 MX:+525593747740 US:+13106354386 AU:+61473763254 NZ:+642993007712 " +
		"US:+13105558636 US:+13105558637 US:+13105558638 US:+13105558639 US:+13105558640 US:+13105558641 US:+13105558642 " +
		"US:+13105558643 US:+13105558644 US:+13105558645 US:+13105558646 US:+13105558647"
	approvedPhones = "AT:+4306762600456 BE:+32485121291 CZ:+420771613715 DK:+4542555628 FI:+358401234567 FR:+33689854321 " +
		"DE:+49017614284340 GR:+306945553624 HU:+36300102692 IE:+353855351400 IT:+393339741231 NL:+31689124321 NO:+4740123456 " +
		"PL:+48795222223 PT:+351935556731 RO:+40741209876 SK:+421905123456 ES:+34672563009 SE:+46701740615 CH:+41758680000 " +
		"GB:+447755564318 CA:+15197438620 MX:+525593747739 US:+13106683312 AU:+61473752244 NZ:+6427555290 " +
		"FR:+33644974346 GB:+445674519822 US:+13105550124 US:+13105558963 US:+13105558632 FI:+358401234596"
)

// TestDataPhones: the published numbers of denied persons are denied, however
// they are written, those of approved persons are not.
func TestDataPhones(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("phones")
	check := func(list, want string) {
		t.Helper()
		for _, entry := range strings.Fields(list) {
			country, phone, _ := strings.Cut(entry, ":")
			if got := outcomeOf(t, m, country, fmt.Sprintf(`{"phone":%q}`, phone)); got != want {
				t.Errorf("%s ends %s, want %s", entry, got, want)
			}
		}
	}
	check(deniedPhones, "denied")
	check(approvedPhones, "ACCEPTED")
	for _, written := range []string{"46701740620", "+46 70 174 06 20", "+46-(70)-1740620"} {
		if got := outcomeOf(t, m, "SE", fmt.Sprintf(`{"phone":%q}`, written)); got != "denied" {
			t.Errorf("%q ends %s, want denied", written, got)
		}
	}
}

// outcomeOf authorizes a session with the billing address and tells how it
// ends: denied, or the fraud status of the order.
func outcomeOf(t *testing.T, m merchant, country, address string) string {
	t.Helper()
	body := fmt.Sprintf(`{"purchase_country":%q,"purchase_currency":%q,"billing_address":%s,"order_amount":1,`+
		`"order_lines":[{"name":"Pin","quantity":1,"unit_price":1,"total_amount":1}]}`, country, currencyOf[country], address)
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
