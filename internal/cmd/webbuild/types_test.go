package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/browsertest"
)

// compiler checks the types that esbuild drops.
const compiler = "typescript@7.0.2"

// TestTypes: the sources, the published types and the tests of these are right
// by TypeScript's own compiler.
func TestTypes(t *testing.T) {
	t.Parallel()
	node := need(t, "node")
	tsc := filepath.Join(browsertest.NPM(t, compiler), "node_modules", "typescript", "bin", "tsc")
	check := func(arguments ...string) (report []byte, err error) {
		return exec.CommandContext(t.Context(), node, append([]string{tsc}, arguments...)...).CombinedOutput()
	}
	for _, project := range []string{"web", "web/npm"} {
		if report, err := check("-p", filepath.Join(root, project)); err != nil {
			t.Errorf("%s: %v\n%s", project, err, report)
		}
	}
	// The check finds what is wrong.
	wrong := t.TempDir()
	if err := replace(wrong, map[string][]byte{"a.ts": []byte("export const amount: number = '100.00';\n")}); err != nil {
		t.Fatal(err)
	}
	report, err := check("--noEmit", "--strict", filepath.Join(wrong, "a.ts"))
	if err == nil || !strings.Contains(string(report), "TS2322") {
		t.Errorf("a wrong type passed: %v\n%s", err, report)
	}
}
