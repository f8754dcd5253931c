package checkout

import (
	"fmt"

	"github.com/kvitto/kvitto/internal/money"
)

// Correction is one number that would make the arithmetic right.
type Correction struct {
	Path  string
	Value int64
}

// Advise is Correct for people: the values that the violations expect become
// those of the corrected body. A total that follows from a wrong line is not
// told twice, differently, and one that is right once the line is, is told so.
func Advise(c *Content, violations []Violation) []Correction {
	corrections, ok := Correct(c, violations)
	if !ok {
		return nil
	}
	corrected := make(map[string]int64, len(corrections))
	for _, correction := range corrections {
		corrected[correction.Path] = correction.Value
	}
	for i := range violations {
		v := &violations[i]
		value, changes := corrected[v.Path]
		switch {
		case !changes:
			v.Expected = v.Sent
			v.Hint = "right as it is once the lines are corrected"
		case v.Expected != any(value):
			v.Expected = value
			v.addHint(fmt.Sprintf("once the lines are corrected it is %d", value))
		}
	}
	return corrections
}

// Correct proposes numbers for a content whose violations are all arithmetic;
// ok is false otherwise, and when a proposal would break a limit. Quantities,
// unit prices, discounts and rates are trusted, totals and taxes recomputed.
func Correct(c *Content, violations []Violation) (corrections []Correction, ok bool) {
	if len(violations) == 0 {
		return nil, false
	}
	for i := range violations {
		if !violations[i].Stage.Arithmetic() {
			return nil, false
		}
	}
	fixed := *c
	fixed.OrderLines = append([]Line(nil), c.OrderLines...)
	set := func(path string, at *Integer, value int64) {
		if at.Value != value || !at.Set {
			*at = IntegerOf(value)
			corrections = append(corrections, Correction{path, value})
		}
	}
	for i := range fixed.OrderLines {
		l := &fixed.OrderLines[i]
		total, fits := money.LineTotal(l.Quantity.Value, l.unit(), l.discount()).Int64()
		if !fits {
			return nil, false
		}
		set(linePath(i)+".total_amount", &l.TotalAmount, total)
		taxed := l.TaxRate.Set || l.TotalTaxAmount.Set
		if taxed && !money.IncludedTaxWithinTolerance(l.total(), l.rate(), l.tax()) {
			set(linePath(i)+".total_tax_amount", &l.TotalTaxAmount, int64(money.IncludedTax(l.total(), l.rate())))
		}
	}
	var amount, tax money.Wide
	for i := range fixed.OrderLines {
		l := &fixed.OrderLines[i]
		amount = amount.Add(money.WideOf(l.TotalAmount.Value))
		tax = tax.Add(money.WideOf(l.TotalTaxAmount.Value))
		if l.Type.Value == LineSalesTax {
			tax = tax.Add(money.WideOf(l.TotalAmount.Value))
		}
	}
	orderAmount, fits := amount.Int64()
	if !fits {
		return nil, false
	}
	set("order_amount", &fixed.OrderAmount, orderAmount)
	if fixed.OrderTaxAmount.Set {
		orderTax, fits := tax.Int64()
		if !fits {
			return nil, false
		}
		set("order_tax_amount", &fixed.OrderTaxAmount, orderTax)
	}
	return corrections, len(Validate(OperationUpdate, &fixed, nil)) == 0
}
