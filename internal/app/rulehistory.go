package app

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"slices"
	"time"

	"github.com/kvitto/kvitto/internal/portal"
	"github.com/kvitto/kvitto/internal/risk"
)

// The versions of a rule file that a process remembers, the one in use not
// counted. Somebody who writes rules with a program must not fill the memory.
const (
	versionsKept      = 20
	versionsBytesKept = 2 << 20 // of their texts
)

// ruleVersions are the versions of a rule file that were used, the newest first,
// and what was wrong with the file when it was last refused.
type ruleVersions struct {
	used    []portal.RuleVersion
	problem *portal.RuleProblem // nil while the file is as it is used
}

// readVersion collects what readRulesAs reads: the text, and which lists there were.
type readVersion struct {
	text  string
	lists []portal.RuleList
}

func (v *readVersion) read(path string, data []byte) {
	if path == "" {
		v.text = string(data)
		return
	}
	sum := sha256.Sum256(data)
	v.lists = append(v.lists, portal.RuleList{Path: path, Bytes: len(data), Sum: hex.EncodeToString(sum[:6])})
}

// take notes that a version is used from now on. One that is read again is the
// same one.
func (v *ruleVersions) take(set *risk.RuleSet, read readVersion) {
	v.problem = nil
	if len(v.used) > 0 && v.used[0].Version == set.Version {
		return
	}
	v.used = slices.Insert(v.used, 0, portal.RuleVersion{Name: set.Name, Version: set.Version, Since: time.Now(), Text: read.text, Lists: read.lists})
	size := 0
	for i := 1; i < len(v.used); i++ {
		if size += len(v.used[i].Text); i > versionsKept || size > versionsBytesKept {
			v.used = v.used[:i]
		}
	}
}

func (v *ruleVersions) refuse(cause error) {
	v.problem = &portal.RuleProblem{At: time.Now(), Cause: cause}
}

// told is what a page shows of the file. It looks whether the file changed, as an
// assessment does.
func (r *hotRules) told() portal.RulesInUse {
	r.current()
	r.mu.Lock()
	defer r.mu.Unlock()
	return portal.RulesInUse{File: r.file, Set: r.set.Load(), Versions: slices.Clone(r.versions.used), Problem: r.versions.problem}
}

func (r *hotRules) toldOf(string) portal.RulesInUse { return r.told() }

// list reads a list that the rules in use name. Other files are nobody's business.
func (r *hotRules) list(path string) ([]byte, error) {
	r.mu.Lock()
	named := len(r.versions.used) > 0 && slices.ContainsFunc(r.versions.used[0].Lists, func(l portal.RuleList) bool { return l.Path == path })
	r.mu.Unlock()
	if !named {
		return nil, errors.New("the rules in use have no list at this path")
	}
	return readBeside(r.file, path)
}

func (r *hotRules) listOf(_, path string) ([]byte, error) { return r.list(path) }

// toldOf are the merchant's own rules, or everybody's, with what was wrong with
// those of its own.
func (d *ruleDirectory) toldOf(merchant string) portal.RulesInUse {
	d.of(merchant)
	everybody := d.everybody.told()
	own := d.known(merchant)
	if own == nil {
		return everybody
	}
	told := own.told()
	if told.Own = told.Set != nil; told.Own {
		return told
	}
	if told.Problem != nil {
		everybody.Problem = told.Problem
	}
	return everybody
}

func (d *ruleDirectory) listOf(merchant, path string) ([]byte, error) {
	if own := d.known(merchant); own != nil && own.set.Load() != nil {
		return own.list(path)
	}
	return d.everybody.list(path)
}

// known is the file of a merchant that was found; nil when there is none.
func (d *ruleDirectory) known(merchant string) *hotRules {
	known, _ := d.merchants.Load(merchant)
	own, _ := known.(*hotRules)
	return own
}

func (b builtIn) toldOf(string) portal.RulesInUse {
	return portal.RulesInUse{Set: b.set, Versions: []portal.RuleVersion{{Name: b.set.Name, Version: b.set.Version, Text: string(b.text)}}}
}

func (b builtIn) listOf(string, string) ([]byte, error) { return nil, fs.ErrNotExist }

// RulesInUse implements portal.Rules.
func (r *rules) RulesInUse(merchant string) portal.RulesInUse { return r.source.toldOf(merchant) }

// RuleList implements portal.Rules.
func (r *rules) RuleList(merchant, path string) ([]byte, error) {
	return r.source.listOf(merchant, path)
}
