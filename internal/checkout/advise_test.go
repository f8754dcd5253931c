package checkout_test

import (
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
)

// TestFollowingTheAdviceGivesTheCorrectedBody: what the violations expect and
// what is proposed are the same numbers.
func TestFollowingTheAdviceGivesTheCorrectedBody(t *testing.T) {
	t.Parallel()
	line := cartLine("physical", 2, 1000)
	for name, c := range map[string]struct {
		total, tax, amount, orderTax int64
		want                         map[string]int64
	}{
		"a wrong total, sums right":       {1999, 400, 2000, 400, map[string]int64{"order_lines[0].total_amount": 2000, "order_amount": 2000}},
		"a wrong total, tax of the right": {1500, 400, 2000, 400, map[string]int64{"order_lines[0].total_amount": 2000, "order_lines[0].total_tax_amount": 400, "order_amount": 2000}},
		"everything wrong":                {1, 2, 3, 40, map[string]int64{"order_lines[0].total_amount": 2000, "order_lines[0].total_tax_amount": 400, "order_amount": 2000, "order_tax_amount": 400}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := line
			l.TaxRate, l.TotalAmount, l.TotalTaxAmount = integer(2500), integer(c.total), integer(c.tax)
			content := swedish()
			content.OrderLines, content.OrderAmount, content.OrderTaxAmount = []checkout.Line{l}, integer(c.amount), integer(c.orderTax)
			violations := checkout.Validate(checkout.OperationCreate, &content, nil)
			if corrections := checkout.Advise(&content, violations); len(corrections) == 0 {
				t.Fatal("nothing is proposed")
			}
			got := map[string]int64{}
			for _, v := range violations {
				got[v.Path], _ = v.Expected.(int64)
			}
			requireSame(t, "expected values", c.want, got)
		})
	}
}
