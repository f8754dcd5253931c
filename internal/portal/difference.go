package portal

import "strings"

// difference is what became of a text, line by line.
type difference struct {
	Lines          []diffLine
	Added, Removed int
	Whole          bool // the texts are too long to be compared: all of both is shown
}

// diffLine is a line of a difference.
type diffLine struct {
	Sign    string // "+" in the newer text alone, "-" in the older alone, " " in both
	Text    string
	Skipped int // lines that are the same and not shown; then it is nothing else
}

const (
	// diffCellsMax bounds the table of a comparison: two texts of two thousand lines
	// that have no line at their beginning and end in common.
	diffCellsMax = 4 << 20
	diffAround   = 3 // lines shown around a change
)

// differenceOf compares two texts: the longest common lines stay, as few as
// possible are added and removed.
func differenceOf(older, newer string) difference {
	a, b := strings.Split(older, "\n"), strings.Split(newer, "\n")
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var d difference
	for _, text := range a[:head] {
		d.add(" ", text)
	}
	d.middle(a[head:len(a)-tail], b[head:len(b)-tail])
	for _, text := range a[len(a)-tail:] {
		d.add(" ", text)
	}
	d.fold()
	return d
}

func (d *difference) add(sign, text string) {
	switch sign {
	case "+":
		d.Added++
	case "-":
		d.Removed++
	}
	d.Lines = append(d.Lines, diffLine{Sign: sign, Text: text})
}

// middle compares what the two do not have in common at their ends.
func (d *difference) middle(a, b []string) {
	if d.Whole = (len(a)+1)*(len(b)+1) > diffCellsMax; d.Whole {
		for _, text := range a {
			d.add("-", text)
		}
		for _, text := range b {
			d.add("+", text)
		}
		return
	}
	// common[i][j] is how many lines a[i:] and b[j:] have in common, in their order.
	common := make([][]int32, len(a)+1)
	for i := range common {
		common[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			d.add(" ", a[i])
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || common[i+1][j] >= common[i][j+1]):
			d.add("-", a[i])
			i++
		default:
			d.add("+", b[j])
			j++
		}
	}
}

// fold leaves away what is the same far from a change.
func (d *difference) fold() {
	near := make([]bool, len(d.Lines))
	for i := range d.Lines {
		if d.Lines[i].Sign == " " {
			continue
		}
		for around := max(0, i-diffAround); around <= min(len(d.Lines)-1, i+diffAround); around++ {
			near[around] = true
		}
	}
	var kept []diffLine
	for i := range d.Lines {
		switch last := len(kept) - 1; {
		case near[i]:
			kept = append(kept, d.Lines[i])
		case last >= 0 && kept[last].Skipped > 0:
			kept[last].Skipped++
		default:
			kept = append(kept, diffLine{Skipped: 1})
		}
	}
	d.Lines = kept
}
