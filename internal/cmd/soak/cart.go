package main

import (
	"fmt"
	"strings"
)

// cart is a body with a number of lines, as a shop sends it. The amount of its
// first line is different in every version.
type cart struct {
	rest, tax int64  // sums of the other lines
	lines     string // the other lines
}

func newCart(lines int) cart {
	var c cart
	var b strings.Builder
	for i := 1; i < lines; i++ {
		unit := int64(10000 + i*125)
		tax := (unit*2500 + 6250) / 12500
		c.rest, c.tax = c.rest+unit, c.tax+tax
		fmt.Fprintf(&b, `,{"type":"physical","reference":"19-402-%03d","name":"Running shoe %d","quantity":1,"quantity_unit":"pcs",`+
			`"unit_price":%d,"tax_rate":2500,"total_amount":%d,"total_discount_amount":0,"total_tax_amount":%d}`, i, i, unit, unit, tax)
	}
	c.lines = b.String()
	return c
}

// body is the cart in one of its versions, from 1 on.
func (c cart) body(version int64) []byte {
	return fmt.Appendf(nil, `{"purchase_country":"SE","purchase_currency":"SEK","locale":"sv-SE","order_amount":%d,"order_tax_amount":%d,`+
		`"merchant_reference1":"cart-%d","order_lines":[{"type":"physical","name":"Gift card","quantity":1,"unit_price":%d,"tax_rate":0,`+
		`"total_amount":%d,"total_discount_amount":0,"total_tax_amount":0}%s]}`, c.amount(version), c.tax, version, version, version, c.lines)
}

// amount is the order_amount of a version.
func (c cart) amount(version int64) int64 { return version + c.rest }
