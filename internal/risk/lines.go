package risk

import "strings"

// fileLines are where things stand in a rule file, for messages only: the TOML
// package tells positions of syntax errors alone.
type fileLines struct {
	top   map[string]int   // lines of keys before the first rule, from 1
	rules []map[string]int // lines of the keys of each rule; "" is its header
	opens map[int]bool     // lines that end by opening a text of many lines
}

// of is the line of a key of the rule with a number, -1 for none; where the key
// is not written it is the line of the rule.
func (l fileLines) of(rule int, key string) int {
	keys := l.top
	if rule >= 0 && rule < len(l.rules) {
		keys = l.rules[rule]
	}
	if line, ok := keys[key]; ok {
		return line
	}
	return keys[""]
}

// linesOf finds the lines of a file that is known to be TOML.
func linesOf(text string) fileLines {
	lines := fileLines{top: map[string]int{}, opens: map[int]bool{}}
	keys, prefix, within, number := lines.top, "", "", 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		line = strings.TrimSpace(line)
		if within != "" { // a text of many lines
			if strings.Contains(line, within) {
				within = ""
			}
			continue
		}
		switch {
		case strings.HasPrefix(line, "#"):
			continue
		case strings.HasPrefix(line, "[[") && header(line, "[[", "]]") == "rule":
			keys, prefix = map[string]int{"": number}, ""
			lines.rules = append(lines.rules, keys)
			continue
		case strings.HasPrefix(line, "["):
			if name := header(line, "[", "]"); name != "" {
				keys, prefix = lines.top, name+"."
				keys[name] = number
			}
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			continue
		}
		keys[prefix+strings.Trim(strings.TrimSpace(key), `"'`)] = number
		if within = opened(strings.TrimSpace(value)); within != "" {
			lines.opens[number] = strings.TrimSpace(value) == within
		}
	}
	return lines
}

// header is the name between the brackets, without blanks and quotation marks.
func header(line, before, after string) string {
	name, _, ok := strings.Cut(strings.TrimPrefix(line, before), after)
	if !ok {
		return ""
	}
	return strings.Trim(strings.TrimSpace(name), `"'`)
}

// opened are the quotation marks that end a text of many lines which begins in
// the value and does not end there.
func opened(value string) string {
	for _, marks := range []string{`"""`, `'''`} {
		if rest, ok := strings.CutPrefix(value, marks); ok && !strings.Contains(rest, marks) {
			return marks
		}
	}
	return ""
}
