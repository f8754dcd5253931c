package config

import (
	"fmt"
	"strings"
)

// lineNumbers finds the line of each key in a file that is known to be TOML,
// for messages only: the TOML package tells positions of syntax errors alone.
// What looks like a key inside a text of many lines is harmless.
func lineNumbers(text string) map[string]int {
	lines := make(map[string]int)
	note := func(key string, number int) {
		if _, ok := lines[key]; !ok {
			lines[key] = number
		}
	}
	section, number := "", 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			name, _, ok := strings.Cut(strings.TrimLeft(line, "["), "]")
			if ok && !strings.Contains(name, ",") {
				note(bareKey(name), number)
				section = bareKey(name) + "."
			}
			continue
		}
		if key, _, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			note(section+bareKey(key), number)
		}
	}
	return lines
}

// bareKey takes the blanks and quotation marks from a dotted key.
func bareKey(key string) string {
	parts := strings.Split(key, ".")
	for i := range parts {
		parts[i] = strings.Trim(strings.TrimSpace(parts[i]), `"'`)
	}
	return strings.Join(parts, ".")
}

// line is where a key stands, or the section or inline table it stands in.
func (l *Loaded) line(key string) int {
	for key != "" {
		if number, ok := l.lines[key]; ok {
			return number
		}
		key = key[:max(0, strings.LastIndexByte(key, '.'))]
	}
	return 0
}

// position is FILE:LINE of a key.
func (l *Loaded) position(key string) string {
	if number := l.line(key); number > 0 {
		return fmt.Sprintf("%s:%d", l.inputs.File, number)
	}
	return l.inputs.File
}
