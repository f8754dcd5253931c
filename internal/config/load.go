package config

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// Inputs are where a configuration comes from.
type Inputs struct {
	File        string            // path of the TOML file; empty for none
	Environment []string          // NAME=VALUE, as of os.Environ
	Flags       map[string]string // values given on the command line, by key
}

// Loaded is a configuration and where each value came from.
type Loaded struct {
	Config
	sources map[string]string // by key; a key without one has its default
	lines   map[string]int
	inputs  Inputs
}

// Load reads, overlays and checks. Its error is an *Invalid with everything
// that is wrong, or says why the file could not be read.
func Load(inputs Inputs) (*Loaded, error) {
	l := &Loaded{Config: Default(), sources: make(map[string]string), inputs: inputs}
	var problems []Problem
	if inputs.File != "" {
		found, err := l.readFile()
		if err != nil {
			return nil, err
		}
		problems = append(problems, found...)
	}
	problems = append(problems, l.readEnvironment()...)
	problems = append(problems, l.readFlags()...)
	problems = append(problems, l.readStoreFile()...)
	broken := make(map[string]bool)
	for _, problem := range problems {
		broken[problem.Key] = true
	}
	// Checks go by key in the order of the struct, whatever order they ran in.
	checked := l.check()
	order := keysOf(settings(&l.Config))
	slices.SortStableFunc(checked, func(a, b Problem) int { return slices.Index(order, a.Key) - slices.Index(order, b.Key) })
	for _, problem := range checked {
		if !broken[problem.Key] { // it has its default only because its value is no value
			problems = append(problems, problem)
		}
	}
	if len(problems) > 0 {
		return nil, &Invalid{problems}
	}
	return l, nil
}

// source says where the value of a key came from.
func (l *Loaded) source(key string) string {
	if source, ok := l.sources[key]; ok {
		return source
	}
	return "default"
}

// readFile sets what the file says.
func (l *Loaded) readFile() ([]Problem, error) {
	text, err := os.ReadFile(l.inputs.File)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w\nmake one with: kvitto config example", err)
	}
	var tree map[string]any
	if _, err := toml.Decode(string(text), &tree); err != nil {
		var parse toml.ParseError
		if !errors.As(err, &parse) {
			return nil, fmt.Errorf("configuration: %s: %w", l.inputs.File, err)
		}
		return []Problem{{
			Source: fmt.Sprintf("%s:%d", l.inputs.File, parse.Position.Line), Problem: "this is no TOML: " + parse.Message,
			Next: "see https://toml.io, or begin with: kvitto config example",
		}}, nil
	}
	l.lines = lineNumbers(string(text))
	return l.take(tree), nil
}

// take sets the values of a parsed file. Tables hold keys or further tables.
func (l *Loaded) take(tree map[string]any) []Problem {
	all := settings(&l.Config)
	var problems []Problem
	var walk func(prefix string, table map[string]any)
	walk = func(prefix string, table map[string]any) {
		for _, name := range sortedKeys(table) {
			key, value := prefix+name, table[name]
			source := l.position(key)
			if i := slices.IndexFunc(all, func(s setting) bool { return s.key == key }); i >= 0 {
				l.sources[key] = source
				if err := all[i].set(value); err != nil {
					problems = append(problems, Problem{source, key, err.Error(), ""})
				}
				continue
			}
			section := slices.ContainsFunc(all, func(s setting) bool { return strings.HasPrefix(s.key, key+".") })
			inner, isTable := value.(map[string]any)
			switch {
			case section && isTable:
				walk(key+".", inner)
			case section:
				problems = append(problems, Problem{source, key, "is a section", "write [" + key + "] and its keys below it"})
			default:
				problems = append(problems, unknownKey(source, key, all, isTable))
			}
		}
	}
	walk("", tree)
	slices.SortStableFunc(problems, func(a, b Problem) int { return l.line(a.Key) - l.line(b.Key) })
	return problems
}

func unknownKey(source, key string, all []setting, isTable bool) Problem {
	names := keysOf(all)
	if isTable {
		names = sectionsOf(all)
	}
	problem := Problem{source, key, "is no key of the configuration", "all keys: kvitto config example"}
	if isTable {
		problem.Problem = "is no section of the configuration"
	}
	if name := nearest(key, names); name != "" {
		problem.Next = "did you mean " + name + "?"
	}
	return problem
}

func keysOf(all []setting) []string {
	var names []string
	for _, s := range all {
		names = append(names, s.key)
	}
	return names
}

func sectionsOf(all []setting) []string {
	var names []string
	for _, s := range all {
		if section, _, ok := strings.Cut(s.key, "."); ok && !slices.Contains(names, section) {
			names = append(names, section)
		}
	}
	return names
}

func sortedKeys(table map[string]any) []string {
	var names []string
	for name := range table {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// readEnvironment sets what KVITTO_ variables say. A variable that is nearly
// one of ours is a mistake; others are not ours: some systems make KVITTO_PORT
// and the like for a service of that name.
func (l *Loaded) readEnvironment() []Problem {
	all := settings(&l.Config)
	var variables []string
	for _, s := range all {
		variables = append(variables, Variable(s.key))
	}
	var problems []Problem
	for _, pair := range l.inputs.Environment {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, variablePrefix) || name == ConfigVariable {
			continue
		}
		i := slices.Index(variables, name)
		if i < 0 {
			for _, variable := range variables {
				if editDistance(name, variable) <= 2 {
					problems = append(problems, Problem{name, "", "is no variable of the configuration", "did you mean " + variable + "?"})
					break
				}
			}
			continue
		}
		problems = append(problems, l.overlay(all[i], name, value)...)
	}
	return problems
}

// ConfigVariable names the file when no flag does.
const ConfigVariable = variablePrefix + "CONFIG"

func (l *Loaded) readFlags() []Problem {
	var problems []Problem
	for _, s := range settings(&l.Config) {
		if value, ok := l.inputs.Flags[s.key]; ok {
			problems = append(problems, l.overlay(s, "--"+strings.ReplaceAll(s.key, "_", "-"), value)...)
		}
	}
	return problems
}

func (l *Loaded) overlay(s setting, source, value string) []Problem {
	// A later store beats an earlier one in either of its two forms.
	switch s.key {
	case "store":
		l.StoreFile = ""
		delete(l.sources, "store_file")
	case "store_file":
		l.Store = ""
		delete(l.sources, "store")
	}
	l.sources[s.key] = source
	if err := s.setText(value); err != nil {
		return []Problem{{source, s.key, err.Error(), ""}}
	}
	return nil
}

// readStoreFile puts the URL of the file into Store.
func (l *Loaded) readStoreFile() []Problem {
	if l.StoreFile == "" {
		return nil
	}
	source := l.source("store_file")
	if l.Store != "" {
		return []Problem{{source, "store_file", "and store are both set", "keep one of them"}}
	}
	text, err := os.ReadFile(l.StoreFile)
	if err != nil {
		return []Problem{{source, "store_file", "cannot be read: " + err.Error(), "make the file, readable for the server alone"}}
	}
	l.Store = strings.TrimSpace(string(text))
	l.sources["store"] = l.StoreFile
	if l.Store == "" {
		return []Problem{{source, "store_file", "is empty", "write sqlite:PATH or postgres://... into " + l.StoreFile}}
	}
	return nil
}
