package tidy_test

import (
	"os"
	"os/exec"
	"path"
	"regexp"
	"strings"
	"testing"
)

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(root + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestEveryDivergenceHasATest: each row of docs/divergences.md ends with the
// name of a test or golden file that exists.
func TestEveryDivergenceHasATest(t *testing.T) {
	t.Parallel()
	var code strings.Builder
	for _, file := range files(t, "_test.go") {
		code.WriteString(file.text)
	}
	rows := 0
	for i, line := range strings.Split(document(t, "docs/divergences.md"), "\n") {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if !strings.HasPrefix(line, "|") || len(cells) < 4 || strings.HasPrefix(line, "|---") || strings.Contains(line, "| test |") {
			continue
		}
		rows++
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[len(cells)-1], -1) {
			exists := strings.Contains(code.String(), "func "+name[1]+"(")
			if !exists {
				_, err := os.Stat(root + "/internal/contract/testdata/golden/" + name[1] + ".txtar")
				exists = err == nil
			}
			if !exists {
				t.Errorf("docs/divergences.md:%d names the test %q, which does not exist", i+1, name[1])
			}
		}
		if !strings.Contains(cells[len(cells)-1], "`") {
			t.Errorf("docs/divergences.md:%d names no test", i+1)
		}
	}
	if rows < 10 {
		t.Errorf("only %d rows were read from docs/divergences.md", rows)
	}
}

// TestEveryDependencyHasAReason: each direct dependency is named in an ADR.
func TestEveryDependencyHasAReason(t *testing.T) {
	t.Parallel()
	var reasons strings.Builder
	for _, file := range files(t, ".md") {
		if strings.HasPrefix(file.path, "docs/adr/") {
			reasons.WriteString(file.text)
		}
	}
	for _, line := range strings.Split(document(t, "go.mod"), "\n") {
		fields := strings.Fields(strings.TrimPrefix(line, "require "))
		if len(fields) < 2 || !strings.HasPrefix(fields[1], "v") || strings.Contains(line, "// indirect") {
			continue
		}
		if !strings.Contains(reasons.String(), fields[0]) {
			t.Errorf("%s is a direct dependency and no document in docs/adr says why", fields[0])
		}
	}
}

func TestReadmeIsShort(t *testing.T) {
	t.Parallel()
	if lines := strings.Count(document(t, "README.md"), "\n"); lines > 200 {
		t.Errorf("README.md has %d lines, more than 200", lines)
	}
	if log := document(t, "CHANGELOG.md"); !strings.Contains(log, "## [Unreleased]") {
		t.Error("CHANGELOG.md has no section for what is unreleased")
	}
}

// TestTheBinaryHasNoTestLibraries: what only tests or the build need stays out
// of it.
func TestTheBinaryHasNoTestLibraries(t *testing.T) {
	t.Parallel()
	output, err := exec.CommandContext(t.Context(), "go", "list", "-deps", module+"cmd/kvitto").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, output)
	}
	for _, name := range []string{"testing", "pgregory.net/rapid", "github.com/anishathalye/porcupine", "github.com/google/go-cmp/cmp", "github.com/chromedp/chromedp", "github.com/rogpeppe/go-internal/testscript", "github.com/evanw/esbuild/pkg/api"} {
		for _, dependency := range strings.Fields(string(output)) {
			if dependency == name {
				t.Errorf("the binary contains %s", name)
			}
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)

// TestLinksLeadSomewhere: every relative link of a document names a file or
// folder of the repository.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	links := 0
	for _, file := range files(t, ".md") {
		for _, match := range link.FindAllStringSubmatch(file.text, -1) {
			links++
			if _, err := os.Stat(root + "/" + path.Join(path.Dir(file.path), match[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", file.path, match[1])
			}
		}
	}
	if links < 10 {
		t.Errorf("only %d links were read", links)
	}
}
