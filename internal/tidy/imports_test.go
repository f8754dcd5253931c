package tidy_test

import (
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/kvitto/kvitto/"

// mayImport is the direction of the code: a package may import those listed
// and nothing else of this module. Test files are free.
var mayImport = map[string][]string{
	"internal/money":           {},
	"internal/market":          {},
	"internal/compression":     {},
	"internal/hostname":        {},
	"internal/identifier":      {},
	"internal/migration":       {},
	"internal/pgtest":          {},
	"internal/browsertest":     {},
	"internal/rawhttp":         {},
	"internal/pgpool":          {},
	"internal/checkout":        {"internal/market", "internal/money"},
	"internal/risk":            {"internal/checkout", "internal/identifier"},
	"internal/wire":            {"internal/checkout", "internal/market", "internal/money"},
	"internal/store":           {"internal/checkout", "internal/identifier", "internal/money"},
	"internal/store/record":    {"internal/checkout", "internal/compression", "internal/market", "internal/money", "internal/risk", "internal/wire"},
	"internal/store/memstore":  {"internal/checkout", "internal/store"},
	"internal/store/storetest": {"internal/checkout", "internal/identifier", "internal/money", "internal/market", "internal/store", "internal/store/memstore"},
	"internal/store/postgres":  {"internal/checkout", "internal/identifier", "internal/migration", "internal/money", "internal/pgpool", "internal/store", "internal/store/record"},
	"internal/store/sqlite":    {"internal/checkout", "internal/identifier", "internal/migration", "internal/money", "internal/store", "internal/store/record"},
	"internal/clienttoken":     {"internal/checkout", "internal/market"},
	"internal/credential":      {"internal/identifier", "internal/store"},
	"internal/admin":           {"internal/account", "internal/credential", "internal/store"},
	"internal/config":          {"internal/checkout", "internal/outbound"},
	"internal/account":         {"internal/identifier", "internal/store"},
	"internal/proxy":           {},
	"internal/authority":       {},
	"internal/truststore":      {},
	"internal/tunnel":          {},
	"internal/backup":          {"internal/requestlog/sqlite", "internal/store/sqlite"},
	"internal/lab":             {"internal/checkout", "internal/credential"},
	"internal/service":         {"internal/checkout", "internal/identifier", "internal/risk", "internal/store"},
	"internal/api": {"internal/checkout", "internal/credential", "internal/hostname", "internal/identifier", "internal/lab", "internal/market", "internal/notify", "internal/outbound", "internal/overload", "internal/proxy", "internal/ratelimit",
		"internal/requestlog", "internal/risk", "internal/service", "internal/store", "internal/timeline", "internal/wire"},
	"internal/console":               {"internal/checkout", "internal/requestlog"},
	"internal/widget":                {"internal/checkout"},
	"internal/notify":                {"internal/checkout", "internal/outbound", "internal/requestlog", "internal/store"},
	"internal/outbound":              {},
	"internal/outbound/outboundtest": {},
	"internal/assessor":              {"internal/checkout", "internal/outbound", "internal/risk", "internal/wire"},
	"internal/signin":                {"internal/account", "internal/hostname", "internal/portal", "internal/proxy", "internal/ratelimit", "internal/store"},
	"internal/ratelimit":             {},
	"internal/overload":              {},
	"internal/tracing":               {"internal/requestlog", "internal/service", "internal/store"},
	"internal/app":                   nil, // everything
	"internal/cli":                   nil, // everything below main
	"client":                         {},
	"kvittotest":                     {"client", "internal/app"},
	"cmd/kvitto":                     {"internal/cli"},
	"examples/shop":                  {"client"}, // what a merchant has
	"examples/shop/cmd/shop":         {"examples/shop"},
	"internal/cmd/bench":             nil, // it fills stores and starts clusters
	"internal/cmd/fuzzall":           {},
	"internal/cmd/soak":              {"internal/pgtest", "internal/rawhttp"},
	"internal/browser":               {},
	"internal/timeline":              {"internal/checkout", "internal/identifier", "internal/requestlog", "internal/store", "internal/wire"},
	"internal/openapi":               {},
	"internal/openapi/openapitest":   {"internal/openapi"},
	"internal/contract":              {},
	"internal/pages":                 {},
	"internal/promises":              {},
	"internal/testcustomers":         {},
	"internal/tidy":                  {},
	"internal/simulation":            {},
	"internal/portal":                {"internal/account", "internal/admin", "internal/checkout", "internal/hostname", "internal/identifier", "internal/lab", "internal/money", "internal/notify", "internal/requestlog", "internal/risk", "internal/service", "internal/store", "internal/timeline", "internal/wire"},

	"internal/requestlog":          {"internal/checkout", "internal/compression", "internal/identifier", "internal/requestlog/home", "internal/requestlog/postgres", "internal/requestlog/sqlite"},
	"internal/requestlog/home":     {},
	"internal/requestlog/postgres": {"internal/identifier", "internal/migration", "internal/pgpool", "internal/requestlog/home"},
	"internal/requestlog/sqlite":   {"internal/migration", "internal/requestlog/home"},

	"internal/cmd/webbuild": {},
}

func TestImportsFollowTheDirection(t *testing.T) {
	t.Parallel()
	for _, file := range goFiles(t) {
		if strings.HasSuffix(file.path, "_test.go") {
			continue
		}
		own := path.Dir(file.path)
		allowed, known := mayImport[own]
		if !known {
			t.Errorf("%s: package %s is not in the list of this test; add it with what it may import", file.path, own)
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file.path, file.text, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			relative, ours := strings.CutPrefix(imported, module)
			if ours && allowed != nil && !slices.Contains(allowed, relative) {
				t.Errorf("%s imports %s, which %s may not", file.path, relative, own)
			}
		}
	}
}

// onlyImporter are libraries that stay inside one package, so that it can be
// replaced, and costs nothing where it is not used.
var onlyImporter = map[string]string{
	"go.opentelemetry.io/":        "internal/tracing",
	"github.com/evanw/esbuild/":   "internal/cmd/webbuild",
	"github.com/chromedp/":        "internal/browsertest",
	"cel.dev/":                    "internal/risk",
	"github.com/santhosh-tekuri/": "internal/openapi/openapitest",

	"github.com/go-webauthn/":    "internal/account",
	"golang.org/x/crypto/argon2": "internal/account",
}

func TestLibrariesStayInTheirPackage(t *testing.T) {
	t.Parallel()
	found := 0
	for _, file := range goFiles(t) {
		parsed, err := parser.ParseFile(token.NewFileSet(), file.path, file.text, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			for library, own := range onlyImporter {
				if !strings.HasPrefix(strings.Trim(spec.Path.Value, `"`), library) {
					continue
				}
				found++
				if path.Dir(file.path) != own {
					t.Errorf("%s imports %s: only %s may", file.path, spec.Path.Value, own)
				}
			}
		}
	}
	if found < len(onlyImporter) {
		t.Error("nobody imports the libraries of this test: it looks for the wrong ones")
	}
}

// pureMayNotImport keeps the functional core pure.
var pureMayNotImport = []string{"net/http", "database/sql", "os", "encoding/json", "context", "crypto/rand", "math/rand", "math/rand/v2"}

func TestTheCoreIsPure(t *testing.T) {
	t.Parallel()
	for _, file := range goFiles(t) {
		own := path.Dir(file.path)
		if strings.HasSuffix(file.path, "_test.go") || !slices.Contains([]string{"internal/money", "internal/market", "internal/checkout"}, own) {
			continue
		}
		for _, banned := range pureMayNotImport {
			if strings.Contains(file.text, `"`+banned+`"`) {
				t.Errorf("%s imports %s: the core takes time, ids and decisions as arguments", file.path, banned)
			}
		}
		if strings.Contains(file.text, "time.Now(") {
			t.Errorf("%s reads the clock (promise 9)", file.path)
		}
		if strings.Contains(file.text, "float64") || strings.Contains(file.text, "float32") {
			t.Errorf("%s has a float: amounts are integers of minor units", file.path)
		}
	}
}
