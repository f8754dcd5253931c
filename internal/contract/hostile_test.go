package contract_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// documented are all statuses that the protocol and docs of this server know
// for a request that reached an operation.
var documented = []int{200, 204, 400, 401, 403, 404, 405, 409, 413, 415}

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
	"huge integers":          `{"order_amount":99999999999999999999999999,"order_lines":[{"quantity":-9223372036854775808,"unit_price":-9223372036854775808}]}`,
	"huge exponent":          `{"order_amount":1e999999999,"order_tax_amount":-1E-999999999}`,
	"products beyond 64":     `{"order_lines":[{"name":"x","quantity":9223372036854775807,"unit_price":-9223372036854775808,"total_amount":1,"total_discount_amount":9223372036854775807,"tax_rate":10000,"total_tax_amount":-9223372036854775808}]}`,
	"names of the language":  `{"__proto__":{"admin":true},"constructor":{"prototype":{}},"toString":1}`,
	"empty names":            `{"":{"":[{"":""}]}}`,
	"numbers for names":      `{"0":1,"order_lines":{"0":{"name":"x"}}}`,
	"slashes in names":       `{"order_lines/0":1,"billing_address~1email":2,"billing_address.email":3}`,
	"brackets in names":      `{"order_lines[0]":{"name":1},"order_lines[0].name":2}`,
	"database language":      `{"merchant_reference1":"'; DROP TABLE sessions; --","purchase_country":"S'","intended_use":"\" OR 1=1"}`,
	"line breaks":            `{"merchant_reference1":"a\r\nSet-Cookie: b=c\r\n\r\n","merchant_urls":{"confirmation":"https://shop.example/\r\nX: y"}}`,
	"script address":         `{"merchant_urls":{"confirmation":"javascript:alert(1)","push":"file:///etc/passwd"}}`,
	"zero character":         `{"merchant_reference1":"a\u0000b","purchase_country":"\u0000\u0000"}`,
	"right to left":          `{"merchant_reference1":"\u202e\u2066\ufeff\uffff"}`,
	"terminal colours":       `{"merchant_reference1":"\u001b[31mred\u001b[0m\u0007"}`,
	"formats":                `{"merchant_reference1":"%s%n%d{{7*7}}${jndi:ldap://x}"}`,
	"wrong types everywhere": `{"purchase_country":[],"purchase_currency":{},"locale":1,"order_amount":"1","order_lines":[[]],"billing_address":[{}],"customer":"x","options":0,"merchant_urls":[""],"attachment":[],"data":[1],"outcome":{},"auto_finalize":"no","invalid_fields":{},"payment_method_category":[],"description":{},"intended_use":[],"advance":{}}`,
	"nulls everywhere":       `{"purchase_country":null,"purchase_currency":null,"locale":null,"order_amount":null,"order_lines":null,"billing_address":null,"data":null,"outcome":null,"auto_finalize":null,"invalid_fields":null,"description":null,"intended_use":null,"advance":null}`,
	"null lines":             `{"order_lines":[null,null]}`,
	"many unknown names":     `{` + manyNames(20000) + `}`,
	"many bad lines":         `{"purchase_country":"SE","purchase_currency":"SEK","order_amount":1,"order_lines":[` + strings.TrimSuffix(strings.Repeat(`{},`, 1000), ",") + `]}`,
	"very many lines":        `{"order_lines":[` + strings.TrimSuffix(strings.Repeat(`0,`, 1<<19-20), ",") + `]}`,
	"long strings":           `{"merchant_reference1":"` + strings.Repeat("å", 1<<18) + `","purchase_country":"` + strings.Repeat("S", 1<<18) + `"}`,
	"long advance":           `{"advance":"` + strings.Repeat("9", 1<<10) + `h"}`,
	"many invalid fields":    `{"outcome":"invalid_fields","invalid_fields":["` + strings.Repeat(`x","`, 1<<16) + `x"]}`,
}

func manyNames(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(`"`)
		for c := i; c > 0 || b.Len() == 0; c /= 26 {
			b.WriteByte(byte('a' + c%26))
		}
		b.WriteString(`-":1,`)
	}
	return strings.TrimSuffix(b.String(), ",")
}

// hostileState is what hostile requests are aimed at.
type hostileState struct {
	merchant
	session, token, complete, ordered string
}

func newHostileState(t *testing.T, m merchant) hostileState {
	t.Helper()
	h := hostileState{merchant: m, session: m.create(t, cart), complete: m.create(t, cart)}
	h.token = m.authorize(t, h.session, "")
	h.ordered = m.authorize(t, h.complete, "")
	m.must(t, 200, "POST", orderPath(h.ordered), cart)
	return h
}

// posts are all operations that take a body.
func (h hostileState) posts() map[string]string {
	paths := map[string]string{
		"create": sessionsPath, "update": sessionPath(h.session), "update complete": sessionPath(h.complete),
		"order": orderPath(h.token), "repeat order": orderPath(h.ordered), "customer token": tokenPath(h.token),
		"check": "/kvitto/v1/check", "check update": "/kvitto/v1/check?session_id=" + h.session, "clock": "/kvitto/v1/clock",
	}
	for _, call := range []string{"load", "authorize", "reauthorize", "finalize"} {
		paths[call] = "/kvitto/v1/sessions/" + h.session + "/" + call
	}
	return paths
}

// seen is the whole state as its merchant reads it.
func (h hostileState) seen(t *testing.T) string {
	t.Helper()
	var seen []string
	for _, path := range []string{sessionPath(h.session), sessionPath(h.complete), "/kvitto/v1/clock"} {
		seen = append(seen, string(h.must(t, 200, "GET", path, "").body))
	}
	return strings.Join(seen, "\n")
}

// TestHostileBodies: no body makes the server fail, a refusal is complete and
// changes nothing.
func TestHostileBodies(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for operation := range (hostileState{}).posts() {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			h := newHostileState(t, s.merchant("hostile "+operation))
			path := h.posts()[operation]
			before := h.seen(t)
			for name, body := range malformed {
				if a := h.call(t, "POST", path, body); a.status != 400 && a.status != 413 {
					t.Errorf("%s: status %d, want 400 or 413\n%.300s", name, a.status, a.body)
				} else {
					wholeEnvelope(t, name, a)
				}
			}
			if after := h.seen(t); after != before {
				t.Errorf("malformed bodies changed the state from\n%s\nto\n%s", before, after)
			}
			for name, body := range odd {
				h.tryOdd(t, name, path, body)
			}
		})
	}
}

func (h hostileState) tryOdd(t *testing.T, name, path, body string) {
	t.Helper()
	before := h.seen(t)
	a := h.call(t, "POST", path, body)
	if !slices.Contains(documented, a.status) {
		t.Errorf("%s: status %d is not documented\n%.300s", name, a.status, a.body)
	}
	recordedHeaders(t, name, a)
	if a.status < 400 {
		return
	}
	wholeEnvelope(t, name, a)
	if after := h.seen(t); after != before {
		t.Errorf("%s: refused with %d, but the state changed from\n%s\nto\n%s", name, a.status, before, after)
	}
}

// hostileIDs stand where an id should.
var hostileIDs = []string{
	"\x00", "\xff\xfe", " ", "%", "%25", "..", ".", "*", "'", `"`, "\\", "' OR 1=1 --", "{}", "[object Object]", "null", "undefined", "NaN",
	"a/b", "a?b", "a#b", "a;b", "a:b", "a&b", "\r\n", "\u202e", "😀", strings.Repeat("x", 10_000), strings.Repeat("å", 5_000),
	strings.ToUpper(unknownID), unknownID + " ", "-1", "0", "1e9",
}

// TestHostileIDs: nothing in the place of an id is more than unknown.
func TestHostileIDs(t *testing.T) {
	t.Parallel()
	h := newHostileState(t, newServer(t).merchant("ids"))
	before := h.seen(t)
	attempts := slices.Concat(withSession, withToken, []attempt{{"exchange", "GET", "/kvitto/v1/exchanges/%s", ""}})
	for _, id := range append(hostileIDs, strings.ToUpper(h.session), h.session+"\x00") {
		for _, at := range attempts {
			path := strings.Replace(at.path, "%s", url.PathEscape(id), 1)
			if strings.Contains(at.path, "?") {
				path = strings.Replace(at.path, "%s", url.QueryEscape(id), 1)
			}
			a := h.call(t, at.method, path, at.body)
			if !slices.Contains(documented, a.status) || a.status < 400 {
				t.Errorf("%s with %.20q: status %d\n%.200s", at.name, id, a.status, a.body)
				continue
			}
			wholeEnvelope(t, at.name, a)
		}
	}
	if after := h.seen(t); after != before {
		t.Errorf("the state changed from\n%s\nto\n%s", before, after)
	}
}

// TestHostileHeaders: no header makes the server fail.
func TestHostileHeaders(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("headers")
	for name, value := range map[string]string{
		"Content-Type": strings.Repeat("application/json;", 1000), "Content-Encoding": "br, gzip, deflate", "Accept-Encoding": "*;q=0",
		"Authorization": "Basic " + strings.Repeat("A", 20_000), "Klarna-Correlation-Id": "x", "Klarna-Idempotency-Key": strings.Repeat("k", 5_000),
		"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher", "Forwarded": "host=evil.example", "Cookie": strings.Repeat("a=b; ", 5000),
		"Expect": "100-continue", "Range": "bytes=0-0", "If-None-Match": "*", "If-Modified-Since": "Thu, 01 Jan 2099 00:00:00 GMT",
		"X-HTTP-Method-Override": "DELETE", "Origin": "null", "Upgrade": "h2c",
	} {
		request := m.request(t, http.MethodPost, sessionsPath, cart)
		request.Header.Set(name, value)
		a := m.send(t, request)
		if !slices.Contains(documented, a.status) {
			t.Errorf("%s: status %d", name, a.status)
		}
		if strings.Contains(string(a.body), "evil.example") || a.header.Get("Klarna-Correlation-Id") == "x" {
			t.Errorf("%s: the header came back: %v %s", name, a.header, a.body)
		}
	}
}
