package app

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// ruleDesk is a directory of rule files and what is told of them.
type ruleDesk struct {
	t   *testing.T
	dir string
	ruleSource
}

func openRuleDesk(t *testing.T, file bool) *ruleDesk {
	t.Helper()
	d := &ruleDesk{t: t, dir: t.TempDir()}
	d.write(defaultRulesName, 1)
	path := d.dir
	if file {
		path = filepath.Join(d.dir, defaultRulesName+rulesExtension)
	}
	source, err := rulesFrom(path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	d.ruleSource = source
	return d
}

// write makes rules that deny an amount; zero makes a file that is none.
func (d *ruleDesk) write(name string, amount int) {
	d.t.Helper()
	d.writeText(name+rulesExtension, map[bool]string{true: "no rules", false: fmt.Sprintf(
		"name = \"a%d\"\n[[rule]]\nname = \"a\"\npriority = 1\ncondition = 'order_amount == %d'\naction = \"deny\"\nreason = \"x\"\n", amount, amount)}[amount == 0])
}

func (d *ruleDesk) writeText(name, text string) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, name), []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// told is the versions of a merchant, the newest first, and whether the file as it
// is now was refused.
func (d *ruleDesk) told(merchant string) string {
	in := d.toldOf(merchant)
	var names []string
	for _, v := range in.Versions {
		names = append(names, v.Name)
		if !strings.Contains(v.Text, v.Name) || v.Since.IsZero() {
			d.t.Errorf("version %s: %+v", v.Name, v)
		}
	}
	if in.Set.Name != names[0] || in.Set.Version != in.Versions[0].Version {
		d.t.Errorf("%s decides, and %s is said to", in.Set, names[0])
	}
	if in.Problem != nil {
		names = append(names, "refused")
	}
	if in.Own {
		names = append(names, "own")
	}
	return strings.Join(names, " ")
}

func (d *ruleDesk) mustTell(what, merchant, want string) {
	d.t.Helper()
	if got := d.told(merchant); got != want {
		d.t.Errorf("%s: %s, want %s", what, got, want)
	}
}

// TestWhatWasUsedIsToldWithItsText, and what a bad file changes: nothing but that
// it is told.
func TestWhatWasUsedIsToldWithItsText(t *testing.T) {
	t.Parallel()
	d := openRuleDesk(t, true)
	d.mustTell("at first", "", "a1")
	d.write(defaultRulesName, 2)
	d.mustTell("changed", "shop", "a2 a1")
	d.write(defaultRulesName, 0)
	d.mustTell("a bad file", "", "a2 a1 refused")
	d.mustTell("a bad file, looked at again", "", "a2 a1 refused")
	d.write(defaultRulesName, 2)
	d.mustTell("as before", "", "a2 a1")
	d.write(defaultRulesName, 1)
	d.mustTell("back again", "", "a1 a2 a1")
	if err := os.Remove(filepath.Join(d.dir, defaultRulesName+rulesExtension)); err != nil {
		t.Fatal(err)
	}
	d.mustTell("gone", "", "a1 a2 a1 refused")
}

func TestVersionsAreBounded(t *testing.T) {
	t.Parallel()
	d := openRuleDesk(t, true)
	for i := range versionsKept + 10 {
		d.write(defaultRulesName, 100+i)
		d.told("")
	}
	if n := len(d.toldOf("").Versions); n != versionsKept+1 {
		t.Errorf("%d versions are kept, want %d", n, versionsKept+1)
	}
	for _, name := range []string{"b1", "b2", "b3", "b4"} {
		d.writeText(defaultRulesName+rulesExtension, "name = \""+name+"\"\n[[rule]]\nname = \"a\"\npriority = 1\ncondition = 'order_amount == 1'\naction = \"deny\"\nreason = \"x\"\n#"+strings.Repeat("x", 900<<10))
		d.told("")
	}
	if n := len(d.toldOf("").Versions); n != 3 {
		t.Errorf("%d versions of almost a megabyte are kept, want 3", n)
	}
}

// TestEachMerchantIsToldOfItsOwnRules or of everybody's.
func TestEachMerchantIsToldOfItsOwnRules(t *testing.T) {
	t.Parallel()
	d := openRuleDesk(t, false)
	d.mustTell("everybody", "", "a1")
	d.mustTell("without a file", "shop", "a1")
	d.write("shop", 0)
	d.mustTell("with a bad file", "shop", "a1 refused")
	d.mustTell("others", "another", "a1")
	d.write("shop", 7)
	d.mustTell("with a good one", "shop", "a7 own")
	d.write("shop", 0)
	d.mustTell("with one that got bad", "shop", "a7 refused own")
	d.mustTell("everybody after all", "", "a1")
}

// TestListsOfTheRulesInUseAreRead, and no other file.
func TestListsOfTheRulesInUseAreRead(t *testing.T) {
	t.Parallel()
	d := openRuleDesk(t, false)
	d.writeText("bad.txt", "bad@example.com\n")
	d.writeText("other.txt", "other\n")
	d.writeText(defaultRulesName+rulesExtension, "name = \"l\"\n[lists]\nbad = \"bad.txt\"\n[[rule]]\nname = \"a\"\npriority = 1\ncondition = 'billing_address.email in lists.bad'\naction = \"deny\"\nreason = \"x\"\n")
	d.mustTell("with a list", "", "l a1")
	if lists := d.toldOf("").Versions[0].Lists; len(lists) != 1 || lists[0].Path != "bad.txt" || lists[0].Bytes != 16 {
		t.Errorf("%+v", lists)
	}
	if data, err := d.listOf("shop", "bad.txt"); err != nil || string(data) != "bad@example.com\n" {
		t.Errorf("%q, %v", data, err)
	}
	for _, path := range []string{"other.txt", "../bad.txt", "default.toml", "/etc/passwd", ""} {
		if data, err := d.listOf("shop", path); err == nil {
			t.Errorf("%s: %q", path, data)
		}
	}
}
