package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"regexp"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/wire"
)

func TestBodiesThatAreNoJSONObject(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty":                        "",
		"white space":                  " \n",
		"list":                         "[]",
		"string":                       `"x"`,
		"null":                         "null",
		"cut short":                    `{"a":`,
		"no value":                     `{"a"}`,
		"comma at the end":             `{"a":1,}`,
		"comment":                      `{/* x */}`,
		"single quotes":                `{'a':1}`,
		"two objects":                  `{}{}`,
		"text after":                   `{} x`,
		"duplicate names":              `{"a":1,"a":2}`,
		"duplicate names, escaped":     `{"a":1,"\u0061":2}`,
		"duplicate names of a line":    `{"order_lines":[{"name":"a","name":"b"}]}`,
		"duplicate among many names":   `{` + manyNames(200) + `,"n150":1}`,
		"duplicate in an unknown one":  `{"a":[{"b":1,"b":2}]}`,
		"invalid UTF-8":                "{\"a\":\"\xff\"}",
		"half a surrogate":             `{"a":"\ud800"}`,
		"byte order mark":              "\ufeff{}",
		"not a number":                 `{"order_amount":NaN}`,
		"leading zero":                 `{"order_amount":01}`,
		"hexadecimal":                  `{"order_amount":0x10}`,
		"deep nesting, unknown":        `{"a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`,
		"deep nesting, in a known one": `{"locale":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`,
		"very deep nesting":            strings.Repeat(`{"a":`, 20000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := wire.DecodeRequest([]byte(body)); !errors.Is(err, wire.ErrMalformed) {
				t.Errorf("error %v, want ErrMalformed", err)
			}
		})
	}
	allowed := `{"a":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + `}`
	if _, err := wire.DecodeRequest([]byte(allowed)); err != nil {
		t.Errorf("64 levels: %v", err)
	}
}

// manyNames are the properties n0 to n(count-1).
func manyNames(count int) string {
	names := make([]string, count)
	for i := range names {
		names[i] = `"n` + strconv.Itoa(i) + `":{"n1":1}`
	}
	return strings.Join(names, ",")
}

func TestManyNamesAreFineWhenTheyDiffer(t *testing.T) {
	t.Parallel()
	if _, err := wire.DecodeRequest([]byte(`{` + manyNames(500) + `,"x":{` + manyNames(500) + `}}`)); err != nil {
		t.Error(err)
	}
}

func TestLeniencyIsWhereTheRealServerHasIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		want checkout.Content
	}{
		"null is an absent property": {`{"locale":null,"options":null,"order_lines":null,"order_amount":null,"auto_capture":null}`, checkout.Content{}},
		"unknown and read-only properties are passed over": {
			`{"x":{"y":[1]},"client_token":5,"status":[],"expires_at":{},"payment_method_categories":"a","authorization_token":1}`, checkout.Content{}},
		"a number where a shop's own text is expected": {`{"merchant_reference2":13}`, checkout.Content{MerchantReference2: checkout.TextOf("13")}},
		"an empty string is present":                   {`{"billing_address":{"phone":""}}`, checkout.Content{BillingAddress: &checkout.Address{Phone: checkout.TextOf("")}}},
		"an empty object is present":                   {`{"options":{}}`, checkout.Content{Options: &checkout.Options{}}},
		"an empty list is present":                     {`{"order_lines":[]}`, checkout.Content{OrderLines: []checkout.Line{}}},
		"a fraction is cut off":                        {`{"order_amount":10.9}`, checkout.Content{OrderAmount: checkout.IntegerOf(10)}},
		"an exponent is a number":                      {`{"order_amount":1e2}`, checkout.Content{OrderAmount: checkout.IntegerOf(100)}},
		"escapes":                                      {`{"\u006cocale":"\u0073v-SE"}`, checkout.Content{Locale: checkout.TextOf("sv-SE")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := wire.DecodeRequest([]byte(c.body))
			if err != nil || len(got.Problems) > 0 {
				t.Fatal(err, got.Problems)
			}
			if diff := cmp.Diff(c.want, got.Content); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestValuesOfAWrongTypeAreNamed(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]string{
		`{"locale":1}`:                               {"locale"},
		`{"locale":true,"order_amount":"5"}`:         {"locale", "order_amount"},
		`{"order_amount":{}}`:                        {"order_amount"},
		`{"order_amount":9223372036854775808}`:       {"order_amount"},
		`{"order_amount":1e400}`:                     {"order_amount"},
		`{"auto_capture":"true"}`:                    {"auto_capture"},
		`{"billing_address":[]}`:                     {"billing_address"},
		`{"billing_address":{"city":1}}`:             {"billing_address.city"},
		`{"order_lines":{}}`:                         {"order_lines"},
		`{"order_lines":[1,{}]}`:                     {"order_lines"},
		`{"order_lines":[null]}`:                     {"order_lines"},
		`{"order_lines":[{},{"quantity":"1"}]}`:      {"order_lines[1].quantity"},
		`{"order_lines":[{"subscription":"x"}]}`:     {"order_lines[0].subscription"},
		`{"custom_payment_method_ids":["a",1]}`:      {"custom_payment_method_ids[1]"},
		`{"custom_payment_method_ids":"a"}`:          {"custom_payment_method_ids"},
		`{"purchase_country":1,"order_lines":false}`: {"purchase_country", "order_lines"},
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			got, err := wire.DecodeRequest([]byte(body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, problemPaths(got.Problems)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func problemPaths(problems []checkout.Violation) []string {
	var paths []string
	for _, p := range problems {
		paths = append(paths, p.Path)
	}
	return paths
}

func TestACutOffFractionIsToldWithTheSumThatFails(t *testing.T) {
	t.Parallel()
	request, err := wire.DecodeRequest([]byte(`{"order_lines":[{"quantity":0.5,"unit_price":2120,"total_amount":1060}]}`))
	if err != nil {
		t.Fatal(err)
	}
	violations := []checkout.Violation{
		{Path: "order_lines[0].total_amount", Rule: checkout.RuleLineTotal, Hint: "formula"},
		{Path: "order_lines[1].total_amount", Rule: checkout.RuleLineTotal},
	}
	request.Annotate(violations)
	if want := "formula; order_lines[0].quantity 0.5 was read as 0: fractions are cut off"; violations[0].Hint != want || violations[1].Hint != "" {
		t.Errorf("violations %+v", violations)
	}
}

func TestTooManyLinesAreCountedNotKept(t *testing.T) {
	t.Parallel()
	body := `{"order_lines":[` + strings.TrimSuffix(strings.Repeat("{},", 300000), ",") + `]}`
	request, err := wire.DecodeRequest([]byte(body))
	if err != nil || len(request.Content.OrderLines) != checkout.LinesMax+1 {
		t.Errorf("%v, %d lines", err, len(request.Content.OrderLines))
	}
}

func FuzzDecodeRequest(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"locale":"sv-SE","order_amount":100,"order_lines":[{"name":"a","quantity":1,"unit_price":100,"total_amount":100}]}`,
		`{"order_lines":[{"quantity":0.5,"tax_rate":"x"},{}],"merchant_reference1":1e3}`, `{"a":1,"a":2}`,
		`{"billing_address":{"city":"Göteborg","phone":null,"x":{"y":[[]]}},"customer":{"type":"person"}}`,
		`{"custom_payment_method_ids":["a",null,{}],"auto_capture":true,"attachment":{"body":"{}"}}`,
		`{"order_amount":-0.0,"order_tax_amount":1E-5,"options":{"color_text":"#ff0000"}}`, "{\"a\":\"\xff\"}", `{"locale":"\ud83d\ude00"}`,
		`{"a":[1,2,],"b":-0.5e+10,"c":tru}`, `{"\u0061":"\ud800","b":"\q"}`, "{\"a\":\"\x01\"}", "{\x00}", `{"a":{"b":1,"b":2}}`, `{"a":1} 2`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := wire.DecodeRequest(body)
		// The library that stands for the grammar elsewhere, with its defaults:
		// no duplicate names, no invalid UTF-8.
		if value := jsontext.Value(body); (value.IsValid() && value.Kind() == '{' && depthOf(body) <= wire.DepthMax) != (err == nil) {
			t.Fatalf("error %v, but jsontext thinks otherwise", err)
		}
		if surrogate.Match(body) {
			return // the independent reading below cannot tell halves from pairs
		}
		object, accepted := independently(body)
		if accepted != (err == nil) {
			t.Fatalf("error %v, but an independent reading accepts: %v", err, accepted)
		}
		if err != nil {
			return
		}
		want, problems := contentOf(object)
		sort.Strings(problems)
		paths := problemPaths(got.Problems)
		sort.Strings(paths)
		if diff := cmp.Diff(problems, paths); diff != "" {
			t.Fatalf("problems: %s", diff)
		}
		if diff := cmp.Diff(want, got.Content); diff != "" {
			t.Fatalf("content: %s", diff)
		}
		again, err := wire.DecodeContent(wire.AppendContent(nil, &got.Content))
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if diff := cmp.Diff(got.Content, again); diff != "" {
			t.Fatalf("written and read again: %s", diff)
		}
	})
}

var surrogate = regexp.MustCompile(`(?i)\\u[d][89a-f]`)

// depthOf is the nesting of a body, brackets in strings left out.
func depthOf(body []byte) int {
	depth, deepest, inString := 0, 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}

// independently reads a body with encoding/json and says whether it is one
// JSON object without duplicate names, bad UTF-8 or deep nesting.
func independently(body []byte) (map[string]any, bool) {
	if !json.Valid(body) || !utf8.Valid(body) {
		return nil, false
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if !uniqueNames(decoder, 0) {
		return nil, false
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, false
	}
	decoder = json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return nil, false
	}
	object, ok := value.(map[string]any)
	return object, ok
}

// uniqueNames walks one value.
func uniqueNames(decoder *json.Decoder, depth int) bool {
	token, err := decoder.Token()
	if err != nil {
		return false
	}
	open, ok := token.(json.Delim)
	if !ok {
		return true
	}
	if depth == wire.DepthMax {
		return false
	}
	seen := map[string]bool{}
	for decoder.More() {
		if open == '{' {
			name, err := decoder.Token()
			text, ok := name.(string)
			if err != nil || !ok || seen[text] {
				return false
			}
			seen[text] = true
		}
		if !uniqueNames(decoder, depth+1) {
			return false
		}
	}
	_, err = decoder.Token()
	return err == nil
}

// reading is the independent formulation of what a body means.
type reading struct{ problems []string }

func contentOf(object map[string]any) (checkout.Content, []string) {
	var r reading
	var c checkout.Content
	fill(&r, "", object, &c, checkout.ContentTextFields, checkout.ContentIntegerFields)
	switch v := object["auto_capture"].(type) {
	case nil:
	case bool:
		c.AutoCapture = checkout.BooleanOf(v)
	default:
		r.problems = append(r.problems, "auto_capture")
	}
	c.Attachment = part(&r, "attachment", object["attachment"], checkout.AttachmentFields, nil)
	c.BillingAddress = part(&r, "billing_address", object["billing_address"], checkout.AddressFields, nil)
	c.ShippingAddress = part(&r, "shipping_address", object["shipping_address"], checkout.AddressFields, nil)
	c.Customer = part(&r, "customer", object["customer"], checkout.CustomerFields, nil)
	c.MerchantURLs = part(&r, "merchant_urls", object["merchant_urls"], checkout.MerchantURLFields, nil)
	c.Options = part(&r, "options", object["options"], checkout.OptionFields, nil)
	switch v := object["custom_payment_method_ids"].(type) {
	case nil:
	case []any:
		c.CustomPaymentMethodIDs = []string{}
		for i, element := range v {
			if text, ok := element.(string); ok {
				c.CustomPaymentMethodIDs = append(c.CustomPaymentMethodIDs, text)
			} else {
				r.problems = append(r.problems, "custom_payment_method_ids["+strconv.Itoa(i)+"]")
			}
		}
	default:
		r.problems = append(r.problems, "custom_payment_method_ids")
	}
	c.OrderLines = r.lines(object["order_lines"])
	return c, r.problems
}

func (r *reading) lines(value any) []checkout.Line {
	list, ok := value.([]any)
	if value == nil {
		return nil
	}
	isObject := func(v any) bool { _, ok := v.(map[string]any); return ok }
	if !ok {
		r.problems = append(r.problems, "order_lines")
		return nil
	}
	bad := slices.ContainsFunc(list, func(v any) bool { return !isObject(v) })
	lines := []checkout.Line{}
	for i, element := range list {
		object, ok := element.(map[string]any)
		if !ok || len(lines) > checkout.LinesMax {
			continue
		}
		path := "order_lines[" + strconv.Itoa(i) + "]"
		var l checkout.Line
		fill(r, path+".", object, &l, checkout.LineTextFields, checkout.LineIntegerFields)
		l.ProductIdentifiers = part(r, path+".product_identifiers", object["product_identifiers"], checkout.ProductIdentifierFields, nil)
		l.Subscription = part(r, path+".subscription", object["subscription"], checkout.SubscriptionTextFields, checkout.SubscriptionIntegerFields)
		lines = append(lines, l)
	}
	if bad {
		r.problems = append(r.problems, "order_lines")
		return nil
	}
	return lines
}

func part[T any](r *reading, path string, value any, texts []checkout.TextField[T], integers []checkout.IntegerField[T]) *T {
	if value == nil {
		return nil
	}
	object, ok := value.(map[string]any)
	if !ok {
		r.problems = append(r.problems, path)
		return nil
	}
	into := new(T)
	fill(r, path+".", object, into, texts, integers)
	return into
}

func fill[T any](r *reading, parent string, object map[string]any, into *T, texts []checkout.TextField[T], integers []checkout.IntegerField[T]) {
	for _, f := range texts {
		switch v := object[f.Name].(type) {
		case nil:
		case string:
			*f.At(into) = checkout.TextOf(v)
		case json.Number:
			if f.Numbers {
				*f.At(into) = checkout.TextOf(v.String())
				continue
			}
			r.problems = append(r.problems, parent+f.Name)
		default:
			r.problems = append(r.problems, parent+f.Name)
		}
	}
	for _, f := range integers {
		switch v := object[f.Name].(type) {
		case nil:
		case json.Number:
			if n, ok := truncated(v.String()); ok {
				*f.At(into) = checkout.IntegerOf(n)
				continue
			}
			r.problems = append(r.problems, parent+f.Name)
		default:
			r.problems = append(r.problems, parent+f.Name)
		}
	}
}

// truncated reads a number as a fraction of big integers.
func truncated(text string) (int64, bool) {
	if _, exponent, ok := strings.Cut(strings.ToLower(text), "e"); ok {
		if n, err := strconv.Atoi(exponent); err != nil || n > 10000 || n < -10000 {
			// Beyond what big.Rat should be asked: huge, zero, or a tiny part of one.
			mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
			zero := strings.Trim(mantissa, "-0.") == ""
			return 0, zero || strings.HasPrefix(exponent, "-")
		}
	}
	number, ok := new(big.Rat).SetString(text)
	if !ok {
		return 0, false
	}
	whole := new(big.Int).Quo(number.Num(), number.Denom())
	return whole.Int64(), whole.IsInt64()
}

// TestAContentDoesNotHoldOnToItsBody: many sessions with a small cart and a
// megabyte of properties nobody knows take the memory of their carts.
func TestAContentDoesNotHoldOnToItsBody(t *testing.T) {
	var before, after runtime.MemStats
	const bodies = 50
	contents := make([]checkout.Content, 0, bodies)
	junk := strings.Repeat("x", 1<<20)
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range bodies {
		request, err := wire.DecodeRequest([]byte(`{"locale":"sv-SE","junk":"` + junk + `","merchant_data":"abc","order_lines":[{"name":"Shoe"}]}`))
		if err != nil {
			t.Fatal(err)
		}
		contents = append(contents, request.Content)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > bodies<<15 {
		t.Errorf("%d contents keep %d bytes", bodies, grown)
	}
	runtime.KeepAlive(contents)
}
