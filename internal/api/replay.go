package api

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"mime"
	"slices"
	"strconv"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/wire"
)

// operationReplay is the one whose body need not be JSON.
const operationReplay = "replay_assessments"

// replayBodyMax bounds a rule file with its lists, in bytes; the file alone has a
// bound of its own.
const replayBodyMax = 4 << 20

// replayRetryAfter is when to ask again while another replay runs, in seconds.
const replayRetryAfter = "5"

// replayTurn is how long a merchant's replay runs before others get their turn.
const replayTurn = time.Minute

// replayAssessments decides the merchant's assessments again by the rule file in
// the body. The answer comes as lines while it does so.
func replayAssessments(x *exchange) (answer, error) {
	question := service.ReplayQuestion{MerchantID: x.caller.MerchantID, Turn: replayTurn}
	if err := replayBounds(x, &question); err != nil {
		return answer{}, err
	}
	replay, err := x.api.Service.Replay(question)
	if err != nil {
		x.retryAfter = replayRetryAfter
		return answer{}, err
	}
	runs := false
	defer func() {
		if !runs {
			replay.GiveUp()
		}
	}()
	rules, err := x.sentRules()
	if err != nil {
		return answer{}, err
	}
	runs = true
	return answer{status: 200, stream: func(ctx context.Context, line func([]byte) error) {
		_ = ReplayLines(ctx, replay, rules, x.replayFailure, line) // who has gone away is not told
	}}, nil
}

// ReplayLines runs a replay by rules and writes its lines, each without its end,
// the last of which is the result or, in the words of said, why there is none.
func ReplayLines(ctx context.Context, replay *service.Replaying, rules *risk.RuleSet, said func(error) string, line func([]byte) error) error {
	var progress service.ReplayProgress
	found, err := replay.Run(ctx, rules, func(p service.ReplayProgress) error {
		progress = p
		return line(wire.AppendReplayProgress(nil, wire.ReplayProgress(p)))
	})
	result := replayResult(rules, &found)
	if err != nil {
		result.ReplayProgress = wire.ReplayProgress(progress)
		return line(wire.AppendReplayFailure(nil, said(err), errors.Is(err, service.ErrReplayTurn), result))
	}
	return line(wire.AppendReplayResult(nil, result))
}

// replayFailure is what the client is told; the operator is told the rest.
func (x *exchange) replayFailure(err error) string {
	var refusal *checkout.Refusal
	switch {
	case errors.Is(err, service.ErrReplayStopped), errors.Is(err, service.ErrReplayTurn):
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
	query := x.query()
	if question.After = query.Get("after"); question.After != "" && !isID(question.After) {
		return badValue("after", question.After, "the id of an assessment")
	}
	for _, bound := range []struct {
		name string
		to   *time.Time
	}{{"from", &question.From}, {"to", &question.To}} {
		sent := query.Get(bound.name)
		if sent == "" {
			continue
		}
		at, err := instant(bound.name, sent)
		if err != nil {
			return err
		}
		*bound.to = at
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

// sentRules reads the rule file in the body, with its lists where it is JSON.
func (x *exchange) sentRules() (*risk.RuleSet, error) {
	body := x.record.RequestBody
	if name, _, _ := mime.ParseMediaType(x.request.Header.Get("Content-Type")); name != "application/json" {
		if len(body) > risk.SentFileMax {
			return nil, tooLarge(risk.SentFileMax)
		}
		return SentRules(body, nil)
	}
	sent, problems, err := wire.DecodeSentRules(body)
	if err != nil {
		return nil, malformed(err)
	}
	if len(problems) > 0 {
		return nil, &checkout.Refusal{Kind: checkout.KindBadValue, Reason: "the rules cannot be read", Violations: problems}
	}
	if len(sent.Rules) > risk.SentFileMax {
		return nil, tooLarge(risk.SentFileMax)
	}
	return SentRules([]byte(sent.Rules), sent.Lists)
}

// SentRules reads a rule file that was sent with its lists, by their names or
// paths. What is wrong with it are violations, each with its line.
func SentRules(text []byte, lists map[string]string) (*risk.RuleSet, error) {
	set, err := risk.ParseWith(text, func(name, path string) ([]byte, error) {
		for _, key := range []string{path, name} {
			if list, there := lists[key]; there {
				return []byte(list), nil
			}
		}
		return nil, errors.New("it was not sent; send JSON with rules and lists")
	})
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
	result.Primed, result.Assessor = found.Primed, found.Assessor
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
