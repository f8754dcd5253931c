package openapi_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/lab"
	"github.com/kvitto/kvitto/internal/market"
	"github.com/kvitto/kvitto/internal/wire"
)

// schemas are the schemas of a source.
func schemas(t *testing.T, name string) object {
	t.Helper()
	return read(t, name).get("components").(object).get("schemas").(object)
}

// fieldTable compares a table of the domain with a schema, both ways.
func fieldTable[T any](t *testing.T, schema string, texts []checkout.TextField[T], integers []checkout.IntegerField[T], others ...string) {
	t.Helper()
	properties := schemas(t, "shared").get(schema).(object).get("properties").(object)
	known := slices.Clone(others)
	for _, f := range texts {
		known = append(known, f.Name)
		property, ok := properties.get(f.Name).(object)
		if !ok {
			t.Errorf("%s.%s is not in the document", schema, f.Name)
			continue
		}
		if f.Format != checkout.FormatNone {
			if want := "#/components/schemas/" + formats[f.Format]; property.get("$ref") != want {
				t.Errorf("%s.%s is %v, want %s", schema, f.Name, property.get("$ref"), want)
			}
			continue
		}
		limit(t, schema+"."+f.Name, property, "minLength", int64(f.Min), 0)
		limit(t, schema+"."+f.Name, property, "maxLength", int64(f.Max), 1<<30)
	}
	for _, f := range integers {
		known = append(known, f.Name)
		property, ok := properties.get(f.Name).(object)
		if !ok {
			t.Errorf("%s.%s is not in the document", schema, f.Name)
			continue
		}
		limit(t, schema+"."+f.Name, property, "minimum", f.Min, math.MinInt64)
		limit(t, schema+"."+f.Name, property, "maximum", f.Max, math.MaxInt64)
	}
	for _, p := range properties {
		if !slices.Contains(known, p.name) {
			t.Errorf("%s.%s is in the document and in no table", schema, p.name)
		}
	}
}

// limit compares a keyword, which is left out where the value is none.
func limit(t *testing.T, path string, property object, keyword string, want, none int64) {
	t.Helper()
	said := property.get(keyword)
	if want == none && said == nil {
		return
	}
	if said == nil || fmt.Sprint(said) != strconv.FormatInt(want, 10) {
		t.Errorf("%s: %s is %v, the table says %d", path, keyword, said, want)
	}
}

// TestPropertiesAndLimits: the objects of the protocol are those of the domain's
// tables.
func TestPropertiesAndLimits(t *testing.T) {
	t.Parallel()
	fieldTable(t, "Address", checkout.AddressFields, nil)
	fieldTable(t, "Customer", checkout.CustomerFields, nil)
	fieldTable(t, "MerchantURLs", checkout.MerchantURLFields, nil)
	fieldTable(t, "Options", checkout.OptionFields, nil)
	fieldTable(t, "Attachment", checkout.AttachmentFields, nil)
	fieldTable(t, "ProductIdentifiers", checkout.ProductIdentifierFields, nil)
	fieldTable(t, "Subscription", checkout.SubscriptionTextFields, checkout.SubscriptionIntegerFields)
	fieldTable(t, "OrderLine", checkout.LineTextFields, checkout.LineIntegerFields, "product_identifiers", "subscription")
	fieldTable(t, "Purchase", checkout.ContentTextFields, checkout.ContentIntegerFields, "auto_capture", "billing_address",
		"custom_payment_method_ids", "merchant_urls", "order_lines", "shipping_address")
	fieldTable[checkout.Content](t, "Content", nil, nil, "attachment", "customer", "options")
	lines := schemas(t, "shared").get("Purchase").(object).get("properties").(object).get("order_lines").(object)
	limit(t, "order_lines", lines, "maxItems", checkout.LinesMax, 0)
	limit(t, "order_lines", lines, "minItems", 1, 0)
	next := schemas(t, "kvitto").get("Next").(object).get("properties").(object)
	limit(t, "after_minutes", next.get("after_minutes").(object), "maximum", lab.AfterMinutesMax, 0)
	fields := next.get("invalid_fields").(object)
	limit(t, "invalid_fields", fields, "maxItems", lab.InvalidFieldsMax, 0)
	limit(t, "invalid_fields[]", fields.get("items").(object), "maxLength", lab.InvalidFieldMax, 0)
}

// formats are the schemas of the formats.
var formats = map[checkout.Format]string{
	checkout.FormatCountry: "Country", checkout.FormatCurrency: "Currency", checkout.FormatLocale: "Locale", checkout.FormatColor: "Color",
	checkout.FormatSSN: "LastFourSSN", checkout.FormatCustomerType: "CustomerType", checkout.FormatEntityType: "EntityType",
	checkout.FormatAcquiringChannel: "AcquiringChannel", checkout.FormatIntent: "Intent", checkout.FormatInterval: "Interval",
}

// TestFormats: an enumeration is the format's, and a pattern takes what the format
// takes.
func TestFormats(t *testing.T) {
	t.Parallel()
	samples := []string{"S", "SE", "se", "S1", "SEK", "sek", "SE1", "EURO", "sv", "sv-SE", "sv_SE", "sv-", "sv-SE-FI", "svSE", "#FF9900", "#ff990", "FF9900", "#GG9900",
		"123", "1234", "12345", "123456789", "12a4", "1234567890"}
	for format, name := range formats {
		schema := schemas(t, "shared").get(name).(object)
		if list, ok := schema.get("enum").([]any); ok {
			if want := "one of " + strings.Join(texts(list), ", "); format.Expected() != want {
				t.Errorf("%s: the document says %s, the format %s", name, want, format.Expected())
			}
			continue
		}
		pattern := regexp.MustCompile(schema.get("pattern").(string))
		for _, sample := range samples {
			if pattern.MatchString(sample) != format.Matches(sample) {
				t.Errorf("%s: the pattern takes %q: %v, the format: %v", name, sample, pattern.MatchString(sample), format.Matches(sample))
			}
		}
	}
}

func texts(list []any) []string {
	found := make([]string, len(list))
	for i, element := range list {
		found[i] = fmt.Sprint(element)
	}
	return found
}

// TestMarkets: the countries that the documents list are the markets, the categories
// those that are known.
func TestMarkets(t *testing.T) {
	t.Parallel()
	country := schemas(t, "shared").get("Purchase").(object).get("properties").(object).get("purchase_country").(object)
	if said := country.get("description").(string); !strings.Contains(said, ": "+market.Countries()+".") {
		t.Errorf("the document says %q, the markets are %s", said, market.Countries())
	}
	for _, category := range texts(schemas(t, "shared").get("Category").(object).get("enum").([]any)) {
		if !market.KnownCategory(category) {
			t.Errorf("nobody knows the category %q", category)
		}
	}
	payments := schemas(t, "payments").get("Order").(object).get("properties").(object).get("authorized_payment_method").(object)
	said := texts(payments.get("properties").(object).get("type").(object).get("enum").([]any))
	for _, m := range market.All() {
		for _, category := range texts(schemas(t, "shared").get("Category").(object).get("enum").([]any)) {
			if method := m.MethodOf(category).Type; !slices.Contains(said, method) {
				t.Errorf("%s in %s ends with %s, which the document does not have", category, m.Country, method)
			}
		}
	}
}

// TestErrorCodes: each status has the codes that the server has, and every message
// that does not name paths is an example.
func TestErrorCodes(t *testing.T) {
	t.Parallel()
	responses := read(t, "shared").get("components").(object).get("responses").(object)
	statuses := statusesOf(t)
	codes := map[int][]string{}
	for _, f := range wire.Failures() {
		if !slices.Contains(codes[f.Status], f.Code) {
			codes[f.Status] = append(codes[f.Status], f.Code)
		}
		response, _ := responses.get(statuses[f.Status]).(object)
		if len(f.Messages) > 0 && !strings.Contains(string(compact(t, response)), string(mustMarshal(t, f.Messages[0]))) {
			t.Errorf("the answers %d have no example with %q", f.Status, f.Messages[0])
		}
	}
	for status, want := range codes {
		response, ok := responses.get(statuses[status]).(object)
		if !ok {
			t.Errorf("no operation has an answer %d", status)
			continue
		}
		schema := response.get("content").(object).get("application/json").(object).get("schema").(object)
		said := texts(schema.get("properties").(object).get("error_code").(object).get("enum").([]any))
		slices.Sort(said)
		slices.Sort(want)
		if diff := cmp.Diff(said, want); diff != "" {
			t.Errorf("%d (- document, + code):\n%s", status, diff)
		}
	}
}

func mustMarshal(t *testing.T, v any) []byte {
	t.Helper()
	text, err := marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// statusesOf are the responses of shared.yaml by the statuses for which operations
// refer to them; each stands for one.
func statusesOf(t *testing.T) map[int]string {
	t.Helper()
	found := map[int]string{}
	for _, name := range []string{"payments", "kvitto"} {
		for _, item := range read(t, name).get("paths").(object) {
			for _, operation := range item.value.(object) {
				node, ok := operation.value.(object)
				if !ok {
					continue // parameters
				}
				for _, answer := range node.get("responses").(object) {
					ref, ok := answer.value.(object).get("$ref").(string)
					status, err := strconv.Atoi(answer.name)
					if !ok || err != nil {
						continue
					}
					component := strings.TrimPrefix(ref, "#/components/responses/")
					if other := found[status]; other != "" && other != component {
						t.Errorf("%s: %d is %s here and %s elsewhere", item.name, status, component, other)
					}
					found[status] = component
				}
			}
		}
	}
	return found
}

// TestEnumerations: what the documents list is what the code has names for.
func TestEnumerations(t *testing.T) {
	t.Parallel()
	kvitto := schemas(t, "kvitto")
	for _, row := range []struct {
		at, folder, name string
	}{
		{"Rule", "checkout", "Rule"},
		{"Outcome", "checkout", "Outcome"},
		{"Call", "risk", "Call"},
		{"Assessment.steps.items.state", "risk", "State"},
		{"Assessment.review.at_due", "checkout", "ReviewVerdict"},
		{"Review.at_due", "checkout", "ReviewVerdict"},
		{"ListedReview.state", "checkout", "ReviewState"},
		{"Callback.kind", "checkout", "CallbackKind"},
		{"Callback.state", "store", "CallbackState"},
		{"Timeline.authorization.state", "checkout", "AuthorizationState"},
		{"OrderStatus", "checkout", "OrderStatus"},
		{"Ask.step", "checkout", "Step"},
		{"Ask.problems.items.reason", "checkout", "Reason"},
		{"Ask.fields.items.type", "market", "DetailType"},
		{"Next.interaction", "lab", "Interaction"},
	} {
		node := kvitto
		for part := range strings.SplitSeq(row.at, ".") {
			if properties, ok := node.get("properties").(object); ok {
				node = properties
			}
			node = node.get(part).(object)
		}
		said, want := texts(node.get("enum").([]any)), constantsOf(t, row.folder, row.name)
		slices.Sort(said)
		if diff := cmp.Diff(said, want); diff != "" {
			t.Errorf("%s (- document, + %s.%s):\n%s", row.at, row.folder, row.name, diff)
		}
	}
	if said := strings.Join(texts(kvitto.get("PrimedOutcome").(object).get("enum").([]any)), ", "); said != lab.OutcomeNames {
		t.Errorf("outcomes are %s, the document says %s", lab.OutcomeNames, said)
	}
	for _, name := range texts(kvitto.get("AskedOutcome").(object).get("enum").([]any)) {
		if lab.Name(name) == "" {
			t.Errorf("nobody knows the outcome %q", name)
		}
	}
}

// constantsOf are the texts of a type's constants, but the empty one.
func constantsOf(t *testing.T, folder, typeName string) (found []string) {
	t.Helper()
	packages, err := parser.ParseDir(token.NewFileSet(), "../"+folder, func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packages {
		ast.Inspect(p, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if named, ok := spec.Type.(*ast.Ident); !ok || named.Name != typeName {
				return true
			}
			for _, value := range spec.Values {
				if literal, ok := value.(*ast.BasicLit); ok && literal.Kind == token.STRING && literal.Value != `""` {
					found = append(found, strings.Trim(literal.Value, `"`))
				}
			}
			return true
		})
	}
	slices.Sort(found)
	if len(found) == 0 {
		t.Fatalf("%s has no constants of the type %s", folder, typeName)
	}
	return found
}

// TestOperationsAreTold: each has a name of its own, a tag that the document
// explains, and a summary; a description of what it takes and answers is there for
// every parameter of a path.
func TestOperationsAreTold(t *testing.T) {
	t.Parallel()
	names := map[string]string{}
	for _, name := range []string{"payments", "kvitto"} {
		document := read(t, name)
		var tags []string
		for _, tag := range document.get("tags").([]any) {
			tags = append(tags, tag.(object).get("name").(string))
		}
		for _, item := range document.get("paths").(object) {
			for _, operation := range item.value.(object) {
				node, ok := operation.value.(object)
				if !ok {
					continue
				}
				id, _ := node.get("operationId").(string)
				if other, twice := names[id]; twice || id == "" {
					t.Errorf("%s %s has the name %q of %s", operation.name, item.name, id, other)
				}
				names[id] = item.name
				if summary, _ := node.get("summary").(string); summary == "" || strings.HasSuffix(summary, ".") {
					t.Errorf("%s: the summary is %q", id, summary)
				}
				said, _ := node.get("tags").([]any)
				for _, tag := range texts(said) {
					if !slices.Contains(tags, tag) {
						t.Errorf("%s: nobody explains the tag %q", id, tag)
					}
				}
				if len(said) == 0 {
					t.Errorf("%s has no tag", id)
				}
			}
		}
	}
}

// TestSourcesSayNothingOfOurs: the documents are for strangers.
func TestSourcesSayNothingOfOurs(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"payments.json", "kvitto.json"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"127.0.0.1", "localhost", "x-anchors", "&"} {
			if strings.Contains(string(text), word) {
				t.Errorf("%s has %q", name, word)
			}
		}
	}
}
