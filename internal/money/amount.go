package money

import "math/big"

// Amount is a sum in minor units (öre, cent) of the session's currency.
type Amount int64

// Rate is a tax rate in basis points: two implicit decimals, 1900 is 19 %.
type Rate int64

// wholeRate is 100 % in basis points.
const wholeRate = 10000

// TaxToleranceMinorUnits is how far a line's tax may lie from the formula.
// Source: published schema of total_tax_amount ("plus or minus 1").
const TaxToleranceMinorUnits = 1

// LineTotal is quantity * unit - discount, exactly.
func LineTotal(quantity int64, unit, discount Amount) Wide {
	return Product(quantity, int64(unit)).Sub(WideOf(int64(discount)))
}

// IncludedTaxWithinTolerance tells whether tax lies within one minor unit of
// total - total*10000/(10000+rate). Both sides are multiplied by 10000+rate,
// so that the comparison is exact: |tax*(10000+rate) - total*rate| <= 10000+rate.
// A rate outside 0..10000 is the field rules' business; it is taken as it is.
func IncludedTaxWithinTolerance(total Amount, rate Rate, tax Amount) bool {
	divisor := wholeRate + int64(rate)
	if divisor <= 0 {
		return false
	}
	distance := Product(int64(tax), divisor).Sub(Product(int64(total), int64(rate))).Abs()
	return distance.Cmp(Product(divisor, TaxToleranceMinorUnits)) <= 0
}

// IncludedTax is the tax contained in total at rate, rounded half away from
// zero: the value Kvitto proposes when a line's tax is refused. A rate below
// zero contains no tax.
func IncludedTax(total Amount, rate Rate) Amount {
	divisor := wholeRate + int64(rate)
	if rate < 0 || divisor <= 0 {
		return 0
	}
	numerator := Product(int64(total), int64(rate)).Big()
	return Amount(divideHalfAwayFromZero(numerator, big.NewInt(divisor)).Int64())
}

// divideHalfAwayFromZero divides by a positive divisor. The result of a tax
// division is never larger than the total it was computed from, so it fits.
func divideHalfAwayFromZero(numerator, divisor *big.Int) *big.Int {
	negative := numerator.Sign() < 0
	twice := new(big.Int).Abs(numerator)
	twice.Lsh(twice, 1).Add(twice, divisor)
	twice.Quo(twice, new(big.Int).Lsh(divisor, 1))
	if negative {
		twice.Neg(twice)
	}
	return twice
}
