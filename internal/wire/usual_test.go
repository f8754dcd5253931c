package wire_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/wire"
)

// TestLinesMayHaveTheirPropertiesInAnyOrder: what the decoder remembers of the
// lines before must not show.
func TestLinesMayHaveTheirPropertiesInAnyOrder(t *testing.T) {
	t.Parallel()
	names := []string{"name", "quantity", "unit_price", "reference", "total_amount", "unknown", "type", "tax_rate", "names"}
	rapid.Check(t, func(t *rapid.T) {
		var want []checkout.Line
		var lines []string
		for i := range rapid.IntRange(1, 8).Draw(t, "lines") {
			var line checkout.Line
			var properties []string
			order := rapid.Permutation(names).Draw(t, "order")
			for at, name := range order[:rapid.IntRange(0, len(order)).Draw(t, "properties")] {
				number := int64(100*i + at)
				value, text := fmt.Sprint(number), checkout.TextOf(fmt.Sprint(number))
				quoted, _ := json.Marshal(value)
				switch name {
				case "name":
					line.Name, value = text, string(quoted)
				case "reference":
					line.Reference, value = text, string(quoted)
				case "type":
					line.Type, value = text, string(quoted)
				case "quantity":
					line.Quantity = checkout.IntegerOf(number)
				case "unit_price":
					line.UnitPrice = checkout.IntegerOf(number)
				case "total_amount":
					line.TotalAmount = checkout.IntegerOf(number)
				case "tax_rate":
					line.TaxRate = checkout.IntegerOf(number)
				}
				properties = append(properties, `"`+name+`":`+value)
			}
			want = append(want, line)
			lines = append(lines, "{"+strings.Join(properties, ",")+"}")
		}
		body := `{"order_lines":[` + strings.Join(lines, ",") + `]}`
		got, err := wire.DecodeRequest([]byte(body))
		if err != nil || len(got.Problems) > 0 {
			t.Fatalf("%s: %v, %v", body, err, got.Problems)
		}
		if diff := cmp.Diff(want, got.Content.OrderLines); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", body, diff)
		}
	})
}
