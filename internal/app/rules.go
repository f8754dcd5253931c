package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kvitto/kvitto/internal/risk"
)

// assessor decides by the rule file or the directory of rule files of the
// configuration, or by the rules of the binary.
func (a *App) assessor(metrics *metrics) (risk.Assessor, error) {
	r := &rules{logger: a.config.Logger, failures: metrics.ruleFailures}
	var err error
	switch {
	case a.config.Rules != "":
		r.of, err = rulesFrom(a.config.Rules, a.config.Logger)
	case a.config.Production:
		r.of = func(string) *risk.RuleSet { return risk.DefaultRules() }
	default:
		r.of = func(string) *risk.RuleSet { return risk.PlaygroundRules() }
	}
	if err != nil {
		return nil, fmt.Errorf("rules: %s: %w\nsee: kvitto rules check %s", a.config.Rules, err, a.config.Rules)
	}
	return r, nil
}

// rulesFrom are the rules for each merchant.
func rulesFrom(path string, logger *slog.Logger) (of func(merchant string) *risk.RuleSet, err error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		directory, err := openRuleDirectory(path, logger)
		if err != nil {
			return nil, err
		}
		return directory.of, nil
	}
	file := &hotRules{file: path, logger: logger}
	if err := file.open(); err != nil {
		return nil, err
	}
	return func(string) *risk.RuleSet { return file.current() }, nil
}

// rules assesses by the rule set that is in use for a merchant. Every process looks
// for itself whether it changed, at each assessment.
type rules struct {
	of       func(merchant string) *risk.RuleSet
	logger   *slog.Logger
	failures prometheus.Counter
	told     sync.Map // rules whose failure was logged
}

// Assess implements risk.Assessor.
func (r *rules) Assess(_ context.Context, in risk.Input) risk.Assessment {
	set := r.of(in.MerchantID)
	assessment := set.Evaluate(in, time.Now)
	for _, step := range assessment.Steps {
		if step.Error != "" {
			r.failures.Inc()
			r.tell(set, step.Rule, &in)
		}
	}
	return assessment
}

// Reads implements risk.Reader.
func (r *rules) Reads(merchant string) []risk.SubjectKind { return r.of(merchant).Reads() }

// tell logs the first failure of a rule of a rule set; the others are counted.
// The error may hold what the customer said: kvitto rules test shows it.
func (r *rules) tell(set *risk.RuleSet, rule string, in *risk.Input) {
	if _, told := r.told.LoadOrStore(set.Version+" "+rule, true); told {
		return
	}
	r.logger.Error("a risk rule failed; what it failed for is not approved; told once for each rule",
		"rule", rule, "rules", set.String(), "merchant", in.MerchantID, "session", in.SessionID)
}
