package requestlog

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRedact(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, body, want string }{
		{"nothing secret", `{"order_amount":1}`, `{"order_amount":1}`},
		{"empty", ``, ``},
		{"top", `{"password":"x"}`, `{"password":"***"}`},
		{"all names", `{"client_token":"eyJ","last_four_ssn":"1234","national_identification_number":"410321-9202","password":"x"}`,
			`{"client_token":"***","last_four_ssn":"***","national_identification_number":"***","password":"***"}`},
		{"nested", `{"customer":{"last_four_ssn":"1234","type":"person"}}`, `{"customer":{"last_four_ssn":"***","type":"person"}}`},
		{"in a list", `[{"password":1},{"a":[{"password":2}]}]`, `[{"password":"***"},{"a":[{"password":"***"}]}]`},
		{"number", `{"last_four_ssn":1234,"a":1}`, `{"last_four_ssn":"***","a":1}`},
		{"null", `{"password":null}`, `{"password":"***"}`},
		{"object", `{"password":{"password":"x","a":[1,2]},"b":true}`, `{"password":"***","b":true}`},
		{"twice", `{"password":"x","password":"y"}`, `{"password":"***","password":"***"}`},
		{"the rest byte for byte", " {\"a\" : 1.50e+01,\n\t\"password\"\t:  \"x\" ,\"b\":\"\\u00e5\\/\" }\n",
			" {\"a\" : 1.50e+01,\n\t\"password\"\t:  \"***\" ,\"b\":\"\\u00e5\\/\" }\n"},
		{"escaped name", `{"pass\u0077ord":"x","last\u005Ffour_ssn":"y"}`, `{"pass\u0077ord":"***","last\u005Ffour_ssn":"***"}`},
		{"escaped, not secret", `{"a":"\u003cb\u003e"}`, `{"a":"\u003cb\u003e"}`},
		{"a value of that name", `{"reference":"password","b":["client_token"]}`, `{"reference":"password","b":["client_token"]}`},
		{"a one-time code", `{"answers":{"login":"a@b.se","code":"123456","details":{"code":"x"}}}`,
			`{"answers":{"login":"a@b.se","code":"***","details":{"code":"x"}}}`},
		{"a one-time code that is an object", `{"a":[{"answers":{"code":{"code":"1"},"code":2}}]}`, `{"a":[{"answers":{"code":"***","code":"***"}}]}`},
		{"a one-time code, escaped", `{"\u0061nswers":{"\u0063ode":"1"}}`, `{"\u0061nswers":{"\u0063ode":"***"}}`},
		{"another code", `{"code":"x","answers":[{"code":"x"}],"b":{"code":"x"}}`, `{"code":"x","answers":[{"code":"x"}],"b":{"code":"x"}}`},
		{"answers cut off", `{"answers":{"code":"123456"`, withheld},
		{"part of a name", `{"password_hint":"x","my_password":"y"}`, `{"password_hint":"x","my_password":"y"}`},
		{"document in a string", `{"attachment":{"body":"{\"password\":\"x\",\"a\":1}"}}`,
			`{"attachment":{"body":"{\"password\":\"***\",\"a\":1}"}}`},
		{"document in a document in a string", `["{\"a\":\"[{\\\"password\\\":\\\"x\\\"}]\"}"]`,
			`["{\"a\":\"[{\\\"password\\\":\\\"***\\\"}]\"}"]`},
		{"broken document in a string", `{"body":"{\"password\":\"x\""}`, `{"body":"***"}`},
		{"broken document in a string, escaped name", `{"body":"{\"pass\\u0077ord\":\"x\""}`, `{"body":"***"}`},
		{"broken document in a string, no name", `{"body":"{\"a\":\"\\u003cx\""}`, `{"body":"{\"a\":\"\\u003cx\""}`},
		{"string like prose", `{"name":"password manager {1 year}"}`, `{"name":"password manager {1 year}"}`},
		{"invalid UTF-8", "{\"a\":\"\xff\",\"password\":\"\xff\"}", "{\"a\":\"\xff\",\"password\":\"***\"}"},
		{"not JSON, nothing secret", `a=1&b=\u0041`, `a=1&b=\u0041`},
		{"not JSON", `password=x`, withheld},
		{"cut off", `{"password":"x"`, withheld},
		{"cut off, escaped name", `{"pass\u0077ord":"x"`, withheld},
		{"cut off, escape of an escape", `{"a":"{\"pass\u005cu0077ord\":\"x`, withheld},
		{"two values", `{"password":"x"} {"password":"y"}`, withheld},
		{"missing value", `{"password":}`, withheld},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			body := []byte(test.body)
			if diff := cmp.Diff(test.want, string(plainly().redact(body))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if string(body) != test.body {
				t.Errorf("the caller's bytes became %s", body)
			}
		})
	}
}

// A name is found wherever it stands in the bytes.
func TestContainsSecret(t *testing.T) {
	t.Parallel()
	for _, s := range secrets {
		rare := string(s.rare)
		for _, name := range s.names {
			for _, text := range []string{name, rare + name, name + rare, rare + rare + name + "x", "_" + name[1:] + name} {
				if !containsSecret([]byte(text)) {
					t.Errorf("%q was not seen in %q", name, text)
				}
			}
			for _, text := range []string{name[1:], name[:len(name)-1], rare, "", name[1:] + name[:len(name)-1]} {
				if containsSecret([]byte(text)) {
					t.Errorf("a name was seen in %q", text)
				}
			}
		}
	}
}

// The usual body costs no allocation, also with the escapes PHP writes.
func TestRedactOfTheUsualBodyIsFree(t *testing.T) {
	body := []byte(`{"locale":"sv-SE","billing_address":{"city":"G\u00f6teborg"},"order_amount":2500}`)
	plain := plainly()
	if n := testing.AllocsPerRun(100, func() { plain.redact(body) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if got := plainly().redact(body); &got[0] != &body[0] {
		t.Error("the body was copied")
	}
}

// Documents within documents and escapes within escapes are bounded work.
func TestRedactIsBounded(t *testing.T) {
	t.Parallel()
	tooDeep := nest(t, `{"password":"x"}`, deepest+3)
	if diff := cmp.Diff(nest(t, mask, deepest+1), string(plainly().redact([]byte(tooDeep)))); diff != "" {
		t.Errorf("a deep document (-want +got):\n%s", diff)
	}
	escapes := []byte(`{"\` + strings.Repeat(`u005c`, 1<<17)) // each one undone makes the next: minutes of work
	if got := string(plainly().redact(escapes)); got != withheld {
		t.Errorf("escapes of escapes became %.200s", got)
	}
}

// nest puts text into a list in a string in a list, so many lists deep.
func nest(t *testing.T, text string, lists int) string {
	t.Helper()
	for range lists {
		list, err := json.Marshal([]string{text})
		if err != nil {
			t.Fatal(err)
		}
		text = string(list)
	}
	return text
}

// FuzzRedact holds that valid JSON stays valid, loses the values of secrets
// and nothing else; and that what is no JSON is kept only without the names.
func FuzzRedact(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,{"password":"x"}]}`, `{"body":"{\"password\":\"x\"}"}`, `{"pass\u0077ord":[]}`, `"[\"{\\\"client_token\\\":1}\"]"`,
		`{"password":"x"`, `{"last_four_ssn":null,"b":"\ud800"}`, "\"\\u0022password\\u0022\"", `{"password":1}{}`,
		`{"answers":{"code":"1","a":{"code":2}}}`, `["{\"answers\":{\"code\":null}}"]`, "{\"password\":\"\xff\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got := plainly().redact(bytes.Clone(body))
		if !json.Valid(body) {
			if string(got) != withheld && (!bytes.Equal(got, body) || containsSecret(got)) {
				t.Fatalf("no JSON: %q became %q", body, got)
			}
			return
		}
		if !json.Valid(got) {
			t.Fatalf("%q became %q", body, got)
		}
		checkValue(t, parse(t, body), parse(t, got), 0)
		if again := plainly().redact(bytes.Clone(got)); !bytes.Equal(again, got) {
			t.Fatalf("%q became %q and then %q", body, got, again)
		}
	})
}

func parse(t *testing.T, text []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return value
}

// checkValue holds that after is before with the values of secrets masked.
func checkValue(t *testing.T, before, after any, depth int) {
	t.Helper()
	switch before := before.(type) {
	case map[string]any:
		after, ok := after.(map[string]any)
		if !ok || len(after) != len(before) {
			t.Fatalf("%v became %v", before, after)
		}
		for name := range before {
			if secret(name) {
				before[name] = mask
			}
			if object, ok := before[name].(map[string]any); ok && name == answers {
				if _, there := object[oneTimeCode]; there {
					object[oneTimeCode] = mask
				}
			}
			checkValue(t, before[name], after[name], depth)
		}
	case []any:
		after, ok := after.([]any)
		if !ok || len(after) != len(before) {
			t.Fatalf("%v became %v", before, after)
		}
		for i := range before {
			checkValue(t, before[i], after[i], depth)
		}
	case string:
		after, ok := after.(string)
		if !ok {
			t.Fatalf("%q became %v", before, after)
		}
		checkText(t, before, after, depth+1)
	default:
		if before != after {
			t.Fatalf("%v became %v", before, after)
		}
	}
}

// checkText is checkValue for a string, which may hold a document.
func checkText(t *testing.T, before, after string, depth int) {
	t.Helper()
	start := strings.TrimLeft(before, " \t\r\n")
	document := start != "" && strings.ContainsAny(start[:1], `{["`)
	switch {
	case !document:
		if before != after {
			t.Fatalf("%q became %q", before, after)
		}
	case json.Valid([]byte(before)) && depth <= deepest:
		if !json.Valid([]byte(after)) {
			t.Fatalf("%q became %q", before, after)
		}
		checkValue(t, parse(t, []byte(before)), parse(t, []byte(after)), depth)
	case after != mask && (before != after || containsSecret([]byte(before))):
		t.Fatalf("%q became %q", before, after)
	}
}

func TestHexDigits(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		want := -1
		if value, err := strconv.ParseUint(string([]byte{byte(c)}), 16, 8); err == nil {
			want = int(value)
		}
		if got := hexDigit(byte(c)); got != want {
			t.Errorf("byte %#x has the value %d, want %d", c, got, want)
		}
	}
}
