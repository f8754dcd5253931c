package migration_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/migration"
)

func files(contents ...string) fstest.MapFS {
	all := fstest.MapFS{"notes.md": &fstest.MapFile{Data: []byte("no step")}}
	for i, sql := range contents {
		all[fmt.Sprintf("%04d_step.sql", i+1)] = &fstest.MapFile{Data: []byte(sql)}
	}
	return all
}

func load(t *testing.T, from fstest.MapFS) []migration.File {
	t.Helper()
	known, err := migration.Load(from)
	if err != nil {
		t.Fatal(err)
	}
	return known
}

func applied(known []migration.File) []migration.Applied {
	var all []migration.Applied
	for _, file := range known {
		all = append(all, migration.Applied{Number: file.Number, Name: file.Name, Checksum: file.Checksum})
	}
	return all
}

func TestLoadNumbersAndNamesTheFiles(t *testing.T) {
	t.Parallel()
	want := []migration.File{
		{Number: 1, Name: "0001_step.sql", SQL: "one", Checksum: "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"},
		{Number: 2, Name: "0002_step.sql", SQL: "two", Checksum: "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3"},
	}
	if diff := cmp.Diff(want, load(t, files("one", "two"))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFilesAreNumberedWithoutAGap(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"0003_gap.sql", "2_short.sql", "0001_twice.sql", "notes.sql", "0002.sql", "-002_sign.sql"} {
		known := files("one")
		known[name] = &fstest.MapFile{Data: []byte("two")}
		if got, err := migration.Load(known); err == nil {
			t.Errorf("%s was taken: %v", name, got)
		}
	}
}

func TestPendingIsWhatComesAfterWhatWasApplied(t *testing.T) {
	t.Parallel()
	known := load(t, files("one", "two", "three"))
	for n := range len(known) + 1 {
		got, err := migration.Pending(known, applied(known[:n]))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(applied(known[n:]), applied(got)); diff != "" {
			t.Errorf("after %d (-want +got):\n%s", n, diff)
		}
	}
}

func TestANewerSchemaIsRefusedWithWhatToDo(t *testing.T) {
	t.Parallel()
	all := load(t, files("one", "two", "three"))
	_, err := migration.Pending(all[:1], applied(all))
	var newer *migration.NewerError
	if !errors.As(err, &newer) {
		t.Fatalf("got %v, want a NewerError", err)
	}
	if diff := cmp.Diff(migration.NewerError{Stored: 3, Known: 1}, *newer); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !strings.Contains(err.Error(), "run that one") {
		t.Errorf("%q does not say what to do", err)
	}
}

func TestAChangedStepIsRefusedWithWhatToDo(t *testing.T) {
	t.Parallel()
	known := load(t, files("one", "two", "three"))
	for name, alter := range map[string]func([]migration.Applied) []migration.Applied{
		"other content": func(a []migration.Applied) []migration.Applied { a[1].Checksum = "x"; return a },
		"other name":    func(a []migration.Applied) []migration.Applied { a[1].Name = "0002_other.sql"; return a },
		"left out":      func(a []migration.Applied) []migration.Applied { return []migration.Applied{a[0], a[2]} },
		"twice":         func(a []migration.Applied) []migration.Applied { return []migration.Applied{a[0], a[0], a[1], a[2]} },
	} {
		_, err := migration.Pending(known, alter(applied(known)))
		var changed *migration.ChangedError
		if !errors.As(err, &changed) || changed.Stored == changed.Known {
			t.Errorf("%s: got %v, want a ChangedError", name, err)
			continue
		}
		if !strings.Contains(err.Error(), "run that build") {
			t.Errorf("%s: %q does not say what to do", name, err)
		}
	}
}
