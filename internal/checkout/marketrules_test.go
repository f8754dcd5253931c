package checkout_test

import (
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/market"
)

// TestEveryMarketTakesItsOwnCurrencyOnly walks all pairs of the table.
func TestEveryMarketTakesItsOwnCurrencyOnly(t *testing.T) {
	t.Parallel()
	for _, m := range market.All() {
		for _, other := range market.All() {
			c := swedish()
			c.PurchaseCountry, c.PurchaseCurrency = text(m.Country), text(other.Currency)
			violations := checkout.Validate(checkout.OperationCreate, &c, nil)
			if m.Currency == other.Currency {
				if violations != nil {
					t.Errorf("%s with %s: %v", m.Country, other.Currency, broken(violations))
				}
				continue
			}
			if len(violations) != 1 || violations[0].Rule != checkout.RuleCurrency || violations[0].Expected != m.Currency {
				t.Errorf("%s with %s: %+v", m.Country, other.Currency, violations)
			}
		}
	}
}

// TestBillingCountryOverridesThePurchaseCountry, as a recorded order with GB,
// a billing address in the US and USD shows.
func TestBillingCountryOverridesThePurchaseCountry(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		purchase, billing, currency string
		want                        string
		expected                    string
	}{
		{"GB", "US", "USD", "", ""},
		{"GB", "us", "USD", "", ""},
		{"GB", "US", "GBP", "purchase_currency currency_of_country", "USD"},
		{"GB", "", "GBP", "", ""},
		{"GB", "ZA", "GBP", "billing_address.country supported_country", market.Countries()},
		{"ZA", "GB", "GBP", "", ""},
		{"", "GB", "GBP", "purchase_country required", "two letters (ISO 3166 alpha-2)"},
		{"England", "GB", "GBP", "purchase_country format", "two letters (ISO 3166 alpha-2)"},
		{"GB", "GBR", "SEK", "billing_address.country format", "two letters (ISO 3166 alpha-2)"},
	} {
		c := swedish()
		c.PurchaseCountry, c.PurchaseCurrency = text(row.purchase), text(row.currency)
		c.BillingAddress = &checkout.Address{Country: text(row.billing)}
		violations := checkout.Validate(checkout.OperationCreate, &c, nil)
		if got := strings.Join(broken(violations), ", "); got != row.want {
			t.Errorf("%+v: %s", row, got)
		} else if row.want != "" && violations[0].Expected != row.expected {
			t.Errorf("%+v: expected %v", row, violations[0].Expected)
		}
	}
}

// TestTheShippingCountryDoesNot: SE with a shipping address in the US passed.
func TestTheShippingCountryDoesNot(t *testing.T) {
	t.Parallel()
	c := swedish()
	c.ShippingAddress = &checkout.Address{Country: text("US")}
	if violations := checkout.Validate(checkout.OperationCreate, &c, nil); violations != nil {
		t.Error(broken(violations))
	}
}

// TestCodesTakeAnyLetterCase and are kept in the case they are compared in.
func TestCodesTakeAnyLetterCase(t *testing.T) {
	t.Parallel()
	c := swedish()
	c.PurchaseCountry, c.PurchaseCurrency, c.Locale = text("se"), text("Sek"), text("SV-se")
	c.Intent, c.AcquiringChannel = text("Buy_And_Tokenize"), text("in_store")
	c.BillingAddress, c.ShippingAddress = &checkout.Address{Country: text("se")}, &checkout.Address{Country: text("Us")}
	kept := open(t, c).session.Content
	for what, pair := range map[string][2]string{
		"country":  {kept.PurchaseCountry.Value, "SE"},
		"currency": {kept.PurchaseCurrency.Value, "SEK"},
		"locale":   {kept.Locale.Value, "SV-se"}, // echoed as it was sent, as recorded
		"intent":   {kept.Intent.Value, "buy_and_tokenize"},
		"channel":  {kept.AcquiringChannel.Value, "IN_STORE"},
		"billing":  {kept.BillingAddress.Country.Value, "SE"},
		"shipping": {kept.ShippingAddress.Country.Value, "US"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is kept as %q, want %q", what, pair[0], pair[1])
		}
	}
	if c.BillingAddress.Country.Value != "se" {
		t.Error("the caller's address was changed")
	}
}

// TestRulesTakeAnyLetterCaseToo, before anything was spelled anew.
func TestRulesTakeAnyLetterCaseToo(t *testing.T) {
	t.Parallel()
	c := swedish()
	c.PurchaseCountry, c.PurchaseCurrency, c.BillingAddress = text("no"), text("sek"), &checkout.Address{Country: text("se")}
	if violations := checkout.Validate(checkout.OperationCreate, &c, nil); violations != nil {
		t.Error(broken(violations))
	}
}

// TestABadCodeIsShownAsItWasSent: the violation holds the value the shop can
// find in its own code, and no Unicode folding makes a good code of a bad one.
func TestABadCodeIsShownAsItWasSent(t *testing.T) {
	t.Parallel()
	long := "\u017f" // long s: its upper case is S
	for _, row := range []struct {
		path   string
		sent   string
		change func(*checkout.Content, string)
	}{
		{"purchase_country", "Sweden", func(c *checkout.Content, v string) { c.PurchaseCountry = text(v) }},
		{"purchase_country", long + "e", func(c *checkout.Content, v string) { c.PurchaseCountry = text(v) }},
		{"purchase_currency", "Kronor", func(c *checkout.Content, v string) { c.PurchaseCurrency = text(v) }},
		{"purchase_currency", long + "ek", func(c *checkout.Content, v string) { c.PurchaseCurrency = text(v) }},
		{"billing_address.country", "Sweden", func(c *checkout.Content, v string) { c.BillingAddress = &checkout.Address{Country: text(v)} }},
		{"shipping_address.country", long + "e", func(c *checkout.Content, v string) { c.ShippingAddress = &checkout.Address{Country: text(v)} }},
		{"intent", "Sell", func(c *checkout.Content, v string) { c.Intent = text(v) }},
		{"acquiring_channel", "Web", func(c *checkout.Content, v string) { c.AcquiringChannel = text(v) }},
	} {
		c := swedish()
		row.change(&c, row.sent)
		_, _, refusal := checkout.Create("s", "m", c, nil, base)
		refused(t, refusal, checkout.KindBadValue)
		found := violationsOf(refusal.Violations, row.path)
		if len(found) != 1 || found[0].Rule != checkout.RuleFormat || found[0].Sent != row.sent {
			t.Errorf("%s = %q: %+v", row.path, row.sent, refusal.Violations)
		}
	}
}

func TestHintsOfTheUsualMistakes(t *testing.T) {
	t.Parallel()
	uk := swedish()
	uk.PurchaseCountry = text("uk")
	if v := checkout.Validate(checkout.OperationCreate, &uk, nil); len(v) != 1 || !strings.Contains(v[0].Hint, "GB") {
		t.Errorf("UK: %+v", v)
	}
	underscore := swedish()
	underscore.Locale = text("en_GB")
	if v := checkout.Validate(checkout.OperationCreate, &underscore, nil); len(v) != 1 || !strings.Contains(v[0].Hint, "en-GB") {
		t.Errorf("en_GB: %+v", v)
	}
	rand := swedish()
	rand.PurchaseCountry = text("ZA")
	if v := checkout.Validate(checkout.OperationCreate, &rand, nil); len(v) != 1 || !strings.Contains(v[0].Hint, "26 markets") {
		t.Errorf("ZA: %+v", v)
	}
}

// TestAttachmentIsAJSONObjectInAString; its own schema is not checked.
func TestAttachmentIsAJSONObjectInAString(t *testing.T) {
	t.Parallel()
	for body, good := range map[string]bool{
		`{}`: true, `{"event":[]}`: true, " \t\r\n{ \"a\" : 1 }\n": true, `{not json}`: true,
		`[]`: false, `"{}"`: false, `{`: false, `}`: false, ` `: false, `x{}`: false, `{}x`: false, `null`: false,
	} {
		c := swedish()
		c.Attachment = &checkout.Attachment{Body: text(body), ContentType: text("application/vnd.klarna.internal.emd-v2+json")}
		violations := checkout.Validate(checkout.OperationCreate, &c, nil)
		if good && violations != nil {
			t.Errorf("%q: %v", body, broken(violations))
		}
		if !good && strings.Join(broken(violations), ", ") != "attachment.attachment attachment" {
			t.Errorf("%q: %v", body, broken(violations))
		}
	}
}
