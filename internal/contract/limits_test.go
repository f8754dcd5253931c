package contract_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// textLimits are the lengths of the published schema, in characters. Where it
// says nothing the protocol's general limit of 255 holds.
var textLimits = []struct {
	paths    string // separated by spaces; * stands for both addresses
	min, max int
}{
	{"*.attention *.city *.email *.family_name *.given_name *.organization_name *.phone *.region *.street_address *.street_address2", 0, 99},
	{"*.postal_code", 0, 10},
	{"*.title", 0, 20},
	{"merchant_urls.authorization merchant_urls.confirmation merchant_urls.notification merchant_urls.push", 0, 2000},
	{"merchant_data", 0, 6000},
	{"merchant_reference1 merchant_reference2 design", 0, 255},
	{"customer.date_of_birth customer.gender customer.national_identification_number customer.organization_registration_id", 0, 255},
	{"customer.title customer.vat_id options.radius_border", 0, 255},
	{"order_lines[0].name order_lines[0].subscription.name", 1, 255},
	{"order_lines[0].reference order_lines[0].type", 0, 255},
	{"order_lines[0].quantity_unit", 1, 8},
	{"order_lines[0].image_url order_lines[0].product_url order_lines[0].merchant_data", 0, 1024},
	{"order_lines[0].product_identifiers.brand order_lines[0].product_identifiers.manufacturer_part_number", 0, 70},
	{"order_lines[0].product_identifiers.category_path", 0, 750},
	{"order_lines[0].product_identifiers.global_trade_item_number", 0, 50},
	{"order_lines[0].product_identifiers.color order_lines[0].product_identifiers.size", 0, 64},
}

// TestTextLimits: the longest and the shortest text are taken, one character
// more or less is refused, and the refusal names the property. Characters are
// counted, not bytes.
func TestTextLimits(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("texts")
	for _, limit := range textLimits {
		for _, path := range addressPaths(limit.paths) {
			t.Run(path, func(t *testing.T) {
				t.Parallel()
				m.must(t, 200, "POST", sessionsPath, bodyWith(t, path, strings.Repeat("å", limit.max)))
				m.must(t, 200, "POST", sessionsPath, bodyWith(t, path, strings.Repeat("x", limit.min)))
				refused := []string{strings.Repeat("x", limit.max+1), strings.Repeat("😀", limit.max+1)}
				if limit.min > 0 {
					refused = append(refused, strings.Repeat("x", limit.min-1))
				}
				for _, text := range refused {
					a := m.must(t, 400, "POST", sessionsPath, bodyWith(t, path, text))
					wantMessage(t, a, "Bad value: "+path)
				}
			})
		}
	}
}

func addressPaths(paths string) []string {
	billing := strings.ReplaceAll(paths, "*.", "billing_address.")
	if billing == paths {
		return strings.Fields(paths)
	}
	return append(strings.Fields(billing), strings.Fields(strings.ReplaceAll(paths, "*.", "shipping_address."))...)
}

func wantMessage(t *testing.T, a answer, message string) {
	t.Helper()
	if diff := cmp.Diff([]any{message}, a.object(t)["error_messages"]); diff != "" {
		t.Errorf("error_messages (- wanted, + got):\n%s", diff)
	}
}

// bodyWith is a valid body in which one property has the value. What stands
// beside the property and is required is there too.
func bodyWith(t *testing.T, path string, value any) string {
	t.Helper()
	line := map[string]any{"name": "Scarf", "quantity": 2, "unit_price": 500, "total_amount": 1000}
	if strings.Contains(path, ".subscription.") {
		line["subscription"] = map[string]any{"name": "Plan", "interval": "MONTH", "interval_count": 1}
	}
	body := map[string]any{"purchase_country": "SE", "purchase_currency": "SEK", "order_amount": 1000, "order_lines": []any{line}}
	at := body
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		if name == "order_lines[0]" {
			at = line
			continue
		}
		below, ok := at[name].(map[string]any)
		if !ok {
			below = map[string]any{}
			at[name] = below
		}
		at = below
	}
	at[names[len(names)-1]] = value
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestIntegerLimits: the smallest and largest number break no limit, one
// beyond does. Sums that no longer add up then do not matter here.
func TestIntegerLimits(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("integers")
	const none = ""
	for _, limit := range []struct{ path, below, least, most, above string }{
		{"order_amount", "-1", "0", "9223372036854775807", "9223372036854775808"},
		{"order_tax_amount", "-1", "0", "9223372036854775807", "9223372036854775808"},
		{"order_lines[0].quantity", "-1", "0", "9223372036854775807", "9223372036854775808"},
		{"order_lines[0].unit_price", "-9223372036854775809", "-9223372036854775808", "200000000", "200000001"},
		{"order_lines[0].total_amount", "-9223372036854775809", "-9223372036854775808", "200000000", "200000001"},
		{"order_lines[0].tax_rate", "-1", "0", "10000", "10001"},
		{"order_lines[0].total_discount_amount", "-1", "0", "9223372036854775807", "9223372036854775808"},
		{"order_lines[0].total_tax_amount", "-9223372036854775809", "-9223372036854775808", "9223372036854775807", "9223372036854775808"},
		{"order_lines[0].subscription.interval_count", "0", "1", none, none},
	} {
		t.Run(limit.path, func(t *testing.T) {
			t.Parallel()
			for _, number := range []string{limit.least, limit.most} {
				if number != none && brokenLimit(t, m, limit.path, number) {
					t.Errorf("%s breaks a limit", number)
				}
			}
			for _, number := range []string{limit.below, limit.above} {
				if number != none && !brokenLimit(t, m, limit.path, number) {
					t.Errorf("%s breaks no limit", number)
				}
			}
		})
	}
}

// brokenLimit asks check whether the number breaks the limit of the property,
// and create whether its first message names it.
func brokenLimit(t *testing.T, m merchant, path, number string) bool {
	t.Helper()
	body := bodyWith(t, path, json.Number(number))
	var checked struct {
		Violations []struct{ Path, Rule string } `json:"violations"`
	}
	if err := json.Unmarshal(m.must(t, 200, "POST", "/kvitto/v1/check", body).body, &checked); err != nil {
		t.Fatal(err)
	}
	for _, v := range checked.Violations {
		if v.Rule == "range" {
			wantMessage(t, m.must(t, 400, "POST", sessionsPath, body), "Bad value: "+path)
			return v.Path == path
		}
	}
	return false
}

// marketTable is the documentation's list of countries and currencies.
const marketTable = "AT:EUR AU:AUD BE:EUR CA:CAD CH:CHF CZ:CZK DE:EUR DK:DKK ES:EUR FI:EUR FR:EUR GB:GBP GR:EUR " +
	"HU:HUF IE:EUR IT:EUR MX:MXN NL:EUR NO:NOK NZ:NZD PL:PLN PT:EUR RO:RON SE:SEK SK:EUR US:USD"

// TestEveryMarket: each country takes its own currency in any letter case and
// no other.
func TestEveryMarket(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("markets")
	markets := strings.Fields(marketTable)
	body := func(country, currency string) string {
		return fmt.Sprintf(`{"purchase_country":%q,"purchase_currency":%q,"order_amount":1,`+
			`"order_lines":[{"name":"Pin","quantity":1,"unit_price":1,"total_amount":1}]}`, country, currency)
	}
	for i, market := range markets {
		country, currency, _ := strings.Cut(market, ":")
		m.must(t, 200, "POST", sessionsPath, body(country, currency))
		m.must(t, 200, "POST", sessionsPath, body(strings.ToLower(country), strings.ToLower(currency)))
		_, other, _ := strings.Cut(markets[(i+1)%len(markets)], ":")
		if other == currency {
			other = "XAF"
		}
		wantMessage(t, m.must(t, 400, "POST", sessionsPath, body(country, other)), "Bad value: purchase_currency")
	}
	if len(markets) != 26 {
		t.Errorf("the table has %d markets", len(markets))
	}
}
