package risk

import (
	"slices"
	"strings"

	"github.com/kvitto/kvitto/internal/checkout"
)

// ReplayExamplesMax is how many examples a Replay keeps.
const ReplayExamplesMax = 20

// Change is what was decided and what would be.
type Change struct{ Was, WouldBe checkout.Outcome }

// ReplayExample is an assessment that would be decided differently.
type ReplayExample struct {
	AssessmentID, SessionID string
	Change
	Rule   string // that would decide; empty when none would
	Reason string
}

// Replay decides stored assessments again by other rules and counts what would be
// different. It is for one goroutine; several can have one each and Merge them,
// in any order: the sums and the examples are the same.
type Replay struct {
	set *RuleSet

	Compared int64
	Changes  map[Change]int64 // those that are the same, too
	Rules    map[string]int64 // by the rule that would decide, "" for none
	Failed   int64            // assessments in which a rule would fail
	// Examples are of what would be different: those with the smallest ids, which
	// are the oldest.
	Examples []ReplayExample
}

// NewReplay begins a replay by the rules of a set.
func NewReplay(set *RuleSet) *Replay {
	return &Replay{set: set, Changes: map[Change]int64{}, Rules: map[string]int64{}}
}

// Add decides an assessment again. An approval that wanted a last step was an
// approval: the rules do not say how it is finished.
func (r *Replay) Add(id string, in *Input, was checkout.Outcome) {
	if was == checkout.OutcomeFinalizeRequired {
		was = checkout.OutcomeApprove
	}
	verdict := r.set.Decide(in)
	change := Change{was, verdict.Outcome}
	r.Compared++
	r.Changes[change]++
	r.Rules[verdict.Rule]++
	if verdict.Failed {
		r.Failed++
	}
	if change.Was == change.WouldBe || len(r.Examples) == ReplayExamplesMax && id >= r.Examples[ReplayExamplesMax-1].AssessmentID {
		return
	}
	r.keep(ReplayExample{id, in.SessionID, change, verdict.Rule, r.set.Evaluate(*in, nil).Decision.Reason})
}

// keep puts an example in its place and drops the last one too many.
func (r *Replay) keep(example ReplayExample) {
	at, _ := slices.BinarySearchFunc(r.Examples, example, func(a, b ReplayExample) int { return strings.Compare(a.AssessmentID, b.AssessmentID) })
	r.Examples = slices.Insert(r.Examples, at, example)
	r.Examples = r.Examples[:min(len(r.Examples), ReplayExamplesMax)]
}

// Different is how many would be decided differently.
func (r *Replay) Different() (n int64) {
	for change, count := range r.Changes {
		if change.Was != change.WouldBe {
			n += count
		}
	}
	return n
}

// Merge adds what another replay by the same rules has counted.
func (r *Replay) Merge(other *Replay) {
	r.Compared += other.Compared
	r.Failed += other.Failed
	for change, count := range other.Changes {
		r.Changes[change] += count
	}
	for rule, count := range other.Rules {
		r.Rules[rule] += count
	}
	for _, example := range other.Examples {
		r.keep(example)
	}
}
