package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/kvitto/kvitto/internal/browsertest"
)

// TestUnits runs the tests that stand beside the modules in web/ with node's
// own test runner. They need no document.
func TestUnits(t *testing.T) {
	t.Parallel()
	node := need(t, "node")
	var tests []string
	for _, name := range unitTests(t) {
		absolute, err := filepath.Abs(name)
		if err != nil {
			t.Fatal(err)
		}
		tests = append(tests, absolute)
	}
	folder := t.TempDir()
	built := api.Build(api.BuildOptions{
		EntryPoints: tests, Bundle: true, Splitting: true, Write: true, Outdir: folder, OutExtension: map[string]string{".js": ".mjs"},
		Platform: api.PlatformNode, Format: api.FormatESModule, Target: api.ES2022, Sourcemap: api.SourceMapInline,
	})
	if len(built.Errors) > 0 {
		t.Fatal(strings.Join(api.FormatMessages(built.Errors, api.FormatMessagesOptions{}), "\n"))
	}
	arguments := []string{"--enable-source-maps", "--test"}
	for _, file := range built.OutputFiles {
		if strings.HasSuffix(file.Path, ".test.mjs") {
			arguments = append(arguments, file.Path)
		}
	}
	run := exec.CommandContext(t.Context(), node, arguments...)
	run.Dir = folder
	output, err := run.CombinedOutput()
	if err != nil || !strings.Contains(string(output), "# fail 0") || strings.Contains(string(output), "# pass 0\n") {
		t.Errorf("%v\n%s", err, output)
	}
}

// TestUnitsHaveTheirTypes checks the tests of web/ too, which are in no bundle.
func TestUnitsHaveTheirTypes(t *testing.T) {
	t.Parallel()
	node := need(t, "node")
	tsc := filepath.Join(browsertest.NPM(t, compiler), "node_modules", "typescript", "bin", "tsc")
	types := filepath.Join(browsertest.NPM(t, "@types/node@20.19.0"), "node_modules", "@types")
	output, err := exec.CommandContext(t.Context(), node, tsc, "--project", filepath.Join(root, source, "tsconfig.test.json"), "--typeRoots", types).CombinedOutput()
	if err != nil {
		t.Errorf("tsc: %v\n%s", err, output)
	}
}

// unitTests are the files of web/ whose names end with .test.ts. Those of the
// npm package are for the compiler alone.
func unitTests(t *testing.T) (names []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(root, source), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.Name() == "node_modules" || entry.Name() == "npm" {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".test.ts") {
			names = append(names, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatalf("no tests in %s: the test looks in the wrong place", source)
	}
	return names
}

// need finds a program, or skips the test loudly; where CI is set it fails.
func need(t *testing.T, program string) (path string) {
	t.Helper()
	path, err := exec.LookPath(program)
	switch {
	case err == nil:
	case os.Getenv("CI") == "":
		t.Skipf("NOT TESTED: %s is not installed", program)
	default:
		t.Fatal(err)
	}
	return path
}
