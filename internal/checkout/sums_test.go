package checkout_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/checkout"
)

// TestSumsOfTheSources are recorded and quoted carts: what the real server
// took and what it named.
func TestSumsOfTheSources(t *testing.T) {
	t.Parallel()
	taxed := func(total, rate, tax int64) checkout.Line {
		l := cartLine("physical", 1, total)
		l.TaxRate, l.TotalTaxAmount = integer(rate), integer(tax)
		return l
	}
	half := checkout.Line{Name: text("half a metre"), Quantity: integer(0), UnitPrice: integer(2120), TotalAmount: integer(1060)}
	thirty := cart(swedish(), cartLine("physical", 1, 1000), cartLine("physical", 1, 2000))
	thirty.OrderAmount = integer(2000)
	withTax := func(c checkout.Content, tax int64) checkout.Content {
		c.OrderTaxAmount = integer(tax)
		return c
	}
	for _, row := range []struct {
		name string
		cart checkout.Content
		want string
	}{
		{"recorded: 9999 at 2300 is 1870", cart(swedish(), taxed(9999, 2300, 1870), taxed(12300, 2300, 2300)), ""},
		{"documented: both lines of example 1", withTax(cart(swedish(), taxed(59500, 2000, 9917), taxed(2900, 2000, 483)), 10400), ""},
		{"quoted: 495 at 700 sent 41", cart(swedish(), taxed(100, 0, 0), taxed(100, 0, 0), taxed(495, 700, 41)),
			"order_lines[2].total_tax_amount line_tax"},
		{"quoted: a quantity of 0.5, read as 0", cart(swedish(), cartLine("physical", 1, 100), half), "order_lines[1].total_amount line_total"},
		{"recorded: 2000 for lines of 3000", thirty, "order_amount order_amount"},
		{"recorded: sales_tax line, no order tax", cart(american(), cartLine("physical", 1, 2999), cartLine("shipping_fee", 1, 500),
			cartLine("sales_tax", 1, 175)), ""},
		{"recorded: sales_tax line is the order tax", american(), ""},
		{"free line", cart(swedish(), cartLine("physical", 1, 0)), ""},
		{"documented: gift card with tax", cart(swedish(), taxed(1000, 1000, 91), taxed(-300, 1000, -27)), ""},
		{"only a rate: the tax counts as 0", cart(swedish(), func() checkout.Line {
			l := cartLine("physical", 1, 1000)
			l.TaxRate = integer(2500)
			return l
		}()), "order_lines[0].total_tax_amount line_tax"},
		{"only a tax: the rate counts as 0", cart(swedish(), func() checkout.Line {
			l := cartLine("physical", 1, 1000)
			l.TotalTaxAmount = integer(200)
			return l
		}()), "order_lines[0].total_tax_amount line_tax"},
		{"zero order", cart(swedish(), cartLine("physical", 0, 100)), ""},
	} {
		if got := strings.Join(broken(checkout.Validate(checkout.OperationCreate, &row.cart, nil)), ", "); got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}

// TestOrderTaxToleranceIsOneUnitALine.
func TestOrderTaxToleranceIsOneUnitALine(t *testing.T) {
	t.Parallel()
	c := cart(american(), cartLine("physical", 7, 100), cartLine("sales_tax", 1, 50), cartLine("sales_tax", 1, 6))
	for tax, good := range map[int64]bool{56: true, 53: true, 59: true, 52: false, 60: false, 0: false} {
		c.OrderTaxAmount = integer(tax)
		violations := checkout.Validate(checkout.OperationCreate, &c, nil)
		if good != (violations == nil) {
			t.Errorf("order_tax_amount %d: %v", tax, broken(violations))
		}
		if !good && (violations[0].Tolerance != 3 || violations[0].Expected != int64(56)) {
			t.Errorf("order_tax_amount %d: %+v", tax, violations[0])
		}
	}
}

// TestSumsBeyondInt64AreSaidInFull: nothing wraps; a sum that is no int64 is
// expected as its decimal text.
func TestSumsBeyondInt64AreSaidInFull(t *testing.T) {
	t.Parallel()
	c := swedish()
	c.OrderLines = []checkout.Line{
		{Name: text("a"), Quantity: integer(math.MaxInt64), UnitPrice: integer(200_000_000), TotalAmount: integer(-200_000_000)},
		{Name: text("b"), Quantity: integer(1), UnitPrice: integer(math.MinInt64), TotalAmount: integer(math.MinInt64)},
		{Name: text("c"), Quantity: integer(1), UnitPrice: integer(math.MinInt64), TotalAmount: integer(math.MinInt64)},
		{Name: text("d"), Quantity: integer(1), UnitPrice: integer(math.MinInt64), TotalAmount: integer(1),
			TotalDiscountAmount: integer(math.MaxInt64)},
		{Name: text("e"), Type: text("sales_tax"), Quantity: integer(1), UnitPrice: integer(math.MinInt64), TotalAmount: integer(math.MinInt64),
			TaxRate: integer(10000), TotalTaxAmount: integer(math.MinInt64 / 2)},
	}
	c.OrderAmount, c.OrderTaxAmount = integer(math.MaxInt64), integer(math.MaxInt64)
	got := map[string]any{}
	for _, v := range checkout.Validate(checkout.OperationCreate, &c, nil) {
		got[v.Path] = v.Expected
	}
	want := map[string]any{
		"order_lines[0].total_amount": "1844674407370955161400000000",
		"order_lines[3].total_amount": "-18446744073709551615",
		"order_amount":                "-27670116110764327423", // -3 * 2^63 - 200000000 + 1
		"order_tax_amount":            "-13835058055282163712",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("expected values (-want +got):\n%s", diff)
	}
	checkArithmetic(t, c)
	if _, ok := checkout.Correct(&c, checkout.Validate(checkout.OperationCreate, &c, nil)); ok {
		t.Error("a correction beyond int64 was proposed")
	}
}

// TestCorrect proposes totals and taxes and trusts quantities, prices,
// discounts and rates.
func TestCorrect(t *testing.T) {
	t.Parallel()
	c := swedish()
	c.OrderLines = append(c.OrderLines, cartLine("sales_tax", 1, 300))
	c.OrderLines[0].TotalAmount, c.OrderLines[0].TotalTaxAmount = integer(10000), integer(2500)
	c.OrderAmount, c.OrderTaxAmount = integer(1), integer(1)
	violations := checkout.Validate(checkout.OperationCreate, &c, nil)
	corrections, ok := checkout.Correct(&c, violations)
	want := []checkout.Correction{
		{Path: "order_lines[0].total_amount", Value: 9500},
		{Path: "order_lines[0].total_tax_amount", Value: 1900},
		{Path: "order_amount", Value: 9800},
		{Path: "order_tax_amount", Value: 2200},
	}
	if diff := cmp.Diff(want, corrections); diff != "" || !ok {
		t.Errorf("corrections, ok %v (-want +got):\n%s", ok, diff)
	}
	checkCorrection(t, c)
}

// TestCorrectKeepsWhatIsAlreadyRight, also a tax within its tolerance, and
// leaves an absent order tax absent.
func TestCorrectKeepsWhatIsAlreadyRight(t *testing.T) {
	t.Parallel()
	c := swedish()
	c.OrderLines[0].TotalTaxAmount = integer(1901)
	c.OrderAmount, c.OrderTaxAmount = integer(1), checkout.Integer{}
	corrections, ok := checkout.Correct(&c, checkout.Validate(checkout.OperationCreate, &c, nil))
	requireSame(t, "corrections", []checkout.Correction{{Path: "order_amount", Value: 9500}}, corrections)
	if !ok {
		t.Error("not proposed")
	}
}

func TestCorrectProposesNothingElse(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*checkout.Content){
		"nothing is wrong":         func(*checkout.Content) {},
		"another rule is broken":   func(c *checkout.Content) { c.OrderAmount, c.Locale = integer(1), text("sv_SE") },
		"the total breaks a limit": func(c *checkout.Content) { c.OrderLines[0].Quantity = integer(1_000_000) },
		"the total is no int64":    func(c *checkout.Content) { c.OrderLines[0].Quantity = integer(math.MaxInt64) },
		"the order sum is negative": func(c *checkout.Content) {
			c.OrderLines[0].UnitPrice = integer(-10000)
		},
		"the order tax is no int64": func(c *checkout.Content) {
			c.OrderLines[0].UnitPrice, c.OrderLines[0].TotalDiscountAmount = integer(math.MinInt64), integer(0)
			c.OrderLines[0].TotalAmount, c.OrderLines[0].Type = integer(math.MinInt64), text("sales_tax")
			c.OrderLines[0].TaxRate, c.OrderLines[0].TotalTaxAmount = integer(10000), integer(math.MinInt64/2)
		},
		"the order sum is no int64": func(c *checkout.Content) {
			l := cartLine("physical", 1, math.MinInt64)
			c.OrderLines = []checkout.Line{l, l}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := swedish()
			change(&c)
			if corrections, ok := checkout.Correct(&c, checkout.Validate(checkout.OperationCreate, &c, nil)); ok {
				t.Errorf("proposed %v", corrections)
			}
		})
	}
}

// TestHintsShowTheSum: the sentence holds the numbers of the formula.
func TestHintsShowTheSum(t *testing.T) {
	t.Parallel()
	c := swedish()
	c.OrderLines[0].TotalAmount, c.OrderAmount, c.OrderTaxAmount = integer(9400), integer(9000), integer(5)
	hints := map[string]string{}
	for _, v := range checkout.Validate(checkout.OperationCreate, &c, nil) {
		hints[v.Path] = v.Hint
	}
	for path, words := range map[string]string{
		"order_lines[0].total_amount":     "quantity 1 * unit_price 10000 - total_discount_amount 500 = 9500",
		"order_lines[0].total_tax_amount": "total_amount 9400 - total_amount * 10000 / (10000 + tax_rate 2500) = 1880",
		"order_amount":                    "the 1 total_amount values add up to 9400; order_amount differs by -400",
		"order_tax_amount":                "add up to 1900",
	} {
		if !strings.Contains(hints[path], words) {
			t.Errorf("%s: %q, want %q", path, hints[path], words)
		}
	}
}

// FuzzCartArithmetic reads carts from bytes: eight numbers a line.
func FuzzCartArithmetic(f *testing.F) {
	for _, c := range []checkout.Content{
		swedish(), american(), cart(swedish(), cartLine("physical", 1, 9999)), cart(swedish(), cartLine("discount", 3, math.MinInt64/4)),
	} {
		f.Add(encodeCart(c))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if c := decodeCart(data); len(c.OrderLines) > 0 && len(c.OrderLines) <= 20 {
			checkArithmetic(t, c)
		}
	})
}

// cartNumbers are the numbers of a cart in the order they are written.
func cartNumbers(c *checkout.Content) []*checkout.Integer {
	numbers := []*checkout.Integer{&c.OrderAmount, &c.OrderTaxAmount}
	for i := range c.OrderLines {
		for _, field := range checkout.LineIntegerFields {
			numbers = append(numbers, field.At(&c.OrderLines[i]))
		}
	}
	return numbers
}

// numberSize is a number in bytes: whether it is set (2 makes the line a
// sales_tax), and eight bytes of value.
const numberSize = 9

func encodeCart(c checkout.Content) []byte {
	var data []byte
	for i, n := range cartNumbers(&c) {
		flag := byte(0)
		if n.Set {
			flag = 1
		}
		if i >= 2 && (i-2)%6 == 0 && c.OrderLines[(i-2)/6].Type.Value == "sales_tax" {
			flag |= 2
		}
		data = append(data, flag)
		for shift := 56; shift >= 0; shift -= 8 {
			data = append(data, byte(n.Value>>shift))
		}
	}
	return data
}

func decodeCart(data []byte) checkout.Content {
	c := swedish()
	c.OrderLines = make([]checkout.Line, max(len(data)/numberSize-2, 0)/6)
	for i, n := range cartNumbers(&c) {
		if len(data) < (i+1)*numberSize {
			break
		}
		chunk := data[i*numberSize : (i+1)*numberSize]
		*n = checkout.Integer{}
		if chunk[0]&1 != 0 {
			n.Set = true
			for _, b := range chunk[1:] {
				n.Value = n.Value<<8 | int64(b)
			}
		}
		if i >= 2 && (i-2)%6 == 0 {
			l := &c.OrderLines[(i-2)/6]
			l.Name = text(fmt.Sprintf("line %d", i))
			if chunk[0]&2 != 0 {
				l.Type = text("sales_tax")
			}
		}
	}
	return c
}

// TestCartsSurviveTheirBytes: the seeds of the fuzz target are the carts.
func TestCartsSurviveTheirBytes(t *testing.T) {
	t.Parallel()
	for _, c := range []checkout.Content{swedish(), american()} {
		again := decodeCart(encodeCart(c))
		requireSame(t, "numbers", cartNumbers(&c), cartNumbers(&again))
		requireSame(t, "violations", broken(checkout.Validate(checkout.OperationCreate, &c, nil)),
			broken(checkout.Validate(checkout.OperationCreate, &again, nil)))
	}
}
