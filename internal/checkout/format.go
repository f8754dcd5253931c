package checkout

import "strings"

// Format is a named pattern or enumeration of a string property. An empty
// string passes every format: shops send "" for what they do not know yet.
type Format uint8

// The formats of the protocol.
const (
	FormatNone Format = iota
	FormatCountry
	FormatCurrency
	FormatLocale
	FormatColor
	FormatSSN
	FormatCustomerType
	FormatEntityType
	FormatAcquiringChannel
	FormatIntent
	FormatInterval
)

type formatRule struct {
	expected string // said to the integrator
	matches  func(string) bool
}

var formats = map[Format]formatRule{
	FormatCountry:      {"two letters (ISO 3166 alpha-2)", func(s string) bool { return len(s) == 2 && letters(s) }},
	FormatCurrency:     {"three letters (ISO 4217)", func(s string) bool { return len(s) == 3 && letters(s) }},
	FormatLocale:       {"ll or ll-CC, for example sv-SE", isLocale},
	FormatColor:        {"# and six hexadecimal digits, for example #FF9900", isColor},
	FormatSSN:          {"four or nine digits", func(s string) bool { return (len(s) == 4 || len(s) == 9) && digits(s) }},
	FormatCustomerType: oneOf("person", "organization"),
	FormatEntityType: oneOf("LIMITED_COMPANY", "PUBLIC_LIMITED_COMPANY", "ENTREPRENEURIAL_COMPANY",
		"LIMITED_PARTNERSHIP_LIMITED_COMPANY", "LIMITED_PARTNERSHIP", "GENERAL_PARTNERSHIP", "REGISTERED_SOLE_TRADER",
		"SOLE_TRADER", "CIVIL_LAW_PARTNERSHIP", "PUBLIC_INSTITUTION", "OTHER"),
	FormatAcquiringChannel: oneOfFold("ECOMMERCE", "IN_STORE", "TELESALES"),
	FormatIntent:           oneOfFold(IntentBuy, IntentTokenize, IntentBuyAndTokenize, "buy_and_link", "buy_and_default_tokenize"),
	FormatInterval:         oneOf("DAY", "WEEK", "MONTH", "YEAR"),
}

// The intents that the rules tell apart.
const (
	IntentBuy            = "buy"
	IntentTokenize       = "tokenize"
	IntentBuyAndTokenize = "buy_and_tokenize"
)

// Matches tells whether the value has the format.
func (f Format) Matches(value string) bool {
	return f == FormatNone || value == "" || formats[f].matches(value)
}

// Expected says in words what the format wants.
func (f Format) Expected() string { return formats[f].expected }

func oneOf(values ...string) formatRule {
	return formatRule{"one of " + strings.Join(values, ", "), func(s string) bool {
		for _, v := range values {
			if s == v {
				return true
			}
		}
		return false
	}}
}

// oneOfFold ignores letter case. A recorded intended_use "subscription" was
// taken for SUBSCRIPTION, and older test data sends in_store.
func oneOfFold(values ...string) formatRule {
	return formatRule{"one of " + strings.Join(values, ", "), func(s string) bool {
		for _, v := range values {
			if equalFold(s, v) {
				return true
			}
		}
		return false
	}}
}

// equalFold ignores the letter case of ASCII only: Unicode also folds two
// longer letters into k and s.
func equalFold(s, ascii string) bool {
	return len(s) == len(ascii) && strings.EqualFold(s, ascii)
}

func letters(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// isLocale is the published pattern ^[A-Za-z]{2,2}(?:-[A-Za-z]{2,2})*$.
func isLocale(s string) bool {
	if len(s) < 2 || !letters(s[:2]) {
		return false
	}
	for s = s[2:]; s != ""; s = s[3:] {
		if len(s) < 3 || s[0] != '-' || !letters(s[1:3]) {
			return false
		}
	}
	return true
}

func isColor(s string) bool {
	if len(s) != 7 || s[0] != '#' {
		return false
	}
	for i := 1; i < len(s); i++ {
		lower := s[i] | 0x20
		if (s[i] < '0' || s[i] > '9') && (lower < 'a' || lower > 'f') {
			return false
		}
	}
	return true
}
