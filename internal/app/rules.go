package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kvitto/kvitto/internal/risk"
)

// assessor decides by the rule file of the configuration, or by the rules of
// the binary.
func (a *App) assessor(metrics *metrics) (risk.Assessor, error) {
	r := &rules{logger: a.config.Logger, failures: metrics.ruleFailures, file: a.config.Rules}
	switch {
	case a.config.Rules != "":
		now, set, err := r.read()
		if err != nil {
			return nil, fmt.Errorf("rules: %s: %w\nsee: kvitto rules check %s", a.config.Rules, err, a.config.Rules)
		}
		r.seen = now
		r.set.Store(set)
	case a.config.Production:
		r.set.Store(risk.DefaultRules())
	default:
		r.set.Store(risk.PlaygroundRules())
	}
	return r, nil
}

// rules is the rule set in use, read again when its file changes. Every process
// looks for itself, at each assessment.
type rules struct {
	file     string // empty for rules of the binary
	logger   *slog.Logger
	failures prometheus.Counter
	set      atomic.Pointer[risk.RuleSet]
	told     sync.Map // rules whose failure was logged

	mu   sync.Mutex
	seen fs.FileInfo // of the file that was read last, good or bad; nil when it was not there
	gone bool        // told that the file is not there
}

// Assess implements risk.Assessor.
func (r *rules) Assess(_ context.Context, in risk.Input) risk.Assessment {
	set := r.current()
	assessment := set.Evaluate(in, time.Now)
	for _, step := range assessment.Steps {
		if step.State == risk.StateFailed {
			r.failures.Inc()
			r.tell(set, step.Rule, &in)
		}
	}
	return assessment
}

// Reads implements risk.Reader.
func (r *rules) Reads(string) []risk.SubjectKind { return r.set.Load().Reads() }

// tell logs the first failure of a rule of a rule set; the others are counted.
// The error may hold what the customer said: kvitto rules test shows it.
func (r *rules) tell(set *risk.RuleSet, rule string, in *risk.Input) {
	if _, told := r.told.LoadOrStore(set.Version+" "+rule, true); told {
		return
	}
	r.logger.Error("a risk rule failed; what it failed for is not approved; told once for each rule",
		"rule", rule, "rules", set.String(), "merchant", in.MerchantID, "session", in.SessionID)
}

// current is the newest good rule set. Who finds another looking takes what is
// in use: nobody waits for a file.
func (r *rules) current() *risk.RuleSet {
	if r.file == "" || !r.mu.TryLock() {
		return r.set.Load()
	}
	defer r.mu.Unlock()
	now, err := os.Stat(r.file)
	if err == nil && r.same(now) {
		return r.set.Load()
	}
	if err != nil {
		if !r.gone {
			r.logger.Error("the rule file cannot be read; the rules before stay in use", "file", r.file, "cause", err)
		}
		r.gone, r.seen = true, nil
		return r.set.Load()
	}
	r.gone = false
	read, set, err := r.read()
	if read == nil {
		read = now
	}
	r.seen = read
	if err != nil {
		r.logger.Error("the changed rule file cannot be used; the rules before stay in use", "file", r.file, "cause", err)
		return r.set.Load()
	}
	if before := r.set.Swap(set); before.Version != set.Version {
		r.logger.Info("the risk rules were replaced", "file", r.file, "rules", set.String(), "before", before.String())
	}
	return set
}

// same tells whether the file is the one that was read last.
func (r *rules) same(now fs.FileInfo) bool {
	return r.seen != nil && os.SameFile(r.seen, now) && stampOf(r.seen) == stampOf(now)
}

// read parses the file, with the state that was read.
func (r *rules) read() (seen fs.FileInfo, set *risk.RuleSet, err error) {
	file, err := os.Open(r.file)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if seen, err = file.Stat(); err != nil {
		return nil, nil, err
	}
	text, err := io.ReadAll(io.LimitReader(file, risk.FileMax+1))
	if err != nil {
		return seen, nil, err
	}
	set, err = risk.Parse(text)
	return seen, set, err
}
