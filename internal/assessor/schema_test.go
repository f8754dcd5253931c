package assessor_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kvitto/kvitto/internal/risk"
)

type object = map[string]any

// schema is docs/assessor.schema.json.
func schema(t *testing.T) object {
	t.Helper()
	text, err := os.ReadFile("../../docs/assessor.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var read object
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

// known are the keywords of JSON Schema that valid understands.
var known = []string{"$ref", "type", "enum", "const", "properties", "required", "additionalProperties", "items", "minItems", "maxItems",
	"minimum", "maximum", "maxLength", "pattern", "description", "oneOf", "format"}

// valid checks a value, read with json.Number, against a definition.
func valid(document object, name string, value any) error {
	return check(document, document["$defs"].(object)[name].(object), name, value)
}

func check(document, rule object, path string, value any) error {
	for keyword := range rule {
		if !slices.Contains(known, keyword) {
			return fmt.Errorf("%s: this test does not understand %q", path, keyword)
		}
	}
	if reference, ok := rule["$ref"].(string); ok {
		return valid(document, strings.TrimPrefix(reference, "#/$defs/"), value)
	}
	if alternatives, ok := rule["oneOf"].([]any); ok {
		fitting := 0
		var last error
		for _, one := range alternatives {
			if last = check(document, one.(object), path, value); last == nil {
				fitting++
			}
		}
		if fitting != 1 {
			return fmt.Errorf("%s: %d alternatives fit; %w", path, fitting, last)
		}
	}
	if all, ok := rule["enum"].([]any); ok && !slices.Contains(all, value) {
		return fmt.Errorf("%s: %v is not one of %v", path, value, all)
	}
	if only, ok := rule["const"]; ok && only != value {
		return fmt.Errorf("%s: %v is not %v", path, value, only)
	}
	return checkType(document, rule, path, value)
}

func checkType(document, rule object, path string, value any) error {
	kinds, _ := rule["type"].([]any)
	if kind, ok := rule["type"].(string); ok {
		kinds = []any{kind}
	}
	is := func(kind string) error {
		if len(kinds) > 0 && !slices.Contains(kinds, any(kind)) {
			return fmt.Errorf("%s: a %s is not %v", path, kind, kinds)
		}
		return nil
	}
	switch value := value.(type) {
	case nil:
		return is("null")
	case bool:
		return is("boolean")
	case string:
		if pattern, ok := rule["pattern"].(string); ok && !regexp.MustCompile(pattern).MatchString(value) {
			return fmt.Errorf("%s: %q is not %s", path, value, pattern)
		}
		if longest, ok := rule["maxLength"].(float64); ok && utf8.RuneCountInString(value) > int(longest) {
			return fmt.Errorf("%s is too long", path)
		}
		return is("string")
	case json.Number:
		n, err := value.Int64()
		least, hasLeast := rule["minimum"].(float64)
		most, hasMost := rule["maximum"].(float64)
		if err != nil || hasLeast && n < int64(least) || hasMost && n > int64(most) {
			return fmt.Errorf("%s: %s is out of range", path, value)
		}
		return is("integer")
	case []any:
		return checkList(document, rule, path, value, is)
	case object:
		return checkObject(document, rule, path, value, is)
	}
	return fmt.Errorf("%s: %T", path, value)
}

func checkList(document, rule object, path string, list []any, is func(string) error) error {
	least, _ := rule["minItems"].(float64)
	most, bounded := rule["maxItems"].(float64)
	if len(list) < int(least) || bounded && len(list) > int(most) {
		return fmt.Errorf("%s has %d items", path, len(list))
	}
	for _, item := range list {
		if items, ok := rule["items"].(object); ok {
			if err := check(document, items, path+"[]", item); err != nil {
				return err
			}
		}
	}
	return is("array")
}

func checkObject(document, rule object, path string, value object, is func(string) error) error {
	properties, _ := rule["properties"].(object)
	required, _ := rule["required"].([]any)
	for _, name := range required {
		if _, there := value[name.(string)]; !there {
			return fmt.Errorf("%s lacks %v", path, name)
		}
	}
	for name, inner := range value {
		property, listed := properties[name].(object)
		switch {
		case listed:
			if err := check(document, property, path+"."+name, inner); err != nil {
				return err
			}
		case rule["additionalProperties"] == false:
			return fmt.Errorf("%s.%s is no property", path, name)
		}
	}
	return is("object")
}

// TestWhatIsSentFollowsTheSchema, with everything and with the least.
func TestWhatIsSentFollowsTheSchema(t *testing.T) {
	t.Parallel()
	document := schema(t)
	least := input()
	least.Login, least.DeviceID, least.IP, least.Content, least.History = "", "", "", nil, nil
	for _, in := range []risk.Input{input(), least} {
		var sent any
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			decoder := json.NewDecoder(r.Body)
			decoder.UseNumber()
			if err := decoder.Decode(&sent); err != nil {
				t.Error(err)
			}
		}))
		t.Cleanup(server.Close)
		open(t, server.URL, nil).Assess(t.Context(), in)
		if err := valid(document, "question", sent); err != nil {
			t.Errorf("%v: %v", err, sent)
		}
		for _, name := range document["$defs"].(object)["question"].(object)["required"].([]any) {
			broken := object{}
			for key, value := range sent.(object) {
				if key != name {
					broken[key] = value
				}
			}
			if valid(document, "question", broken) == nil {
				t.Errorf("the schema does without %v", name)
			}
		}
	}
}

// TestTheSchemaNamesWhatCanBeAskedFor: each path, and nothing else.
func TestTheSchemaNamesWhatCanBeAskedFor(t *testing.T) {
	t.Parallel()
	var listed []string
	for _, name := range schema(t)["$defs"].(object)["field"].(object)["enum"].([]any) {
		listed = append(listed, name.(string))
	}
	want := risk.Askable()
	slices.Sort(listed)
	slices.Sort(want)
	if !slices.Equal(listed, want) {
		t.Errorf("the schema lists\n%q, want\n%q", listed, want)
	}
}

// TestTheDocumentHasTheExample as it is tested here, and names what there is.
func TestTheDocumentHasTheExample(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/assessor.md")
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	_, example, ok := strings.Cut(string(text), "// The example of docs/assessor.md begins here.\n")
	if !ok || len(example) < 500 {
		t.Fatal("there is no example")
	}
	if !strings.Contains(string(page), "```go\n"+strings.TrimSpace(example)+"\n```\n") {
		t.Error("docs/assessor.md does not have the example as it is in example_test.go")
	}
	for _, name := range []string{"merchant_id", "session_id", "call", "at", "content", "login", "device_id", "ip", "signals", "rules", "outcome", "reason", "fields", "due_minutes", "at_due"} {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/assessor.md does not name %s", name)
		}
	}
}
