package risk_test

import (
	"os"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/risk"
)

// TestTheDocumentNamesEverything: each name conditions can use, each property
// that is not the protocol's, and each rule of the default. Its example is a
// file that is taken.
func TestTheDocumentNamesEverything(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/risk.md")
	if err != nil {
		t.Fatal(err)
	}
	document := string(text)
	for _, name := range risk.Names() {
		wanted := []string{name.Name}
		if name.Name == "contact" || name.Name == "cart" || name.Name == "session" {
			for _, property := range name.Properties {
				wanted = append(wanted, property.Name)
			}
		}
		for _, one := range wanted {
			if !strings.Contains(document, "`"+one+"`") {
				t.Errorf("docs/risk.md does not name %s", one)
			}
		}
	}
	for _, property := range propertiesOf("email_history") {
		name, window, windowed := strings.Cut(property, "_")
		if at := strings.LastIndex(property, "_"); windowed {
			name, window = property[:at], property[at+1:]
			name += "_W"
		}
		if !strings.Contains(document, "`"+name+"`") || windowed && !strings.Contains(document, "`"+window+"`") {
			t.Errorf("docs/risk.md does not name %s of histories", property)
		}
	}
	for _, rule := range risk.DefaultRules().Rules() {
		if !strings.Contains(document, "`"+rule.Name+"` ") {
			t.Errorf("docs/risk.md does not explain the rule %s", rule.Name)
		}
	}
	blocks := strings.Split(document, "```toml\n")[1:]
	if len(blocks) < 2 {
		t.Fatal("docs/risk.md has no examples of a file and of a list")
	}
	for i, block := range blocks {
		example, _, _ := strings.Cut(block, "```")
		if i > 0 {
			example = head + example
		}
		if _, err := risk.ParseWith([]byte(example), reading("")); err != nil {
			t.Errorf("an example of docs/risk.md: %v\n%s", err, example)
		}
	}
}

func propertiesOf(variable string) (names []string) {
	for _, name := range risk.Names() {
		for _, property := range name.Properties {
			if name.Name == variable {
				names = append(names, property.Name)
			}
		}
	}
	return names
}
