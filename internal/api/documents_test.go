package api

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/lab"
	"github.com/kvitto/kvitto/internal/openapi"
	"github.com/kvitto/kvitto/internal/openapi/openapitest"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/risk"
)

// These are there and are never called. The names beside the fields of the same
// name are for embedding.
type (
	tokens    = Tokens
	callbacks = Callbacks
	orders    = Orders
	reviews   = Reviews
)

// whole has every route there is; without a playground it has those of kvitto serve.
func whole(playground bool) *API {
	options := Options{Tokens: struct{ tokens }{}, Callbacks: struct{ callbacks }{}, Reviews: struct{ reviews }{}, Orders: struct{ orders }{}, Next: &lab.Queue{}, Faults: &lab.Faults{}}
	if playground {
		options.Playground = &lab.Clock{}
	}
	return &API{Options: options}
}

var inPath = regexp.MustCompile(`\{([a-z_]+)\}`)

// TestRoutesAreDocumented: the operations of the route table are those of the
// documents, with the same names, parameters of path and query, and marks of what
// only a playground has.
func TestRoutesAreDocumented(t *testing.T) {
	t.Parallel()
	served := whole(false).routes()
	var routed []string
	for path, methods := range whole(true).routes() {
		for method, route := range methods {
			_, always := served[path][method]
			var names []string
			for _, name := range inPath.FindAllStringSubmatch(path, -1) {
				names = append(names, name[1])
			}
			routed = append(routed, line(method, path, route.operation, !always, names, route.query))
		}
	}
	// The documents themselves are not the API's: they are for whoever asks.
	for path, name := range map[string]string{openapi.Path: "read_openapi", openapi.PaymentsPath: "read_payments_openapi"} {
		routed = append(routed, line(http.MethodGet, path, name, false, nil, nil))
	}
	var documented []string
	for _, o := range openapitest.Operations(t) {
		documented = append(documented, line(o.Method, o.Path, o.ID, o.Playground, o.PathNames, o.Query))
	}
	slices.Sort(routed)
	slices.Sort(documented)
	if diff := cmp.Diff(documented, routed); diff != "" {
		t.Errorf("routes are not what the documents say (- documents, + routes); the sources are in internal/openapi/source:\n%s", diff)
	}
}

func line(method, path, operation string, playground bool, names, query []string) string {
	query = slices.Sorted(slices.Values(query))
	return fmt.Sprintf("%s %s %s playground=%v path=%s query=%s", path, method, operation, playground, strings.Join(names, ","), strings.Join(query, ","))
}

// TestDeclaredParametersAreRead: a handler's parameters stand in its code; a query is
// read through the names of the route alone.
func TestDeclaredParametersAreRead(t *testing.T) {
	t.Parallel()
	code := ownCode(t)
	if n := strings.Count(code, "URL.Query()") + strings.Count(code, "FormValue("); n != 1 {
		t.Errorf("a query is read in %d places, want one: exchange.query", n)
	}
	for path, methods := range whole(true).routes() {
		for _, name := range inPath.FindAllStringSubmatch(path, -1) {
			if !strings.Contains(code, `PathValue("`+name[1]+`")`) {
				t.Errorf("nobody reads {%s} of %s", name[1], path)
			}
		}
		for _, route := range methods {
			for _, name := range route.query {
				read := regexp.MustCompile(`(Get\(|case |{|, )"` + name + `"`)
				if len(read.FindAllString(code, 2)) < 2 { // the route's own name is one
					t.Errorf("nobody reads the query parameter %q of %s", name, path)
				}
			}
		}
	}
}

// ownCode is the package without its tests.
func ownCode(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(text)
	}
	return code.String()
}

// TestDocumentedLimits: the numbers of the documents are those of the handlers.
func TestDocumentedLimits(t *testing.T) {
	t.Parallel()
	document := string(openapi.Kvitto())
	for what, number := range map[string]int{
		"searched exchanges": requestlog.SearchMax, "exchanges of a session": exchangesMax, "reviews": ReviewsShown, "orders": ordersMax, "seconds of a delay": delayMax, "minutes of a later outcome": lab.AfterMinutesMax,
		"calls that a fault befalls": lab.FaultCountMax, "milliseconds of a fault": int(lab.FaultWaitMax.Milliseconds()),
	} {
		if !strings.Contains(document, fmt.Sprintf(`"maximum": %d`, number)) {
			t.Errorf("the document does not have the limit of %s, %d", what, number)
		}
	}
	for name := range eventNames {
		if !strings.Contains(document, `"`+name+`"`) {
			t.Errorf("the document does not have the event %s", name)
		}
	}
	for what, said := range map[string]string{"a device": deviceID.String(), "the beginning of an order id": orderBeginning.String(), "callbacks": fmt.Sprintf("At most %d.", callbacksShown),
		"a call's id": fmt.Sprintf(`"maxLength": %d`, callIDMax), "bodies of a page": fmt.Sprintf("At most %d KiB", pageBodyMax>>10), "bodies of a review": fmt.Sprintf("At most %d KiB", reviewBodyMax>>10),
		"a rule file": fmt.Sprintf("at most %d KiB", risk.SentFileMax>>10), "rules with lists": fmt.Sprintf("at most %d MiB", replayBodyMax>>20), "texts of a search": fmt.Sprintf(`"maxLength": %d`, searchTextMax)} {
		if !strings.Contains(document, said) {
			t.Errorf("the document does not say %q of %s", said, what)
		}
	}
}

// TestFaultsBefallThePaymentsAPI: each of its operations and no other.
func TestFaultsBefallThePaymentsAPI(t *testing.T) {
	t.Parallel()
	var operations []string
	for path, methods := range whole(true).routes() {
		for _, route := range methods {
			if strings.HasPrefix(path, "/payments/v1/") {
				operations = append(operations, route.operation)
			}
		}
	}
	slices.Sort(operations)
	if diff := cmp.Diff(slices.Sorted(slices.Values(lab.FaultOperations)), operations); diff != "" {
		t.Errorf("(- faults, + routes)\n%s", diff)
	}
}
