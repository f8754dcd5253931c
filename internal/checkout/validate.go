package checkout

import (
	"fmt"
	"sort"
	"strconv"
	"unicode/utf8"

	"github.com/kvitto/kvitto/internal/market"
)

// Operation says which properties a body must have.
type Operation uint8

// The operations with a body of content.
const (
	OperationCreate Operation = iota + 1
	OperationUpdate           // the merged content is validated like a new session
	OperationOrder
)

// Validate returns every violation of every stage, sorted by stage; within a
// stage in the order of the body. problems are what decoding found. A path
// with a problem is not blamed twice.
func Validate(op Operation, c *Content, problems []Violation) []Violation {
	v := validation{content: c, violations: append([]Violation(nil), problems...)}
	for i := range problems {
		if v.blamed == nil {
			v.blamed = make(map[string]bool, len(problems))
		}
		v.blamed[problems[i].Path] = true
	}
	marketStage := StageMarket
	if op == OperationOrder {
		// A recorded order call with {} names all four required properties
		// together; a recorded create names country and currency alone.
		marketStage = StageFields
		for i := range v.violations {
			v.violations[i].Stage = StageFields
		}
	}
	countryOK, currencyOK := v.codes(marketStage)
	if op != OperationOrder {
		// An order call may leave out the billing address that overrides its
		// country, so it cannot be judged by itself: Match compares both codes
		// with what was approved.
		v.market(countryOK, currencyOK)
	}
	v.fields(op)
	if op != OperationOrder {
		v.attachment()
		v.sums()
	}
	sort.SliceStable(v.violations, func(i, j int) bool { return v.violations[i].Stage < v.violations[j].Stage })
	return v.violations
}

type validation struct {
	content    *Content
	violations []Violation
	blamed     map[string]bool
}

func (v *validation) add(violation Violation) {
	if v.blamed[violation.Path] {
		return
	}
	v.violations = append(v.violations, violation)
}

func (v *validation) required(stage Stage, path, expected string) {
	v.add(Violation{Path: path, Rule: RuleRequired, Stage: stage, Expected: expected,
		Hint: "this property is required"})
}

// codes checks that country and currency are there and have their format.
func (v *validation) codes(stage Stage) (countryOK, currencyOK bool) {
	countryOK = v.code(stage, "purchase_country", v.content.PurchaseCountry, FormatCountry)
	currencyOK = v.code(stage, "purchase_currency", v.content.PurchaseCurrency, FormatCurrency)
	return countryOK, currencyOK
}

// market checks that the country is one of the markets and that the currency
// is its own. The billing country overrides.
func (v *validation) market(countryOK, currencyOK bool) {
	c := v.content
	path, country := "purchase_country", c.PurchaseCountry.Value
	if c.BillingAddress != nil && c.BillingAddress.Country.Value != "" {
		path, country = "billing_address.country", c.BillingAddress.Country.Value
		if !FormatCountry.Matches(country) {
			return // blamed by the field rules
		}
	} else if !countryOK {
		return
	}
	m, ok := market.Lookup(country)
	if !ok {
		hint := "the country is not one of the 26 markets"
		if equalFold(country, "UK") {
			hint = "the ISO 3166 code of the United Kingdom is GB"
		}
		v.add(Violation{Path: path, Rule: RuleCountry, Stage: StageMarket, Sent: country, Expected: market.Countries(), Hint: hint})
		return
	}
	if currencyOK && !equalFold(c.PurchaseCurrency.Value, m.Currency) {
		v.add(Violation{Path: "purchase_currency", Rule: RuleCurrency, Stage: StageMarket,
			Sent: c.PurchaseCurrency.Value, Expected: m.Currency,
			Hint: "only the local currency of " + m.Country + " is supported; the country is taken from " + path})
	}
}

// code checks a required country or currency code.
func (v *validation) code(stage Stage, path string, text Text, format Format) bool {
	switch {
	case text.Value == "":
		v.required(stage, path, format.Expected())
	case !format.Matches(text.Value):
		v.add(Violation{Path: path, Rule: RuleFormat, Stage: stage, Sent: text.Value, Expected: format.Expected()})
	default:
		return !v.blamed[path]
	}
	return false
}

// fields checks presence, limits and patterns of everything else.
func (v *validation) fields(op Operation) {
	c := v.content
	for i := range ContentTextFields {
		f := &ContentTextFields[i]
		if f.Format != FormatCountry && f.Format != FormatCurrency {
			v.text("", f.Name, *f.At(c), f.Min, f.Max, f.Format)
		}
	}
	if !c.OrderAmount.Set {
		v.required(StageFields, "order_amount", "integer, minor units")
	}
	checkIntegers(v, "", ContentIntegerFields, c)
	checkTexts(v, "billing_address", AddressFields, c.BillingAddress)
	checkTexts(v, "shipping_address", AddressFields, c.ShippingAddress)
	checkTexts(v, "merchant_urls", MerchantURLFields, c.MerchantURLs)
	if op == OperationOrder {
		// customer and options are not compared and not enforced on an order:
		// a recorded one carried the documentation's placeholder values.
		v.lines()
		return
	}
	checkTexts(v, "customer", CustomerFields, c.Customer)
	checkTexts(v, "options", OptionFields, c.Options)
	v.lines()
}

func checkTexts[T any](v *validation, parent string, fields []TextField[T], object *T) {
	if object == nil {
		return
	}
	for i := range fields {
		f := &fields[i]
		v.text(parent, f.Name, *f.At(object), f.Min, f.Max, f.Format)
	}
}

func checkIntegers[T any](v *validation, parent string, fields []IntegerField[T], object *T) {
	for i := range fields {
		f := &fields[i]
		n := f.At(object)
		if !n.Set || (n.Value >= f.Min && n.Value <= f.Max) {
			continue
		}
		v.add(Violation{Path: join(parent, f.Name), Rule: RuleRange, Stage: StageFields,
			Sent: n.Value, Expected: rangeWords(f.Min, f.Max)})
	}
}

func rangeWords(low, high int64) string {
	switch {
	case low == integerMin:
		return "at most " + strconv.FormatInt(high, 10)
	case high == integerMax:
		return "at least " + strconv.FormatInt(low, 10)
	default:
		return fmt.Sprintf("%d to %d", low, high)
	}
}

func join(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + "." + name
}

func (v *validation) text(parent, name string, text Text, low, high int, format Format) {
	if !text.Set {
		return
	}
	// A string is never longer in characters than in bytes.
	if len(text.Value) > high || len(text.Value) < low {
		if n := utf8.RuneCountInString(text.Value); n > high || n < low {
			v.add(Violation{Path: join(parent, name), Rule: RuleLength, Stage: StageFields,
				Sent: int64(n), Expected: fmt.Sprintf("%d to %d characters", low, high),
				Hint: "sent is the number of characters"})
			return
		}
	}
	if !format.Matches(text.Value) {
		v.add(Violation{Path: join(parent, name), Rule: RuleFormat, Stage: StageFields,
			Sent: text.Value, Expected: format.Expected(), Hint: formatHint(format, text.Value)})
	}
}

func formatHint(format Format, value string) string {
	if format == FormatLocale && len(value) == 5 && value[2] == '_' {
		return "write a hyphen: " + value[:2] + "-" + value[3:]
	}
	return ""
}

// lines checks the list and the properties of each line.
func (v *validation) lines() {
	lines := v.content.OrderLines
	switch {
	case lines == nil:
		v.required(StageFields, "order_lines", "1 to 1000 lines")
	case len(lines) == 0 || len(lines) > LinesMax:
		v.add(Violation{Path: "order_lines", Rule: RuleCount, Stage: StageFields,
			Sent: int64(len(lines)), Expected: "1 to 1000 lines", Hint: "sent is the number of lines"})
		return
	}
	for i := range lines {
		if !lineFine(&lines[i]) {
			v.line(i)
		}
	}
}

// lineFine is the fast answer for the usual line; a false sends it through
// line, which finds the reasons.
func lineFine(l *Line) bool {
	if !l.Name.Set || !l.Quantity.Set || !l.UnitPrice.Set || !l.TotalAmount.Set || l.Subscription != nil || l.ProductIdentifiers != nil {
		return false
	}
	for i := range LineTextFields {
		f := &LineTextFields[i]
		if t := f.At(l); t.Set && (len(t.Value) > f.Max || len(t.Value) < f.Min) {
			return false
		}
	}
	for i := range LineIntegerFields {
		f := &LineIntegerFields[i]
		if n := f.At(l); n.Set && (n.Value < f.Min || n.Value > f.Max) {
			return false
		}
	}
	return true
}

func (v *validation) line(i int) {
	l := &v.content.OrderLines[i]
	parent := linePath(i)
	if !l.Name.Set {
		v.required(StageFields, parent+".name", "1 to 255 characters")
	}
	for _, n := range []struct {
		name  string
		value Integer
	}{{"quantity", l.Quantity}, {"unit_price", l.UnitPrice}, {"total_amount", l.TotalAmount}} {
		if !n.value.Set {
			v.required(StageFields, parent+"."+n.name, "integer")
		}
	}
	checkTexts(v, parent, LineTextFields, l)
	checkIntegers(v, parent, LineIntegerFields, l)
	checkTexts(v, parent+".product_identifiers", ProductIdentifierFields, l.ProductIdentifiers)
	if s := l.Subscription; s != nil {
		path := parent + ".subscription"
		if !s.Name.Set {
			v.required(StageFields, path+".name", "1 to 255 characters")
		}
		if s.Interval.Value == "" {
			v.required(StageFields, path+".interval", FormatInterval.Expected())
		}
		if !s.IntervalCount.Set {
			v.required(StageFields, path+".interval_count", "at least 1")
		}
		checkTexts(v, path, SubscriptionTextFields, s)
		checkIntegers(v, path, SubscriptionIntegerFields, s)
	}
}

func linePath(i int) string { return "order_lines[" + strconv.Itoa(i) + "]" }

// attachment checks extra merchant data; an order call does not (documented).
func (v *validation) attachment() {
	a := v.content.Attachment
	if a == nil {
		return
	}
	if a.Body.Value == "" {
		v.required(StageFields, "attachment.body", "a JSON object serialised to a string")
	}
	if a.ContentType.Value == "" {
		v.required(StageFields, "attachment.content_type", "application/vnd.klarna.internal.emd-v2+json")
	}
	checkTexts(v, "attachment", AttachmentFields, a)
	if a.Body.Value != "" && a.ContentType.Value != "" && !looksLikeJSONObject(a.Body.Value) {
		v.add(Violation{Path: "attachment.attachment", Rule: RuleAttachment, Stage: StageFields,
			Expected: "attachment.body holds a JSON object serialised to a string",
			Hint:     "the string does not begin with { and end with }"})
	}
}

// looksLikeJSONObject is all the domain may know of JSON: the attachment's own
// schema is not checked.
func looksLikeJSONObject(s string) bool {
	first, last := -1, -1
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ' ', '\t', '\r', '\n':
			continue
		}
		if first < 0 {
			first = i
		}
		last = i
	}
	return first >= 0 && last > first && s[first] == '{' && s[last] == '}'
}
