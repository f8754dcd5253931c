package contract_test

import (
	"strconv"
	"strings"
)

// malformed are bodies that are no JSON object. No operation takes them.
var malformed = map[string]string{
	"only white space of other kinds": "\u00a0\u2028",
	"null byte":                       "\x00",
	"binary":                          "\x00\x01\x02\xff\xfe\xfd\x80",
	"cut off":                         `{"order_amount":`,
	"cut off in a string":             `{"order_amount":"`,
	"cut off in an escape":            `{"order_amount":"\u00`,
	"bad escape":                      `{"merchant_reference1":"\x41"}`,
	"lone surrogate":                  `{"merchant_reference1":"\udc00"}`,
	"invalid UTF-8":                   "{\"merchant_reference1\":\"\xc3\x28\"}",
	"invalid UTF-8 in a name":         "{\"\xff\":1}",
	"overlong UTF-8":                  "{\"merchant_reference1\":\"\xc0\xaf\"}",
	"encoded surrogate":               "{\"merchant_reference1\":\"\xed\xa0\x80\"}",
	"control character":               "{\"merchant_reference1\":\"\x01\"}",
	"two objects":                     `{}{}`,
	"comma":                           `{},`,
	"number":                          `-0`,
	"endless number":                  strings.Repeat("9", 1<<19),
	"array":                           `[]`,
	"true":                            `true`,
	"deep arrays":                     strings.Repeat("[", 1<<19),
	"deep objects":                    strings.Repeat(`{"a":`, 1<<17),
	"deep and closed":                 `{"a":` + strings.Repeat("[", 1<<18) + strings.Repeat("]", 1<<18) + `}`,
	"deep in a known property":        `{"billing_address":{"shop":` + strings.Repeat(`{"a":`, 100) + `1` + strings.Repeat("}", 100) + `}}`,
	"duplicate":                       `{"data":1,"data":2,"order_amount":1,"order_amount":2}`,
	"duplicate deep down":             `{"order_lines":[{"product_identifiers":{"brand":"a","brand":"b"}}]}`,
	"duplicate by escapes":            `{"\u006frder_amount":1,"order_amount":2}`,
	"not a number":                    `{"order_amount":NaN}`,
	"infinity":                        `{"order_amount":-Infinity}`,
	"hexadecimal":                     `{"order_amount":0x10}`,
	"leading zeros":                   `{"order_amount":007}`,
	"plus":                            `{"order_amount":+1}`,
	"point without digits":            `{"order_amount":1.}`,
	"single quotes":                   `{'order_amount':1}`,
	"no quotes":                       `{order_amount:1}`,
	"comment":                         `{/**/}`,
	"closing first":                   `}{`,
	"XML":                             `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>`,
	"form":                            `order_amount=1&order_lines[]=2`,
	"one megabyte and a byte":         `{"merchant_data":"` + strings.Repeat("x", 1<<20) + `"}`,
}

// odd are objects that make little sense. Some operations pass over what they
// do not know; none may fail.
var odd = map[string]string{
	"huge integers": `{"order_amount":99999999999999999999999999,
		"order_lines":[{"quantity":-9223372036854775808,"unit_price":-9223372036854775808}]}`,
	"huge exponent": `{"order_amount":1e999999999,"order_tax_amount":-1E-999999999}`,
	"products beyond 64": `{"purchase_country":"SE","purchase_currency":"SEK","order_amount":1,"order_lines":[{"name":"x",
		"quantity":9223372036854775807,"unit_price":-9223372036854775808,"total_amount":-9223372036854775808,
		"total_discount_amount":9223372036854775807,"tax_rate":10000,"total_tax_amount":-9223372036854775808}]}`,
	"names of the language": `{"__proto__":{"admin":true},"constructor":{"prototype":{}},"toString":1}`,
	"empty names":           `{"":{"":[{"":""}]}}`,
	"numbers for names":     `{"0":1,"order_lines":{"0":{"name":"x"}}}`,
	"slashes in names":      `{"order_lines/0":1,"billing_address~1email":2,"billing_address.email":3}`,
	"brackets in names":     `{"order_lines[0]":{"name":1},"order_lines[0].name":2}`,
	"database language":     `{"merchant_reference1":"'; DROP TABLE sessions; --","purchase_country":"S'","intended_use":"\" OR 1=1"}`,
	"line breaks": `{"merchant_reference1":"a\r\nSet-Cookie: b=c\r\n\r\n",
		"merchant_urls":{"confirmation":"https://shop.example/\r\nX: y"}}`,
	"script address":   `{"merchant_urls":{"confirmation":"javascript:alert(1)","push":"file:///etc/passwd"}}`,
	"zero character":   `{"merchant_reference1":"a\u0000b","purchase_country":"\u0000\u0000"}`,
	"right to left":    `{"merchant_reference1":"\u202e\u2066\ufeff\uffff"}`,
	"terminal colours": `{"merchant_reference1":"\u001b[31mred\u001b[0m\u0007"}`,
	"formats":          `{"merchant_reference1":"%s%n%d{{7*7}}${jndi:ldap://x}"}`,
	"wrong types everywhere": `{"purchase_country":[],"purchase_currency":{},"locale":1,"order_amount":"1","order_lines":[[]],
		"billing_address":[{}],"customer":"x","options":0,"merchant_urls":[""],"attachment":[],"data":[1],"outcome":{},
		"auto_finalize":"no","invalid_fields":{},"payment_method_category":[],"description":{},"intended_use":[],"advance":{}}`,
	"nulls everywhere": `{"purchase_country":null,"purchase_currency":null,"locale":null,"order_amount":null,"order_lines":null,
		"billing_address":null,"data":null,"outcome":null,"auto_finalize":null,"invalid_fields":null,"description":null,
		"intended_use":null,"advance":null}`,
	"null lines":         `{"order_lines":[null,null]}`,
	"many unknown names": `{` + manyNames(20000) + `}`,
	"many bad lines": `{"purchase_country":"SE","purchase_currency":"SEK","order_amount":1,"order_lines":[` +
		strings.TrimSuffix(strings.Repeat(`{},`, 1000), ",") + `]}`,
	"very many lines": `{"order_lines":[` + strings.TrimSuffix(strings.Repeat(`0,`, 1<<19-20), ",") + `]}`,
	"long strings": `{"merchant_reference1":"` + strings.Repeat("å", 1<<18) +
		`","purchase_country":"` + strings.Repeat("S", 1<<18) + `"}`,
	"long advance":        `{"advance":"` + strings.Repeat("9", 1<<10) + `h"}`,
	"many invalid fields": `{"outcome":"invalid_fields","invalid_fields":["` + strings.Repeat(`x","`, 1<<16) + `x"]}`,
}

func manyNames(n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = `"n` + strconv.Itoa(i) + `":1`
	}
	return strings.Join(names, ",")
}

// hostileIDs stand where an id should.
var hostileIDs = []string{
	"\x00", "\xff\xfe", " ", "%", "%25", "..", ".", "*", "'", `"`, "\\", "' OR 1=1 --", "{}", "[object Object]", "null", "undefined", "NaN",
	"a/b", "a?b", "a#b", "a;b", "a:b", "a&b", "\r\n", "\u202e", "😀", strings.Repeat("x", 10_000), strings.Repeat("å", 5_000),
	strings.ToUpper(unknownID), unknownID + " ", "-1", "0", "1e9",
}
