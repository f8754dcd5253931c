package market_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kvitto/kvitto/internal/market"
)

// published is the documentation's page of purchase countries, currencies and
// locales, with the region of hosts, in the order of that page.
const published = `
AU en-AU                   AUD oc
AT de-AT,en-AT             EUR eu
BE nl-BE,fr-BE,en-BE       EUR eu
CA en-CA,fr-CA             CAD na
CZ cs-CZ,en-CZ             CZK eu
DK da-DK,en-DK             DKK eu
FI fi-FI,sv-FI,en-FI       EUR eu
FR fr-FR,en-FR             EUR eu
DE de-DE,en-DE             EUR eu
GR el-GR,en-GR             EUR eu
HU hu-HU,en-HU             HUF eu
IE en-IE                   EUR eu
IT it-IT,en-IT             EUR eu
MX en-MX,es-MX             MXN na
NL nl-NL,en-NL             EUR eu
NZ en-NZ                   NZD oc
NO nb-NO,en-NO             NOK eu
PL pl-PL,en-PL             PLN eu
PT pt-PT,en-PT             EUR eu
RO ro-RO,en-RO             RON eu
SK sk-SK,en-SK             EUR eu
ES es-ES,en-ES             EUR eu
SE sv-SE,en-SE             SEK eu
CH de-CH,fr-CH,it-CH,en-CH CHF eu
GB en-GB                   GBP eu
US en-US,es-US             USD na
`

func publishedMarkets(t *testing.T) []market.Market {
	t.Helper()
	var rows []market.Market
	for line := range strings.Lines(strings.TrimSpace(published)) {
		f := strings.Fields(line)
		rows = append(rows, market.Market{Country: f[0], Locales: strings.Split(f[1], ","), Currency: f[2], Region: market.Region(f[3])})
	}
	if len(rows) != 26 {
		t.Fatalf("the published page has 26 rows, this one %d", len(rows))
	}
	return rows
}

// TestMarketsAreThePublishedOnes compares locales as sets: the page gives them
// no order, Kvitto puts a country's own language first.
func TestMarketsAreThePublishedOnes(t *testing.T) {
	t.Parallel()
	byCountry := cmpopts.SortSlices(func(a, b market.Market) bool { return a.Country < b.Country })
	asSet := cmpopts.SortSlices(func(a, b string) bool { return a < b })
	if diff := cmp.Diff(publishedMarkets(t), market.All(), byCountry, asSet); diff != "" {
		t.Errorf("the table differs from the published page (-published +table):\n%s", diff)
	}
}

func TestMarketsAreSortedByCountry(t *testing.T) {
	t.Parallel()
	codes := strings.Split(market.Countries(), ", ")
	if len(codes) != 26 || !slices.IsSorted(codes) {
		t.Errorf("Countries() = %q, want 26 codes in order", market.Countries())
	}
	for i, m := range market.All() {
		if m.Country != codes[i] {
			t.Errorf("row %d is %s, Countries() says %s", i, m.Country, codes[i])
		}
	}
}

// TestOwnLanguageComesFirst: English stands first only where it is the only
// language or the first of the published row.
func TestOwnLanguageComesFirst(t *testing.T) {
	t.Parallel()
	for _, m := range market.All() {
		english := strings.HasPrefix(m.Locales[0], "en-")
		if english != slices.Contains([]string{"AU", "CA", "GB", "IE", "NZ", "US"}, m.Country) {
			t.Errorf("%s begins with %s", m.Country, m.Locales[0])
		}
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	for _, want := range publishedMarkets(t) {
		for _, code := range []string{want.Country, strings.ToLower(want.Country), want.Country[:1] + strings.ToLower(want.Country[1:])} {
			got, ok := market.Lookup(code)
			if !ok || got.Country != want.Country || got.Currency != want.Currency {
				t.Errorf("Lookup(%q) = %s %s, %v; want %s %s", code, got.Country, got.Currency, ok, want.Country, want.Currency)
			}
		}
	}
	for _, code := range []string{"", "S", "UK", "EU", "XX", "SWE", "SE ", "46", "ZA"} {
		if got, ok := market.Lookup(code); ok || got.Country != "" {
			t.Errorf("Lookup(%q) = %s, %v; there is no such market", code, got.Country, ok)
		}
	}
}

// TestLanguage: what a market does not offer falls back to English, as the
// recorded client tokens of Swedish sessions show.
func TestLanguage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ country, locale, want string }{
		{"SE", "sv-SE", "sv"},
		{"SE", "SV-se", "sv"},
		{"SE", "en-SE", "en"},
		{"SE", "en-US", "en"},
		{"SE", "EN", "en"}, // recorded
		{"SE", "PL", "en"}, // recorded
		{"SE", "de-DE", "en"},
		{"SE", "", "en"},
		{"FI", "sv-FI", "sv"},
		{"FI", "sv-SE", "en"},
		{"CH", "it-CH", "it"},
		{"DE", "de-de", "de"},
		{"NO", "nb-NO", "nb"},
		{"US", "es-US", "es"},
	} {
		m, _ := market.Lookup(c.country)
		if got := m.Language(c.locale); got != c.want {
			t.Errorf("%s shows %q in %q, want %q", c.country, c.locale, got, c.want)
		}
	}
	for _, m := range market.All() {
		for _, locale := range m.Locales {
			if got, want := m.Language(locale), strings.ToLower(locale[:2]); got != want {
				t.Errorf("%s shows its own %s in %q", m.Country, locale, got)
			}
		}
	}
}
