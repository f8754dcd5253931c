package risk

import (
	"fmt"
	"strconv"
	"strings"
)

// Problem is one thing that is wrong with a rule file.
type Problem struct {
	Line     int    // from 1; 0 when it is about the whole file
	Column   int    // from 1; 0 when it is about the whole line
	Rule     string // its name; empty outside a rule or when it has none
	Key      string // of the file, such as condition
	Value    string // what the file says, cut when it is long
	Problem  string
	Expected string
	Hint     string
}

// String is one line.
func (p Problem) String() string {
	var b strings.Builder
	if p.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", p.Line)
	}
	if p.Rule != "" {
		fmt.Fprintf(&b, "rule %s: ", strconv.Quote(p.Rule))
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Problem)
	for _, more := range []struct{ name, text string }{{"got", p.Value}, {"expected", p.Expected}, {"hint", p.Hint}} {
		if more.text != "" {
			b.WriteString("; " + more.name + ": " + more.text)
		}
	}
	return b.String()
}

// Invalid is a rule file that cannot be used, with everything wrong with it.
type Invalid struct{ Problems []Problem }

// Error has a line for each problem.
func (e *Invalid) Error() string {
	lines := make([]string, len(e.Problems))
	for i, problem := range e.Problems {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// valueMax bounds what a problem repeats of a file.
const valueMax = 80

func shortened(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > valueMax {
		return string(runes[:valueMax]) + "..."
	}
	return text
}

// nearest is the name most like text, or "" when none is near.
func nearest(text string, names []string) string {
	best, distance := "", len(text)/3+2
	for _, name := range names {
		if d := editDistance(text, name); d < distance {
			best, distance = name, d
		}
	}
	return best
}

// editDistance counts the letters to change, add or take away.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

func didYouMean(text string, names []string) string {
	if name := nearest(text, names); name != "" {
		return "did you mean " + name + "?"
	}
	return ""
}
