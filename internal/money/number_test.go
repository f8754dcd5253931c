package money_test

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/money"
)

func TestParseInteger(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		value int64
		exact bool
		ok    bool
	}{
		{"0", 0, true, true},
		{"-0", 0, true, true},
		{"0.0", 0, true, true},
		{"-0.0e5", 0, true, true},
		{"7", 7, true, true},
		{"-7", -7, true, true},
		{"999999999999999999", 999999999999999999, true, true},   // 18 digits, the quick way
		{"1000000000000000000", 1000000000000000000, true, true}, // 19, the long way
		{"9223372036854775807", math.MaxInt64, true, true},
		{"9223372036854775808", 0, false, false},
		{"-9223372036854775808", math.MinInt64, true, true},
		{"-9223372036854775809", 0, false, false},
		{"9223372036854775807.9", math.MaxInt64, false, true},
		{"-9223372036854775808.9", math.MinInt64, false, true},
		{"0.5", 0, false, true}, // a recorded quantity: read as 0
		{"-0.5", 0, false, true},
		{"0.999999999999999999999999", 0, false, true},
		{"1.0", 1, true, true},
		{"-1.0", -1, true, true},
		{"1.9", 1, false, true},
		{"-1.9", -1, false, true},
		{"1e2", 100, true, true},
		{"1E+2", 100, true, true},
		{"-1e2", -100, true, true},
		{"125e-2", 1, false, true},
		{"100e-2", 1, true, true},
		{"1.25e2", 125, true, true},
		{"1.25e1", 12, false, true},
		{"0.00125e5", 125, true, true},
		{"922337203685477580.7e1", math.MaxInt64, true, true},
		{"1e18", 1e18, true, true},
		{"1e19", 0, false, false},
		{"1e999999999", 0, false, false},
		{"-1e999999999", 0, false, false},
		{"0e999999999", 0, true, true},
		{"1e-999999999", 0, false, true},
		{"1e99999999999999999999999999", 0, false, false},
	} {
		value, exact, ok := money.ParseInteger(c.text)
		if ok != c.ok || (ok && (value != c.value || exact != c.exact)) {
			t.Errorf("ParseInteger(%q) = %d, exact %v, ok %v; want %d, %v, %v", c.text, value, exact, ok, c.value, c.exact, c.ok)
		}
	}
}

func TestParseIntegerOfSomethingElseIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "-", ".", "-.", "e5", "1e", "1e+", "1e5x", "1ex", "one", "1 ", " 1", "1.2.3", "--1", "+1", "0x10", "1_000", "\u0661",
	} {
		if value, _, ok := money.ParseInteger(text); ok {
			t.Errorf("ParseInteger(%q) = %d, want a refusal", text, value)
		}
	}
}

// TestParseIntegerOfManyDigits: the longest number a body can hold neither
// wraps nor builds a large number.
func TestParseIntegerOfManyDigits(t *testing.T) {
	t.Parallel()
	zeros := strings.Repeat("0", 1_000_000)
	for text, want := range map[string]int64{
		"0." + zeros + "5":             0,
		"0." + zeros[1:] + "5e1000000": 5,
		"42" + zeros + "e-1000000":     42,
		"42" + zeros + ".0e-1000000":   42,
		"-42" + zeros + "e-1000001":    -4,
	} {
		if got, _, ok := money.ParseInteger(text); !ok || got != want {
			t.Errorf("a number of %d characters is %d, %v; want %d", len(text), got, ok, want)
		}
	}
	if _, _, ok := money.ParseInteger("1" + zeros); ok {
		t.Error("10^1000000 fits")
	}
}

// checkParseInteger compares with a fraction of big integers.
func checkParseInteger(t interface{ Fatalf(string, ...any) }, text string) {
	value, exact, ok := money.ParseInteger(text)
	fraction, valid := new(big.Rat).SetString(text)
	if !valid {
		t.Fatalf("%q is not a number", text)
	}
	whole := new(big.Int).Quo(fraction.Num(), fraction.Denom())
	if ok != whole.IsInt64() {
		t.Fatalf("ParseInteger(%q): ok is %v, want %v (%s)", text, ok, whole.IsInt64(), whole)
	}
	if ok && (value != whole.Int64() || exact != fraction.IsInt()) {
		t.Fatalf("ParseInteger(%q) = %d, exact %v; want %s, %v", text, value, exact, whole, fraction.IsInt())
	}
}

func TestParseIntegerCutsTowardsZero(t *testing.T) {
	t.Parallel()
	number := rapid.OneOf(
		rapid.StringMatching(`-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,24})?([eE][+-]?[0-9]{1,2})?`),
		rapid.StringMatching(`-?92233720368547758[0-9]{2}(\.[0-9]{1,3})?`),
		rapid.StringMatching(`-?9\.?22337203685477580[0-9]e1[78]`),
		rapid.StringMatching(`-?[1-9]00{0,9}e-[0-9]`),
	)
	rapid.Check(t, func(t *rapid.T) { checkParseInteger(t, number.Draw(t, "number")) })
}

func FuzzParseInteger(f *testing.F) {
	for _, seed := range []string{
		"0", "-0", "0.5", "1.0", "1e2", "1e999999999", "1e-999999999", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
		"12.5e-1", "-", "1e", "null", `"1"`, "0000", "1E+3", "999999999999999999", "1000000000000000000.000",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, _, ok := money.ParseInteger(text)
		var number json.Number
		if json.Unmarshal([]byte(text), &number) != nil || number == "" || strings.ContainsAny(text, "\" \t\r\n") {
			return // not a JSON number: it must only not panic
		}
		_, exponent, _ := strings.Cut(strings.ToLower(text), "e")
		if len(strings.TrimLeft(exponent, "+-0")) <= 3 {
			checkParseInteger(t, text)
			return
		}
		// A fraction with such an exponent is too large to build. What is
		// known without it: a value this far out is zero or does not fit.
		if len(text) < 500 && ok && value != 0 {
			t.Fatalf("ParseInteger(%q) = %d", text, value)
		}
	})
}
