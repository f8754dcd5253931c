package risk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/kvitto/kvitto/internal/checkout"
)

// RuleSet is a rule file that was checked. It does not change and is safe for
// concurrent use.
type RuleSet struct {
	Name string
	// Version is the beginning of the SHA-256 of the file's bytes, in hex.
	Version   string
	OnFailure Action // ActionRefer or ActionDeny

	values map[string]ref.Val
	rules  []compiled // in the order of evaluation
}

// versionBytes of the hash are enough to tell files apart.
const versionBytes = 6

// Parse checks a rule file. Its error is an *Invalid with everything that is
// wrong with it.
func Parse(text []byte) (*RuleSet, error) {
	file, problems := readFile(text)
	rules, more, err := compile(&file)
	if err != nil {
		return nil, err
	}
	if problems = append(problems, more...); len(problems) > 0 {
		slices.SortStableFunc(problems, func(a, b Problem) int { return a.Line - b.Line })
		return nil, &Invalid{problems}
	}
	sum := sha256.Sum256(text)
	set := &RuleSet{Name: file.name, Version: hex.EncodeToString(sum[:versionBytes]), OnFailure: file.onFailure, rules: rules}
	set.values, _ = (&compiler{}).constants(file.values)
	return set, nil
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

// State is what became of a rule in an assessment.
type State string

// The states of a rule.
const (
	StateMatched    State = "matched"
	StateNotMatched State = "not_matched"
	StateFailed     State = "failed"
	StateOtherCall  State = "other_call"  // it is not for this call
	StateNotReached State = "not_reached" // an earlier one decided
)

// Step is one rule in an assessment.
type Step struct {
	Rule     string
	State    State
	Duration time.Duration // zero without a clock
	Error    string        // of StateFailed
}

// Assessment is a decision and how it was reached.
type Assessment struct {
	Decision checkout.Decision
	Rule     string // that decided; empty when none did
	Failed   int    // rules that failed
	Steps    []Step // one for each rule, in order

	RuleSet, Version string        // that decided
	Reads            []SubjectKind // whose history the decision depends on
}

// Assess implements Assessor.
func (r *RuleSet) Assess(_ context.Context, in Input) Assessment {
	return r.Evaluate(in, time.Now)
}

// Evaluate goes through the rules in the order of their priority; the first
// whose condition holds decides, and without one it is an approval. A rule that
// fails does not hold, but after it nothing is approved: what would be becomes
// OnFailure. The clock is for durations alone; nil measures none.
func (r *RuleSet) Evaluate(in Input, clock func() time.Time) Assessment {
	made := Assessment{Steps: make([]Step, 0, len(r.rules)), RuleSet: r.Name, Version: r.Version}
	situation := newSituation(&in, r.values)
	failed, decided := "", false
	for i := range r.rules {
		rule := &r.rules[i]
		step := Step{Rule: rule.Name, State: StateNotReached}
		switch {
		case decided:
		case !slices.Contains(rule.Calls, in.Call):
			step.State = StateOtherCall
		default:
			rule.step(&step, situation, clock)
		}
		switch step.State {
		case StateFailed:
			made.Failed++
			if failed == "" {
				failed = rule.Name
			}
		case StateMatched:
			decided, made.Rule, made.Decision = true, rule.Name, rule.decision(situation)
		case StateNotMatched, StateOtherCall, StateNotReached:
		}
		made.Steps = append(made.Steps, step)
	}
	r.conclude(&made, failed)
	return made
}

// step evaluates the condition.
func (c *compiled) step(step *Step, situation *situation, clock func() time.Time) {
	var before time.Time
	if clock != nil {
		before = clock()
	}
	value, _, err := c.program.Eval(situation)
	if clock != nil {
		step.Duration = clock().Sub(before)
	}
	switch {
	case err != nil:
		step.State, step.Error = StateFailed, err.Error()
	case value == types.True:
		step.State = StateMatched
	case value == types.False:
		step.State = StateNotMatched
	default:
		step.State, step.Error = StateFailed, fmt.Sprintf("the condition is %v", value)
	}
}

var outcomes = map[Action]checkout.Outcome{
	ActionApprove: checkout.OutcomeApprove, ActionDeny: checkout.OutcomeDeny,
	ActionRefer: checkout.OutcomeRefer, ActionAsk: checkout.OutcomeInvalidFields,
}

func (c *compiled) decision(situation *situation) checkout.Decision {
	return checkout.Decision{Outcome: outcomes[c.Action], InvalidFields: slices.Clone(c.Fields), Reason: c.reasonFor(situation)}
}

// reasonFor fills in the expressions of the reason. One that fails stays as it
// is written.
func (c *compiled) reasonFor(situation *situation) string {
	var b strings.Builder
	for _, part := range c.reason {
		if part.program != nil {
			if value, _, err := part.program.Eval(situation); err == nil {
				fmt.Fprint(&b, value.Value())
				continue
			}
		}
		b.WriteString(part.text)
	}
	if runes := []rune(b.String()); len(runes) > textMax {
		return string(runes[:textMax])
	}
	return b.String()
}

// conclude says what holds when no rule decided, or one failed, and names rule
// and set in the reason.
func (r *RuleSet) conclude(made *Assessment, failed string) {
	by := "rule " + made.Rule + " of " + r.String()
	if made.Rule == "" {
		made.Decision = checkout.Decision{Outcome: checkout.OutcomeApprove, Reason: "no rule decided otherwise"}
		by = r.String()
	}
	if failed != "" && made.Decision.Outcome == checkout.OutcomeApprove {
		made.Decision.Outcome = outcomes[r.OnFailure]
		made.Decision.Reason = "the rule " + failed + " failed, so nothing is approved"
		by = "on_failure of " + r.String()
	}
	made.Decision.Reason += " (" + by + ")"
}
