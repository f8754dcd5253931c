package market

import "strings"

// Market is one country Klarna Payments is offered in.
type Market struct {
	Country  string   // ISO 3166 alpha-2, upper case
	Currency string   // ISO 4217, upper case; only the local currency is offered
	Locales  []string // BCP 47, the first is the country's own
	Region   Region
}

// Region is the group of hosts that serves a market.
type Region string

// The three regions of hosts: api, api-na and api-oc.
const (
	Europe       Region = "eu"
	NorthAmerica Region = "na"
	Oceania      Region = "oc"
)

// markets in the order of their country codes.
var markets = []Market{
	{"AT", "EUR", []string{"de-AT", "en-AT"}, Europe},
	{"AU", "AUD", []string{"en-AU"}, Oceania},
	{"BE", "EUR", []string{"nl-BE", "fr-BE", "en-BE"}, Europe},
	{"CA", "CAD", []string{"en-CA", "fr-CA"}, NorthAmerica},
	{"CH", "CHF", []string{"de-CH", "fr-CH", "it-CH", "en-CH"}, Europe},
	{"CZ", "CZK", []string{"cs-CZ", "en-CZ"}, Europe},
	{"DE", "EUR", []string{"de-DE", "en-DE"}, Europe},
	{"DK", "DKK", []string{"da-DK", "en-DK"}, Europe},
	{"ES", "EUR", []string{"es-ES", "en-ES"}, Europe},
	{"FI", "EUR", []string{"fi-FI", "sv-FI", "en-FI"}, Europe},
	{"FR", "EUR", []string{"fr-FR", "en-FR"}, Europe},
	{"GB", "GBP", []string{"en-GB"}, Europe},
	{"GR", "EUR", []string{"el-GR", "en-GR"}, Europe},
	{"HU", "HUF", []string{"hu-HU", "en-HU"}, Europe},
	{"IE", "EUR", []string{"en-IE"}, Europe},
	{"IT", "EUR", []string{"it-IT", "en-IT"}, Europe},
	{"MX", "MXN", []string{"es-MX", "en-MX"}, NorthAmerica},
	{"NL", "EUR", []string{"nl-NL", "en-NL"}, Europe},
	{"NO", "NOK", []string{"nb-NO", "en-NO"}, Europe},
	{"NZ", "NZD", []string{"en-NZ"}, Oceania},
	{"PL", "PLN", []string{"pl-PL", "en-PL"}, Europe},
	{"PT", "EUR", []string{"pt-PT", "en-PT"}, Europe},
	{"RO", "RON", []string{"ro-RO", "en-RO"}, Europe},
	{"SE", "SEK", []string{"sv-SE", "en-SE"}, Europe},
	{"SK", "EUR", []string{"sk-SK", "en-SK"}, Europe},
	{"US", "USD", []string{"en-US", "es-US"}, NorthAmerica},
}

var byCountry = index(markets)

func index(all []Market) map[string]*Market {
	found := make(map[string]*Market, len(all))
	for i := range all {
		found[all[i].Country] = &all[i]
	}
	return found
}

// All returns the table, sorted by country. The caller must not change it.
func All() []Market { return markets }

// Lookup finds a market by its country code in any letter case.
func Lookup(country string) (Market, bool) {
	if m, ok := byCountry[country]; ok {
		return *m, true
	}
	if m, ok := byCountry[strings.ToUpper(country)]; ok {
		return *m, true
	}
	return Market{}, false
}

// Language is the two-letter language the purchase flow uses for a locale. A
// locale the market does not offer falls back to English without an error, as
// recorded client tokens show ("EN" and "PL" in Sweden both gave "en").
func (m Market) Language(locale string) string {
	if m.Speaks(locale) {
		return strings.ToLower(locale[:2])
	}
	return "en"
}

// Speaks tells whether the locale, in any letter case, is one of the market's.
func (m Market) Speaks(locale string) bool {
	for _, offered := range m.Locales {
		if strings.EqualFold(offered, locale) {
			return true
		}
	}
	return false
}

// Countries lists the country codes, for messages.
func Countries() string {
	codes := make([]string, len(markets))
	for i, m := range markets {
		codes[i] = m.Country
	}
	return strings.Join(codes, ", ")
}
