package portal

import (
	"net/http"

	"github.com/kvitto/kvitto/internal/checkout"
)

// ruleText explains a rule to whoever has to keep it.
type ruleText struct {
	Rule    checkout.Rule
	Title   string
	Says    string
	Formula string // empty for rules that are no arithmetic
	Mend    string // what to do
}

// ruleTexts are all rules, in the order in which they are checked.
var ruleTexts = []ruleText{
	{checkout.RuleRequired, "A property is missing", "The operation needs the property, and neither the body nor the session has it.", "",
		"Send it. An update only needs what changes: what the session has already counts too."},
	{checkout.RuleCountry, "The country is not served", "purchase_country, or the country of the billing address where there is one, is an ISO 3166 code of two letters of a market that is served.", "",
		"Send the code of the market: GB, not UK."},
	{checkout.RuleCurrency, "The currency is not the country's", "Each market has one currency, as an ISO 4217 code.", "",
		"Send the currency that belongs to the country. A shop that changes its currency makes a new session."},
	{checkout.RuleType, "A value has another JSON type", "Amounts are integers of minor units, texts are strings, lists are lists.", "",
		"Send 10000, not \"100.00\": an amount is a number without decimals, 100.00 in minor units."},
	{checkout.RuleLength, "A text is too long or too short", "The protocol bounds the number of characters of each text.", "",
		"Shorten the text before it is sent. What was sent is told as a number of characters."},
	{checkout.RuleRange, "A number is out of its range", "The protocol bounds numbers; a tax rate is 0 to 10000, where 2500 is 25 %.", "",
		"Look at the unit: a tax rate of 25 % is 2500, and an amount is in minor units."},
	{checkout.RuleFormat, "A text has another form", "Some texts are one of a few words, a code, a date or a colour.", "",
		"Send one of the values that were expected."},
	{checkout.RuleCount, "A list has too many entries, or none", "An order has 1 to 1000 lines.", "",
		"Send at least one line, and at most a thousand."},
	{checkout.RuleAttachment, "The attachment cannot be read", "attachment.body is a JSON document, written into a string.", "",
		"Encode the document as JSON first, then put the text into the string."},
	{checkout.RuleLineTotal, "The total does not add up", "The total of a line is exactly its quantity times its price, less its discount.",
		"total_amount = quantity × unit_price − total_discount_amount", "There is no tolerance. Round unit_price first, and multiply what was rounded."},
	{checkout.RuleLineTax, "The tax does not fit the total", "Prices contain their tax: the tax is a part of total_amount and not added to it.",
		"total_tax_amount = total_amount − total_amount × 10000 ÷ (10000 + tax_rate), give or take 1",
		"Take the tax out of the total of the line after its discount. A tax put on top of the total is the usual mistake."},
	{checkout.RuleOrderAmount, "The lines add up to another amount", "order_amount is the sum of the total_amount of all lines, without tolerance.",
		"order_amount = Σ total_amount", "Look for a line that is not sent: shipping, a fee, a discount, a gift card. Each is a line of its own."},
	{checkout.RuleOrderTaxAmount, "The taxes add up to another amount", "order_tax_amount is the sum of the taxes of the lines; the whole total of a sales_tax line is tax.",
		"order_tax_amount = Σ total_tax_amount + Σ total_amount of sales_tax lines, give or take 1 a line",
		"Add the taxes of the lines up instead of taking the tax out of the order's amount."},
	{checkout.RuleMatch, "The order is not what was approved", "What is ordered equals what the customer approved: amounts, country, currency, lines and addresses.", "",
		"Send what was approved, or let the customer approve what is in the cart now: reauthorize, then place the order with the new token."},
	{checkout.RuleCartSize, "The order has another number of lines", "The order has as many lines as the cart that was approved; no line is compared before.", "",
		"Build the body of the order from the same cart as the body of the session, or reauthorize."},
	{checkout.RuleSameBody, "The order was placed with another body", "A token makes one order. The same call again answers the same order, another one is refused.", "",
		"Repeat a call whose answer was lost with the very same body."},
	{checkout.RuleTokenCountry, "The country is not the session's", "A customer token is for the country of its session.", "",
		"Send the purchase_country of the session."},
}

// ruleTitles are the titles by rule.
var ruleTitles = func() map[checkout.Rule]string {
	titles := make(map[checkout.Rule]string, len(ruleTexts))
	for _, r := range ruleTexts {
		titles[r.Rule] = r.Title
	}
	return titles
}()

// ruleMend is what to do about a rule; empty for one that is unknown.
func ruleMend(rule checkout.Rule) string {
	for _, r := range ruleTexts {
		if r.Rule == rule {
			return r.Mend
		}
	}
	return ""
}

func (p *portal) rules(w http.ResponseWriter, _ *http.Request) error {
	return p.show(w, http.StatusOK, "rules", page{Title: "The rules", Current: "rules", Body: ruleTexts})
}
