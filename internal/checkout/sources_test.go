package checkout_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sources are the parsed files of the pure packages, without their tests.
func sources(t *testing.T) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	for _, dir := range []string{".", filepath.Join("..", "money"), filepath.Join("..", "market")} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			path := filepath.Join(dir, entry.Name())
			if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			files[path] = file
		}
	}
	if len(files) < 15 {
		t.Fatalf("only %d files found", len(files))
	}
	return files
}

// pure are the packages the domain may use: none reads or writes anything.
// time is for instants and durations; reading the clock is refused apart.
var pure = []string{
	"encoding/hex", "fmt", "math", "math/big", "math/bits", "net/url", "slices", "sort", "strconv", "strings", "time", "unicode", "unicode/utf8",
	"github.com/kvitto/kvitto/internal/money", "github.com/kvitto/kvitto/internal/market",
}

// clockReads are the functions of package time that know what time it is.
var clockReads = []string{"Now", "Since", "Until", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "Sleep", "Local", "LoadLocation"}

// impurities lists what the sources do that only the shell may.
func impurities(files map[string]*ast.File) []string {
	var found []string
	for path, file := range files {
		for _, imported := range file.Imports {
			if name, _ := strconv.Unquote(imported.Path.Value); !slices.Contains(pure, name) {
				found = append(found, path+" imports "+name)
			}
		}
		ast.Inspect(file, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.SelectorExpr:
				if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "time" && slices.Contains(clockReads, n.Sel.Name) {
					found = append(found, path+" reads time."+n.Sel.Name)
				}
			case *ast.GoStmt:
				found = append(found, path+" starts a goroutine")
			}
			return true
		})
	}
	return found
}

// floats lists the uses of floating point in the sources.
func floats(files map[string]*ast.File) []string {
	var found []string
	for path, file := range files {
		ast.Inspect(file, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.Ident:
				if n.Name == "float64" || n.Name == "float32" || n.Name == "ParseFloat" || n.Name == "FormatFloat" {
					found = append(found, path+" uses "+n.Name)
				}
			case *ast.BasicLit:
				if n.Kind == token.FLOAT {
					found = append(found, path+" writes "+n.Value)
				}
			}
			return true
		})
	}
	return found
}

// TestTheScansSee what they are meant to see.
func TestTheScansSee(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "x.go", `package x
import ("os"; "time")
func f() float64 { go f(); os.Exit(int(time.Now().Unix())); return 0.5 }`, 0)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*ast.File{"x.go": file}
	got := append(impurities(files), floats(files)...)
	requireSame(t, "found", []string{
		"x.go imports os", "x.go starts a goroutine", "x.go reads time.Now", "x.go uses float64", "x.go writes 0.5",
	}, got)
}
