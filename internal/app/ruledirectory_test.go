package app_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/app"
)

// TestEachMerchantMayHaveItsRules: a file of its id decides instead of the default,
// from when it appears until it goes away; a bad one replaces nothing.
func TestEachMerchantMayHaveItsRules(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	everybody, own, other := filepath.Join(dir, "default.toml"), filepath.Join(dir, "merchant.toml"), filepath.Join(dir, "another.toml")
	replaceFile(t, everybody, ruleFile(100, ""))
	replaceFile(t, other, ruleFile(7, "of another"))
	var log lockedBuffer
	server := serve(t, app.Config{Rules: dir, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for _, step := range []struct {
		when       string
		file, text string // an empty text removes the file
		approved   bool
	}{
		{"the default alone", everybody, ruleFile(100, "again"), false},
		{"a file appears", own, ruleFile(7, ""), true},
		{"the default changes", everybody, ruleFile(100, "once more"), true},
		{"the file changes", own, ruleFile(100, "own"), false},
		{"the file is broken", own, "name = ", false},
		{"the default denies nothing", everybody, ruleFile(8, ""), false},
		{"the file goes away", own, "", true},
		{"a broken file appears", own, "name = ", true},
		{"and is mended", own, ruleFile(100, "mended"), false},
		{"the default goes away", everybody, "", false},
		{"and so does the file", own, "", false},
		{"the default is back", everybody, ruleFile(9, ""), true},
		{"a name that is no id", filepath.Join(dir, "m one.toml"), ruleFile(100, ""), true},
	} {
		if step.text == "" {
			if err := os.Remove(step.file); err != nil {
				t.Fatal(err)
			}
		} else {
			replaceFile(t, step.file, step.text)
		}
		for range 2 {
			if got := approves(t, server.URL); got != step.approved {
				t.Errorf("%s: approved %t, want %t", step.when, got, step.approved)
			}
		}
	}
	text := log.String()
	for said, times := range map[string]int{"the changed rule file cannot be used": 2, "the rule file of a merchant is gone": 2,
		"its name is no merchant id": 1, "the risk rules of a file are used": 2} {
		if n := strings.Count(text, said); n != times {
			t.Errorf("%q is told %d times, want %d:\n%s", said, n, times, text)
		}
	}
}

// TestAServerDoesNotStartWithABadDirectory: the rules for everybody must be there,
// and every file must be one that can be used.
func TestAServerDoesNotStartWithABadDirectory(t *testing.T) {
	t.Parallel()
	for want, files := range map[string]map[string]string{
		"default.toml: open":             {"merchant.toml": ruleFile(1, "")},
		"merchant.toml: name: is empty":  {"default.toml": ruleFile(1, ""), "merchant.toml": "name = ''\n" + strings.SplitN(ruleFile(1, ""), "\n", 2)[1]},
		"default.toml: there is no rule": {"default.toml": "name = \"a\"\n"},
	} {
		dir := t.TempDir()
		for name, text := range files {
			replaceFile(t, filepath.Join(dir, name), text)
		}
		_, err := open(t, app.Config{DataDir: t.TempDir(), Listen: "127.0.0.1:0", Rules: dir})
		if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), "line 1: ", ""), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

const listedRules = `name = "shop"
[lists]
known = "lists/known.txt"
[[rule]]
name = "domain"
priority = 1
condition = 'contact.email_domain in lists.known'
action = "deny"
reason = "on the list"
`

// TestAListIsReadAgainWhenItChanges, and never from outside of the directory.
func TestAListIsReadAgainWhenItChanges(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, list := filepath.Join(dir, "rules.toml"), filepath.Join(dir, "lists", "known.txt")
	if err := os.Mkdir(filepath.Dir(list), 0o700); err != nil {
		t.Fatal(err)
	}
	replaceFile(t, list, "Email.SE # of the cart\n")
	replaceFile(t, file, listedRules)
	var log lockedBuffer
	server := serve(t, app.Config{Rules: file, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	expect := func(when string, want bool) {
		t.Helper()
		for range 2 {
			if got := approves(t, server.URL); got != want {
				t.Errorf("%s: approved %t, want %t", when, got, want)
			}
		}
	}
	expect("on the list", false)
	replaceFile(t, list, "other.example\n")
	expect("not on it", true)
	replaceFile(t, list, "email.se\nother.example\n")
	expect("on it again", false)
	if err := os.Remove(list); err != nil {
		t.Fatal(err)
	}
	expect("without a list", false)
	outside := filepath.Join(t.TempDir(), "known.txt")
	replaceFile(t, outside, "third.example\n")
	if err := os.Symlink(outside, list); err != nil {
		t.Fatal(err)
	}
	expect("with one from elsewhere", false)
	if err := os.Remove(list); err != nil {
		t.Fatal(err)
	}
	replaceFile(t, list, "fourth.example\n")
	expect("after the repair", true)
	for said, times := range map[string]int{"the risk rules were replaced": 3, "the changed rule file cannot be used": 2, "the list cannot be read": 2,
		"is no name that conditions know": 0} {
		if n := strings.Count(log.String(), said); n != times {
			t.Errorf("%q is told %d times, want %d:\n%s", said, n, times, log.String())
		}
	}
}
