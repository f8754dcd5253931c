package wire

import "github.com/kvitto/kvitto/internal/checkout"

// ReplayProgress is how far a replay of assessments is.
type ReplayProgress struct {
	Done, Total int64
	After       string // the newest that is done; empty when none is
}

// ReplayResult is what it found.
type ReplayResult struct {
	ReplayProgress
	RuleSet, Version                        string
	Compared, Different, Failed, Unreadable int64
	Primed, Assessor                        int64 // were not decided by rules and are not compared
	Changes                                 []ReplayChange
	Rules                                   []ReplayRule
	Examples                                []ReplayExample
}

// ReplayChange counts assessments that were decided one way and would be
// decided another, or the same.
type ReplayChange struct {
	Was, WouldBe checkout.Outcome
	Count        int64
}

// ReplayRule counts what a rule would decide; the name is empty for what none
// would.
type ReplayRule struct {
	Rule  string
	Count int64
}

// ReplayExample is one that would be decided differently.
type ReplayExample struct {
	AssessmentID, SessionID string
	Was, WouldBe            checkout.Outcome
	Rule, Reason            string
}

// AppendReplayProgress writes a line of a replay, without its end.
func AppendReplayProgress(dst []byte, p ReplayProgress) []byte {
	w := writer{buf: dst}
	w.open('{')
	w.key("progress")
	w.open('{')
	w.replayProgress(&p)
	w.close('}')
	w.close('}')
	return w.buf
}

func (w *writer) replayProgress(p *ReplayProgress) {
	w.integer("done", p.Done)
	w.integer("total", p.Total)
	w.filled("after", p.After)
}

// AppendReplayFailure writes the last line of a replay that did not come to its
// end. When its turn is over the line has what was found in it.
func AppendReplayFailure(dst []byte, reason string, turnOver bool, r ReplayResult) []byte {
	w := writer{buf: dst}
	w.open('{')
	w.key("error")
	w.open('{')
	w.text("reason", reason)
	if turnOver {
		w.boolean("turn_over", true)
		w.replayFound(&r)
	} else {
		w.replayProgress(&r.ReplayProgress)
	}
	w.close('}')
	w.close('}')
	return w.buf
}

// AppendReplayResult writes the last line of a replay.
func AppendReplayResult(dst []byte, r ReplayResult) []byte {
	w := writer{buf: dst}
	w.open('{')
	w.key("result")
	w.open('{')
	w.replayFound(&r)
	w.close('}')
	w.close('}')
	return w.buf
}

func (w *writer) replayFound(r *ReplayResult) {
	w.replayProgress(&r.ReplayProgress)
	w.ruleSet(r.RuleSet, r.Version)
	w.integer("compared", r.Compared)
	w.integer("different", r.Different)
	w.integer("failed", r.Failed)
	w.integer("primed", r.Primed)
	w.integer("assessor", r.Assessor)
	w.integer("unreadable", r.Unreadable)
	writeList(w, "changes", r.Changes, func(c *ReplayChange) {
		w.open('{')
		w.text("was", string(c.Was))
		w.text("would_be", string(c.WouldBe))
		w.integer("count", c.Count)
		w.close('}')
	})
	writeList(w, "rules", r.Rules, func(c *ReplayRule) {
		w.open('{')
		w.text("rule", c.Rule)
		w.integer("count", c.Count)
		w.close('}')
	})
	writeList(w, "examples", r.Examples, func(e *ReplayExample) {
		w.open('{')
		w.text("assessment_id", e.AssessmentID)
		w.text("session_id", e.SessionID)
		w.text("was", string(e.Was))
		w.text("would_be", string(e.WouldBe))
		w.text("rule", e.Rule)
		w.text("reason", e.Reason)
		w.close('}')
	})
}
