package portal_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/portal"
)

// TestADifferenceIsWhatChangedAndALittleAroundIt.
func TestADifferenceIsWhatChangedAndALittleAroundIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, older, newer, want string }{
		{"nothing", "a b c", "a b c", "…3"},
		{"a line", "a b c", "a x c", " a|-b|+x| c"},
		{"at the ends", "a b c", "x a b c y", "+x| a| b| c|+y"},
		{"far apart", "a 1 2 3 4 5 6 7 b", "x 1 2 3 4 5 6 7 y", "-a|+x| 1| 2| 3|…1| 5| 6| 7|-b|+y"},
		{"what moved", "a b c d", "b c d a", "-a| b| c| d|+a"},
		{"twice the same", "a a b", "a b", " a|-a| b"},
		{"from nothing", "", "a", "-|+a"},
	} {
		lines, _ := portal.DifferenceOf(strings.ReplaceAll(c.older, " ", "\n"), strings.ReplaceAll(c.newer, " ", "\n"))
		if got := strings.Join(lines, "|"); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestADifferenceLeadsFromOneTextToTheOther, whatever they are.
func TestADifferenceLeadsFromOneTextToTheOther(t *testing.T) {
	t.Parallel()
	texts := []string{""}
	for _, letter := range []string{"a", "b", "c"} {
		for _, text := range slices.Clone(texts) {
			texts = append(texts, strings.TrimPrefix(text+"\n"+letter, "\n"), strings.TrimPrefix(letter+"\n"+text+"\n"+letter, "\n"))
		}
	}
	for _, older := range texts {
		for _, newer := range texts {
			lines, _ := portal.DifferenceOf(older, newer)
			if older == newer {
				continue
			}
			var from, to []string
			for _, line := range lines {
				sign, text := line[:1], line[1:]
				if sign != "+" {
					from = append(from, text)
				}
				if sign != "-" {
					to = append(to, text)
				}
			}
			if hidden := strings.Contains(strings.Join(lines, ""), "…"); !hidden && (strings.Join(from, "\n") != older || strings.Join(to, "\n") != newer) {
				t.Errorf("%q to %q: %q", older, newer, lines)
			}
		}
	}
}

// TestTextsThatAreTooLongAreShownWhole: a comparison has a bound.
func TestTextsThatAreTooLongAreShownWhole(t *testing.T) {
	t.Parallel()
	lines, whole := portal.DifferenceOf(strings.Repeat("a\n", 3000), strings.Repeat("b\n", 3000))
	if !whole || len(lines) != 6001 {
		t.Errorf("whole %v, %d lines", whole, len(lines))
	}
}
