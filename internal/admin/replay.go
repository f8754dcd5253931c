package admin

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// ReplayDesk is where an operator asks what other rules would have decided.
type ReplayDesk interface {
	// Replay decides stored assessments again and hands on the lines of
	// POST /kvitto/v1/assessments/replay, each without its end, as they come; an error
	// of line ends it. It takes as long as it takes.
	Replay(ctx context.Context, question ReplayQuestion, line func([]byte) error) error
}

// ReplayQuestion says by which rules, and which assessments.
type ReplayQuestion struct {
	Rules    string            `json:"rules"`
	Lists    map[string]string `json:"lists,omitempty"`   // by their paths
	Merchant string            `json:"merchant,omitzero"` // empty is all
	After    string            `json:"after,omitzero"`
	From     time.Time         `json:"from,omitzero"`
	To       time.Time         `json:"to,omitzero"`
	Limit    int64             `json:"limit,omitzero"`
}

const (
	// replayBodyMax bounds a rule file with its lists as JSON, in bytes.
	replayBodyMax = 80 << 20
	// replayLineMax bounds a line of the answer, in bytes.
	replayLineMax = 1 << 20
	linesType     = "application/x-ndjson"
)

// serveReplay answers with lines while the replay goes on. Each of them has the
// time of a whole call elsewhere; there is a line after every page.
func serveReplay(w http.ResponseWriter, r *http.Request, desk ReplayDesk) {
	var question ReplayQuestion
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, replayBodyMax))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&question)
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // what would end the request later
	begun := false
	if err == nil {
		err = desk.Replay(r.Context(), question, func(line []byte) error {
			if !begun {
				w.Header().Set("Content-Type", linesType)
			}
			begun = true
			if err := control.SetWriteDeadline(time.Now().Add(patience)); err != nil {
				return err
			}
			if _, err := w.Write(append(line, '\n')); err != nil {
				return err
			}
			return control.Flush()
		})
	}
	if err != nil && !begun {
		_ = control.SetWriteDeadline(time.Now().Add(patience))
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer{Error: err.Error()})
	}
}

// Replay implements ReplayDesk.
func (r *Remote) Replay(ctx context.Context, question ReplayQuestion, line func([]byte) error) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	asked, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://kvitto/replay", bytes.NewReader(body))
	if err != nil {
		return err
	}
	patient := http.Client{Transport: r.http.Transport}
	response, err := patient.Do(asked)
	if err != nil {
		return fmt.Errorf("the running server does not answer: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return otherVersion("replay", response)
	}
	if response.Header.Get("Content-Type") != linesType {
		var back answer
		if err := json.NewDecoder(response.Body).Decode(&back); err != nil {
			return fmt.Errorf("the running server's answer: %w", err)
		}
		return errors.New(back.Error)
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, replayLineMax)
	for lines.Scan() {
		if err := line(bytes.Clone(lines.Bytes())); err != nil {
			return err
		}
	}
	return lines.Err()
}
