package checkout_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/checkout"
)

const (
	theirMail  = "anna.andersson+shop@example.com"
	theirPhone = "+46 70-123 45 67"
	otherMail  = "other@example.net"
)

func person(t *testing.T, emails, phones []string) checkout.Person {
	t.Helper()
	p, problem := checkout.NewPerson(emails, phones)
	if problem != "" {
		t.Fatal(problem)
	}
	return p
}

// fullAddress is an address whose every property says the word. The country stays
// when a person is erased.
func fullAddress(word, mail, phone string) *checkout.Address {
	a := &checkout.Address{}
	for _, f := range checkout.AddressFields {
		*f.At(a) = text(word + " " + f.Name)
	}
	a.Email, a.Phone, a.Country = text(mail), text(phone), text("SE")
	return a
}

func wholeCustomer(word string) *checkout.Customer {
	c := &checkout.Customer{}
	for _, f := range checkout.CustomerFields {
		*f.At(c) = text(word + " " + f.Name)
	}
	c.Type, c.OrganizationEntityType = text("person"), text("OTHER")
	return c
}

// payment is a session of a person with everything that a state can have.
// Free texts of the shop name the person, too.
func payment(random *rand.Rand, payer, recipient *checkout.Address) checkout.Session {
	content := func() checkout.Content {
		c := swedish()
		c.OrderAmount = integer(random.Int64N(1e6))
		c.BillingAddress, c.ShippingAddress, c.Customer = payer, recipient, wholeCustomer("Qanna")
		c.Attachment = &checkout.Attachment{ContentType: text("application/json"), Body: text(`{"customer_account_info":[{"unique_account_identifier":"Qanna-7"}]}`)}
		c.MerchantData, c.MerchantReference1, c.MerchantReference2 = text("note: Qanna called"), text("ORDER-4711"), text("gift for "+payer.Email.Value+"!")
		c.MerchantURLs = &checkout.MerchantURLs{Push: text("https://shop.example/push?mail=" + strings.Replace(payer.Email.Value, "@", "%40", 1)), Notification: text("https://shop.example/n")}
		c.OrderLines[0].MerchantData = text("for Qanna")
		c.OrderLines[0].Name = text("Ring, engraved " + strings.ToUpper(payer.FamilyName.Value) + ".")
		c.OrderLines[0].ProductIdentifiers = &checkout.ProductIdentifiers{Brand: text("Acme"), Size: text(payer.Email.Value)}
		return c
	}
	session, approved := content(), content()
	s := checkout.Session{
		ID: "session", MerchantID: "merchant", ClientToken: "token", CreatedAt: base, Revision: 7, UpdatedAt: base, ExpiresAt: base.Add(48 * time.Hour),
		Content: session, Collected: &checkout.Content{BillingAddress: payer, Customer: wholeCustomer("Qanna")},
		Authorization: &checkout.Authorization{Token: "auth", State: checkout.AuthorizationLive, CreatedAt: base, ExpiresAt: base.Add(time.Hour),
			Reason: "new customer " + payer.Email.Value, Content: &approved},
		CustomerToken: &checkout.CustomerToken{ID: "ct", Description: "of " + payer.Email.Value},
	}
	return s
}

func placed(random *rand.Rand, s checkout.Session) checkout.Session {
	request := s.Content
	s.Order = &checkout.Order{
		ID: "order", AuthorizationToken: "auth", CreatedAt: base, Content: s.Content, Request: request, FraudStatus: checkout.FraudAccepted,
		Ledger: checkout.Ledger{Authorized: 9500, Captured: 4000, Refunded: 12},
		Review: &checkout.Review{State: checkout.ReviewAccepted, DecidedBy: "staff", Reason: "rang " + s.Content.BillingAddress.Phone.Value, FirstReason: "asked " + s.Content.BillingAddress.Email.Value},
	}
	a := *s.Authorization
	a.State = checkout.AuthorizationOrdered
	s.Authorization = &a
	s.Content.OrderAmount = integer(random.Int64N(1e6))
	return s
}

// moneyOf is what must be equal to the byte after somebody was erased.
func moneyOf(s *checkout.Session) string {
	var all []string
	say := func(c *checkout.Content) {
		var lines []string
		for i := range c.OrderLines {
			l := &c.OrderLines[i]
			for _, f := range checkout.LineIntegerFields {
				lines = append(lines, fmt.Sprint(f.Name, *f.At(l)))
			}
			lines = append(lines, l.Reference.Value, l.Type.Value)
		}
		all = append(all, fmt.Sprint(c.OrderAmount, c.OrderTaxAmount, c.PurchaseCurrency, c.PurchaseCountry, c.MerchantReference1, c.AutoCapture, lines))
	}
	say(&s.Content)
	if a := s.Authorization; a != nil {
		say(a.Content)
		all = append(all, a.Token, a.CreatedAt.String(), a.ExpiresAt.String(), a.AssessmentID)
	}
	if o := s.Order; o != nil {
		say(&o.Content)
		say(&o.Request)
		all = append(all, fmt.Sprint(o.ID, o.AuthorizationToken, o.CreatedAt, o.FraudStatus, o.Method, o.Ledger, o.Review.State, o.Review.DecidedBy))
	}
	all = append(all, s.ID, s.MerchantID, s.ClientToken, s.CreatedAt.String(), s.CustomerToken.ID)
	return strings.Join(all, "\n")
}

func erased(p checkout.Person, s checkout.Session) (checkout.Session, checkout.Event, *checkout.Erasure) {
	erasure := checkout.NewErasure(p, checkout.PartNone)
	erasure.Look(&s)
	next, event := s.Erase(checkout.EraseSession{Erasure: erasure, By: "the operator", Now: base.Add(time.Hour / 2)})
	return next, event, erasure
}

// TestNothingOfAPersonStaysInAState whatever the payment is, and nothing of the
// moneyOf is another.
func TestNothingOfAPersonStaysInAState(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		word := fmt.Sprintf("Q%c%cx%d", 'a'+rune(random.IntN(26)), 'å', random.IntN(1000))
		payer := fullAddress(word, strings.ToUpper(theirMail), theirPhone)
		s := payment(random, payer, fullAddress(word+"2", otherMail, ""))
		if random.IntN(2) == 0 {
			s = placed(random, s)
		}
		named := person(t, []string{theirMail}, nil)
		if random.IntN(2) == 0 {
			named = person(t, nil, []string{"0046701234567"})
		}
		before := moneyOf(&s)
		original, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		next, event, erasure := erased(named, s)
		written, err := json.Marshal([]any{next, event})
		if err != nil {
			t.Fatal(err)
		}
		state := strings.ToLower(string(written))
		for _, value := range []string{word, theirMail, strings.Replace(theirMail, "@", "%40", 1), "123 45 67", "qanna", otherMail} {
			if strings.Contains(state, strings.ToLower(value)) {
				t.Fatalf("seed %d: %q is still in %s", seed, value, written)
			}
		}
		if after := moneyOf(&next); after != before {
			t.Fatalf("seed %d: the money is another: %s", seed, cmp.Diff(before, after))
		}
		if again, _ := json.Marshal(s); string(again) != string(original) {
			t.Fatalf("seed %d: the state before was changed", seed)
		}
		if erasure.Part() != checkout.PartPayer || event.Kind != checkout.EventErased || next.Revision != s.Revision+1 {
			t.Fatalf("seed %d: %v %+v", seed, erasure.Part(), event)
		}
	}
}

func TestARecipientLeavesThePayersData(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	s := placed(random, payment(random, fullAddress("Payer", otherMail, "0709999999"), fullAddress("Qrecipient", theirMail, theirPhone)))
	s.Order.Content.OrderLines[0].Name = text("To Qrecipient given_name from Payer given_name")
	next, _, erasure := erased(person(t, []string{theirMail}, nil), s)
	if erasure.Part() != checkout.PartRecipient {
		t.Fatalf("the part is %v", erasure.Part())
	}
	if diff := cmp.Diff(s.Order.Content.BillingAddress, next.Order.Content.BillingAddress); diff != "" {
		t.Errorf("the payer's address is another: %s", diff)
	}
	if diff := cmp.Diff(s.Content.Customer, next.Content.Customer); diff != "" {
		t.Errorf("the payer is another: %s", diff)
	}
	a := next.Order.Content.ShippingAddress
	if a.GivenName.Value != checkout.Erased || a.Email.Value != checkout.Erased || a.Country.Value != "SE" {
		t.Errorf("the shipping address is %+v", a)
	}
	if name := next.Order.Content.OrderLines[0].Name.Value; name != "To [erased] from Payer given_name" {
		t.Errorf("the line is called %q", name)
	}
}

// TestReferencesAndURLsLoseWholeAddressesAndNumbersOnly: a shop finds its order by the
// one and is called at the other, whatever its customers are called.
func TestReferencesAndURLsLoseWholeAddressesAndNumbersOnly(t *testing.T) {
	t.Parallel()
	payer := fullAddress("shop", theirMail, theirPhone)
	payer.GivenName, payer.FamilyName = text("shop"), text("push")
	for was, want := range map[string]string{
		"https://shop.example/push":                                            "https://shop.example/push",
		"https://shop.example":                                                 "https://shop.example",
		"https://shop.example/push?for=" + theirMail + "#shop":                 "https://shop.example/push?for=[erased]#shop",
		"https://shop.example/anna.andersson%2Bshop%40example.com/x":           "https://shop.example/[erased]/x",
		"https://shop.example/anna.andersson%2bSHOP@example.com":               "https://shop.example/[erased]",
		"https://shop.example/?q=for%20" + theirMail:                           "https://shop.example/?q=for%20[erased]",
		"https://shop.example?phone=%2B46701234567&id=1":                       "https://shop.example?phone=[erased]&id=1",
		"https://shop.example/\u212a" + theirMail:                              "https://shop.example/[erased]",
		"https://anna.andersson+shop@example.com.shop.example/push?order=push": "https://anna.andersson+shop@example.com.shop.example/push?order=push",
	} {
		s := payment(rand.New(rand.NewPCG(1, 1)), payer, nil)
		s.Content.MerchantURLs.Push, s.Content.OrderLines[0].ProductURL = text(was), text(was)
		s.Content.MerchantReference1, s.Content.OrderLines[0].Reference = text("shop-push-1"), text("push")
		s.Content.MerchantReference2 = text("shop " + theirPhone + " 2")
		next, _, erasure := erased(person(t, []string{theirMail}, []string{theirPhone}), s)
		if got := next.Content.MerchantURLs.Push.Value; got != want || next.Content.OrderLines[0].ProductURL.Value != want || erasure.URL(was) != want {
			t.Errorf("%s became %s, want %s", was, got, want)
		}
		c := next.Content
		if c.MerchantReference1.Value != "shop-push-1" || c.MerchantReference2.Value != "shop [erased] 2" || c.OrderLines[0].Reference.Value != "push" {
			t.Errorf("the references are %q, %q, %q", c.MerchantReference1.Value, c.MerchantReference2.Value, c.OrderLines[0].Reference.Value)
		}
	}
}

func TestWhoIsNotInAPaymentLeavesItAlone(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	s := payment(random, fullAddress("Payer", otherMail, theirPhone+"8"), nil)
	for _, p := range []checkout.Person{person(t, []string{theirMail}, nil), person(t, nil, []string{theirPhone}), {}} {
		erasure := checkout.NewErasure(p, checkout.PartNone)
		if erasure.Look(&s); erasure.Part() != checkout.PartNone {
			t.Errorf("%+v has the part %v", p, erasure.Part())
		}
	}
	s.Content.MerchantData = text(`{"mail":"` + strings.ToUpper(theirMail) + `","nick":"Qanna"}`)
	next, _, erasure := erased(person(t, []string{theirMail}, nil), s)
	if erasure.Part() != checkout.PartMentioned || next.Content.MerchantData.Value != checkout.Erased || next.Content.BillingAddress.Email.Value != otherMail {
		t.Errorf("one who is mentioned: %v, %+v", erasure.Part(), next.Content)
	}
}

// TestAnOpenSessionEnds: what an order would have to equal is gone.
func TestAnErasedSessionThatIsOpenEnds(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	s := payment(random, fullAddress("Qanna", theirMail, theirPhone), nil)
	next, _, _ := erased(person(t, []string{theirMail}, nil), s)
	now := next.UpdatedAt
	_, _, update := next.Update(checkout.Content{}, nil, now)
	_, _, _, order := next.PlaceOrder(checkout.PlaceOrder{Token: "auth", Request: s.Content, OrderID: "order", Now: now})
	for name, refusal := range map[string]*checkout.Refusal{"update": update, "read": next.Viewable(now), "order": order} {
		if refusal == nil || !strings.Contains(refusal.Reason, "erased on request") {
			t.Errorf("%s: %+v", name, refusal)
		}
	}
	if next.LiveToken(now) != "" {
		t.Error("the authorization lives on")
	}
}

// TestAnOrderCallThatComesAgainAfterItsPersonWasErased is answered as the first was;
// one about other money is refused as before.
func TestAnOrderCallThatComesAgainAfterItsPersonWasErased(t *testing.T) {
	t.Parallel()
	d := open(t, withPayer(swedish()))
	d.approve()
	request := d.session.Content
	ordered, _, _, refusal := d.session.PlaceOrder(checkout.PlaceOrder{Token: d.issued[0], Request: request, OrderID: "order", Now: d.now})
	accepted(t, refusal)
	next, _, _ := erased(person(t, []string{theirMail}, nil), ordered)
	again, _, replayed, refusal := next.PlaceOrder(checkout.PlaceOrder{Token: d.issued[0], Request: request, OrderID: "another", Now: d.now})
	accepted(t, refusal)
	if !replayed || again.Order.ID != "order" {
		t.Errorf("replayed %t, order %s", replayed, again.Order.ID)
	}
	request.MerchantReference1 = text("another")
	if _, _, _, refusal := next.PlaceOrder(checkout.PlaceOrder{Token: d.issued[0], Request: request, Now: d.now}); refusal == nil || refusal.Kind != checkout.KindCompletedDifferently {
		t.Errorf("another body: %+v", refusal)
	}
}

// TestTheWordForWhatWasErasedIsNoWildcard: a shop that writes it itself, as a whole
// or within a text, has its orders compared like others, wherever it writes it. Only
// the repeated call of an order that somebody was erased from is let through.
func TestTheWordForWhatWasErasedIsNoWildcard(t *testing.T) {
	t.Parallel()
	type property struct {
		path     string
		at       func(*checkout.Content) *checkout.Text
		approved bool // compared with the approval, too
	}
	const longEnough = 20
	var properties []property
	for _, f := range checkout.AddressFields {
		if f.Format == checkout.FormatNone && f.Max >= longEnough {
			properties = append(properties, property{"billing_address." + f.Name, func(c *checkout.Content) *checkout.Text { return f.At(c.BillingAddress) }, true})
		}
	}
	for _, f := range checkout.LineTextFields {
		if f.Max >= longEnough && f.Name != "type" {
			properties = append(properties, property{"order_lines[0]." + f.Name, func(c *checkout.Content) *checkout.Text { return f.At(&c.OrderLines[0]) }, true})
		}
	}
	properties = append(properties,
		property{"merchant_reference1", func(c *checkout.Content) *checkout.Text { return &c.MerchantReference1 }, false},
		property{"merchant_urls.push", func(c *checkout.Content) *checkout.Text { return &c.MerchantURLs.Push }, false},
		property{"merchant_data", func(c *checkout.Content) *checkout.Text { return &c.MerchantData }, false})
	for _, p := range properties {
		for _, typed := range []string{checkout.Erased, "for " + checkout.Erased + "!"} {
			copied := func(value string) checkout.Content {
				c := withPayer(swedish())
				c.MerchantURLs = &checkout.MerchantURLs{}
				*p.at(&c) = text(value)
				return c
			}
			d := open(t, copied(typed))
			d.approve()
			place := func(s checkout.Session, value string) (checkout.Session, bool, *checkout.Refusal) {
				next, _, replayed, refusal := s.PlaceOrder(checkout.PlaceOrder{Token: d.issued[0], Request: copied(value), OrderID: "order", Now: d.now})
				return next, replayed, refusal
			}
			if _, _, refusal := place(d.session, "another"); p.approved && (refusal == nil || refusal.Kind != checkout.KindNotMatching || refusal.Violations[0].Path != p.path) {
				t.Errorf("%s: %q was approved and another ordered: %+v", p.path, typed, refusal)
			}
			ordered, _, refusal := place(d.session, typed)
			accepted(t, refusal)
			if _, _, refusal := place(ordered, "another"); refusal == nil || refusal.Kind != checkout.KindCompletedDifferently {
				t.Errorf("%s: %q was ordered and another is taken for the same call: %+v", p.path, typed, refusal)
			}
			ordered.ErasedAt = d.now
			_, replayed, refusal := place(ordered, "another")
			if accepted(t, refusal); !replayed {
				t.Errorf("%s: what was erased is compared", p.path)
			}
		}
	}
}

func withPayer(c checkout.Content) checkout.Content {
	c.BillingAddress = &checkout.Address{GivenName: text("Anna"), FamilyName: text("Andersson"), Email: text(theirMail), Phone: text("0701234567"),
		StreetAddress: text("Storgatan 1"), PostalCode: text("12345"), City: text("Ankeborg"), Country: text("SE")}
	return c
}

func TestWhoIsNamed(t *testing.T) {
	t.Parallel()
	for _, bad := range [][2][]string{{{"anna"}, nil}, {{"@x"}, nil}, {{"a@"}, nil}, {{"a b@x.se"}, nil}, {nil, {"12345"}}, {nil, {"call me"}}} {
		if _, problem := checkout.NewPerson(bad[0], bad[1]); problem == "" {
			t.Errorf("%v names somebody", bad)
		}
	}
	p := person(t, []string{" Anna@Example.com "}, []string{"+46 (70) 123-45.67"})
	for said, want := range map[string]bool{
		"ANNA@example.COM": true, "anna@example.com.au": false, "xanna@example.com": false, "0046701234567": true, "46701234567": true, "467012345678": false, "": false,
	} {
		if p.Named(said) != want {
			t.Errorf("%q: %t", said, !want)
		}
	}
}
