package cli_test

import (
	"path/filepath"
	"regexp"
	"testing"

	"github.com/kvitto/kvitto/internal/app"
)

// TestEraseOnTheCommandLine counts first, erases when it is told to, and says what
// is missing.
func TestEraseOnTheCommandLine(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	if _, err := app.Migrate(t.Context(), "sqlite:"+filepath.Join(directory, "kvitto.db")); err != nil {
		t.Fatal(err)
	}
	run := func(exit int, want string, args ...string) {
		t.Helper()
		code, stdout, stderr := command(t, append(append([]string{"erase"}, args...), "--data", directory)...)
		if code != exit || !regexp.MustCompile(want).MatchString(stdout+stderr) {
			t.Errorf("%v: exit %d, %s%s, want %s", args, code, stdout, stderr, want)
		}
	}
	const all, mail = "--all-merchants", "--email=anna@example.com"
	run(0, `^would be erased from\n  sessions            0  0 of them open, which end\n(?s:.*)nothing is known of this person`, all, mail)
	run(0, `^would be erased from\n(?s:.*)nothing is known of this person`, all, mail, "--phone=0701234567", "--dry-run")
	run(0, `^erased from\n(?s:.*)--compact; backups keep everything(?s:.*)`, all, mail, "--yes")
	run(0, `^erased from\n(?s:.*)\nbackups keep everything`, all, mail, "--yes", "--compact")
	run(0, `^\{"dry_run":true,"sessions":0,.*"remembered":0\}\n`, all, mail, "--json")
	run(2, `say whose data`, mail)
	run(2, `say whose data`, mail, all, "--merchant=x")
	run(2, `nobody is named`, all)
	run(2, `give one of them`, all, mail, "--yes", "--dry-run")
	run(2, `goes with --yes`, all, mail, "--compact")
	run(1, `no merchant has the id "x"`, "--merchant=x", mail)
	run(1, `an e-mail address is given whole`, all, "--email=anna")
	run(1, `a phone number is given whole`, all, "--phone=12")
	run(1, `no session or order that can be erased has this id`, all, "--order=0b1d9815-165e-42e2-8867-35bc03789e00")
	run(1, `no session or order that can be erased has this id`, all, "--session=x")
}
