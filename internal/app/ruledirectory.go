package app

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/kvitto/kvitto/internal/risk"
)

const (
	defaultRulesName = "default"
	rulesExtension   = ".toml"
	// merchantRulesMax bounds the rule files of a directory.
	merchantRulesMax = 10_000
)

// safeMerchant is a merchant id that can name a file: no path, nothing hidden.
var safeMerchant = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

// ruleDirectory has rules for everybody, and rules of single merchants in files of
// their ids.
type ruleDirectory struct {
	dir       string
	logger    *slog.Logger
	everybody *hotRules
	merchants sync.Map // *hotRules by merchant id

	mu      sync.Mutex
	seen    seenFile        // the directory
	ignored map[string]bool // names that were told of
}

func openRuleDirectory(dir string, logger *slog.Logger) (*ruleDirectory, error) {
	d := &ruleDirectory{dir: dir, logger: logger, ignored: map[string]bool{}}
	d.everybody = d.rulesOf(defaultRulesName)
	if err := d.everybody.open(); err != nil {
		return nil, fmt.Errorf("%s: %w", d.everybody.file, err)
	}
	merchants, err := d.look()
	if err != nil {
		return nil, err
	}
	for _, merchant := range merchants {
		own := d.rulesOf(merchant)
		if err := own.open(); err != nil {
			return nil, fmt.Errorf("%s: %w", own.file, err)
		}
		d.merchants.Store(merchant, own)
	}
	return d, nil
}

func (d *ruleDirectory) rulesOf(name string) *hotRules {
	return &hotRules{file: filepath.Join(d.dir, name+rulesExtension), logger: d.logger}
}

// of are the rules for a merchant: its own, or everybody's where it has none that
// ever were good.
func (d *ruleDirectory) of(merchant string) *risk.RuleSet {
	if d.mu.TryLock() {
		if !d.seen.same() {
			_, _ = d.look() // a directory that is gone leaves everything as it is
		}
		d.mu.Unlock()
	}
	if merchant != defaultRulesName && safeMerchant.MatchString(merchant) {
		if set := d.own(merchant); set != nil {
			return set
		}
	}
	return d.everybody.current()
}

// own are the merchant's rules, nil when it has none. A file that was taken away
// was meant to be: everybody's rules count then.
func (d *ruleDirectory) own(merchant string) *risk.RuleSet {
	known, there := d.merchants.Load(merchant)
	if _, err := os.Stat(filepath.Join(d.dir, merchant+rulesExtension)); errors.Is(err, fs.ErrNotExist) {
		if !there {
			return nil
		}
		if d.exists() {
			if _, still := d.merchants.LoadAndDelete(merchant); still {
				d.logger.Info("the rule file of a merchant is gone; it has the rules for everybody", "merchant", merchant)
			}
			return nil
		}
	}
	if !there {
		known, _ = d.merchants.LoadOrStore(merchant, d.rulesOf(merchant))
	}
	own, ok := known.(*hotRules)
	if !ok {
		return nil
	}
	return own.current()
}

// exists tells whether the rules for everybody are there. Where they are not it is
// the directory that is missing, not a merchant's file.
func (d *ruleDirectory) exists() bool {
	_, err := os.Stat(d.everybody.file)
	return err == nil
}

// look lists the merchants that have a file, and tells once of each file that
// nobody reads.
func (d *ruleDirectory) look() (merchants []string, err error) {
	info, err := os.Stat(d.dir)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return nil, err
	}
	d.seen = seenFile{d.dir, info}
	for _, entry := range entries {
		name, rules := strings.CutSuffix(entry.Name(), rulesExtension)
		switch {
		case !rules || name == defaultRulesName:
		case safeMerchant.MatchString(name):
			merchants = append(merchants, name)
		case !d.ignored[name] && len(d.ignored) < merchantRulesMax:
			d.ignored[name] = true
			d.logger.Warn("a rule file is not used: its name is no merchant id", "file", filepath.Join(d.dir, entry.Name()),
				"expected", "MERCHANT_ID"+rulesExtension+" with letters, digits, - _ and .")
		}
	}
	if len(merchants) > merchantRulesMax {
		return nil, fmt.Errorf("%s has %d rule files of merchants, more than %d", d.dir, len(merchants), merchantRulesMax)
	}
	return merchants, nil
}
