package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kvitto/kvitto/internal/portal"
	"github.com/kvitto/kvitto/internal/risk"
)

// assessor decides by the rule file or the directory of rule files of the
// configuration, or by the rules of the binary.
func (a *App) assessor(metrics *metrics) (*rules, error) {
	r := &rules{logger: a.config.Logger, failures: metrics.ruleFailures}
	var err error
	switch {
	case a.config.Rules != "":
		r.source, err = rulesFrom(a.config.Rules, a.config.Logger)
	case a.config.Production:
		r.source = builtIn{risk.DefaultRules(), risk.DefaultFile()}
	default:
		r.source = builtIn{risk.PlaygroundRules(), risk.PlaygroundFile()}
	}
	if err != nil {
		return nil, fmt.Errorf("rules: %s: %w\nsee: kvitto rules check %s", a.config.Rules, err, a.config.Rules)
	}
	return r, nil
}

// ruleSource has the rules for each merchant.
type ruleSource interface {
	// of looks whether they changed; inUse are those that were found last.
	of(merchant string) *risk.RuleSet
	inUse(merchant string) *risk.RuleSet
	// toldOf is what people are shown of them, and listOf a list that they name.
	toldOf(merchant string) portal.RulesInUse
	listOf(merchant, path string) ([]byte, error)
}

// builtIn are rules of the binary, for everybody.
type builtIn struct {
	set  *risk.RuleSet
	text []byte
}

func (b builtIn) of(string) *risk.RuleSet    { return b.set }
func (b builtIn) inUse(string) *risk.RuleSet { return b.set }

// rulesFrom are those of a file or a directory.
func rulesFrom(path string, logger *slog.Logger) (ruleSource, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return openRuleDirectory(path, logger)
	}
	file := &hotRules{file: path, logger: logger}
	if err := file.open(); err != nil {
		return nil, err
	}
	return file, nil
}

// rules assesses by the rule set that is in use for a merchant. Every process looks
// for itself whether it changed, at each assessment.
type rules struct {
	source   ruleSource
	logger   *slog.Logger
	failures prometheus.Counter
	told     sync.Map // rules whose failure was logged
}

// Assess implements risk.Assessor.
func (r *rules) Assess(_ context.Context, in risk.Input) risk.Assessment {
	set := r.source.of(in.MerchantID)
	assessment := set.Evaluate(in, time.Now)
	for _, step := range assessment.Steps {
		if step.Error != "" {
			r.failures.Inc()
			r.tell(set, step.Rule, &in)
		}
	}
	return assessment
}

// Reads implements risk.Reader. It is asked before an assessment, which looks at the
// files: to look here too would double what that costs.
func (r *rules) Reads(merchant string) []risk.SubjectKind { return r.source.inUse(merchant).Reads() }

// tell logs the first failure of a rule of a rule set; the others are counted.
// The error may hold what the customer said: kvitto rules test shows it.
func (r *rules) tell(set *risk.RuleSet, rule string, in *risk.Input) {
	if _, told := r.told.LoadOrStore(set.Version+" "+rule, true); told {
		return
	}
	r.logger.Error("a risk rule failed; what it failed for is not approved; told once for each rule",
		"rule", rule, "rules", set.String(), "merchant", in.MerchantID, "session", in.SessionID)
}
