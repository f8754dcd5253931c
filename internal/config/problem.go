package config

import (
	"fmt"
	"strings"
)

// Problem is one thing that is wrong.
type Problem struct {
	Source  string `json:"source"`         // kvitto.toml:3, KVITTO_LISTEN, --listen, or default
	Key     string `json:"key,omitzero"`   // as in the file
	Problem string `json:"problem"`        // what is wrong
	Next    string `json:"next,omitempty"` // what to do about it
}

// String is one line, and a second one with the next step.
func (p Problem) String() string {
	text := p.Source + ": "
	if p.Key != "" {
		text += p.Key + " "
	}
	text += p.Problem
	if p.Next != "" {
		text += "\n    " + p.Next
	}
	return text
}

// Invalid is a configuration that cannot be used.
type Invalid struct{ Problems []Problem }

func (e *Invalid) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the configuration has %d problem", len(e.Problems))
	if len(e.Problems) != 1 {
		b.WriteByte('s')
	}
	for _, problem := range e.Problems {
		b.WriteString("\n  " + strings.ReplaceAll(problem.String(), "\n", "\n  "))
	}
	return b.String()
}

// nearest is the known name that is most like one that is unknown, "" when
// none is alike. Names may be dotted; a right last part in the wrong section
// is as good as the same name.
func nearest(unknown string, known []string) string {
	best, least := "", max(2, len(unknown)/3)+1
	for _, name := range known {
		distance := editDistance(unknown, name)
		if last(name) == last(unknown) {
			distance = min(distance, 1)
		}
		if distance < least {
			best, least = name, distance
		}
	}
	return best
}

func last(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

// editDistance counts the insertions, deletions and substitutions between two
// texts, and the swap of two neighbours as one.
func editDistance(a, b string) int {
	before, above := make([]int, len(b)+1), make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			substitution := above[j-1]
			if a[i-1] != b[j-1] {
				substitution++
			}
			row[j] = min(above[j]+1, row[j-1]+1, substitution)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
