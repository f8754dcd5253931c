package portal

import (
	"maps"
	"slices"
	"strconv"
)

// Routes are the patterns of what people see and do, without the controls of a
// playground.
func Routes() []string {
	var all []string
	for _, routes := range []map[string]handler{reading, acting, deciding, weighing, trying, setting, granting, erasing} {
		all = slices.AppendSeq(all, maps.Keys(routes))
	}
	return all
}

// DifferenceOf is the lines of a difference, each with its sign, and "…" for those
// that are not shown.
func DifferenceOf(older, newer string) (lines []string, whole bool) {
	d := differenceOf(older, newer)
	for _, l := range d.Lines {
		if l.Skipped > 0 {
			lines = append(lines, "…"+strconv.Itoa(l.Skipped))
			continue
		}
		lines = append(lines, l.Sign+l.Text)
	}
	return lines, d.Whole
}
