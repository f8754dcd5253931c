package wire_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/wire"
)

// benchmarkCart is an update as a shop sends it.
func benchmarkCart(lines int) []byte {
	list := make([]string, lines)
	for i := range list {
		list[i] = fmt.Sprintf(`{"type":"physical","reference":"19-402-%03d","name":"Running shoe %d","quantity":1,"quantity_unit":"pcs",`+
			`"unit_price":10000,"tax_rate":2500,"total_amount":10000,"total_discount_amount":0,"total_tax_amount":2000}`, i, i)
	}
	return fmt.Appendf(nil, `{"purchase_country":"SE","purchase_currency":"SEK","locale":"sv-SE","order_amount":%d,"order_tax_amount":%d,"order_lines":[%s]}`,
		10000*lines, 2000*lines, strings.Join(list, ","))
}

func BenchmarkDecodeRequest(b *testing.B) {
	for _, lines := range []int{3, 50} {
		b.Run(fmt.Sprintf("%d lines", lines), func(b *testing.B) {
			body := benchmarkCart(lines)
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, err := wire.DecodeRequest(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendContent(b *testing.B) {
	for _, lines := range []int{3, 50} {
		b.Run(fmt.Sprintf("%d lines", lines), func(b *testing.B) {
			request, err := wire.DecodeRequest(benchmarkCart(lines))
			if err != nil {
				b.Fatal(err)
			}
			var buffer []byte
			b.ReportAllocs()
			for b.Loop() {
				buffer = wire.AppendContent(buffer[:0], &request.Content)
			}
		})
	}
}
