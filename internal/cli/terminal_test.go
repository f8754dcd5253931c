package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestFolded: no line is too long, and no word is lost or changed.
func TestFolded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune("aåb  \n"))).Draw(t, "text")
		width := rapid.IntRange(1, 12).Draw(t, "width")
		lines := folded(text, width)
		for _, line := range lines {
			if utf8.RuneCountInString(line) > width {
				t.Fatalf("%q is longer than %d", line, width)
			}
		}
		letters := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got := letters(strings.Join(lines, "\n")); got != letters(text) {
			t.Fatalf("%q became %q", text, lines)
		}
	})
	want := []string{"one two", "three", "fourandfiv", "e", "", "  six"}
	if diff := cmp.Diff(want, folded("one two three fourandfive\n\n  six", 10)); diff != "" {
		t.Errorf("the lines differ (-want +got):\n%s", diff)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	got := table([][]string{{"", "sent", ""}, {"å", "1", "in step 1"}, {"order_amount", "70600", ""}}, "lrl")
	want := "               sent\nå                 1  in step 1\norder_amount  70600"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the table differs (-want +got):\n%s", diff)
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	if got := printable("å\x1b[31m\n\x9b\u009b"); got != "å\uFFFD[31m\uFFFD\uFFFD\uFFFD" {
		t.Errorf("printable is %q", got)
	}
}

func TestOnlyTerminalsHaveColours(t *testing.T) {
	t.Parallel()
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if terminal(&bytes.Buffer{}) || terminal(file) {
		t.Error("a buffer or a file passes for a terminal")
	}
	if got := (paint{}).bold("x") + (paint{}).status(500, "y"); got != "xy" {
		t.Errorf("without colours the text is %q", got)
	}
	if got := (paint{true}).status(200, "a") + (paint{true}).status(404, "b") + (paint{true}).status(503, "c") + (paint{true}).dim(""); got !=
		"\x1b[32ma\x1b[0m\x1b[33mb\x1b[0m\x1b[31mc\x1b[0m" {
		t.Errorf("the colours are %q", got)
	}
}

func TestShortened(t *testing.T) {
	t.Parallel()
	const path = "/payments/v1/authorizations/01a20fac-5bf4-4c91-8219-5945c5cb781c/order"
	if got := shortened(path); got != "/payments/v1/authorizations/…c5cb781c/order" {
		t.Errorf("shortened is %q", got)
	}
}
