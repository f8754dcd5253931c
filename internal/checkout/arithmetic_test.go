package checkout_test

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/checkout"
)

// prediction is one violation of a number, as the independent formulation sees
// it: big integers and fractions, one rule after the other, nothing shared with
// the code under test.
type prediction struct{ path, rule, expected, tolerance string }

func (p prediction) String() string {
	return strings.TrimSpace(p.path + " " + p.rule + " " + p.expected + " " + p.tolerance)
}

type arithmetic struct{ found []prediction }

func (a *arithmetic) blame(path, rule string, expected *big.Int, tolerance int) {
	p := prediction{path: path, rule: rule}
	if expected != nil {
		p.expected, p.tolerance = expected.String(), fmt.Sprint(tolerance)
	}
	a.found = append(a.found, p)
}

// number is the value of a property, 0 when absent.
func number(n checkout.Integer) *big.Int { return big.NewInt(n.Value) }

// predict lists what is wrong with the numbers of a cart, in the order of the
// stages.
func predict(c *checkout.Content) []prediction {
	a := &arithmetic{}
	a.ranges(c)
	for i, l := range c.OrderLines {
		a.lineTotal(fmt.Sprintf("order_lines[%d].total_amount", i), l)
	}
	for i, l := range c.OrderLines {
		a.lineTax(fmt.Sprintf("order_lines[%d].total_tax_amount", i), l)
	}
	sum, tax := new(big.Int), new(big.Int)
	for _, l := range c.OrderLines {
		sum.Add(sum, number(l.TotalAmount))
		tax.Add(tax, number(l.TotalTaxAmount))
		if l.Type.Value == "sales_tax" {
			tax.Add(tax, number(l.TotalAmount))
		}
	}
	if c.OrderAmount.Set && number(c.OrderAmount).Cmp(sum) != 0 {
		a.blame("order_amount", "order_amount", sum, 0)
	}
	if c.OrderTaxAmount.Set {
		off := new(big.Int).Sub(number(c.OrderTaxAmount), tax)
		if off.Abs(off).Cmp(big.NewInt(int64(len(c.OrderLines)))) > 0 {
			a.blame("order_tax_amount", "order_tax_amount", tax, len(c.OrderLines))
		}
	}
	return a.found
}

// ranges are presence and limits, in the order of the fields.
func (a *arithmetic) ranges(c *checkout.Content) {
	if !c.OrderAmount.Set {
		a.blame("order_amount", "required", nil, 0)
	}
	outside := func(path string, n checkout.Integer, low, high int64) {
		if n.Set && (n.Value < low || n.Value > high) {
			a.blame(path, "range", nil, 0)
		}
	}
	outside("order_amount", c.OrderAmount, 0, math.MaxInt64)
	outside("order_tax_amount", c.OrderTaxAmount, 0, math.MaxInt64)
	for i, l := range c.OrderLines {
		path := fmt.Sprintf("order_lines[%d].", i)
		for _, n := range []struct {
			name  string
			value checkout.Integer
		}{{"quantity", l.Quantity}, {"unit_price", l.UnitPrice}, {"total_amount", l.TotalAmount}} {
			if !n.value.Set {
				a.blame(path+n.name, "required", nil, 0)
			}
		}
		outside(path+"quantity", l.Quantity, 0, math.MaxInt64)
		outside(path+"unit_price", l.UnitPrice, math.MinInt64, 200_000_000)
		outside(path+"tax_rate", l.TaxRate, 0, 10000)
		outside(path+"total_amount", l.TotalAmount, math.MinInt64, 200_000_000)
		outside(path+"total_discount_amount", l.TotalDiscountAmount, 0, math.MaxInt64)
	}
}

func (a *arithmetic) lineTotal(path string, l checkout.Line) {
	if !l.Quantity.Set || !l.UnitPrice.Set || !l.TotalAmount.Set {
		return
	}
	want := new(big.Int).Mul(number(l.Quantity), number(l.UnitPrice))
	want.Sub(want, number(l.TotalDiscountAmount))
	if want.Cmp(number(l.TotalAmount)) != 0 {
		a.blame(path, "line_total", want, 0)
	}
}

// lineTax is |tax - (total - total*10000/(10000+rate))| <= 1.
func (a *arithmetic) lineTax(path string, l checkout.Line) {
	neither := !l.TaxRate.Set && !l.TotalTaxAmount.Set
	if neither || l.TaxRate.Value < 0 || l.TaxRate.Value > 10000 {
		return
	}
	total := new(big.Rat).SetInt(number(l.TotalAmount))
	net := new(big.Rat).Mul(total, big.NewRat(10000, 10000+l.TaxRate.Value))
	exact := new(big.Rat).Sub(total, net)
	off := new(big.Rat).Sub(new(big.Rat).SetInt(number(l.TotalTaxAmount)), exact)
	if off.Abs(off).Cmp(big.NewRat(1, 1)) <= 0 {
		return
	}
	nearest, _ := new(big.Int).SetString(exact.FloatString(0), 10)
	a.blame(path, "line_tax", nearest, 1)
}

// checkArithmetic: Validate finds exactly what the formulation predicts.
func checkArithmetic(t interface{ Fatalf(string, ...any) }, c checkout.Content) {
	var want, got []string
	for _, p := range predict(&c) {
		want = append(want, p.String())
	}
	before := copied(c)
	for _, v := range checkout.Validate(checkout.OperationUpdate, &c, nil) {
		p := prediction{path: v.Path, rule: string(v.Rule)}
		if v.Stage.Arithmetic() {
			p.expected, p.tolerance = fmt.Sprint(v.Expected), fmt.Sprint(v.Tolerance)
		}
		got = append(got, p.String())
	}
	requireSame(t, "violations of the numbers", want, got)
	checkCorrection(t, c)
	requireSame(t, "the content was changed", before, c)
}

// checkCorrection: what Correct proposes passes, and it proposes whenever the
// sums alone are wrong and the right ones fit their limits.
func checkCorrection(t interface{ Fatalf(string, ...any) }, c checkout.Content) {
	violations := checkout.Validate(checkout.OperationUpdate, &c, nil)
	corrections, ok := checkout.Correct(&c, violations)
	if !ok {
		return
	}
	mended := copied(c)
	for _, correction := range corrections {
		if at := numberAt(&mended, correction.Path); *at == integer(correction.Value) {
			t.Fatalf("%s was %d before", correction.Path, correction.Value)
		} else {
			*at = integer(correction.Value)
		}
	}
	if rest := checkout.Validate(checkout.OperationUpdate, &mended, nil); rest != nil || len(corrections) == 0 {
		t.Fatalf("corrected with %v it is still broken: %v", corrections, broken(rest))
	}
}

// numberAt finds the property a correction names.
func numberAt(c *checkout.Content, path string) *checkout.Integer {
	var i int
	if _, err := fmt.Sscanf(path, "order_lines[%d]", &i); err != nil {
		for _, f := range checkout.ContentIntegerFields {
			if f.Name == path {
				return f.At(c)
			}
		}
	}
	name := path[strings.LastIndex(path, ".")+1:]
	for _, f := range checkout.LineIntegerFields {
		if f.Name == name {
			return f.At(&c.OrderLines[i])
		}
	}
	panic("no number at " + path)
}

// TestCartArithmetic compares on random carts, wild and nearly right.
func TestCartArithmetic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		checkArithmetic(t, rapid.OneOf(rapid.Custom(drawWildCart), rapid.Custom(drawSlightlyWrongCart)).Draw(t, "cart"))
	})
}

// drawWildCart has any numbers at all, near the limits of int64 too.
func drawWildCart(t *rapid.T) checkout.Content {
	wild := rapid.Custom(func(t *rapid.T) checkout.Integer {
		value := rapid.OneOf(
			rapid.Int64Range(-3, 3), rapid.Int64Range(-20000, 20000), rapid.Int64(),
			rapid.SampledFrom([]int64{math.MinInt64, math.MinInt64 + 1, math.MaxInt64, math.MaxInt64 - 1, 200_000_000, 200_000_001}),
		).Draw(t, "value")
		return checkout.Integer{Value: value, Set: true}
	})
	maybe := rapid.OneOf(wild, wild, wild, rapid.Just(checkout.Integer{}))
	c := swedish()
	c.OrderLines = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) checkout.Line {
		return checkout.Line{
			Name: text("line"), Type: text(rapid.SampledFrom([]string{"", "physical", "discount", "sales_tax"}).Draw(t, "type")),
			Quantity: maybe.Draw(t, "quantity"), UnitPrice: maybe.Draw(t, "unit"), TotalAmount: maybe.Draw(t, "total"),
			TotalDiscountAmount: maybe.Draw(t, "discount"), TaxRate: maybe.Draw(t, "rate"), TotalTaxAmount: maybe.Draw(t, "tax"),
		}
	}), 1, 4).Draw(t, "lines")
	c.OrderAmount, c.OrderTaxAmount = maybe.Draw(t, "order amount"), maybe.Draw(t, "order tax")
	return c
}

// drawSlightlyWrongCart is a right cart with at most a few units moved.
func drawSlightlyWrongCart(t *rapid.T) checkout.Content {
	c := drawCart(t)
	off := rapid.SampledFrom([]int64{0, 0, 0, 0, 1, -1, 2, -2, 5})
	for i := range c.OrderLines {
		l := &c.OrderLines[i]
		l.TotalAmount.Value += off.Draw(t, "total off")
		if l.TotalTaxAmount.Set {
			l.TotalTaxAmount.Value += off.Draw(t, "tax off")
		}
	}
	c.OrderAmount.Value += off.Draw(t, "amount off")
	if c.OrderTaxAmount.Set {
		c.OrderTaxAmount.Value += off.Draw(t, "order tax off")
	}
	return c
}

// drawCart is a valid cart with goods, discounts, fees, gift cards and taxes.
func drawCart(t *rapid.T) checkout.Content {
	kinds := rapid.SampledFrom([]string{"physical", "digital", "shipping_fee", "surcharge", "sales_tax", "discount", "gift_card", ""})
	rates := rapid.SampledFrom([]int64{0, 600, 700, 1000, 1200, 1900, 2000, 2300, 2500, 10000})
	c := swedish()
	c.OrderLines = nil
	var sum, tax int64
	for range rapid.IntRange(1, 4).Draw(t, "lines") {
		l := checkout.Line{Name: text("line"), Type: text(kinds.Draw(t, "type"))}
		l.Quantity, l.UnitPrice = integer(rapid.Int64Range(0, 5).Draw(t, "quantity")), integer(rapid.Int64Range(0, 5000).Draw(t, "unit"))
		switch l.Type.Value {
		case "discount", "gift_card":
			l.UnitPrice.Value = -rapid.Int64Range(0, 100).Draw(t, "reduction")
		default:
			if rapid.Bool().Draw(t, "discounted") {
				l.TotalDiscountAmount = integer(rapid.Int64Range(0, 50).Draw(t, "discount"))
			}
		}
		l.TotalAmount = integer(l.Quantity.Value*l.UnitPrice.Value - l.TotalDiscountAmount.Value)
		if l.Type.Value == "sales_tax" {
			tax += l.TotalAmount.Value
		} else if rapid.Bool().Draw(t, "taxed") {
			l.TaxRate = integer(rates.Draw(t, "rate"))
			exact := big.NewRat(l.TotalAmount.Value*l.TaxRate.Value, 10000+l.TaxRate.Value)
			nearest, _ := new(big.Int).SetString(exact.FloatString(0), 10)
			l.TotalTaxAmount = integer(nearest.Int64())
			tax += nearest.Int64()
		}
		sum += l.TotalAmount.Value
		c.OrderLines = append(c.OrderLines, l)
	}
	// Whatever is missing to a sum that is not negative is bought as well.
	if missing := max(-sum, -tax, 0) * 4; missing > 0 {
		c.OrderLines = append(c.OrderLines, cartLine("sales_tax", 1, missing))
		sum, tax = sum+missing, tax+missing
	}
	c.OrderAmount, c.OrderTaxAmount = integer(sum), checkout.Integer{}
	if rapid.Bool().Draw(t, "order tax") {
		c.OrderTaxAmount = integer(tax)
	}
	return c
}

func TestDrawnCartsAreValid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawCart(t)
		if violations := checkout.Validate(checkout.OperationCreate, &c, nil); violations != nil {
			t.Fatalf("%v", broken(violations))
		}
		if corrections, ok := checkout.Correct(&c, nil); ok || corrections != nil {
			t.Fatalf("a right cart is corrected: %v", corrections)
		}
	})
}
