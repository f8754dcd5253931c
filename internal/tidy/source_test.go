package tidy_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

type source struct {
	path string // from the repository's root, with slashes
	text string
}

const root = "../.."

// goFiles are the Go files of the repository.
func goFiles(t *testing.T) []source { return files(t, ".go") }

func files(t *testing.T, suffixes ...string) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		if entry.IsDir() && name != root && (strings.HasPrefix(base, ".") || base == "node_modules" || base == "bin" || base == "scratch") {
			return filepath.SkipDir
		}
		for _, suffix := range suffixes {
			if !entry.IsDir() && strings.HasSuffix(base, suffix) {
				text, err := os.ReadFile(name)
				if err != nil {
					return err
				}
				relative, err := filepath.Rel(root, name)
				if err != nil {
					return err
				}
				all = append(all, source{filepath.ToSlash(relative), string(text)})
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no files found: the test looks in the wrong place")
	}
	return all
}

// The limits of the house.
const (
	functionLinesMax = 70
	fileLinesMax     = 500
	lineRunesMax     = 200
)

func TestFunctionsAndFilesAreShort(t *testing.T) {
	t.Parallel()
	for _, file := range goFiles(t) {
		if lines := strings.Count(file.text, "\n"); lines > fileLinesMax {
			t.Errorf("%s has %d lines, more than %d: a file holds one idea", file.path, lines, fileLinesMax)
		}
		for i, line := range strings.Split(file.text, "\n") {
			if n := len([]rune(line)); n > lineRunesMax && !strings.Contains(line, "`") && !strings.Contains(line, `"`) {
				t.Errorf("%s:%d has %d characters, more than %d", file.path, i+1, n, lineRunesMax)
			}
		}
		positions := token.NewFileSet()
		parsed, err := parser.ParseFile(positions, file.path, file.text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range parsed.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok {
				continue
			}
			lines := positions.Position(function.End()).Line - positions.Position(function.Pos()).Line + 1
			if lines > functionLinesMax {
				t.Errorf("%s: func %s has %d lines, more than %d", file.path, function.Name.Name, lines, functionLinesMax)
			}
		}
	}
}

func TestPackagesSayWhatTheyOwn(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	for _, file := range goFiles(t) {
		dir := filepath.ToSlash(filepath.Dir(file.path))
		parsed, err := parser.ParseFile(token.NewFileSet(), file.path, file.text, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		documented[dir] = documented[dir] || parsed.Doc != nil
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("package %s has no package comment", dir)
		}
		if base := filepath.Base(dir); base == "util" || base == "utils" || base == "common" || base == "manager" || base == "helpers" {
			t.Errorf("package %s: the name says nothing", dir)
		}
	}
}

// banned are texts that must not be in the code, each with what to do instead.
var banned = []struct {
	pattern *regexp.Regexp
	instead string
	tests   bool // also in tests
}{
	{regexp.MustCompile(`time\.Sleep\(`), "wait for what you wait for", true},
	{regexp.MustCompile(`\b(TODO|FIXME|XXX)\b`), "do it, or file an issue and name it", true},
	{regexp.MustCompile(`\blog\.(Print|Fatal|Panic)`), "use the injected slog.Logger", false},
	{regexp.MustCompile(`\bpanic\(`), "return an error", false},
	{regexp.MustCompile(`SELECT \*`), "name the columns: a new binary must work on an old schema", false},
}

// abort is how net/http is told to cut a connection; it has no other way.
const abort = "panic(http.ErrAbortHandler)"

func TestBannedIdioms(t *testing.T) {
	t.Parallel()
	for _, file := range goFiles(t) {
		if strings.HasPrefix(file.path, "internal/tidy/") {
			continue
		}
		for _, b := range banned {
			if strings.HasSuffix(file.path, "_test.go") && !b.tests {
				continue
			}
			initializer := false // must... functions may end a program that cannot start
			for i, line := range strings.Split(file.text, "\n") {
				if strings.HasPrefix(line, "func ") {
					initializer = strings.HasPrefix(line, "func must")
				}
				if initializer {
					continue
				}
				if comment := strings.Index(line, "//"); comment >= 0 && !strings.Contains(b.pattern.String(), "TODO") {
					line = line[:comment]
				}
				if b.pattern.MatchString(strings.ReplaceAll(line, abort, "")) {
					t.Errorf("%s:%d: %s: %s", file.path, i+1, b.pattern.FindString(line), b.instead)
				}
			}
		}
	}
}
