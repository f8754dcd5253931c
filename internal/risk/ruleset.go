package risk

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"cel.dev/cel-go/common/types/ref"
)

// RuleSet is a rule file that was checked. It does not change and is safe for
// concurrent use.
type RuleSet struct {
	Name string
	// Version is the beginning of the SHA-256 of the file's bytes, in hex; where the
	// file has lists, of its bytes and then the SHA-256 of each list, by name.
	Version   string
	OnFailure Action // ActionRefer or ActionDeny

	values map[string]ref.Val
	rules  []compiled // in the order of evaluation
}

// versionBytes of the hash are enough to tell files apart.
const versionBytes = 6

// Parse checks a rule file without lists. Its error is an *Invalid with everything
// that is wrong with it.
func Parse(text []byte) (*RuleSet, error) { return ParseWith(text, nil) }

// ParseWith checks a rule file whose lists are read by read.
func ParseWith(text []byte, read ReadList) (*RuleSet, error) {
	file, problems := readFile(text, read)
	rules, values, more, err := compile(&file)
	if err != nil {
		return nil, err
	}
	if problems = append(problems, more...); len(problems) > 0 {
		slices.SortStableFunc(problems, func(a, b Problem) int { return a.Line - b.Line })
		return nil, &Invalid{problems}
	}
	hash := sha256.New()
	_, _ = hash.Write(text) // documented never to fail
	for _, list := range file.lists {
		sum := sha256.Sum256(list.data)
		_, _ = hash.Write(sum[:])
	}
	version := hex.EncodeToString(hash.Sum(nil)[:versionBytes])
	return &RuleSet{Name: file.name, Version: version, OnFailure: file.onFailure, values: values, rules: rules}, nil
}

// Rules are the rules in the order of evaluation.
func (r *RuleSet) Rules() []Rule {
	all := make([]Rule, len(r.rules))
	for i := range r.rules {
		all[i] = r.rules[i].Rule
	}
	return all
}

// String names the set and its version.
func (r *RuleSet) String() string { return r.Name + " " + r.Version }
