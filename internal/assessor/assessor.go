package assessor

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/outbound"
	"github.com/kvitto/kvitto/internal/risk"
)

// Name is the rule under which the server stands in an assessment.
const Name = "assessor"

// TimeoutMax is the longest time box.
const TimeoutMax = 5 * time.Second

// DefaultTimeout is the time box of those who set none.
const DefaultTimeout = 500 * time.Millisecond

// Fallback is what holds when the server gives no answer.
type Fallback string

// The fallbacks.
const (
	FallbackRules Fallback = "rules" // what the rules said
	FallbackRefer Fallback = "refer"
	FallbackDeny  Fallback = "deny"
)

// Fallbacks are all of them.
var Fallbacks = []Fallback{FallbackRules, FallbackRefer, FallbackDeny}

// Result is what became of a question.
type Result string

// The results.
const (
	ResultDecided  Result = "decided"
	ResultSlow     Result = "slow"     // no answer within the time box
	ResultDown     Result = "down"     // no connection, or one that broke
	ResultNonsense Result = "nonsense" // an answer that says nothing
	ResultPaused   Result = "paused"   // not asked, after failures
)

// Results are all of them.
var Results = []Result{ResultDecided, ResultSlow, ResultDown, ResultNonsense, ResultPaused}

// Options are what an Assessor is made of. All are required but Trusted.
type Options struct {
	Rules    risk.Assessor // are asked first
	URL      string
	Secret   []byte // signs the questions
	Timeout  time.Duration
	Fallback Fallback
	Policy   outbound.Policy
	NewID    func(now time.Time) string
	Now      func() time.Time // the system's
	Logger   *slog.Logger
	// Observe is told every result, and how long it took; zero when paused.
	Observe func(result Result, took time.Duration)
	Trusted *tls.Config // nil trusts the system's authorities
}

// Assessor implements risk.Assessor.
type Assessor struct {
	options Options
	to      *url.URL
	client  *http.Client
	breaker breaker
}

// New checks the options. The error does not repeat the address.
func New(options Options) (*Assessor, error) {
	to, err := outbound.Target(options.URL)
	switch {
	case err != nil:
		return nil, err
	case options.Timeout <= 0 || options.Timeout > TimeoutMax:
		return nil, fmt.Errorf("the timeout is %s and not up to %s", options.Timeout, TimeoutMax)
	case !slices.Contains(Fallbacks, options.Fallback):
		return nil, fmt.Errorf("the fallback is %q and not one of %q", options.Fallback, Fallbacks)
	}
	return &Assessor{options: options, to: to, client: newClient(&options, to.Scheme == "https")}, nil
}

// Close closes the connections that are kept.
func (a *Assessor) Close() { a.client.CloseIdleConnections() }

// Reads implements risk.Reader: the server reads no history, the rules may.
func (a *Assessor) Reads(merchantID string) []risk.SubjectKind {
	if reader, ok := a.options.Rules.(risk.Reader); ok {
		return reader.Reads(merchantID)
	}
	return nil
}

// Assess asks the rules. What they deny or ask for stands; about the rest the
// server is asked. It is not asked about load, which decides about no payment.
func (a *Assessor) Assess(ctx context.Context, in risk.Input) risk.Assessment {
	made := a.options.Rules.Assess(ctx, in)
	step := risk.Step{Rule: Name, State: risk.StateNotReached}
	open := made.Decision.Outcome == checkout.OutcomeApprove || made.Decision.Outcome == checkout.OutcomeRefer
	switch {
	case in.Call == risk.CallLoad:
		step.State = risk.StateOtherCall
	case open:
		step = a.decide(ctx, &in, &made)
	}
	made.Steps = append(slices.Clip(made.Steps), step)
	return made
}

// decide asks the server and puts what holds into the assessment.
func (a *Assessor) decide(ctx context.Context, in *risk.Input, made *risk.Assessment) risk.Step {
	began := a.options.Now()
	admitted, probe := a.breaker.admit(began)
	if !admitted {
		a.options.Observe(ResultPaused, 0)
		a.fall(made, ResultPaused)
		return risk.Step{Rule: Name, State: risk.StateFailed, Error: string(ResultPaused)}
	}
	decision, failure := a.ask(ctx, in, made, began)
	ended := a.options.Now()
	a.tell(a.breaker.end(probe, failure == nil, ended), failure)
	step := risk.Step{Rule: Name, State: risk.StateMatched, Duration: ended.Sub(began)}
	if failure != nil {
		a.options.Observe(failure.result, step.Duration)
		a.fall(made, failure.result)
		step.State, step.Error = risk.StateFailed, failure.String()
		return step
	}
	a.options.Observe(ResultDecided, step.Duration)
	if made.Failed > 0 && decision.Outcome == checkout.OutcomeApprove {
		// Nobody knows what the rule that failed would have said.
		made.Decision.Reason += "; the operator's assessor would approve"
		return step
	}
	made.Rule, made.Decision = Name, decision
	return step
}

// said are the results as an explanation says them.
var said = map[Result]string{
	ResultSlow: "did not answer in time", ResultDown: "could not be reached",
	ResultNonsense: "gave no usable answer", ResultPaused: "has failed too often and is not asked for a while",
}

// fall puts into the assessment what holds without an answer.
func (a *Assessor) fall(made *risk.Assessment, result Result) {
	without := "the operator's assessor " + said[result]
	outcome := map[Fallback]checkout.Outcome{FallbackRefer: checkout.OutcomeRefer, FallbackDeny: checkout.OutcomeDeny}[a.options.Fallback]
	if outcome == "" || outcome == made.Decision.Outcome {
		made.Decision.Reason += "; " + without + ", so that this stands"
		return
	}
	rules := made.Decision
	made.Rule = Name
	made.Decision = checkout.Decision{Outcome: outcome,
		Reason: without + " (its fallback; the rules said " + string(rules.Outcome) + ": " + rules.Reason + ")"}
}

// tell logs when the server begins to fail, is left alone, and is well again.
// Each failure is counted.
func (a *Assessor) tell(turn turn, failure *failure) {
	switch turn {
	case turnFailing:
		a.options.Logger.Warn("the operator's assessor failed; its fallback holds", "fallback", a.options.Fallback, "cause", failure.String())
	case turnPaused:
		a.options.Logger.Error("the operator's assessor keeps failing and is not asked for a while; its fallback holds",
			"for", pause, "fallback", a.options.Fallback, "cause", failure.String())
	case turnWell:
		a.options.Logger.Info("the operator's assessor answers again")
	case turnNone:
	}
}
