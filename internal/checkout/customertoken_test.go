package checkout_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
)

// tokenizing is a session that may be tokenized and still buy.
func tokenizing() checkout.Content {
	c := american()
	c.Intent, c.BillingAddress = text("buy_and_tokenize"), address("US")
	return c
}

func TestCreateCustomerToken(t *testing.T) {
	t.Parallel()
	d := open(t, tokenizing())
	token := d.approve()
	want := copied(d.session)
	d.wait(time.Minute)
	next, event, replayed, refusal := d.session.CreateCustomerToken(checkout.CreateCustomerToken{
		Token: token, Description: text("monthly coffee"), IntendedUse: text("SUBSCRIPTION"), ID: "customer-token-1", Now: d.now,
	})
	accepted(t, refusal)
	want.Revision, want.UpdatedAt = 3, d.now
	want.CustomerToken = &checkout.CustomerToken{
		ID: "customer-token-1", AuthorizationToken: token, CreatedAt: d.now, Description: "monthly coffee",
	}
	requireSame(t, "session", want, next)
	requireSame(t, "event", checkout.Event{Kind: checkout.EventCustomerTokenCreated, At: d.now, AuthorizationToken: token}, event)
	if replayed {
		t.Error("the first call is a replay")
	}
}

// TestTheSameAuthorizationGivesTheSameCustomerToken, as recorded, and later too.
func TestTheSameAuthorizationGivesTheSameCustomerToken(t *testing.T) {
	t.Parallel()
	d := open(t, tokenizing())
	token := d.approve()
	_, refusal := d.tokenize(token, checkout.Content{})
	accepted(t, refusal)
	before := copied(d.session)
	d.wait(100 * time.Hour)
	replayed, refusal := d.tokenize(token, checkout.Content{})
	accepted(t, refusal)
	requireSame(t, "session", before, d.session)
	if !replayed {
		t.Error("not a replay")
	}
}

// TestATokenIsMadeAndTheOrderStillPlaced: buy_and_tokenize is two calls with
// one authorization. The other way round the authorization is consumed.
func TestATokenIsMadeAndTheOrderStillPlaced(t *testing.T) {
	t.Parallel()
	d := open(t, tokenizing())
	token := d.approve()
	_, refusal := d.tokenize(token, checkout.Content{})
	accepted(t, refusal)
	_, refusal = d.order(token, tokenizing())
	accepted(t, refusal)
	replayed, refusal := d.tokenize(token, checkout.Content{})
	accepted(t, refusal)
	if !replayed {
		t.Error("the token is lost after the order")
	}

	d = open(t, tokenizing())
	token = d.approve()
	_, refusal = d.order(token, tokenizing())
	accepted(t, refusal)
	before := copied(d.session)
	_, refusal = d.tokenize(token, checkout.Content{})
	refused(t, refusal, checkout.KindTokenConsumed)
	requireSame(t, "session", before, d.session)
}

func TestTokenizingNeedsALiveAuthorization(t *testing.T) {
	t.Parallel()
	d := open(t, tokenizing())
	_, refusal := d.tokenize("unknown", checkout.Content{})
	refused(t, refusal, checkout.KindAuthorizationNotFound)
	old, token := d.approve(), d.approve()
	_, refusal = d.tokenize(old, checkout.Content{})
	refused(t, refusal, checkout.KindAuthorizationNotFound)
	d.wait(time.Hour)
	_, refusal = d.tokenize(token, checkout.Content{})
	refused(t, refusal, checkout.KindAuthorizationNotFound)
}

// TestBuyingIsNotTokenizing: what the customer approved decides, not what the
// session was changed to afterwards.
func TestBuyingIsNotTokenizing(t *testing.T) {
	t.Parallel()
	for intent, kind := range map[string]checkout.Kind{
		"buy": checkout.KindTokenizeNotAllowed, "": checkout.KindTokenizeNotAllowed, "tokenize": 0, "buy_and_tokenize": 0,
	} {
		content := tokenizing()
		content.Intent = text(intent)
		d := open(t, content)
		token := d.approve()
		d.update(checkout.Content{Intent: text("buy_and_tokenize")})
		_, refusal := d.tokenize(token, checkout.Content{})
		if kind == 0 {
			accepted(t, refusal)
		} else {
			refused(t, refusal, kind)
		}
	}
}

// TestCountryAndCurrencyOfACustomerToken: the country is the session's, told
// as a bad value; another currency does not match; the rest of the address is
// not compared (a recorded call had another name and street).
func TestCountryAndCurrencyOfACustomerToken(t *testing.T) {
	t.Parallel()
	stranger := address("US")
	stranger.GivenName, stranger.StreetAddress = text("John"), text("8125 Centre St")
	for _, row := range []struct {
		name string
		body checkout.Content
		kind checkout.Kind
		want string
	}{
		{"nothing said", checkout.Content{}, 0, ""},
		{"the session's", checkout.Content{PurchaseCountry: text("us"), PurchaseCurrency: text("usd"), BillingAddress: address("us")}, 0, ""},
		{"another person", checkout.Content{PurchaseCountry: text("US"), BillingAddress: stranger}, 0, ""},
		{"the billing country overrides", checkout.Content{PurchaseCountry: text("SE"), BillingAddress: address("US")}, 0, ""},
		{"the purchase country of the session", checkout.Content{PurchaseCountry: text("GB")}, 0, ""},
		{"another country", checkout.Content{PurchaseCountry: text("SE")}, checkout.KindBadValue, "purchase_country country_of_session"},
		{"another billing country", checkout.Content{PurchaseCountry: text("US"), BillingAddress: address("CA")},
			checkout.KindBadValue, "purchase_country country_of_session"},
		{"the purchase country as billing country", checkout.Content{BillingAddress: address("GB")},
			checkout.KindBadValue, "purchase_country country_of_session"},
		{"another currency", checkout.Content{PurchaseCurrency: text("CAD")},
			checkout.KindNotMatching, "purchase_currency matches_authorization"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			content := tokenizing()
			content.PurchaseCountry = text("GB") // overridden by the billing country
			d := open(t, content)
			token := d.approve()
			before := copied(d.session)
			_, refusal := d.tokenize(token, row.body)
			if row.kind == 0 {
				accepted(t, refusal)
				return
			}
			refused(t, refusal, row.kind)
			requireSame(t, "violations", []string{row.want}, broken(refusal.Violations))
			requireExplained(t, refusal.Violations)
			requireSame(t, "session", before, d.session)
		})
	}
}

// TestValidateCustomerToken: a recorded {} named description and intended_use;
// the use is taken in any letter case, as recorded.
func TestValidateCustomerToken(t *testing.T) {
	t.Parallel()
	good := func() checkout.CreateCustomerToken {
		return checkout.CreateCustomerToken{Description: text("d"), IntendedUse: text("subscription")}
	}
	for name, row := range map[string]struct {
		change func(*checkout.CreateCustomerToken)
		want   string
	}{
		"good": {func(*checkout.CreateCustomerToken) {}, ""},
		"empty": {func(c *checkout.CreateCustomerToken) { *c = checkout.CreateCustomerToken{} },
			"description required, intended_use required"},
		"upper case":        {func(c *checkout.CreateCustomerToken) { c.IntendedUse = text("SUBSCRIPTION") }, ""},
		"255 characters":    {func(c *checkout.CreateCustomerToken) { c.Description = text(strings.Repeat("å", 255)) }, ""},
		"256 characters":    {func(c *checkout.CreateCustomerToken) { c.Description = text(strings.Repeat("å", 256)) }, "description length"},
		"no description":    {func(c *checkout.CreateCustomerToken) { c.Description = checkout.Text{} }, "description required"},
		"empty description": {func(c *checkout.CreateCustomerToken) { c.Description = text("") }, "description length"},
		"another use":       {func(c *checkout.CreateCustomerToken) { c.IntendedUse = text("ONE_OFF") }, "intended_use format"},
		"a folded use":      {func(c *checkout.CreateCustomerToken) { c.IntendedUse = text("\u017fubscription") }, "intended_use format"},
		"empty use":         {func(c *checkout.CreateCustomerToken) { c.IntendedUse = text("") }, "intended_use required"},
		"bad codes": {func(c *checkout.CreateCustomerToken) {
			c.Request = checkout.Content{Locale: text("en_US"), PurchaseCountry: text("USA"), PurchaseCurrency: text("US")}
		}, "locale format, purchase_country format, purchase_currency format"},
		"bad address": {func(c *checkout.CreateCustomerToken) {
			c.Request.BillingAddress = &checkout.Address{PostalCode: text("12345678901")}
		}, "billing_address.postal_code length"},
		"bad customer": {func(c *checkout.CreateCustomerToken) {
			c.Request.Customer = &checkout.Customer{Type: text("robot")}
		}, "customer.type format"},
		"cart and amounts do not matter": {func(c *checkout.CreateCustomerToken) {
			c.Request.OrderAmount, c.Request.OrderLines = integer(-1), []checkout.Line{}
		}, ""},
	} {
		cmd := good()
		row.change(&cmd)
		refusal := checkout.ValidateCustomerToken(&cmd, nil)
		if row.want == "" {
			accepted(t, refusal)
			continue
		}
		if refused(t, refusal, checkout.KindBadValue); strings.Join(broken(refusal.Violations), ", ") != row.want {
			t.Errorf("%s: %v, want %s", name, broken(refusal.Violations), row.want)
		}
		requireExplained(t, refusal.Violations)
	}
}

func TestProblemsOfACustomerTokenAreNotBlamedTwice(t *testing.T) {
	t.Parallel()
	problems := []checkout.Violation{
		{Path: "description", Rule: checkout.RuleType, Stage: checkout.StageMarket, Sent: int64(1), Expected: "string"},
	}
	refusal := checkout.ValidateCustomerToken(&checkout.CreateCustomerToken{}, problems)
	refused(t, refusal, checkout.KindBadValue)
	requireSame(t, "violations", []string{"description type", "intended_use required"}, broken(refusal.Violations))
	if got := checkout.FirstStage(refusal.Violations); len(got) != 2 {
		t.Errorf("%d are named together, want both", len(got))
	}
	if problems[0].Stage != checkout.StageMarket {
		t.Error("the problems were changed")
	}
}
