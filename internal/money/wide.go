package money

import (
	"math/big"
	"math/bits"
)

// Wide is a signed 128-bit integer in two's complement. A product of two int64
// values fits, so does the difference of two products of which one factor is
// not negative, and the sum of 2^62 int64 values, which is more than a session
// can hold; so the arithmetic of an order never overflows and never needs a
// float.
type Wide struct {
	hi int64
	lo uint64
}

// WideOf converts an int64.
func WideOf(v int64) Wide {
	return Wide{hi: v >> 63, lo: uint64(v)}
}

// Product is the exact product of two int64 values.
func Product(a, b int64) Wide {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	// bits.Mul64 is unsigned; take back what the sign bits added.
	signed := int64(hi)
	if a < 0 {
		signed -= b
	}
	if b < 0 {
		signed -= a
	}
	return Wide{hi: signed, lo: lo}
}

// Add returns w + v.
func (w Wide) Add(v Wide) Wide {
	lo, carry := bits.Add64(w.lo, v.lo, 0)
	hi, _ := bits.Add64(uint64(w.hi), uint64(v.hi), carry)
	return Wide{hi: int64(hi), lo: lo}
}

// Sub returns w - v.
func (w Wide) Sub(v Wide) Wide {
	lo, borrow := bits.Sub64(w.lo, v.lo, 0)
	hi, _ := bits.Sub64(uint64(w.hi), uint64(v.hi), borrow)
	return Wide{hi: int64(hi), lo: lo}
}

// Abs returns the magnitude of w.
func (w Wide) Abs() Wide {
	if w.hi < 0 {
		return Wide{}.Sub(w)
	}
	return w
}

// Cmp is -1, 0 or 1 as w is less than, equal to or greater than v.
func (w Wide) Cmp(v Wide) int {
	switch {
	case w.hi < v.hi || (w.hi == v.hi && w.lo < v.lo):
		return -1
	case w == v:
		return 0
	default:
		return 1
	}
}

// Int64 is the value if it fits.
func (w Wide) Int64() (int64, bool) {
	return int64(w.lo), w.hi == int64(w.lo)>>63
}

// Big is the value as a big integer, for exact divisions off the hot path.
func (w Wide) Big() *big.Int {
	value := new(big.Int).SetInt64(w.hi)
	value.Lsh(value, 64)
	return value.Add(value, new(big.Int).SetUint64(w.lo))
}

// String is the decimal form.
func (w Wide) String() string { return w.Big().String() }
