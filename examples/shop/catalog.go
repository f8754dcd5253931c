package shop

import (
	"fmt"
	"strconv"
	"strings"
)

// market is a country the shop sells to. It decides the currency of the prices
// and the language of the payment.
type market struct {
	Country  string // ISO 3166 alpha-2
	Name     string
	Currency string // ISO 4217
	Locale   string // BCP 47
	TaxRate  int64  // inside the prices, in basis points: 2500 is 25 %
	Shipping int64  // minor units, tax inside

	pattern, group, point string // how an amount is written
}

var markets = []*market{
	{"SE", "Sweden", "SEK", "sv-SE", 2500, 4900, "%s kr", "\u00a0", ","},
	{"DE", "Germany", "EUR", "de-DE", 1900, 490, "%s €", ".", ","},
	{"FI", "Finland", "EUR", "fi-FI", 2550, 490, "%s €", "\u00a0", ","},
	{"FR", "France", "EUR", "fr-FR", 2000, 490, "%s €", "\u00a0", ","},
	{"GB", "United Kingdom", "GBP", "en-GB", 2000, 395, "£%s", ",", "."},
	{"NL", "Netherlands", "EUR", "nl-NL", 2100, 490, "€ %s", ".", ","},
	{"NO", "Norway", "NOK", "nb-NO", 2500, 5900, "%s kr", "\u00a0", ","},
	{"US", "United States", "USD", "en-US", 0, 595, "$%s", ",", "."},
}

func marketOf(country string) *market {
	for _, m := range markets {
		if m.Country == country {
			return m
		}
	}
	return nil
}

// Money writes an amount of minor units for people: 129900 is 1 299,00 kr.
func (m *market) Money(amount int64) string {
	whole := strconv.FormatInt(amount/100, 10)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + m.group + whole[i:]
	}
	text := fmt.Sprintf(m.pattern, fmt.Sprintf("%s%s%02d", whole, m.point, amount%100))
	return strings.ReplaceAll(text, " ", "\u00a0") // an amount stays on one line
}

// taxIn is the tax contained in a total, rounded half up.
func (m *market) taxIn(total int64) int64 {
	divisor := 10000 + m.TaxRate
	return total - (total*10000+divisor/2)/divisor
}

type product struct {
	ID, Name, Text string
	prices         map[string]int64 // by currency, in minor units, tax inside
}

// Price is what one costs in a market. It comes from here and never from a
// browser.
func (p product) Price(m *market) int64 { return p.prices[m.Currency] }

// products in the order of the shelf, which is the order of the lines too.
var products = []product{
	{"mug", "Stoneware mug", "Thrown by hand, holds the heat and three decilitres.", prices(24900, 2290, 1950, 2400, 25900)},
	{"teapot", "Round teapot", "Pours without a drop. The lid stays where it is.", prices(64900, 5990, 5200, 6400, 67900)},
	{"towel", "Linen tea towel", "Dries glasses without a trace, softer each summer.", prices(18900, 1690, 1450, 1800, 19900)},
	{"board", "Oak bread board", "One piece of oiled oak, with a groove for crumbs.", prices(44900, 4190, 3600, 4500, 46900)},
	{"throw", "Wool throw", "Warm, light, and large enough for two on a sofa.", prices(129900, 11900, 10400, 12800, 134900)},
	{"lamp", "Paper lamp", "Folded by hand. Turns any corner into an evening.", prices(89900, 8290, 7200, 8900, 93900)},
	{"candles", "Beeswax candles", "A pair. Eight hours each, and they smell of honey.", prices(15900, 1490, 1250, 1550, 16900)},
	{"notebook", "Kitchen notebook", "Lies flat, wipes clean, forgives a splash of soup.", prices(12900, 1190, 1050, 1300, 13900)},
}

func prices(sek, eur, gbp, usd, nok int64) map[string]int64 {
	return map[string]int64{"SEK": sek, "EUR": eur, "GBP": gbp, "USD": usd, "NOK": nok}
}

func productOf(id string) (product, bool) {
	for _, p := range products {
		if p.ID == id {
			return p, true
		}
	}
	return product{}, false
}
