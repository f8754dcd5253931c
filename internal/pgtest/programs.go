package pgtest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// ErrMissing: PostgreSQL is not installed.
var ErrMissing = errors.New("pgtest: PostgreSQL is not installed: neither is initdb in the PATH nor is there " +
	"/usr/lib/postgresql/*/bin; install Debian's package postgresql (as root: .ci/postgresql)")

// programs is the folder with initdb, postgres and the others.
func programs() (string, error) {
	if found, err := exec.LookPath("initdb"); err == nil {
		if resolved, err := filepath.EvalSymlinks(found); err == nil && complete(filepath.Dir(resolved)) {
			return filepath.Dir(resolved), nil
		}
	}
	installed, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	installed = slices.DeleteFunc(installed, func(dir string) bool { return !complete(dir) })
	if len(installed) == 0 {
		return "", ErrMissing
	}
	return slices.MaxFunc(installed, func(a, b string) int { return majorOf(a) - majorOf(b) }), nil
}

func complete(dir string) bool {
	for _, name := range []string{"initdb", "postgres", "pg_ctl", "pg_basebackup"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// majorOf is 15 for /usr/lib/postgresql/15/bin, 0 where there is no number.
func majorOf(dir string) int {
	number, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir))) // 0 is the answer to an error
	return number
}

// need ends the test when PostgreSQL is missing: loudly skipped on a machine
// of a person, failed where CI is set.
func need(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, ErrMissing) && os.Getenv("CI") == "":
		t.Skip(err)
	default:
		t.Fatal(err)
	}
}
