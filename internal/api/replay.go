package api

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/wire"
)

// operationReplay is the one whose body is no JSON.
const operationReplay = "replay_assessments"

// replayRetryAfter is when to ask again while another replay runs, in seconds.
const replayRetryAfter = "5"

// replayAssessments decides the merchant's assessments again by the rule file in
// the body. The answer comes as lines while it does so.
func replayAssessments(x *exchange) (answer, error) {
	question := service.ReplayQuestion{MerchantID: x.caller.MerchantID}
	if err := replayBounds(x, &question); err != nil {
		return answer{}, err
	}
	var err error
	if question.Rules, err = sentRules(x.record.RequestBody); err != nil {
		return answer{}, err
	}
	replay, err := x.api.Service.Replay(question)
	if err != nil {
		x.retryAfter = replayRetryAfter
		return answer{}, err
	}
	return answer{status: 200, stream: func(ctx context.Context, line func([]byte) error) {
		var progress service.ReplayProgress
		found, err := replay.Run(ctx, func(p service.ReplayProgress) error {
			progress = p
			return line(wire.AppendReplayProgress(nil, wire.ReplayProgress(p)))
		})
		last := wire.AppendReplayResult(nil, replayResult(question.Rules, &found))
		if err != nil {
			last = wire.AppendReplayFailure(nil, x.replayFailure(err), wire.ReplayProgress(progress))
		}
		_ = line(last) // who has gone away is not told
	}}, nil
}

// replayFailure is what the client is told; the operator is told the rest.
func (x *exchange) replayFailure(err error) string {
	var refusal *checkout.Refusal
	switch {
	case errors.Is(err, service.ErrReplayStopped):
		return err.Error()
	case x.request.Context().Err() != nil:
		return "the client went away"
	case errors.As(err, &refusal) && refusal.Kind != checkout.KindInternal:
		x.api.Logger.Error("a replay ended early", "correlation_id", x.record.CorrelationID, "cause", err)
		return refusal.Reason + "; go on behind the last assessment that was done"
	}
	x.api.Logger.Error("a replay ended early", "correlation_id", x.record.CorrelationID, "cause", err)
	return "the server met a fault of its own"
}

// replayBounds reads the query.
func replayBounds(x *exchange, question *service.ReplayQuestion) error {
	query := x.request.URL.Query()
	if question.After = query.Get("after"); question.After != "" && !isID(question.After) {
		return badValue("after", question.After, "the id of an assessment")
	}
	for name, to := range map[string]*time.Time{"from": &question.From, "to": &question.To} {
		sent := query.Get(name)
		if sent == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, sent)
		if err != nil {
			return badValue(name, sent, "a time such as 2026-05-01T09:00:00Z")
		}
		*to = at
	}
	if sent := query.Get("limit"); sent != "" {
		limit, err := strconv.ParseInt(sent, 10, 64)
		if err != nil || limit < 1 {
			return badValue("limit", sent, "a number of assessments, at least 1")
		}
		question.Limit = limit
	}
	return nil
}

// sentRules reads a rule file that was sent. What is wrong with it are
// violations, each with its line.
func sentRules(text []byte) (*risk.RuleSet, error) {
	set, err := risk.Parse(text)
	var invalid *risk.Invalid
	if !errors.As(err, &invalid) {
		return set, err
	}
	refusal := &checkout.Refusal{Kind: checkout.KindBadValue, Reason: "the rule file cannot be used; kvitto rules check says the same"}
	for _, p := range invalid.Problems {
		violation := checkout.Violation{Path: "line " + strconv.Itoa(p.Line), Rule: checkout.RuleFormat, Stage: checkout.StageFields,
			Sent: p.Value, Expected: p.Expected, Hint: p.Problem}
		if p.Line == 0 {
			violation.Path = "file"
		}
		for _, where := range []string{p.Rule, p.Key} {
			if where != "" {
				violation.Path += " " + where
			}
		}
		if p.Hint != "" {
			violation.Hint += "; " + p.Hint
		}
		refusal.Violations = append(refusal.Violations, violation)
	}
	return nil, refusal
}

func replayResult(set *risk.RuleSet, found *service.Replayed) wire.ReplayResult {
	result := wire.ReplayResult{
		ReplayProgress: wire.ReplayProgress(found.ReplayProgress), RuleSet: set.Name, Version: set.Version, Unreadable: found.Unreadable,
	}
	if found.Replay == nil {
		return result // it did not begin
	}
	result.Compared, result.Different, result.Failed = found.Compared, found.Different(), found.Failed
	for change, count := range found.Changes {
		result.Changes = append(result.Changes, wire.ReplayChange{Was: change.Was, WouldBe: change.WouldBe, Count: count})
	}
	slices.SortFunc(result.Changes, func(a, b wire.ReplayChange) int {
		return cmp.Or(cmp.Compare(a.Was, b.Was), cmp.Compare(a.WouldBe, b.WouldBe))
	})
	for _, rule := range slices.Sorted(maps.Keys(found.Rules)) {
		result.Rules = append(result.Rules, wire.ReplayRule{Rule: rule, Count: found.Rules[rule]})
	}
	for _, e := range found.Examples {
		result.Examples = append(result.Examples, wire.ReplayExample{AssessmentID: e.AssessmentID, SessionID: e.SessionID,
			Was: e.Was, WouldBe: e.WouldBe, Rule: e.Rule, Reason: e.Reason})
	}
	return result
}

func isID(text string) bool {
	_, ok := identifier.Time(text)
	return ok
}
