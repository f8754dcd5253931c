package shop

import (
	"maps"
	"net/http"
	"strings"
)

// This file sets the shop up for things worth seeing. A shop of your own has
// nothing like it.

// scenario is a prepared visit with what to look at.
type scenario struct {
	Name, Title string
	Watch       [3]string
	OldApproval bool // the review page offers to order with what was approved before the change

	start        string // page to begin at
	country      string
	person       string // of the test persons
	cart         map[string]int64
	postalCode   string // instead of the person's
	autoFinalize bool   // in steps: authorize gives the token at once
	loadData     bool   // load sends the address
}

var scenarioList = []scenario{
	{Name: "one-page", Title: "Checkout on one page", start: "checkout", country: "SE", person: "approved", cart: map[string]int64{"mug": 2, "towel": 1},
		Watch: [3]string{"The payment is authorized when you press Pay, and ordered right after.",
			"Change the cart first: the shop updates the session, the page calls load again, and the widget shows the new amount.",
			"The log below has one session, its updates and one order."}},
	{Name: "steps", Title: "Checkout in steps", start: "checkout/address", country: "DE", person: "approved", cart: map[string]int64{"board": 1, "candles": 2},
		Watch: [3]string{"The payment page calls authorize with auto_finalize: false, so you may get a preliminary yes without a token.",
			"The review page calls init with the same client token on a page of its own, without load.",
			"There Pay calls finalize, which gives the token."}},
	{Name: "update-after-authorize", Title: "The cart changes after authorize", start: "checkout/payment", country: "SE", person: "approved",
		cart: map[string]int64{"teapot": 1}, autoFinalize: true, OldApproval: true,
		Watch: [3]string{"Continue to the review page, then add something to the cart there.",
			"“Order with the old approval” sends the new cart with the token of the old one: the answer is a 409 that names what differs.",
			"Nothing was ordered, and the approval still holds for what was approved; Pay asks for a new one."}},
	{Name: "reauthorize-up", Title: "Reauthorize: the amount goes up", start: "checkout/payment", country: "GB", person: "approved",
		cart: map[string]int64{"lamp": 1}, autoFinalize: true,
		Watch: [3]string{"On the review page, add something.",
			"Pay calls reauthorize, because what you agreed to has changed.",
			"You owe more than you said yes to, so you are asked again, with the old and the new amount."}},
	{Name: "reauthorize-down", Title: "Reauthorize: the amount goes down", start: "checkout/payment", country: "GB", person: "approved",
		cart: map[string]int64{"lamp": 1, "mug": 3}, autoFinalize: true,
		Watch: [3]string{"On the review page, take something out.",
			"Pay calls reauthorize; nothing you agreed to got worse, so you are not asked.",
			"The order has the new token and the smaller amount."}},
	{Name: "two-tabs", Title: "Another tab changes the cart", start: "checkout", country: "FR", person: "approved", cart: map[string]int64{"candles": 1},
		Watch: [3]string{"Open the cart in another tab and add something there; this page knows nothing of it.",
			"Press Pay here: the session has followed the cart, so the purchase flow shows the new amount before you agree.",
			"What you agreed to is what is ordered, or nothing is."}},
	{Name: "cancel", Title: "Cancel and try again", start: "checkout", country: "SE", person: "approved", cart: map[string]int64{"throw": 1},
		Watch: [3]string{"Press Pay, then leave the purchase flow with Cancel or Escape.",
			"The callback gets show_form: true and approved: false, which is not a refusal.",
			"The page keeps Klarna, enables Pay again, and the second try works as the first would have."}},
	{Name: "denied", Title: "Denied", start: "checkout", country: "DE", person: "denied", cart: map[string]int64{"throw": 2},
		Watch: [3]string{"Press Pay: this test person is refused.",
			"The callback gets show_form: false, so the page takes that choice off the list of this order.",
			"The cart is untouched and another way to pay is left."}},
	{Name: "refused-at-load", Title: "Not offered at all", start: "checkout", country: "NL", person: "red", cart: map[string]int64{"mug": 1}, loadData: true,
		Watch: [3]string{"The page sends the test address with load, as a shop with pre-screening may.",
			"load answers show_form: false before anybody pressed anything.",
			"The choice goes off the list, as each other of Klarna’s would; the rest of the checkout stays."}},
	{Name: "pending", Title: "Pending", start: "checkout", country: "US", person: "pending", cart: map[string]int64{"lamp": 2},
		Watch: [3]string{"This test person is approved, and the order is still looked at.",
			"The order’s fraud_status is PENDING: do not send anything yet.",
			"A notification from the payment server ends it, after five minutes of its clock; this page then shows the new word."}},
	{Name: "invalid-fields", Title: "Fields to be mended", start: "checkout", country: "SE", person: "approved", cart: map[string]int64{"notebook": 3},
		postalCode: "111 48 Stockholm",
		Watch: [3]string{"The postal code is longer than any. Press Pay.",
			"The callback gets error.invalid_fields with billing_address.postal_code, and show_form stays true.",
			"The page marks that field and goes there; mend it and press Pay again."}},
	{Name: "express", Title: "Express button", start: "cart", country: "SE", person: "approved", cart: map[string]int64{"mug": 4},
		Watch: [3]string{"The cart page draws Klarna.Payments.Buttons with the session’s client token.",
			"The button asks for no address in the shop: authorize has collect_shipping_address: true.",
			"The address comes with the result and goes into the order."}},
}

func (s *shop) scenarios(w http.ResponseWriter, _ *http.Request, v *visit) {
	s.render(w, http.StatusOK, v, view{Page: "scenarios", Title: "Scenarios", Scenarios: scenarioList})
}

// startScenario begins a visit anew.
func (s *shop) startScenario(w http.ResponseWriter, r *http.Request, v *visit) {
	for i := range scenarioList {
		chosen := &scenarioList[i]
		if chosen.Name != r.PathValue("name") {
			continue
		}
		v.forget()
		v.scenario, v.market, v.quantities, v.placed, v.calls = chosen, marketOf(chosen.country), maps.Clone(chosen.cart), nil, nil
		v.address = personsIn(v.market)[chosen.person]
		if chosen.postalCode != "" {
			v.address.PostalCode = chosen.postalCode
		}
		http.Redirect(w, r, s.base+chosen.start, http.StatusSeeOther)
		return
	}
	s.notFound(w, r, v)
}

func (s *shop) endScenario(w http.ResponseWriter, r *http.Request, v *visit) {
	v.scenario = nil
	http.Redirect(w, r, s.base+"scenarios", http.StatusSeeOther)
}

// testPersons of the playground: the approved and the denied one.
var testPersons = map[string][2]address{
	"SE": {{"Alice", "Test", "", "+46701740615", "Södra Blasieholmshamnen 2", "11 148", "Stockholm", "", "SE"},
		{"Test", "Person-se", "", "+46701740620", "Karlaplan 3", "11 460", "Stockholm", "", "SE"}},
	"DE": {{"Mock", "Mock", "", "+49017614284340", "Neue Schönhauser Str. 2", "10178", "Berlin", "", "DE"},
		{"Test", "Person-de", "", "+49017610927312", "Neue Schönhauser Str. 2", "10178", "Berlin", "", "DE"}},
	"FI": {{"Test", "Person-fi", "", "+358401234567", "Mannerheimintie 34", "00100", "Helsinki", "", "FI"},
		{"Person FI", "Test", "", "+358401234568", "Mannerheimintie 34", "00100", "Helsinki", "", "FI"}},
	"FR": {{"Test", "Person-fr", "", "+33689854321", "33 rue la Fayette", "75009", "Paris", "", "FR"},
		{"Test", "Person-fr", "", "+33687984322", "33 rue la Fayette", "75009", "Paris", "", "FR"}},
	"GB": {{"Test", "Person-uk", "", "+447755564318", "10 New Burlington Street Apt. 214", "W1S 3BE", "London", "", "GB"},
		{"Test", "Person-uk", "", "+447355505530", "10 New Burlington Street Apt. 214", "W1S 3BE", "London", "", "GB"}},
	"NL": {{"Test", "Person-nl", "", "+31689124321", "Osdorpplein 137", "1068 SR", "Amsterdam", "", "NL"},
		{"Test", "Person-nl", "", "+31632167678", "Osdorpplein 137", "1068 SR", "Amsterdam", "", "NL"}},
	"NO": {{"Jane", "Test", "", "+4740123456", "Edvard Munchs Plass 1", "0194", "Oslo", "", "NO"},
		{"Test", "Person-no", "", "+4740123457", "Sæffleberggate 56", "0563", "Oslo", "", "NO"}},
	"US": {{"Test", "Person-us", "", "+13106683312", "509 Amsterdam Ave", "10024-3941", "New York", "NY", "US"},
		{"Test", "Person-us", "", "+13106354386", "509 Amsterdam Ave", "10024-3941", "New York", "NY", "US"}},
}

// personsIn are a market's test persons by what happens to them. The e-mail
// address decides.
func personsIn(m *market) map[string]address {
	domain := "@email." + strings.ToLower(m.Country)
	pending := "customer+pending"
	switch m.Country {
	case "GB":
		domain, pending = "@email.uk", "customer+pend-accept-05"
	case "US":
		pending = "customer+pend-accept-05"
	}
	of := func(kind int, local string) address {
		person := testPersons[m.Country][kind]
		person.Email = local + domain
		return person
	}
	return map[string]address{"approved": of(0, "customer"), "denied": of(1, "customer+denied"), "pending": of(0, pending), "red": of(0, "customer+red")}
}
