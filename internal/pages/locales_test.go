package pages_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/market"
)

// message is a text, or its forms by plural category.
type message map[string]string

func (m *message) UnmarshalJSON(text []byte) error {
	var plain string
	if json.Unmarshal(text, &plain) == nil {
		*m = message{"": plain}
		return nil
	}
	return json.Unmarshal(text, (*map[string]string)(m))
}

func locale(t *testing.T, language string) (messages map[string]message) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(web, "locales", language+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &messages); err != nil {
		t.Fatalf("%s: %v", language, err)
	}
	return messages
}

func languages() (all []string) {
	for _, m := range market.All() {
		for _, name := range m.Locales {
			all = append(all, name[:2])
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestEveryLanguageOfTheMarketsHasItsTexts(t *testing.T) {
	t.Parallel()
	catalog, err := os.ReadFile(filepath.Join(web, "language", "catalog.ts"))
	if err != nil {
		t.Fatal(err)
	}
	english := locale(t, "en")
	for _, language := range languages() {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			own := locale(t, language)
			for key := range english {
				if len(own[key]) == 0 {
					t.Errorf("%s is missing", key)
				}
			}
			for key := range own {
				if english[key] == nil {
					t.Errorf("%s is unknown: en.json has no such key", key)
				}
			}
			if language != "en" && !strings.Contains(string(catalog), "import('../locales/"+language+".json')") {
				t.Errorf("catalog.ts does not load %s.json", language)
			}
		})
	}
}

func TestNoTextsWithoutAMarket(t *testing.T) {
	t.Parallel()
	for _, name := range sources(t, ".json") {
		language, ok := strings.CutSuffix(strings.TrimPrefix(name, "locales/"), ".json")
		if strings.HasPrefix(name, "locales/") && ok && !slices.Contains(languages(), language) {
			t.Errorf("%s is the language of no market", name)
		}
	}
}

// pluralForms are the categories that Unicode's CLDR has for whole numbers of
// each language; the pages count nothing else and nothing above a thousand.
var pluralForms = map[string][]string{
	"cs": {"few", "one", "other"}, "sk": {"few", "one", "other"}, "pl": {"few", "many", "one"}, "ro": {"few", "one", "other"},
}

var placeholder = regexp.MustCompile(`\{(\w+)\}`)

// placeholders are those of a form; count may be said in words.
func placeholders(form string) (names []string) {
	for _, match := range placeholder.FindAllStringSubmatch(form, -1) {
		if match[1] != "count" {
			names = append(names, match[1])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestTextsHaveTheirFormsAndPlaceholders(t *testing.T) {
	t.Parallel()
	english := locale(t, "en")
	for _, language := range languages() {
		for key, forms := range locale(t, language) {
			want := placeholders(english[key][""] + english[key]["other"])
			counts := strings.Contains(english[key][""]+english[key]["other"], "{count}")
			if forms[""] == "" {
				needed := pluralForms[language]
				if needed == nil {
					needed = []string{"one", "other"}
				}
				for _, category := range append([]string{"other"}, needed...) {
					if forms[category] == "" {
						t.Errorf("%s: %s has no form %q", language, key, category)
					}
				}
			}
			for category, form := range forms {
				if got := placeholders(form); !slices.Equal(got, want) {
					t.Errorf("%s: %s %s has the placeholders %v, en.json has %v", language, key, category, got, want)
				}
				if has := strings.Contains(form, "{count}"); has && !counts || !has && counts && category != "one" {
					t.Errorf("%s: %s %s: {count} must be where en.json has it", language, key, category)
				}
				if strings.TrimSpace(form) != form || form == "" || strings.Contains(form, "<") {
					t.Errorf("%s: %s %s is %q: texts are not empty, have no space around them and no markup", language, key, category, form)
				}
			}
		}
	}
}

// TestEveryTextIsUsed: a key that no module names is a text that nobody sees.
func TestEveryTextIsUsed(t *testing.T) {
	t.Parallel()
	var code strings.Builder
	for _, name := range sources(t, ".ts") {
		if strings.HasSuffix(name, ".test.ts") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(web, name))
		if err != nil {
			t.Fatal(err)
		}
		code.Write(text)
	}
	// Families whose last part comes from data.
	families := []string{"method.", "field.", "date.", "stage.", "changed."}
	for key := range locale(t, "en") {
		if strings.Contains(code.String(), "'"+key+"'") {
			continue
		}
		family, _, _ := strings.Cut(key, ".")
		switch {
		case slices.Contains(families, family+".") && strings.Contains(code.String(), "`"+family+".${"):
		case strings.HasSuffix(key, ".title") && strings.Contains(code.String(), "`${ask.step}.title`"):
		case family == "problem" && strings.Contains(code.String(), "`problem.${reason}`"):
		default:
			t.Errorf("no module says %s", key)
		}
	}
}
