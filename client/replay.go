package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// ReplayQuestion asks what a rule file would have decided. What is zero bounds
// nothing.
type ReplayQuestion struct {
	Rules    string    // the file; one with lists cannot be sent
	After    string    // the id of the assessment to go on behind
	From, To time.Time // of the assessments; To is exclusive
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

// errNoEnd: the connection ended and the replay had not.
var errNoEnd = errors.New("the answer ended before the replay did")

// Replay decides this merchant's assessments again by other rules, and tells how
// far it is. It takes as long as it takes: the context alone bounds it.
func (c *Client) Replay(ctx context.Context, question ReplayQuestion, tell func(ReplayProgress)) (ReplayResult, error) {
	const operation = "replay assessments"
	query := url.Values{}
	if question.After != "" {
		query.Set("after", question.After)
	}
	for name, at := range map[string]time.Time{"from": question.From, "to": question.To} {
		if !at.IsZero() {
			query.Set(name, at.UTC().Format(time.RFC3339Nano))
		}
	}
	if question.Limit > 0 {
		query.Set("limit", strconv.FormatInt(question.Limit, 10))
	}
	request, err := c.request(ctx, call{operation: operation, method: http.MethodPost, path: "/kvitto/v1/assessments/replay", query: query, body: question.Rules})
	if err != nil {
		return ReplayResult{}, fmt.Errorf("%s: %w", operation, err)
	}
	request.Header.Set("Content-Type", "text/plain; charset=utf-8")
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
	result, err := readReplay(response, tell)
	if err != nil {
		return result, fmt.Errorf("%s: %w", operation, err)
	}
	return result, nil
}

// readReplay reads the lines of a replay up to its result.
func readReplay(response *http.Response, tell func(ReplayProgress)) (result ReplayResult, err error) {
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, replayLineMax)
	for lines.Scan() {
		var line struct {
			Progress *ReplayProgress `json:"progress"`
			Result   *ReplayResult   `json:"result"`
			Error    *struct {
				Reason string `json:"reason"`
				ReplayProgress
			} `json:"error"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return ReplayResult{}, fmt.Errorf("answer: %w", err)
		}
		switch {
		case line.Progress != nil:
			tell(*line.Progress)
		case line.Error != nil:
			return ReplayResult{ReplayProgress: line.Error.ReplayProgress}, errors.New(line.Error.Reason)
		case line.Result != nil:
			line.Result.Answer = Answer{CorrelationID: response.Header.Get(correlationHeader), Raw: append([]byte{}, lines.Bytes()...)}
			return *line.Result, nil
		}
	}
	return ReplayResult{}, errors.Join(errNoEnd, lines.Err())
}
