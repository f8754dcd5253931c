package timeline

import (
	"bytes"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/wire"
)

// Properties are the values of a content by their paths, as JSON.
type Properties struct {
	paths  []string
	values map[string]string
}

// PropertiesOf are all values of a content that were stated.
func PropertiesOf(c *checkout.Content) Properties {
	p := Properties{values: map[string]string{}}
	decoder := jsontext.NewDecoder(bytes.NewReader(wire.AppendContent(nil, c)))
	for {
		token, err := decoder.ReadToken()
		if err != nil {
			return p // its end: it is JSON, we wrote it
		}
		kind, length := decoder.StackIndex(decoder.StackDepth())
		name := kind == '{' && length%2 == 1
		if name || strings.ContainsRune("{}[]", rune(token.Kind())) {
			continue
		}
		path := wire.PropertyPath(decoder.StackPointer())
		p.paths = append(p.paths, path)
		p.values[path] = Quoted(token)
	}
}

// At is the value at a path as JSON; empty where none was stated.
func (p *Properties) At(path string) string { return p.values[path] }

// Change is a property that became another; an empty side is an absent one.
type Change struct {
	Path     string
	Old, New string
}

// Between lists what differs, in the order of the newer content. An order
// line that came or went is one change.
func Between(older, newer *Properties) (changes []Change) {
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
			changes = append(changes, Change{path, before, after})
			continue
		}
		if !lines[line] {
			lines[line] = true
			changes = append(changes, Change{line, older.summary(line), newer.summary(line)})
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

func (p *Properties) hasLine(line string) bool {
	return slices.ContainsFunc(p.paths, func(path string) bool { return strings.HasPrefix(path, line+".") })
}

// summary is an order line in a few words; "" where there is none.
func (p *Properties) summary(line string) string {
	if !p.hasLine(line) {
		return ""
	}
	text := p.values[line+".quantity"] + " × " + p.values[line+".name"]
	if total := p.values[line+".total_amount"]; total != "" {
		text += ", total_amount " + total
	}
	return text
}
