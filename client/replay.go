package client

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// ReplayQuestion asks what a rule file would have decided. What is zero bounds
// nothing.
type ReplayQuestion struct {
	Rules    string            // the file
	Lists    map[string]string // the lists that it names, by their paths or names
	After    string            // the id of the assessment to go on behind
	From, To time.Time         // of the assessments; To is exclusive
	Limit    int64
}

// ReplayProgress is how far a replay is.
type ReplayProgress struct {
	Done  int64  `json:"done"`
	Total int64  `json:"total"` // about
	After string `json:"after"` // the newest that is done: a replay can go on behind it
}

// ReplayResult is what it found.
type ReplayResult struct {
	Answer
	ReplayProgress
	RuleSet    RuleSet         `json:"rule_set"`
	Compared   int64           `json:"compared"`
	Different  int64           `json:"different"`  // would be decided differently
	Failed     int64           `json:"failed"`     // a rule would fail
	Primed     int64           `json:"primed"`     // were left out: a test had said the outcome
	Assessor   int64           `json:"assessor"`   // were left out: the operator's assessor decided
	Unreadable int64           `json:"unreadable"` // were left out
	Changes    []ReplayChange  `json:"changes"`    // those that are the same, too
	Rules      []ReplayRule    `json:"rules"`
	Examples   []ReplayExample `json:"examples"` // the oldest of those that are different, at most 20
}

// ReplayChange counts assessments by what was decided and what would be.
type ReplayChange struct {
	Was     string `json:"was"`
	WouldBe string `json:"would_be"`
	Count   int64  `json:"count"`
}

// ReplayRule counts what a rule would decide; the name is empty for what none
// would.
type ReplayRule struct {
	Rule  string `json:"rule"`
	Count int64  `json:"count"`
}

// ReplayExample would be decided differently.
type ReplayExample struct {
	AssessmentID string `json:"assessment_id"`
	SessionID    string `json:"session_id"`
	Was          string `json:"was"`
	WouldBe      string `json:"would_be"`
	Rule         string `json:"rule"`
	Reason       string `json:"reason"`
}

// replayLineMax bounds a line of a replay, in bytes; examples are the longest.
const replayLineMax = 1 << 20

// replayWait is the least time between two questions for a turn.
const replayWait = 100 * time.Millisecond

// replayExamples is how many examples a result has.
const replayExamples = 20

// errNoEnd: the connection ended and the replay had not.
var errNoEnd = errors.New("the answer ended before the replay did")

// errTurnOver: others may have their turn now.
var errTurnOver = errors.New("the server ended the turn")

// Replay decides this merchant's assessments again by other rules, and tells how
// far it is. It takes as long as it takes: the context alone bounds it. A server
// lets others have their turn meanwhile; then Replay goes on until the end, and the
// result is of all turns.
func (c *Client) Replay(ctx context.Context, question ReplayQuestion, tell func(ReplayProgress)) (ReplayResult, error) {
	var sum ReplayResult
	for {
		before := sum.Done
		turn, err := c.replayTurn(ctx, question, func(p ReplayProgress) {
			tell(ReplayProgress{Done: before + p.Done, Total: before + p.Total, After: p.After})
		})
		var refused *Error
		switch {
		case errors.Is(err, errTurnOver):
			sum.add(&turn)
			question.After = turn.After
			if question.Limit > 0 {
				question.Limit -= turn.Done
			}
		case sum.Done > 0 && errors.As(err, &refused) && refused.Status == http.StatusTooManyRequests:
			// another has the turn
			select {
			case <-time.After(max(refused.RetryAfter, replayWait)):
			case <-ctx.Done():
				return sum, ctx.Err()
			}
		case err != nil || sum.Done == 0:
			return turn, err
		default:
			sum.add(&turn)
			sum.CorrelationID = turn.CorrelationID
			sum.Raw, err = json.Marshal(map[string]any{"result": sum})
			return sum, err
		}
	}
}

// add sums up.
func (r *ReplayResult) add(turn *ReplayResult) {
	r.RuleSet = turn.RuleSet
	r.ReplayProgress = ReplayProgress{Done: r.Done + turn.Done, Total: r.Done + turn.Total, After: cmp.Or(turn.After, r.After)}
	r.Compared, r.Different = r.Compared+turn.Compared, r.Different+turn.Different
	r.Failed, r.Unreadable = r.Failed+turn.Failed, r.Unreadable+turn.Unreadable
	r.Primed, r.Assessor = r.Primed+turn.Primed, r.Assessor+turn.Assessor
	for _, change := range turn.Changes {
		same := func(c ReplayChange) bool { return c.Was == change.Was && c.WouldBe == change.WouldBe }
		if at := slices.IndexFunc(r.Changes, same); at >= 0 {
			r.Changes[at].Count += change.Count
		} else {
			r.Changes = append(r.Changes, change)
		}
	}
	for _, rule := range turn.Rules {
		if at := slices.IndexFunc(r.Rules, func(c ReplayRule) bool { return c.Rule == rule.Rule }); at >= 0 {
			r.Rules[at].Count += rule.Count
		} else {
			r.Rules = append(r.Rules, rule)
		}
	}
	r.Examples = append(r.Examples, turn.Examples...)
	r.Examples = r.Examples[:min(len(r.Examples), replayExamples)]
}

func (c *Client) replayTurn(ctx context.Context, question ReplayQuestion, tell func(ReplayProgress)) (ReplayResult, error) {
	const operation = "replay assessments"
	query := url.Values{}
	if question.After != "" {
		query.Set("after", question.After)
	}
	for name, bound := range map[string]string{"from": instant(question.From), "to": instant(question.To)} {
		if bound != "" {
			query.Set(name, bound)
		}
	}
	if question.Limit > 0 {
		query.Set("limit", strconv.FormatInt(question.Limit, 10))
	}
	var body any = question.Rules
	if len(question.Lists) > 0 {
		body = map[string]any{"rules": question.Rules, "lists": question.Lists}
	}
	request, err := c.request(ctx, call{operation: operation, method: http.MethodPost, path: "/kvitto/v1/assessments/replay", query: query, body: body})
	if err != nil {
		return ReplayResult{}, fmt.Errorf("%s: %w", operation, err)
	}
	if len(question.Lists) == 0 {
		request.Header.Set("Content-Type", "text/plain; charset=utf-8")
	}
	request.Header.Set("Accept", "application/x-ndjson")
	response, err := c.http.Do(request)
	if err != nil {
		return ReplayResult{}, fmt.Errorf("%s: %w", operation, err)
	}
	if response.StatusCode != http.StatusOK {
		raw, err := readAnswer(response)
		if err != nil {
			return ReplayResult{}, fmt.Errorf("%s: answer: %w", operation, err)
		}
		return ReplayResult{}, newError(operation, response, raw)
	}
	result, err := ReadReplay(response.Body, tell)
	result.CorrelationID = response.Header.Get(correlationHeader)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return result, fmt.Errorf("%s: %w", operation, err)
	}
	return result, nil
}

// ReadReplay reads the lines of a replay up to its result.
func ReadReplay(from io.Reader, tell func(ReplayProgress)) (ReplayResult, error) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, replayLineMax)
	for lines.Scan() {
		var line struct {
			Progress *ReplayProgress `json:"progress"`
			Result   *ReplayResult   `json:"result"`
			Error    *struct {
				Reason   string `json:"reason"`
				TurnOver bool   `json:"turn_over"`
				ReplayResult
			} `json:"error"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return ReplayResult{}, fmt.Errorf("answer: %w", err)
		}
		switch {
		case line.Progress != nil:
			tell(*line.Progress)
		case line.Error != nil && line.Error.TurnOver && line.Error.Done > 0:
			return line.Error.ReplayResult, errTurnOver
		case line.Error != nil:
			return ReplayResult{ReplayProgress: line.Error.ReplayProgress}, errors.New(line.Error.Reason)
		case line.Result != nil:
			line.Result.Answer = Answer{Raw: append([]byte{}, lines.Bytes()...)}
			return *line.Result, nil
		}
	}
	return ReplayResult{}, errors.Join(errNoEnd, lines.Err())
}
