package risk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/market"
	"github.com/kvitto/kvitto/internal/risk"
)

// noon is a Saturday.
var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// file is a rule file with rules of the form "condition -> action", the first
// with the priority 10.
func file(rules ...string) []byte {
	var b strings.Builder
	b.WriteString("name = \"test\"\n")
	for i, rule := range rules {
		condition, action, _ := strings.Cut(rule, " -> ")
		fmt.Fprintf(&b, "\n[[rule]]\nname = \"r%d\"\npriority = %d\ncondition = '''%s'''\naction = %q\nreason = \"because\"\n", i+1, 10*(i+1), condition, action)
		if action == "ask" {
			b.WriteString("fields = [\"billing_address.phone\"]\n")
		}
	}
	return []byte(b.String())
}

func mustParse(t testing.TB, text []byte) *risk.RuleSet {
	t.Helper()
	set, err := risk.Parse(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return set
}

// richContent states something everywhere.
func richContent() *checkout.Content {
	text, number := checkout.TextOf, checkout.IntegerOf
	return &checkout.Content{
		PurchaseCountry: text("SE"), PurchaseCurrency: text("SEK"), Locale: text("sv-SE"), OrderAmount: number(30000), OrderTaxAmount: number(6000),
		MerchantReference1: text("ref"),
		BillingAddress: &checkout.Address{GivenName: text("Åsa"), Country: text("NO"), City: text("Oslo "), PostalCode: text("0150"),
			Email: text("Asa.B+Tag@Example.ORG"), Phone: text("+47 40 12 34 56")},
		ShippingAddress: &checkout.Address{GivenName: text("Åsa"), Country: text("SE"), City: text("OSLO")},
		Customer:        &checkout.Customer{DateOfBirth: text("2000-02-01"), Type: text("person")},
		OrderLines: []checkout.Line{
			{Name: text("Shoe"), Type: text("physical"), Quantity: number(2), UnitPrice: number(10000), TotalAmount: number(20000),
				ProductIdentifiers: &checkout.ProductIdentifiers{Brand: text("Fjäll")}},
			{Name: text("Gift card"), Type: text("gift_card"), Quantity: number(7), TotalAmount: number(10000), TotalDiscountAmount: number(50)},
		},
	}
}

// TestWhatConditionsSee has each name with what it says of a content.
func TestWhatConditionsSee(t *testing.T) {
	t.Parallel()
	for _, condition := range []string{
		`call == "authorize" && merchant_id == "m1"`,
		`purchase_country == "SE" && country == "NO" && purchase_currency == "SEK" && locale == "sv-SE"`,
		`order_amount == 30000 && order_tax_amount == 6000`,
		`merchant_reference1 == "ref" && merchant_reference2 == "" && merchant_data == ""`,
		`intent == "" && design == "" && acquiring_channel == ""`,
		`billing_address.city == "Oslo " && billing_address.given_name.startsWith("Å") && size(billing_address.given_name) == 3`,
		`has(billing_address.email) && !has(billing_address.region) && billing_address.region == ""`,
		`!has(shipping_address.phone) && shipping_address.phone == ""`,
		`billing_address != shipping_address && billing_address == billing_address`,
		`customer.type == "person" && age == 25`,
		`size(order_lines) == 2 && order_lines[0].name == "Shoe" && order_lines[0].unit_price == 10000 && !has(order_lines[1].unit_price)`,
		`order_lines.exists(l, l.type == "gift_card" && l.total_amount > 5000) && !order_lines.all(l, l.quantity > 2)`,
		`order_lines[0].product_identifiers.brand == "Fjäll" && order_lines[1].product_identifiers.brand == ""`,
		`contact.email == "Asa.B+Tag@Example.ORG" && contact.email_local == "asa.b" && contact.email_tag == "tag"`,
		`contact.email_domain == "example.org" && contact.phone_digits == "4740123456" && contact.phone == "+47 40 12 34 56"`,
		`login.email == "me@example.org" && login.email_local == "me" && login.email_tag == ""`,
		`mismatch.country && !mismatch.city && !mismatch.given_name && !mismatch.postal_code && !mismatch.email`,
		`cart.lines == 2 && cart.quantity == 9 && cart.largest_quantity == 7 && cart.largest_total == 20000 && cart.discount == 50`,
		`hour == 12 && weekday == 6`,
		`contact.email.matches("(?i)example[.]org$")`,
	} {
		set := mustParse(t, file(condition+" -> deny"))
		got := set.Evaluate(risk.Input{MerchantID: "m1", Call: risk.CallAuthorize, Content: richContent(), Login: "me@example.org", Now: noon}, nil)
		if got.Decision.Outcome != checkout.OutcomeDeny {
			t.Errorf("does not hold: %s %+v", condition, got.Steps)
		}
	}
}

// TestNothingIsMissing: what was not sent is empty, and no rule fails for it.
func TestNothingIsMissing(t *testing.T) {
	t.Parallel()
	set := mustParse(t, file(`billing_address.email == "" && shipping_address.email == "" && customer.type == "" && age == 0 && order_amount == 0 &&
		contact.email == "" && login.phone == "" && !mismatch.country && cart.lines == 0 && country == "" && order_lines == [] && !has(billing_address.email) -> refer`))
	for _, content := range []*checkout.Content{nil, {}} {
		got := set.Evaluate(risk.Input{Call: risk.CallAuthorize, Content: content}, nil)
		if got.Decision.Outcome != checkout.OutcomeRefer || got.Failed != 0 {
			t.Errorf("%+v", got)
		}
	}
}

func TestEveryAction(t *testing.T) {
	t.Parallel()
	set := mustParse(t, file("order_amount == 1 -> approve", "order_amount == 2 -> deny", "order_amount == 3 -> refer", "order_amount == 4 -> ask"))
	for amount, want := range map[int64]checkout.Decision{
		1: {Outcome: checkout.OutcomeApprove, Reason: "because (rule r1 of " + set.String() + ")"},
		2: {Outcome: checkout.OutcomeDeny, Reason: "because (rule r2 of " + set.String() + ")"},
		3: {Outcome: checkout.OutcomeRefer, Reason: "because (rule r3 of " + set.String() + ")"},
		4: {Outcome: checkout.OutcomeInvalidFields, InvalidFields: []string{"billing_address.phone"}, Reason: "because (rule r4 of " + set.String() + ")"},
		5: {Outcome: checkout.OutcomeApprove, Reason: "no rule decided otherwise (" + set.String() + ")"},
	} {
		in := risk.Input{Call: risk.CallAuthorize, Content: &checkout.Content{OrderAmount: checkout.IntegerOf(amount)}}
		got := set.Assess(t.Context(), in).Decision
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("amount %d: %+v, want %+v", amount, got, want)
		}
	}
}

// TestTheFirstThatHoldsDecides: by priority, not by the order in the file.
func TestTheFirstThatHoldsDecides(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer("priority = 10\n", "priority = 30\n", "priority = 30\n", "priority = -5\n").Replace(
		string(file("order_amount > 0 -> deny", "order_amount > 1 -> approve", "order_amount > 2 -> refer")))
	set := mustParse(t, []byte(text))
	clock := noon
	got := set.Evaluate(risk.Input{Call: risk.CallAuthorize, Content: &checkout.Content{OrderAmount: checkout.IntegerOf(2)}},
		func() time.Time { clock = clock.Add(time.Microsecond); return clock })
	if got.Decision.Outcome != checkout.OutcomeApprove || got.Rule != "r2" {
		t.Errorf("%+v", got)
	}
	want := []risk.Step{{"r3", risk.StateNotMatched, time.Microsecond, ""}, {"r2", risk.StateMatched, time.Microsecond, ""}, {"r1", risk.StateNotReached, 0, ""}}
	if fmt.Sprint(got.Steps) != fmt.Sprint(want) {
		t.Errorf("steps %v, want %v", got.Steps, want)
	}
}

func TestRulesAreForTheCallsTheyName(t *testing.T) {
	t.Parallel()
	text := strings.Replace(string(file("order_amount >= 0 -> deny", "order_amount > 0 -> deny")), "name = \"r1\"\n", "name = \"r1\"\ncalls = [\"load\"]\n", 1)
	set := mustParse(t, []byte(text))
	for call, want := range map[risk.Call]string{risk.CallLoad: "r1", risk.CallAuthorize: "r2", risk.CallReauthorize: "r2", risk.CallFinalize: "r2"} {
		got := set.Evaluate(risk.Input{Call: call, Content: &checkout.Content{OrderAmount: checkout.IntegerOf(1)}}, nil)
		if got.Rule != want {
			t.Errorf("%s was decided by %q, want %s", call, got.Rule, want)
		}
	}
}

// TestARuleThatFailsApprovesNothing: what is stricter than an approval still
// holds, an approval becomes what on_failure says.
func TestARuleThatFailsApprovesNothing(t *testing.T) {
	t.Parallel()
	fails := "100 / order_amount == 7 -> deny"
	for _, c := range []struct {
		name      string
		onFailure string
		rules     []string
		want      checkout.Outcome
	}{
		{"nothing else", "", []string{fails}, checkout.OutcomeRefer},
		{"nothing else, deny", "on_failure = \"deny\"\n", []string{fails}, checkout.OutcomeDeny},
		{"an approval after it", "", []string{fails, "order_amount == 0 -> approve"}, checkout.OutcomeRefer},
		{"an approval before it", "", []string{"order_amount == 0 -> approve", fails}, checkout.OutcomeApprove},
		{"a denial after it", "", []string{fails, "order_amount == 0 -> deny"}, checkout.OutcomeDeny},
		{"a question after it", "", []string{fails, "order_amount == 0 -> ask"}, checkout.OutcomeInvalidFields},
		{"no such element", "", []string{`order_lines[3].name == "a" -> deny`}, checkout.OutcomeRefer},
		{"too large a number", "", []string{`(order_amount + 9223372036854775807) + 1 > 0 -> deny`}, checkout.OutcomeRefer},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			set := mustParse(t, []byte(c.onFailure+string(file(c.rules...))))
			got := set.Evaluate(risk.Input{Call: risk.CallAuthorize, Content: &checkout.Content{}}, nil)
			if got.Decision.Outcome != c.want {
				t.Errorf("%+v", got)
			}
			if got.Rule != "r1" && (got.Failed != 1 || got.Steps[0].State != risk.StateFailed || got.Steps[0].Error == "") {
				t.Errorf("the failure is not told: %+v", got)
			}
		})
	}
}

// TestCostIsCutOff: texts longer than the protocol lets through, which the
// estimate does not know of, end in a failure and not in a long wait.
func TestCostIsCutOff(t *testing.T) {
	t.Parallel()
	set := mustParse(t, file(`order_lines.exists(l, l.name.matches("(a|b)*c[0-9]+x")) -> deny`))
	lines := make([]checkout.Line, 1000)
	for i := range lines {
		lines[i].Name = checkout.TextOf(strings.Repeat("ab", 5000))
	}
	got := set.Evaluate(risk.Input{Call: risk.CallAuthorize, Content: &checkout.Content{OrderLines: lines}}, nil)
	if got.Failed != 1 || !strings.Contains(got.Steps[0].Error, "cost limit") || got.Decision.Outcome != checkout.OutcomeRefer {
		t.Errorf("%+v", got)
	}
}

func TestReasonsAndValues(t *testing.T) {
	t.Parallel()
	set := mustParse(t, []byte(`name = "test"
[values]
limit = 5
names = ["Ann", "Bo"]
on = true
[values.by_country]
SE = "Sweden"
[[rule]]
name = "all"
priority = 1
condition = 'values.on && order_amount > values.limit && billing_address.given_name in values.names && country in values.by_country'
action = "deny"
reason = "{order_amount} in {values.by_country[country]}: {order_amount / 0}, {values.on}"
`))
	content := &checkout.Content{PurchaseCountry: checkout.TextOf("SE"), OrderAmount: checkout.IntegerOf(6),
		BillingAddress: &checkout.Address{GivenName: checkout.TextOf("Bo")}}
	got := set.Evaluate(risk.Input{Call: risk.CallFinalize, Content: content}, nil)
	if want := "6 in Sweden: {order_amount / 0}, true (rule all of " + set.String() + ")"; got.Decision.Reason != want {
		t.Errorf("reason %q, want %q", got.Decision.Reason, want)
	}
}

// TestTheVersionIsOfTheBytes, so that the same file has it everywhere.
func TestTheVersionIsOfTheBytes(t *testing.T) {
	t.Parallel()
	one, again, other := mustParse(t, file("hour > 3 -> deny")), mustParse(t, file("hour > 3 -> deny")), mustParse(t, file("hour > 4 -> deny"))
	if one.Version != again.Version || one.Version == other.Version || len(one.Version) != 12 {
		t.Errorf("versions %s, %s, %s", one.Version, again.Version, other.Version)
	}
}

// TestTheDefaultRules decide as docs/risk.md says.
func TestTheDefaultRules(t *testing.T) {
	t.Parallel()
	text, number := checkout.TextOf, checkout.IntegerOf
	large := func(change func(*checkout.Content)) *checkout.Content {
		c := &checkout.Content{PurchaseCurrency: text("SEK"), OrderAmount: number(1150000), BillingAddress: &checkout.Address{Email: text("a@b.se"), Country: text("SE")}}
		change(c)
		return c
	}
	for rule, c := range map[string]struct {
		content *checkout.Content
		want    checkout.Outcome
	}{
		"":                         {large(func(*checkout.Content) {}), checkout.OutcomeApprove},
		"under-age":                {&checkout.Content{Customer: &checkout.Customer{DateOfBirth: text("2008-02-01")}}, checkout.OutcomeDeny},
		"large-without-contact":    {large(func(c *checkout.Content) { c.BillingAddress.Email = checkout.Text{} }), checkout.OutcomeInvalidFields},
		"large-to-another-country": {large(func(c *checkout.Content) { c.ShippingAddress = &checkout.Address{Country: text("NO")} }), checkout.OutcomeRefer},
		"large-and-many-of-one":    {large(func(c *checkout.Content) { c.OrderLines = []checkout.Line{{Quantity: number(20)}} }), checkout.OutcomeRefer},
		"very-large":               {large(func(c *checkout.Content) { c.OrderAmount = number(5 * 1150000) }), checkout.OutcomeRefer},
	} {
		got := risk.DefaultRules().Evaluate(risk.Input{Call: risk.CallAuthorize, Content: c.content, Now: noon}, nil)
		if got.Rule != rule || got.Decision.Outcome != c.want {
			t.Errorf("%s: %+v", rule, got)
		}
	}
	for _, m := range market.All() {
		got := risk.DefaultRules().Evaluate(risk.Input{Call: risk.CallAuthorize, Now: noon, Content: &checkout.Content{
			PurchaseCurrency: text(m.Currency), OrderAmount: number(1 << 50), BillingAddress: &checkout.Address{Phone: text("1")}}}, nil)
		if got.Rule != "very-large" {
			t.Errorf("%s has no amount that is large: %+v", m.Currency, got)
		}
	}
}

// facts are of as many sessions, with an e-mail address each.
func facts(kind risk.FactKind, sessions int, ago time.Duration) risk.Past {
	past := risk.Past{Known: true, FirstAt: noon.Add(-ago)}
	for i := range sessions {
		fact := aFact(kind, byte(i+1), ago)
		fact.Email = uint32(i + 1)
		past.Facts = append(past.Facts, fact)
	}
	return past
}

// TestTheDefaultRulesLookBack, each from a number of its own and for a time of its
// own.
func TestTheDefaultRulesLookBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule    string
		subject risk.SubjectKind
		kind    risk.FactKind
		from    int
		within  time.Duration
		want    checkout.Outcome
	}{
		{"many-denials-of-device", risk.SubjectDevice, risk.FactDenied, 5, 24 * time.Hour, checkout.OutcomeDeny},
		{"many-denials", risk.SubjectEmail, risk.FactDenied, 5, 24 * time.Hour, checkout.OutcomeRefer},
		{"many-denials", risk.SubjectPhone, risk.FactDenied, 5, 24 * time.Hour, checkout.OutcomeRefer},
		{"many-denials-of-ip", risk.SubjectIP, risk.FactDenied, 20, 24 * time.Hour, checkout.OutcomeRefer},
		{"fast-approvals", risk.SubjectEmail, risk.FactApproved, 5, time.Hour, checkout.OutcomeRefer},
		{"many-emails-on-device", risk.SubjectDevice, risk.FactApproved, 5, 24 * time.Hour, checkout.OutcomeRefer},
	} {
		t.Run(c.rule+" "+string(c.subject), func(t *testing.T) {
			t.Parallel()
			decided := func(past risk.Past) risk.Assessment {
				in := risk.Input{Call: risk.CallAuthorize, SessionID: "own", Content: &checkout.Content{}, Now: noon, History: risk.History{c.subject: past}}
				return risk.DefaultRules().Evaluate(in, nil)
			}
			if got := decided(facts(c.kind, c.from, c.within-time.Millisecond)); got.Rule != c.rule || got.Decision.Outcome != c.want || got.Failed > 0 {
				t.Errorf("%d: %+v", c.from, got)
			}
			for _, past := range []risk.Past{facts(c.kind, c.from-1, 0), facts(c.kind, c.from, c.within)} {
				if got := decided(past); got.Decision.Outcome != checkout.OutcomeApprove {
					t.Errorf("%d: %+v", len(past.Facts), got)
				}
			}
		})
	}
	high := risk.Input{Call: risk.CallAuthorize, Content: &checkout.Content{PurchaseCurrency: checkout.TextOf("SEK"), OrderAmount: checkout.IntegerOf(2 * 1150000),
		BillingAddress: &checkout.Address{Email: checkout.TextOf("a@b.se")}}, Now: noon}
	if got := risk.DefaultRules().Evaluate(high, nil); got.Rule != "first-order-high" || got.Decision.Outcome != checkout.OutcomeRefer {
		t.Errorf("a high first order: %+v", got)
	}
	high.History = risk.History{risk.SubjectPhone: {Known: true, FirstAt: noon, Orders: 1}}
	if got := risk.DefaultRules().Evaluate(high, nil); got.Decision.Outcome != checkout.OutcomeApprove {
		t.Errorf("a high second order: %+v", got)
	}
}

// TestTestDataMeansNothingToRealShops: a customer who happens to be called
// like a playground's trigger is approved.
func TestTestDataMeansNothingToRealShops(t *testing.T) {
	t.Parallel()
	for _, email := range []string{"a@email.se", "a+denied@email.se", "a+red@email.se", "a+pending@email.se", "a+reject_reason_x@email.se"} {
		content := checkout.Content{BillingAddress: &checkout.Address{Email: checkout.TextOf(email), Phone: checkout.TextOf("+46701740620")}}
		for _, call := range []risk.Call{risk.CallLoad, risk.CallAuthorize, risk.CallReauthorize, risk.CallFinalize} {
			in := risk.Input{Call: call, Content: &content}
			if decision := risk.DefaultRules().Assess(t.Context(), in).Decision; decision.Outcome != checkout.OutcomeApprove || decision.Reason == "" {
				t.Errorf("%s %s: %+v", call, email, decision)
			}
		}
		if decision := (risk.Playground{}).Assess(t.Context(), risk.Input{Call: risk.CallAuthorize, Content: &content}).Decision; email == "a+denied@email.se" &&
			decision.Outcome != checkout.OutcomeDeny {
			t.Error("the e-mail is no trigger: the test proves nothing")
		}
	}
}
