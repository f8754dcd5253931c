package requestlog

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/identifier"
)

var update = flag.Bool("update", false, "write what is stored of the bodies in testdata/personal; then read the difference")

// personalCase is a file of testdata/personal: a body, what is stored of it,
// what must not be in that, and searches that find it nevertheless.
type personalCase struct {
	name, file, body, stored string
	hidden, finds            []string
}

const (
	storedPart = "\n-- stored --\n"
	hiddenPart = "-- hidden --\n"
	findsPart  = "-- finds --\n"
)

func personalCases(t *testing.T) (cases []personalCase) {
	t.Helper()
	files, err := filepath.Glob("testdata/personal/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no bodies: %v", err)
	}
	lines := func(part string) []string {
		return strings.FieldsFunc(part, func(r rune) bool { return r == '\n' })
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c := personalCase{name: strings.TrimSuffix(filepath.Base(file), ".txt"), file: file}
		body, rest, _ := strings.Cut(strings.TrimPrefix(string(text), "-- body --\n"), storedPart)
		stored, rest, _ := strings.Cut(rest, hiddenPart)
		hidden, finds, whole := strings.Cut(rest, findsPart)
		if !whole {
			t.Fatalf("%s lacks a part", file)
		}
		c.body, c.stored, c.hidden, c.finds = body, strings.TrimSuffix(stored, "\n"), lines(hidden), lines(finds)
		cases = append(cases, c)
	}
	return cases
}

// Personal data is masked before anything is stored, and what is whole still
// finds its exchange, indexed or not.
func TestPersonalDataIsMasked(t *testing.T) { onEachHome(t, testPersonalDataIsMasked) }

func testPersonalDataIsMasked(t *testing.T, open place) {
	l := open(t, Options{MaskPersonal: true, SearchKey: []byte("key"), indexByHand: true})
	ids := map[string]string{}
	cases := personalCases(t)
	for i, c := range cases {
		e := Exchange{
			CorrelationID: identifier.New(noon(1).Add(time.Duration(i) * time.Second)), MerchantID: "m1", At: noon(1), Status: 200 + 200*(i%2),
		}
		if ids[c.name] = e.CorrelationID; i%3 == 0 {
			e.ResponseBody = []byte(c.body)
		} else {
			e.RequestBody = []byte(c.body)
		}
		record(t, l, e)
		found := find(t, l, "m1", e.CorrelationID)
		stored := string(found.RequestBody) + string(found.ResponseBody)
		if *update {
			writePersonalCase(t, c, stored)
		} else if diff := cmp.Diff(c.stored, stored); diff != "" {
			t.Errorf("%s (-want +stored):\n%s", c.name, diff)
		}
		for _, hidden := range c.hidden {
			if strings.Contains(stored, hidden) {
				t.Errorf("%s: %q is stored", c.name, hidden)
			}
		}
	}
	for _, when := range []string{"before it is indexed", "after"} {
		for _, c := range cases {
			for _, text := range c.finds {
				found := searched(t, l, Query{MerchantID: "m1", Text: text})
				if !strings.Contains(strings.Join(found, " "), ids[c.name]) {
					t.Errorf("%s: %s does not find it %s", c.name, text, when)
				}
			}
		}
		index(t, l)
	}
}

func writePersonalCase(t *testing.T, c personalCase, stored string) {
	t.Helper()
	text := "-- body --\n" + c.body + storedPart + stored + "\n" + hiddenPart + strings.Join(append(c.hidden, ""), "\n") + findsPart + strings.Join(append(c.finds, ""), "\n")
	if err := os.WriteFile(c.file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Without the key nothing is found by what is masked.
func TestKeyedHashesNeedTheKey(t *testing.T) {
	t.Parallel()
	address := homes["sqlite"](t)
	l := placeAt(address)(t, Options{MaskPersonal: true, SearchKey: []byte("key")})
	e := success("c1")
	e.RequestBody = []byte(`{"email":"anna@example.com"}`)
	record(t, l, e)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]int{"key": 1, "another": 0} {
		l := placeAt(address)(t, Options{MaskPersonal: true, SearchKey: []byte(key)})
		page, err := l.Search(context.Background(), Query{MerchantID: "m1", Text: "anna@example.com", Limit: 1})
		if err != nil || len(page.Exchanges) != want {
			t.Errorf("with %s: %d found, %v", key, len(page.Exchanges), err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Every property that is masked is seen by the quick look.
func TestMarksOfPersonalProperties(t *testing.T) {
	t.Parallel()
	masking := newRedaction(&Options{MaskPersonal: true})
	for name := range personalNames {
		if way, known := hows[name]; known && way == asItIs {
			continue
		}
		if !masking.mentions([]byte(`{"` + name + `":1}`)) {
			t.Errorf("a body with %s is not looked at", name)
		}
	}
	for name := range personalObjects {
		if !masking.mentions([]byte(`{"` + name + `":{"x":1}}`)) {
			t.Errorf("a body with %s is not looked at", name)
		}
	}
}
