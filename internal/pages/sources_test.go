package pages_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const web = "../../web"

// sources are the files of web/ with this ending, by their path in it.
func sources(t *testing.T, ending string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(web, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.Name() == "node_modules" {
			return filepath.SkipDir
		}
		if !entry.IsDir() && strings.HasSuffix(path, ending) {
			name, err := filepath.Rel(web, path)
			if err != nil {
				return err
			}
			names = append(names, filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatalf("no %s in %s: the test looks in the wrong place", ending, web)
	}
	return names
}
