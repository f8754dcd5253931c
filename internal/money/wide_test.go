package money_test

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/money"
)

// limits are the values where two's complement arithmetic goes wrong first.
var limits = []int64{
	math.MinInt64, math.MinInt64 + 1, -1 << 32, -10000, -2, -1, 0, 1, 2, 10000, 1 << 32, math.MaxInt64 - 1, math.MaxInt64,
}

// drawInt64 prefers the limits: uniform values rarely carry or borrow.
func drawInt64(t *rapid.T, label string) int64 {
	return rapid.OneOf(rapid.SampledFrom(limits), rapid.Int64(), rapid.Int64Range(-20000, 20000)).Draw(t, label)
}

// drawWide makes a Wide over the whole range and its big twin.
func drawWide(t *rapid.T, label string) (money.Wide, *big.Int) {
	a, b, c := drawInt64(t, label+".a"), drawInt64(t, label+".b"), drawInt64(t, label+".c")
	twin := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
	return money.Product(a, b).Add(money.WideOf(c)), twin.Add(twin, big.NewInt(c))
}

// fits tells whether a value is a signed 128-bit integer.
func fits(v *big.Int) bool {
	limit := new(big.Int).Lsh(big.NewInt(1), 127)
	return v.Cmp(limit) < 0 && v.Cmp(new(big.Int).Neg(limit)) >= 0
}

func requireEqual(t interface{ Fatalf(string, ...any) }, what string, got money.Wide, want *big.Int) {
	if got.String() != want.String() || got.Big().Cmp(want) != 0 {
		t.Fatalf("%s = %s (Big %s), want %s", what, got, got.Big(), want)
	}
}

func TestWideAtTheLimits(t *testing.T) {
	t.Parallel()
	for _, a := range limits {
		requireEqual(t, "WideOf", money.WideOf(a), big.NewInt(a))
		for _, b := range limits {
			x, y := big.NewInt(a), big.NewInt(b)
			requireEqual(t, "Product", money.Product(a, b), new(big.Int).Mul(x, y))
			requireEqual(t, "Add", money.WideOf(a).Add(money.WideOf(b)), new(big.Int).Add(x, y))
			requireEqual(t, "Sub", money.WideOf(a).Sub(money.WideOf(b)), new(big.Int).Sub(x, y))
			if got, want := money.WideOf(a).Cmp(money.WideOf(b)), x.Cmp(y); got != want {
				t.Errorf("WideOf(%d).Cmp(WideOf(%d)) = %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestWideIsAnInteger(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x, bigX := drawWide(t, "x")
		y, bigY := drawWide(t, "y")
		requireEqual(t, "x", x, bigX)
		if sum := new(big.Int).Add(bigX, bigY); fits(sum) {
			requireEqual(t, "x + y", x.Add(y), sum)
		}
		if difference := new(big.Int).Sub(bigX, bigY); fits(difference) {
			requireEqual(t, "x - y", x.Sub(y), difference)
		}
		requireEqual(t, "|x|", x.Abs(), new(big.Int).Abs(bigX))
		if got, want := x.Cmp(y), bigX.Cmp(bigY); got != want {
			t.Fatalf("Cmp(%s, %s) = %d, want %d", x, y, got, want)
		}
		if x.Cmp(x) != 0 {
			t.Fatalf("Cmp(%s, itself) is not 0", x)
		}
	})
}

func TestWideSaysWhetherItFitsAnInt64(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x, twin := drawWide(t, "x")
		value, ok := x.Int64()
		if ok != twin.IsInt64() {
			t.Fatalf("Int64 of %s: ok is %v, want %v", x, ok, twin.IsInt64())
		}
		if ok && value != twin.Int64() {
			t.Fatalf("Int64 of %s = %d", x, value)
		}
	})
}

func TestWideOneBeyondInt64DoesNotFit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		wide money.Wide
		text string
		fits bool
	}{
		{money.WideOf(math.MaxInt64), "9223372036854775807", true},
		{money.WideOf(math.MaxInt64).Add(money.WideOf(1)), "9223372036854775808", false},
		{money.WideOf(math.MinInt64), "-9223372036854775808", true},
		{money.WideOf(math.MinInt64).Sub(money.WideOf(1)), "-9223372036854775809", false},
		{money.Product(math.MinInt64, math.MinInt64), "85070591730234615865843651857942052864", false},
		{money.WideOf(math.MinInt64).Abs(), "9223372036854775808", false},
		{money.Wide{}, "0", true},
	} {
		if _, ok := c.wide.Int64(); ok != c.fits || c.wide.String() != c.text {
			t.Errorf("%s: fits %v; want %s, %v", c.wide, ok, c.text, c.fits)
		}
	}
}
