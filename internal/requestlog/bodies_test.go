package requestlog

import (
	"bytes"
	"fmt"
)

// shopBody is what a shop sends: a cart with the given number of lines, which
// differs from the nth exchange to the next.
func shopBody(lines, n int) []byte {
	var list bytes.Buffer
	amount, tax := 0, 0
	for i := range lines {
		unit := 10_000 + (n*7919+i*1250)%90_000
		lineTax := (unit*2500 + 6250) / 12500
		amount, tax = amount+unit, tax+lineTax
		if i > 0 {
			list.WriteByte(',')
		}
		fmt.Fprintf(&list, `{"type":"physical","reference":"19-%03d-%03d","name":"Running shoe %d","quantity":1,"quantity_unit":"pcs",`+
			`"unit_price":%d,"tax_rate":2500,"total_amount":%d,"total_discount_amount":0,"total_tax_amount":%d}`,
			n*31%1000, i, n*17%500, unit, unit, lineTax)
	}
	return fmt.Appendf(nil, `{"purchase_country":"SE","purchase_currency":"SEK","locale":"sv-SE",`+
		`"order_amount":%d,"order_tax_amount":%d,"order_lines":[%s]}`, amount, tax, list.Bytes())
}

// createdBody is the answer to a new session, which holds a secret.
func createdBody(n int) []byte {
	token := bytes.Repeat(fmt.Appendf(nil, "eyJhbGciOiJSUzI1NiIsImtpZCI6Ij%04d", n%10_000), 16)
	return fmt.Appendf(nil, "{\n  \"session_id\" : \"%08x-1111-4222-8333-0123456789ab\",\n  \"client_token\" : \"%s\",\n"+
		"  \"payment_method_categories\" : [ {\n    \"identifier\" : \"pay_later\",\n    \"name\" : \"Pay later\"\n  } ]\n}", n, token)
}
