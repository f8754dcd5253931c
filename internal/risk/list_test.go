package risk_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
)

// listed is a file with a list that is in no file.
func listed(path, condition string) []byte {
	return []byte(strings.Replace(string(file(condition+" -> deny")), "\n[[rule]]", "[lists]\ndisposable = \""+path+"\"\n[[rule]]", 1))
}

func reading(text string) risk.ReadList {
	return func(string, string) ([]byte, error) { return []byte(text), nil }
}

// TestListsAreLookedInto whatever the case, and belong to the version.
func TestListsAreLookedInto(t *testing.T) {
	t.Parallel()
	text := listed("lists/disposable.txt", `contact.email_domain in lists.disposable || "DROP.example " in lists.disposable && order_amount == 7`)
	var asked string
	set, err := risk.ParseWith(text, func(name, path string) ([]byte, error) {
		asked = name + " " + path
		return []byte("# addresses for a day\n Mail.Example # the largest\n\ndrop.example\r\n"), nil
	})
	if err != nil || asked != "disposable lists/disposable.txt" {
		t.Fatalf("%v, asked for %q", err, asked)
	}
	for email, want := range map[string]checkout.Outcome{"a@mail.example": checkout.OutcomeDeny, "a@DROP.example": checkout.OutcomeDeny,
		"a@example": checkout.OutcomeApprove, "a@# the largest": checkout.OutcomeApprove, "": checkout.OutcomeApprove} {
		in := risk.Input{Call: risk.CallAuthorize, Content: &checkout.Content{BillingAddress: &checkout.Address{Email: checkout.TextOf(email)}}}
		if got := set.Evaluate(in, nil); got.Decision.Outcome != want || got.Failed > 0 {
			t.Errorf("%s: %+v", email, got)
		}
	}
	if cost := set.Rules()[0].Cost; cost > 1000 {
		t.Errorf("looking into a list costs %d steps", cost)
	}
	other, err := risk.ParseWith(text, reading("mail.example\n"))
	again, errAgain := risk.ParseWith(text, reading("mail.example\n"))
	if err != nil || errAgain != nil || other.Version == set.Version || other.Version != again.Version {
		t.Errorf("%v, %v: versions %s, %s and again %s", err, errAgain, set.Version, other.Version, again.Version)
	}
}

// TestListsThatCannotBeUsed are told with the line that names them.
func TestListsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	long := func() string {
		var b strings.Builder
		for i := range 1_000_001 {
			fmt.Fprintln(&b, i)
		}
		return b.String()
	}
	in := `contact.email_domain in lists.disposable`
	for _, c := range []struct {
		path, condition string
		read            risk.ReadList
		want            string
	}{
		{"/etc/passwd", in, reading(""), `line 3: lists.disposable: is no path below the rule file; got: /etc/passwd`},
		{"../a.txt", in, reading(""), `is no path below the rule file`},
		{"a/../../b.txt", in, reading(""), `is no path below the rule file`},
		{"a\\\\b.txt", in, reading(""), `is no path below the rule file`},
		{"C:a.txt", in, reading(""), `is no path below the rule file`},
		{"", in, reading(""), `is no path below the rule file`},
		{"a.txt", in, nil, `line 3: lists.disposable: cannot be read here`},
		{"a.txt", in, func(string, string) ([]byte, error) { return nil, errors.New("no such file") }, `line 3: lists.disposable: the list cannot be read: no such file`},
		{"a.txt", in, reading("a\n\xff\n"), `line 3: lists.disposable: line 2 of the list is no UTF-8`},
		{"a.txt", in, reading("a\n" + strings.Repeat("x", 301)), `line 2 of the list has more than 300 characters`},
		{"a.txt", in, reading(long()), `the lists are too long: more than 1000000 entries together`},
		{"a.txt", in, reading(strings.Repeat("#", risk.ListBytesMax+1)), `the lists are too large`},
		{"a.txt", `order_amount in lists.disposable`, reading(""), `in does not take the types (int, kvitto.List)`},
		{"a.txt", `size(lists.disposable) > 3`, reading(""), `does not take the types`},
		{"a.txt", `lists.disposable.exists(l, l == "x")`, reading(""), `line 7: rule "r1": condition`},
		{"a.txt", `"x" in lists`, reading(""), `write lists.NAME, where NAME stands below [lists]`},
	} {
		_, err := risk.ParseWith(listed(c.path, c.condition), c.read)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %s:\n got %v\nwant %s", c.path, c.condition, err, c.want)
		}
	}
	for text, want := range map[string]string{"lists = 3\n": "lists: is no table", "[lists]\n\"a-b\" = \"x\"\n": "lists.a-b: is no name for a list",
		"[lists]\nb = 3\n": "line 2: lists.b: is no path; got: 3"} {
		if _, err := risk.ParseWith([]byte(text+second), reading("")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
}

// BenchmarkList looks into a list of a million.
func BenchmarkList(b *testing.B) {
	var text strings.Builder
	for i := range 1_000_000 {
		fmt.Fprintf(&text, "d%d.example\n", i)
	}
	set, err := risk.ParseWith(listed("a.txt", `contact.email_domain in lists.disposable`), reading(text.String()))
	if err != nil {
		b.Fatal(err)
	}
	in := risk.Input{Call: risk.CallAuthorize, Content: richContent()}
	for b.Loop() {
		set.Decide(&in)
	}
}
