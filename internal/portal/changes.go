package portal

import (
	"slices"
	"strings"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/wire"
)

// properties are the values of a content by their paths, as JSON.
type properties struct {
	paths  []string
	values map[string]string
}

// propertiesOf are all values of a content that were stated.
func propertiesOf(c *checkout.Content) properties {
	p := properties{values: map[string]string{}}
	lines, _ := jsonLines(wire.AppendContent(nil, c)) // it is JSON: we wrote it
	for i := range lines {
		if l := &lines[i]; l.Kind != "bracket" {
			p.paths = append(p.paths, l.path)
			p.values[l.path] = l.Value
		}
	}
	return p
}

// change is a property that became another; an empty side is an absent one.
type change struct {
	Path     string
	Old, New string
}

// changesBetween lists what differs, in the order of the newer content. An order
// line that came or went is one change.
func changesBetween(older, newer *properties) (changes []change) {
	paths := slices.Clone(newer.paths)
	for _, path := range older.paths {
		if _, stays := newer.values[path]; !stays {
			paths = append(paths, path)
		}
	}
	lines := map[string]bool{}
	for _, path := range paths {
		before, after := older.values[path], newer.values[path]
		if before == after {
			continue
		}
		line := lineOf(path)
		if line == "" || older.hasLine(line) == newer.hasLine(line) {
			changes = append(changes, change{path, before, after})
			continue
		}
		if !lines[line] {
			lines[line] = true
			changes = append(changes, change{line, older.summary(line), newer.summary(line)})
		}
	}
	return changes
}

// lineOf is order_lines[1] for what stands in it; "" for what stands elsewhere.
func lineOf(path string) string {
	line, _, inside := strings.Cut(path, "].")
	if !inside || !strings.HasPrefix(line, "order_lines[") {
		return ""
	}
	return line + "]"
}

func (p *properties) hasLine(line string) bool {
	return slices.ContainsFunc(p.paths, func(path string) bool { return strings.HasPrefix(path, line+".") })
}

// summary is an order line in a few words; "" where there is none.
func (p *properties) summary(line string) string {
	if !p.hasLine(line) {
		return ""
	}
	text := p.values[line+".quantity"] + " × " + p.values[line+".name"]
	if total := p.values[line+".total_amount"]; total != "" {
		text += ", total_amount " + total
	}
	return text
}
