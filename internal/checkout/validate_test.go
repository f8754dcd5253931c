package checkout_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
)

// rows is one broken rule each: what is changed in a valid content and the
// violation it gives. Recorded and quoted messages name the same paths.
var rows = []struct {
	name   string
	change func(*checkout.Content)
	want   string // "path rule" of every violation
	stage  checkout.Stage
}{
	{"no country", func(c *checkout.Content) { c.PurchaseCountry = checkout.Text{} }, "purchase_country required", checkout.StageMarket},
	{"empty country", func(c *checkout.Content) { c.PurchaseCountry = text("") }, "purchase_country required", checkout.StageMarket},
	{"country is a name", func(c *checkout.Content) { c.PurchaseCountry = text("Sweden") }, "purchase_country format", checkout.StageMarket},
	{"no such market", func(c *checkout.Content) { c.PurchaseCountry = text("ZA") },
		"purchase_country supported_country", checkout.StageMarket},
	{"no currency", func(c *checkout.Content) { c.PurchaseCurrency = checkout.Text{} }, "purchase_currency required", checkout.StageMarket},
	{"currency is a sign", func(c *checkout.Content) { c.PurchaseCurrency = text("kr") }, "purchase_currency format", checkout.StageMarket},
	{"another country's currency", func(c *checkout.Content) { c.PurchaseCurrency = text("EUR") },
		"purchase_currency currency_of_country", checkout.StageMarket},
	{"locale with an underscore", func(c *checkout.Content) { c.Locale = text("en_GB") }, "locale format", checkout.StageFields},
	{"no order amount", func(c *checkout.Content) { c.OrderAmount = checkout.Integer{} }, "order_amount required", checkout.StageFields},
	{"no lines", func(c *checkout.Content) { c.OrderLines = nil }, "order_lines required", checkout.StageFields},
	{"an empty list of lines", func(c *checkout.Content) { c.OrderLines = []checkout.Line{} }, "order_lines count", checkout.StageFields},
	{"line without a name", func(c *checkout.Content) { c.OrderLines[0].Name = checkout.Text{} },
		"order_lines[0].name required", checkout.StageFields},
	{"line with an empty name", func(c *checkout.Content) { c.OrderLines[0].Name = text("") },
		"order_lines[0].name length", checkout.StageFields},
	{"line without a quantity", func(c *checkout.Content) { c.OrderLines[0].Quantity = checkout.Integer{} },
		"order_lines[0].quantity required", checkout.StageFields},
	{"line without a unit price", func(c *checkout.Content) { c.OrderLines[0].UnitPrice = checkout.Integer{} },
		"order_lines[0].unit_price required", checkout.StageFields},
	{"over-long reference", func(c *checkout.Content) { c.OrderLines[0].Reference = text(strings.Repeat("x", 256)) },
		"order_lines[0].reference length", checkout.StageFields},
	{"tax rate in per cent of a hundred", func(c *checkout.Content) { c.OrderLines[0].TaxRate = integer(250000) },
		"order_lines[0].tax_rate range", checkout.StageFields},
	{"postal code of two codes", func(c *checkout.Content) { c.BillingAddress = &checkout.Address{PostalCode: text("123 45-6789")} },
		"billing_address.postal_code length", checkout.StageFields},
	{"country of an address", func(c *checkout.Content) { c.ShippingAddress = &checkout.Address{Country: text("SWE")} },
		"shipping_address.country format", checkout.StageFields},
	{"customer type", func(c *checkout.Content) { c.Customer = &checkout.Customer{Type: text("robot")} },
		"customer.type format", checkout.StageFields},
	{"colour", func(c *checkout.Content) { c.Options = &checkout.Options{ColorText: text("orange")} },
		"options.color_text format", checkout.StageFields},
	{"attachment without a body", func(c *checkout.Content) { c.Attachment = &checkout.Attachment{ContentType: text("application/json")} },
		"attachment.body required", checkout.StageFields},
	{"attachment without a type", func(c *checkout.Content) { c.Attachment = &checkout.Attachment{Body: text("{}")} },
		"attachment.content_type required", checkout.StageFields},
	{"attachment that is a list", func(c *checkout.Content) {
		c.Attachment = &checkout.Attachment{Body: text("[]"), ContentType: text("application/json")}
	}, "attachment.attachment attachment", checkout.StageFields},
	{"subscription without anything", func(c *checkout.Content) { c.OrderLines[0].Subscription = &checkout.Subscription{} },
		"order_lines[0].subscription.name required, order_lines[0].subscription.interval required, " +
			"order_lines[0].subscription.interval_count required", checkout.StageFields},
	{"a quantity of one half, cut to 0", func(c *checkout.Content) { c.OrderLines[0].Quantity = integer(0) },
		"order_lines[0].total_amount line_total", checkout.StageLineTotals},
	{"discount not subtracted", func(c *checkout.Content) { c.OrderLines[0].TotalDiscountAmount = checkout.Integer{} },
		"order_lines[0].total_amount line_total", checkout.StageLineTotals},
	{"tax of the net amount", func(c *checkout.Content) { c.OrderLines[0].TotalTaxAmount = integer(2375) },
		"order_lines[0].total_tax_amount line_tax, order_tax_amount order_tax_amount", checkout.StageLineTaxes},
	{"a line is missing", func(c *checkout.Content) { c.OrderAmount = integer(10500) },
		"order_amount order_amount", checkout.StageOrderAmount},
	{"tax of the order", func(c *checkout.Content) { c.OrderTaxAmount = integer(1902) },
		"order_tax_amount order_tax_amount", checkout.StageOrderTaxAmount},
}

func TestEveryRuleOfABody(t *testing.T) {
	t.Parallel()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			for _, op := range []checkout.Operation{checkout.OperationCreate, checkout.OperationUpdate} {
				c := swedish()
				row.change(&c)
				violations := checkout.Validate(op, &c, nil)
				if got := strings.Join(broken(violations), ", "); got != row.want {
					t.Fatalf("operation %d: %s, want %s", op, got, row.want)
				}
				if violations[0].Stage != row.stage {
					t.Errorf("stage %d, want %d", violations[0].Stage, row.stage)
				}
				requireExplained(t, violations)
			}
		})
	}
}

// requireExplained: every violation can be shown with what would be right.
func requireExplained(t interface{ Fatalf(string, ...any) }, violations []checkout.Violation) {
	for _, v := range violations {
		if v.Path == "" || v.Rule == "" || v.Stage == 0 || v.Expected == nil {
			t.Fatalf("a violation explains nothing: %+v", v)
		}
		switch v.Sent.(type) {
		case nil, string, int64, bool:
		default:
			t.Fatalf("%s: sent is a %T", v.Path, v.Sent)
		}
	}
}

// TestEveryRuleHasARow: the rules that are not in the table above belong to
// decoding, to the comparison with an approval, to customer tokens, and to
// questions why something is not offered.
func TestEveryRuleHasARow(t *testing.T) {
	t.Parallel()
	elsewhere := []checkout.Rule{
		checkout.RuleType, checkout.RuleMatch, checkout.RuleCartSize, checkout.RuleSameBody, checkout.RuleTokenCountry,
		checkout.RuleCategory, checkout.RuleCategoryOfMarket, checkout.RuleSessionOpen, checkout.RuleLocaleOfMarket, checkout.RuleIntent,
		checkout.RuleNothingToPay, checkout.RuleRisk,
	}
	for _, rule := range constants[checkout.Rule](t, "Rule") {
		inTable := false
		for _, row := range rows {
			for _, violation := range strings.Split(row.want, ", ") {
				inTable = inTable || strings.HasSuffix(violation, " "+string(rule))
			}
		}
		if inTable == slices.Contains(elsewhere, rule) {
			t.Errorf("rule %q: in the table %v", rule, inTable)
		}
	}
}

// TestBodiesThatPassed were accepted by the real server.
func TestBodiesThatPassed(t *testing.T) {
	t.Parallel()
	shoes := checkout.Content{
		Locale: text("en-US"), PurchaseCountry: text("US"), PurchaseCurrency: text("USD"), OrderAmount: integer(100),
		OrderLines: []checkout.Line{{Name: text("Running shoes"), Quantity: integer(4), UnitPrice: integer(25), TotalAmount: integer(100)}},
	}
	mixed := swedish()
	mixed.Locale = text("PL")
	mixed.BillingAddress = &checkout.Address{
		Country: text("SE"), Region: text("DC"), PostalCode: text("20500"), Phone: text("+48123456789"), StreetAddress2: text(""),
	}
	mixed.ShippingAddress = &checkout.Address{Country: text("US")}
	mixed.Options = &checkout.Options{}
	mixed.OrderLines[0].ProductIdentifiers = &checkout.ProductIdentifiers{}
	for name, c := range map[string]checkout.Content{
		"minimal": shoes, "documented sample": swedish(), "every sign and a tax line": american(), "SE with an address in the US": mixed,
	} {
		if violations := checkout.Validate(checkout.OperationCreate, &c, nil); violations != nil {
			t.Errorf("%s: %v", name, broken(violations))
		}
	}
}

// TestOnlyTheFirstStageIsNamed: `{}` named country and currency, nothing else.
func TestOnlyTheFirstStageIsNamed(t *testing.T) {
	t.Parallel()
	empty := checkout.Content{}
	all := checkout.Validate(checkout.OperationCreate, &empty, nil)
	requireSame(t, "all", []string{
		"purchase_country required", "purchase_currency required", "order_amount required", "order_lines required",
	}, broken(all))
	requireSame(t, "named", []string{"purchase_country required", "purchase_currency required"}, broken(checkout.FirstStage(all)))
	if checkout.FirstStage(nil) != nil {
		t.Error("nothing has a first stage")
	}
}

// TestStagesComeInOrder breaks every stage at once and mends one after the
// other: the next stage is named each time.
func TestStagesComeInOrder(t *testing.T) {
	t.Parallel()
	c := cart(swedish(), cartLine("physical", 1, 100), cartLine("physical", 1, 200))
	c.PurchaseCurrency = text("EUR")
	c.Locale = text("sv_SE")
	c.OrderLines[1].TotalAmount = integer(201)
	c.OrderLines[0].TaxRate, c.OrderLines[0].TotalTaxAmount = integer(2500), integer(99)
	c.OrderAmount = integer(1)
	c.OrderTaxAmount = integer(1)
	for _, step := range []struct {
		want string
		mend func()
	}{
		{"purchase_currency currency_of_country", func() { c.PurchaseCurrency = text("SEK") }},
		{"locale format", func() { c.Locale = text("sv-SE") }},
		{"order_lines[1].total_amount line_total", func() { c.OrderLines[1].TotalAmount = integer(200) }},
		{"order_lines[0].total_tax_amount line_tax", func() { c.OrderLines[0].TotalTaxAmount = integer(20) }},
		{"order_amount order_amount", func() { c.OrderAmount = integer(300) }},
		{"order_tax_amount order_tax_amount", func() { c.OrderTaxAmount = integer(20) }},
	} {
		all := checkout.Validate(checkout.OperationCreate, &c, nil)
		if !slices.IsSortedFunc(all, func(a, b checkout.Violation) int { return int(a.Stage) - int(b.Stage) }) {
			t.Fatalf("the stages are mixed: %v", broken(all))
		}
		requireSame(t, "first stage", []string{step.want}, broken(checkout.FirstStage(all)))
		step.mend()
	}
	if rest := checkout.Validate(checkout.OperationCreate, &c, nil); rest != nil {
		t.Errorf("still broken: %v", broken(rest))
	}
}

// TestRequiredOfAnOrder: a recorded order call with {} named all four
// properties in one message.
func TestRequiredOfAnOrder(t *testing.T) {
	t.Parallel()
	refusal := checkout.ValidateOrder(&checkout.Content{}, nil)
	refused(t, refusal, checkout.KindBadValue)
	requireSame(t, "named", []string{
		"purchase_country required", "purchase_currency required", "order_amount required", "order_lines required",
	}, broken(checkout.FirstStage(refusal.Violations)))
}

// TestAnOrderIsCheckedByItself: fields yes; sums, attachment, customer and
// options no.
func TestAnOrderIsCheckedByItself(t *testing.T) {
	t.Parallel()
	order := whole()
	order.OrderAmount = integer(1)
	order.OrderLines[0].TotalTaxAmount = integer(1)
	order.Attachment = &checkout.Attachment{Body: text("not an object")}
	order.Customer = &checkout.Customer{Type: text("robot"), LastFourSSN: text("string")}
	order.Options = &checkout.Options{ColorText: text("orange")}
	if refusal := checkout.ValidateOrder(&order, nil); refusal != nil {
		t.Errorf("refused: %v", broken(refusal.Violations))
	}
	order.OrderLines[0].Name = checkout.Text{}
	order.BillingAddress.PostalCode = text("12345678901")
	order.MerchantURLs.Push = text(strings.Repeat("x", 2001))
	refusal := checkout.ValidateOrder(&order, nil)
	refused(t, refusal, checkout.KindBadValue)
	requireSame(t, "fields", []string{
		"billing_address.postal_code length", "merchant_urls.push length", "order_lines[0].name required",
	}, broken(refusal.Violations))
}

// TestAnOrderIsNotJudgedByItsCountry: the approved billing address, which the
// order may leave out, decides which currency is right. Lower case is as good.
func TestAnOrderIsNotJudgedByItsCountry(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{{"GB", "USD"}, {"us", "usd"}, {"XX", "SEK"}} {
		order := american()
		order.PurchaseCountry, order.PurchaseCurrency = text(c[0]), text(c[1])
		if refusal := checkout.ValidateOrder(&order, nil); refusal != nil {
			t.Errorf("%v is refused: %v", c, broken(refusal.Violations))
		}
	}
}

func TestNumberOfLines(t *testing.T) {
	t.Parallel()
	for _, count := range []int{1, 2, 999, 1000, 1001} {
		t.Run(fmt.Sprint(count), func(t *testing.T) {
			t.Parallel()
			lines := make([]checkout.Line, count)
			for i := range lines {
				lines[i] = cartLine("physical", 1, int64(i))
			}
			c := cart(swedish(), lines...)
			for _, op := range []checkout.Operation{checkout.OperationCreate, checkout.OperationUpdate, checkout.OperationOrder} {
				want := []string{}
				if count > 1000 {
					want = []string{"order_lines count"}
				}
				requireSame(t, fmt.Sprintf("operation %d", op), want, broken(checkout.Validate(op, &c, nil)))
			}
		})
	}
}

// TestTheLineIsNamedByItsPlace: the first is 0.
func TestTheLineIsNamedByItsPlace(t *testing.T) {
	t.Parallel()
	lines := make([]checkout.Line, 1000)
	for i := range lines {
		lines[i] = cartLine("physical", 1, 1)
	}
	lines[0].Name, lines[999].Name = checkout.Text{}, checkout.Text{}
	c := cart(swedish(), lines...)
	requireSame(t, "violations", []string{"order_lines[0].name required", "order_lines[999].name required"},
		broken(checkout.Validate(checkout.OperationCreate, &c, nil)))
}

// TestWhatDecodingFoundIsNotBlamedTwice: a property of the wrong type is absent
// for the rules.
func TestWhatDecodingFoundIsNotBlamedTwice(t *testing.T) {
	t.Parallel()
	c := swedish()
	c.OrderAmount, c.PurchaseCountry = checkout.Integer{}, checkout.Text{}
	problems := []checkout.Violation{
		{Path: "order_amount", Rule: checkout.RuleType, Stage: checkout.StageFields, Sent: "95.00", Expected: "integer"},
		{Path: "purchase_country", Rule: checkout.RuleType, Stage: checkout.StageMarket, Sent: int64(46), Expected: "string"},
	}
	before := slices.Clone(problems)
	requireSame(t, "create", []string{"purchase_country type", "order_amount type"},
		broken(checkout.Validate(checkout.OperationCreate, &c, problems)))
	all := checkout.Validate(checkout.OperationOrder, &c, problems)
	requireSame(t, "order", []string{"order_amount type", "purchase_country type"}, broken(all))
	if got := len(checkout.FirstStage(all)); got != 2 {
		t.Errorf("an order call names %d of them together, want both", got)
	}
	requireSame(t, "the problems were changed", before, problems)
}
