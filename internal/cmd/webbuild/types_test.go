package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// compiler checks the types that esbuild drops.
const compiler = "typescript@7.0.2"

// compilerMax bounds its installation and its run.
const compilerMax = 3 * time.Minute

// TestTypes: the sources, the published types and the tests of these are right
// by TypeScript's own compiler.
func TestTypes(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), compilerMax)
	defer cancel()
	tsc := installCompiler(ctx, t)
	for _, project := range []string{"web", "web/npm"} {
		if report, err := exec.CommandContext(ctx, tsc, "-p", filepath.Join(root, project)).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", project, err, report)
		}
	}
	// The check finds what is wrong.
	wrong := t.TempDir()
	if err := replace(wrong, map[string][]byte{"a.ts": []byte("export const amount: number = '100.00';\n")}); err != nil {
		t.Fatal(err)
	}
	report, err := exec.CommandContext(ctx, tsc, "--noEmit", "--strict", filepath.Join(wrong, "a.ts")).CombinedOutput()
	if err == nil || !strings.Contains(string(report), "TS2322") {
		t.Errorf("a wrong type passed: %v\n%s", err, report)
	}
}

// installCompiler puts the compiler into a folder of the test.
func installCompiler(ctx context.Context, t *testing.T) (tsc string) {
	t.Helper()
	missing := func(why string) {
		if os.Getenv("CI") != "" {
			t.Fatal(why)
		}
		t.Skip("NOT TESTED: " + why)
	}
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing(tool + " is not installed, so the types of web/ were not checked")
		}
	}
	folder := t.TempDir()
	install := exec.CommandContext(ctx, "npm", "install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", compiler)
	if report, err := install.CombinedOutput(); err != nil {
		missing("npm cannot install " + compiler + ": " + err.Error() + "\n" + string(report))
	}
	return filepath.Join(folder, "node_modules", ".bin", "tsc")
}
