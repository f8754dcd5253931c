package money_test

import (
	"fmt"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/money"
)

// containedTax is the published formula, total - total*10000/(10000+rate), as
// an exact fraction. It shares nothing with the code under test.
func containedTax(total money.Amount, rate money.Rate) *big.Rat {
	net := new(big.Rat).SetFrac(
		new(big.Int).Mul(big.NewInt(int64(total)), big.NewInt(10000)),
		new(big.Int).Add(big.NewInt(10000), big.NewInt(int64(rate))))
	return net.Sub(new(big.Rat).SetInt64(int64(total)), net)
}

// withinOne is |tax - containedTax| <= 1.
func withinOne(total money.Amount, rate money.Rate, tax money.Amount) bool {
	distance := new(big.Rat).SetInt64(int64(tax))
	distance.Sub(distance, containedTax(total, rate)).Abs(distance)
	return distance.Cmp(big.NewRat(1, 1)) <= 0
}

// TestLineTaxOfTheSources holds every pair of the spec's tables: section 3.3 of
// the API facts, the accepted and refused pairs of recorded and quoted traffic.
func TestLineTaxOfTheSources(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		source   string
		total    money.Amount
		rate     money.Rate
		tax      money.Amount
		accepted bool
		contains money.Amount
	}{
		{"documentation, example 1", 59500, 2000, 9917, true, 9917},
		{"documentation, example 1", 2900, 2000, 483, true, 483},
		{"documentation, example 2", 59500, 2500, 11900, true, 11900},
		{"recorded 200", 9999, 2300, 1870, true, 1870},
		{"recorded 200", 12300, 2300, 2300, true, 2300},
		{"quoted 400 order_lines[2].total_tax_amount", 495, 700, 41, false, 32},
		{"documented gift card", -300, 1000, -27, true, -27},
		{"quoted, accepted", 9900, 1900, 1581, true, 1581},
		{"documented session sample", 9500, 2500, 1900, true, 1900},
		{"recorded sales_tax line", 112, 0, 0, true, 0},
		{"free line", 0, 2500, 0, true, 0},
	} {
		t.Run(fmt.Sprintf("%d at %d", c.total, c.rate), func(t *testing.T) {
			t.Parallel()
			if got := money.IncludedTaxWithinTolerance(c.total, c.rate, c.tax); got != c.accepted {
				t.Errorf("%s: tax %d of %d at %d accepted: %v, want %v", c.source, c.tax, c.total, c.rate, got, c.accepted)
			}
			if got := money.IncludedTax(c.total, c.rate); got != c.contains {
				t.Errorf("%s: %d at %d contains %d, want %d", c.source, c.total, c.rate, got, c.contains)
			}
		})
	}
}

// TestLineTaxToleranceIsOneMinorUnit stands on both sides of the edge. Where
// the exact tax is whole, one unit off is accepted and two are not; where it is
// not, only the two neighbours within one unit are.
func TestLineTaxToleranceIsOneMinorUnit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		total    money.Amount
		rate     money.Rate
		accepted []money.Amount
		refused  []money.Amount
	}{
		{12500, 2500, []money.Amount{2499, 2500, 2501}, []money.Amount{2498, 2502}},
		{-12500, 2500, []money.Amount{-2501, -2500, -2499}, []money.Amount{-2502, -2498}},
		{9999, 2300, []money.Amount{1869, 1870}, []money.Amount{1868, 1871}}, // 1869.73
		{9900, 1900, []money.Amount{1580, 1581}, []money.Amount{1579, 1582}}, // 1580.67
		{100, 0, []money.Amount{-1, 0, 1}, []money.Amount{-2, 2}},
		{100, 10000, []money.Amount{49, 50, 51}, []money.Amount{48, 52}},
	} {
		for _, tax := range c.accepted {
			if !money.IncludedTaxWithinTolerance(c.total, c.rate, tax) {
				t.Errorf("tax %d of %d at %d is refused", tax, c.total, c.rate)
			}
		}
		for _, tax := range c.refused {
			if money.IncludedTaxWithinTolerance(c.total, c.rate, tax) {
				t.Errorf("tax %d of %d at %d is accepted", tax, c.total, c.rate)
			}
		}
	}
}

func TestIncludedTaxRoundsHalfAwayFromZero(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		total money.Amount
		rate  money.Rate
		want  money.Amount
	}{
		{1, 10000, 1}, {-1, 10000, -1}, {3, 10000, 2}, {-3, 10000, -2}, // exactly a half
		{5, 2500, 1}, {6, 2500, 1}, {8, 2500, 2}, {7, 2500, 1}, // 1, 1.2, 1.6, 1.4
		{math.MaxInt64, 10000, 1 << 62}, {math.MinInt64, 10000, -1 << 62},
		{math.MaxInt64, 0, 0}, {math.MaxInt64, math.MaxInt64 - 10000, math.MaxInt64 - 10000},
	} {
		if got := money.IncludedTax(c.total, c.rate); got != c.want {
			t.Errorf("IncludedTax(%d, %d) = %d, want %d", c.total, c.rate, got, c.want)
		}
	}
}

// TestRatesOutsideTheRangeDoNotWrap: the field rules refuse them; here they
// must only not make nonsense of a sum.
func TestRatesOutsideTheRangeDoNotWrap(t *testing.T) {
	t.Parallel()
	for _, rate := range []money.Rate{-1, -5001, -9999, -10000, -10001, math.MinInt64, math.MaxInt64, math.MaxInt64 - 9999} {
		for _, total := range []money.Amount{math.MinInt64, -1, 1, math.MaxInt64} {
			if got := money.IncludedTax(total, rate); got != 0 {
				t.Errorf("IncludedTax(%d, %d) = %d, want 0", total, rate, got)
			}
		}
	}
	for _, rate := range []money.Rate{-10000, -10001, math.MinInt64, math.MaxInt64} {
		if money.IncludedTaxWithinTolerance(0, rate, 0) {
			t.Errorf("rate %d has a formula, it divides by nothing", rate)
		}
	}
	if !money.IncludedTaxWithinTolerance(10000, -5000, -10000) || money.IncludedTaxWithinTolerance(10000, -5000, -9998) {
		t.Error("a negative rate above -100 % is not taken as it is")
	}
}

func TestLineTotalIsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		quantity, unit, discount := drawInt64(t, "quantity"), drawInt64(t, "unit"), drawInt64(t, "discount")
		want := new(big.Int).Mul(big.NewInt(quantity), big.NewInt(unit))
		want.Sub(want, big.NewInt(discount))
		requireEqual(t, "LineTotal", money.LineTotal(quantity, money.Amount(unit), money.Amount(discount)), want)
	})
}

// checkLineTax compares the code with the formula: the tolerance for the given
// tax, and for the two integers next to each edge; the proposal lies within the
// tolerance and is the nearest integer.
func checkLineTax(t interface{ Fatalf(string, ...any) }, total money.Amount, rate money.Rate, tax money.Amount) {
	proposed := money.IncludedTax(total, rate)
	taxes := []money.Amount{tax, proposed}
	for step := money.Amount(1); step <= 3; step++ {
		if proposed > math.MinInt64+step && proposed < math.MaxInt64-step {
			taxes = append(taxes, proposed-step, proposed+step)
		}
	}
	for _, candidate := range taxes {
		if got, want := money.IncludedTaxWithinTolerance(total, rate, candidate), withinOne(total, rate, candidate); got != want {
			t.Fatalf("tax %d of %d at %d accepted: %v, want %v (exact %s)", candidate, total, rate, got, want, containedTax(total, rate))
		}
	}
	if rate < 0 {
		return
	}
	if !withinOne(total, rate, proposed) {
		t.Fatalf("IncludedTax(%d, %d) = %d is out of tolerance", total, rate, proposed)
	}
	// FloatString rounds halves away from zero.
	if nearest := containedTax(total, rate).FloatString(0); nearest != fmt.Sprint(int64(proposed)) && nearest != "-0" {
		t.Fatalf("IncludedTax(%d, %d) = %d, want %s", total, rate, proposed, nearest)
	}
}

func TestLineTaxEqualsTheFormula(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		total := money.Amount(drawInt64(t, "total"))
		rate := money.Rate(rapid.OneOf(
			rapid.Int64Range(0, 10000), rapid.SampledFrom([]int64{0, 600, 700, 1000, 1900, 2000, 2300, 2500, 10000, -9999, 1 << 40}),
		).Draw(t, "rate"))
		checkLineTax(t, total, rate, money.Amount(drawInt64(t, "tax")))
	})
}

func FuzzLineTax(f *testing.F) {
	for _, seed := range [][3]int64{
		{59500, 2000, 9917}, {2900, 2000, 483}, {9999, 2300, 1870}, {12300, 2300, 2300}, {495, 700, 41}, {-300, 1000, -27}, {9900, 1900, 1581},
		{math.MaxInt64, 10000, math.MaxInt64}, {math.MinInt64, 10000, math.MinInt64}, {math.MinInt64, 1, math.MaxInt64}, {1, 10000, 0},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, total, rate, tax int64) {
		if rate <= -10000 || rate > math.MaxInt64-10000 {
			if money.IncludedTaxWithinTolerance(money.Amount(total), money.Rate(rate), money.Amount(tax)) {
				t.Fatalf("rate %d has no formula and was accepted", rate)
			}
			return
		}
		checkLineTax(t, money.Amount(total), money.Rate(rate), money.Amount(tax))
	})
}
