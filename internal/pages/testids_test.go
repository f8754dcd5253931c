package pages_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTestIDsAreTheDocumentedOnes: docs/test-ids.md and web/design/testids.ts
// list the same, and no page makes one of its own.
func TestTestIDsAreTheDocumentedOnes(t *testing.T) {
	t.Parallel()
	inSources := found(t, filepath.Join(web, "design", "testids.ts"), `(?m)^  \w+: '([^']+)',$`)
	inDocument := found(t, "../../docs/test-ids.md", "(?m)^\\| `([^`]+)` \\|")
	for id := range inSources {
		if !inDocument[id] {
			t.Errorf("docs/test-ids.md does not have %s", id)
		}
	}
	for id := range inDocument {
		if !inSources[id] {
			t.Errorf("docs/test-ids.md has %s, which no page has", id)
		}
	}
	for _, name := range sources(t, ".ts") {
		text, err := os.ReadFile(filepath.Join(web, name))
		if err != nil {
			t.Fatal(err)
		}
		if name != "design/testids.ts" && !strings.HasPrefix(name, "sdk/") && strings.Contains(string(text), "data-testid") {
			t.Errorf("%s makes a data-testid without testids.ts", name)
		}
	}
}

// TestEveryTestIDIsUsed: a documented id that no page puts on an element is a
// promise that is not kept.
func TestEveryTestIDIsUsed(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, name := range sources(t, ".ts") {
		for key := range found(t, filepath.Join(web, name), `(?:testId|fold)\([^\n]*?'(\w+)'`) {
			used[key] = true
		}
	}
	for key := range found(t, filepath.Join(web, "design", "testids.ts"), `(?m)^  (\w+): '[^']+',$`) {
		if !used[key] {
			t.Errorf("no page uses the test id %s", key)
		}
	}
}

func found(t *testing.T, file, pattern string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
		all[match[1]] = true
	}
	if len(all) == 0 && !strings.HasPrefix(file, web) {
		t.Fatalf("%s has no test ids: the test reads it wrong", file)
	}
	return all
}
