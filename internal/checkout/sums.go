package checkout

import (
	"fmt"

	"github.com/kvitto/kvitto/internal/money"
)

// sums checks the arithmetic of the content, each stage completely. Lines with
// a missing number are blamed by the field rules already and count as zero.
func (v *validation) sums() {
	for i := range v.content.OrderLines {
		l := &v.content.OrderLines[i]
		v.lineTotal(i, l)
		v.lineTax(i, l)
	}
	if len(v.content.OrderLines) > 0 {
		v.orderAmount()
		v.orderTaxAmount()
	}
}

// lineTotal: total_amount = quantity * unit_price - total_discount_amount, no
// tolerance. Source: published schema; refusals quoted from plugin logs.
func (v *validation) lineTotal(i int, l *Line) {
	if !l.Quantity.Set || !l.UnitPrice.Set || !l.TotalAmount.Set {
		return
	}
	expected := money.LineTotal(l.Quantity.Value, l.unit(), l.discount())
	if expected == money.WideOf(l.TotalAmount.Value) {
		return
	}
	v.add(Violation{Path: linePath(i) + ".total_amount", Rule: RuleLineTotal, Stage: StageLineTotals,
		Sent: l.TotalAmount.Value, Expected: wideValue(expected),
		Hint: fmt.Sprintf("quantity %d * unit_price %d - total_discount_amount %d = %s",
			l.Quantity.Value, l.UnitPrice.Value, l.TotalDiscountAmount.Value, expected)})
}

// lineTax: total_tax_amount within one minor unit of the tax contained in
// total_amount. A line with neither rate nor tax is not checked; one of them
// absent counts as 0. A sales_tax line is checked like any other: all sources
// send it with neither, or with zeros.
func (v *validation) lineTax(i int, l *Line) {
	if !l.TaxRate.Set && !l.TotalTaxAmount.Set {
		return
	}
	if rate := l.rate(); rate < 0 || rate > 10000 || money.IncludedTaxWithinTolerance(l.total(), rate, l.tax()) {
		return
	}
	expected := money.IncludedTax(l.total(), l.rate())
	v.add(Violation{Path: linePath(i) + ".total_tax_amount", Rule: RuleLineTax, Stage: StageLineTaxes,
		Sent: sentInteger(l.TotalTaxAmount), Expected: int64(expected), Tolerance: money.TaxToleranceMinorUnits,
		Hint: fmt.Sprintf("total_amount %d - total_amount * 10000 / (10000 + tax_rate %d) = %d", l.TotalAmount.Value, l.TaxRate.Value, expected)})
}

// orderAmount: the plain sum of total_amount over all lines, sales_tax lines
// included. Source: recorded orders; the documentation's sentence that adds
// order_tax_amount contradicts its own sample.
func (v *validation) orderAmount() {
	c := v.content
	if !c.OrderAmount.Set {
		return
	}
	var sum money.Wide
	for i := range c.OrderLines {
		sum = sum.Add(money.WideOf(c.OrderLines[i].TotalAmount.Value))
	}
	if sum == money.WideOf(c.OrderAmount.Value) {
		return
	}
	difference := money.WideOf(c.OrderAmount.Value).Sub(sum)
	v.add(Violation{Path: "order_amount", Rule: RuleOrderAmount, Stage: StageOrderAmount,
		Sent: c.OrderAmount.Value, Expected: wideValue(sum),
		Hint: fmt.Sprintf("the %d total_amount values add up to %s; order_amount differs by %s: "+
			"a line (shipping, discount, gift card, fee) may be missing", len(c.OrderLines), sum, difference)})
}

// orderTaxAmount: within one minor unit a line of the taxes of the lines. The
// total of a sales_tax line is tax. An absent order_tax_amount is not checked
// (a recorded order had tax lines and none). Documentation calls the tolerance
// "items quantity"; Kvitto reads it as the number of lines.
func (v *validation) orderTaxAmount() {
	c := v.content
	if !c.OrderTaxAmount.Set {
		return
	}
	var sum money.Wide
	for i := range c.OrderLines {
		l := &c.OrderLines[i]
		sum = sum.Add(money.WideOf(l.TotalTaxAmount.Value))
		if l.Type.Value == LineSalesTax {
			sum = sum.Add(money.WideOf(l.TotalAmount.Value))
		}
	}
	tolerance := int64(len(c.OrderLines))
	distance := money.WideOf(c.OrderTaxAmount.Value).Sub(sum).Abs()
	if distance.Cmp(money.WideOf(tolerance)) <= 0 {
		return
	}
	v.add(Violation{Path: "order_tax_amount", Rule: RuleOrderTaxAmount, Stage: StageOrderTaxAmount,
		Sent: c.OrderTaxAmount.Value, Expected: wideValue(sum), Tolerance: tolerance,
		Hint: fmt.Sprintf("total_tax_amount of the lines and total_amount of sales_tax lines add up to %s", sum)})
}

// wideValue is an int64 where it fits, else the decimal text.
func wideValue(w money.Wide) any {
	if n, ok := w.Int64(); ok {
		return n
	}
	return w.String()
}

func sentInteger(n Integer) any {
	if !n.Set {
		return nil
	}
	return n.Value
}
