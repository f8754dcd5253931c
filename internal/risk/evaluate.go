package risk

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"

	"github.com/kvitto/kvitto/internal/checkout"
)

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
	// Error is of StateFailed, or, of StateMatched, that due_minutes failed.
	Error string
}

// Assessment is a decision and how it was reached.
type Assessment struct {
	Decision checkout.Decision
	Rule     string // that decided; empty when none did
	Failed   int    // rules that failed
	Steps    []Step // one for each rule, in order

	RuleSet, Version string // that decided
	// Reads are the kinds of subjects whose history the decision can depend on: all
	// that the rules name which were evaluated. The slice must not be changed.
	Reads []SubjectKind
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
	var reads readSet
	for i := range r.rules {
		rule := &r.rules[i]
		step := Step{Rule: rule.Name, State: StateNotReached}
		switch {
		case decided:
		case !slices.Contains(rule.Calls, in.Call):
			step.State = StateOtherCall
		default:
			rule.step(&step, situation, clock)
			reads |= rule.asks
		}
		switch step.State {
		case StateFailed:
			if failed == "" {
				failed = rule.Name
			}
		case StateMatched:
			reads |= rule.reads
			decided, made.Rule, made.Decision = true, rule.Name, rule.decision(situation, &step)
		case StateNotMatched, StateOtherCall, StateNotReached:
		}
		if step.Error != "" {
			made.Failed++
		}
		made.Steps = append(made.Steps, step)
	}
	made.Reads = kindsOf[reads]
	r.conclude(&made, failed)
	return made
}

// Verdict is an assessment without its explanation.
type Verdict struct {
	Outcome checkout.Outcome
	Rule    string // that decided; empty when none did
	Failed  bool   // a rule did
}

// Decide is the outcome that Evaluate comes to, and the rule, for those who need
// no more of it: it takes less time.
func (r *RuleSet) Decide(in *Input) Verdict {
	verdict := Verdict{Outcome: checkout.OutcomeApprove}
	situation := newSituation(in, r.values)
	for i := range r.rules {
		rule := &r.rules[i]
		if !slices.Contains(rule.Calls, in.Call) {
			continue
		}
		holds, err := rule.holds(situation)
		verdict.Failed = verdict.Failed || err != nil
		if holds {
			verdict.Outcome, verdict.Rule = outcomes[rule.Action], rule.Name
			break
		}
	}
	if verdict.Failed && verdict.Outcome == checkout.OutcomeApprove {
		verdict.Outcome = outcomes[r.OnFailure]
	}
	return verdict
}

// step evaluates the condition and says what became of it.
func (c *compiled) step(step *Step, situation *situation, clock func() time.Time) {
	var before time.Time
	if clock != nil {
		before = clock()
	}
	holds, err := c.holds(situation)
	if clock != nil {
		step.Duration = clock().Sub(before)
	}
	switch {
	case err != nil:
		step.State, step.Error = StateFailed, err.Error()
	case holds:
		step.State = StateMatched
	default:
		step.State = StateNotMatched
	}
}

// holds evaluates the condition.
func (c *compiled) holds(situation *situation) (bool, error) {
	value, err := c.program.eval(situation)
	switch {
	case err != nil:
		return false, err
	case value == types.True:
		return true, nil
	case value == types.False:
		return false, nil
	}
	return false, fmt.Errorf("the condition is %v", value)
}

var outcomes = map[Action]checkout.Outcome{
	ActionApprove: checkout.OutcomeApprove, ActionDeny: checkout.OutcomeDeny,
	ActionRefer: checkout.OutcomeRefer, ActionAsk: checkout.OutcomeInvalidFields,
}

func (c *compiled) decision(situation *situation, step *Step) checkout.Decision {
	decision := checkout.Decision{Outcome: outcomes[c.Action], InvalidFields: slices.Clone(c.Fields), Reason: c.reasonFor(situation)}
	terms, err := c.review(situation)
	if err != nil {
		step.Error = "due_minutes: " + err.Error()
	}
	decision.Review = terms
	return decision
}

// atOnce is due as soon as there is an order: zero would be the default.
const atOnce = time.Millisecond

// review is how the order is reviewed. A time that is too short or too long
// becomes the nearest that can be. One that cannot be known leaves everything to
// the default: nothing is decided by a time that was not meant.
func (c *compiled) review(situation *situation) (checkout.ReviewTerms, error) {
	terms := checkout.ReviewTerms{AtDue: c.AtDue}
	if c.due.plain == nil {
		return terms, nil
	}
	value, err := c.due.eval(situation)
	if err != nil {
		return checkout.ReviewTerms{}, err
	}
	minutes, ok := value.(types.Int)
	if !ok {
		return checkout.ReviewTerms{}, fmt.Errorf("the time is %v", value)
	}
	terms.Due = max(time.Duration(min(max(minutes, 0), dueMinutesMax))*time.Minute, atOnce)
	return terms, nil
}

// reasonFor fills in the expressions of the reason. One that fails stays as it
// is written.
func (c *compiled) reasonFor(situation *situation) string {
	var b strings.Builder
	for _, part := range c.reason {
		if part.program.plain != nil {
			if value, err := part.program.eval(situation); err == nil {
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
