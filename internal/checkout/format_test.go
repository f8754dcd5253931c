package checkout_test

import (
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
)

// TestFormats holds the published patterns and enumerations. Country, currency
// and locale take both letter cases, as the patterns do; an empty string passes
// everywhere.
func TestFormats(t *testing.T) {
	t.Parallel()
	const long = "LIMITED_PARTNERSHIP_LIMITED_COMPANY"
	for _, c := range []struct {
		name   string
		format checkout.Format
		good   string
		bad    string
	}{
		{"none", checkout.FormatNone, "anything|at all|#", ""},
		{"country", checkout.FormatCountry, "SE|se|Gb|XX", "S|SWE|S1|4 |ÅL|ſ|é|@A|[A|`A|{A|SE "},
		{"currency", checkout.FormatCurrency, "SEK|sek|EuR", "SE|SEKR|SE1|KRÅ|€"},
		{"locale", checkout.FormatLocale, "sv-SE|sv|EN|PL|en-us|zh-CN-xx", "s|sve|sv_SE|en_GB|sv-|sv-S|sv-SWE|sv-SE-|-SE|sv-S1|sv-ÅÄ"},
		{"color", checkout.FormatColor, "#FF9900|#ff9900|#0a1B2c", "FF9900|#FF990|#FF99000|#GG9900|#FF99 0|red|#éé9"},
		{"ssn", checkout.FormatSSN, "1234|123456789", "123|12345|1234567890|12a4|12345678x"},
		{"customer type", checkout.FormatCustomerType, "person|organization", "Person|company| person"},
		{
			"entity type", checkout.FormatEntityType,
			"LIMITED_COMPANY|PUBLIC_LIMITED_COMPANY|ENTREPRENEURIAL_COMPANY|" + long +
				"|LIMITED_PARTNERSHIP|GENERAL_PARTNERSHIP|REGISTERED_SOLE_TRADER|SOLE_TRADER|CIVIL_LAW_PARTNERSHIP|PUBLIC_INSTITUTION|OTHER",
			"limited_company|LLC|OTHERS",
		},
		{"channel", checkout.FormatAcquiringChannel, "ECOMMERCE|IN_STORE|TELESALES|ecommerce|in_store", "WEB|IN_\u017fTORE|ECOMMERCE "},
		{
			"intent", checkout.FormatIntent,
			"buy|tokenize|buy_and_tokenize|buy_and_link|buy_and_default_tokenize|BUY", "sell|buy_and|to\u212aenize",
		},
		{"interval", checkout.FormatInterval, "DAY|WEEK|MONTH|YEAR", "day|HOUR|MONTHS"},
	} {
		for _, value := range strings.Split(c.good, "|") {
			if !c.format.Matches(value) {
				t.Errorf("%s: %q is refused", c.name, value)
			}
		}
		if !c.format.Matches("") {
			t.Errorf("%s: the empty string is refused", c.name)
		}
		for _, value := range strings.Split(c.bad, "|") {
			if value != "" && c.format.Matches(value) {
				t.Errorf("%s: %q is accepted", c.name, value)
			}
		}
		if said := c.format.Expected() != ""; said != (c.format != checkout.FormatNone) {
			t.Errorf("%s expects %q", c.name, c.format.Expected())
		}
	}
}
