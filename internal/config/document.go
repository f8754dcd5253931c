package config

import (
	"fmt"
	"reflect"
	"strings"
)

// Example is a file with every key, its sentence and its default.
func Example() string {
	defaults := Default()
	var b strings.Builder
	b.WriteString("# Kvitto, as `kvitto serve --config FILE` reads it. Every value is the default.\n")
	section := ""
	for _, s := range settings(&defaults) {
		name := s.key
		if own, rest, ok := strings.Cut(s.key, "."); ok {
			name = rest
			if own != section {
				section = own
				fmt.Fprintf(&b, "\n[%s]\n", section)
			}
		}
		if section == "" || !strings.HasSuffix(b.String(), "]\n") {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "# %s\n", s.doc)
		if s.unit != "" {
			fmt.Fprintf(&b, "# Unit: %s.\n", s.unit)
		}
		fmt.Fprintf(&b, "%s = %s\n", name, s.literal())
	}
	return b.String()
}

// literal is the value as TOML.
func (s setting) literal() string {
	switch s.value.Kind() {
	case reflect.Bool, reflect.Int, reflect.Float64:
		return s.text()
	case reflect.Slice, reflect.Map:
		return "[]"
	default:
		return fmt.Sprintf("%q", s.text())
	}
}

// Reference is docs/configuration.md.
func Reference() string {
	defaults := Default()
	var b strings.Builder
	b.WriteString(referenceHead)
	section := "top"
	for _, s := range settings(&defaults) {
		own, _, ok := strings.Cut(s.key, ".")
		if !ok {
			own = ""
		}
		if own != section {
			section = own
			title := "`[" + own + "]`"
			if own == "" {
				title = "Top level"
			}
			fmt.Fprintf(&b, "\n## %s\n\n| key | unit | default | |\n|---|---|---|---|\n", title)
		}
		value := "`" + s.literal() + "`"
		fmt.Fprintf(&b, "| `%s`<br>`%s` | %s | %s | %s |\n", s.key, Variable(s.key), s.unit, value, s.doc)
	}
	return b.String()
}

const referenceHead = `# Configuration

Made from ` + "`internal/config/config.go`" + ` by ` + "`go test ./internal/config -update`" + `; a test
fails when the two differ.

` + "`kvitto serve --config FILE`" + ` reads one TOML file. Later beats earlier: the
defaults below, the file, the environment variable named under each key, the
command line. ` + "`KVITTO_CONFIG`" + ` names the file when ` + "`--config`" + ` does not.

` + "```sh" + `
kvitto config example > kvitto.toml      # every key with its default
kvitto config check --config kvitto.toml # everything that is wrong, at once
` + "```" + `

A key that does not exist is an error, and so is a variable that is nearly one
of these. Durations are written ` + "`10s`, `1m30s`, `48h`, `30d`" + `; amounts of memory
` + "`64MiB`, `10GiB`" + ` or a number of bytes; a list in a variable has commas. The URL
of the store may hold a password: put it into a file of its own and name it
with ` + "`store_file`" + `. No command prints it.
`
