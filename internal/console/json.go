package console

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/kvitto/kvitto/internal/requestlog"
)

// line is an exchange for programs that read the console.
type line struct {
	At            time.Time `json:"at"`
	Status        int       `json:"status"`
	Operation     string    `json:"operation"` // "" when the path has none
	Method        string    `json:"method"`
	Path          string    `json:"path"`
	Milliseconds  float64   `json:"duration_ms"`
	CorrelationID string    `json:"correlation_id"`
	ErrorCode     string    `json:"error_code,omitempty"`
	ErrorMessages []string  `json:"error_messages,omitempty"`
	Reason        string    `json:"reason,omitempty"`
	Violations    []broken  `json:"violations,omitempty"`
	MoreViolated  int       `json:"more_violations,omitempty"` // beyond those listed
	Portal        string    `json:"portal,omitempty"`          // address of its page, of a refusal
}

type broken struct {
	Path      string `json:"path"`
	Rule      string `json:"rule"`
	Sent      any    `json:"sent"`
	Expected  any    `json:"expected"`
	Tolerance int64  `json:"tolerance"`
	Hint      string `json:"hint,omitempty"`
}

// JSON is one line of JSON for each exchange. Personal data is masked like in
// Text; the explanation itself is found by the correlation id.
var JSON = Format{jsonLine, jsonMissed}

func jsonMissed(n int64) string {
	return fmt.Sprintf("{\"not_printed\":%d}\n", n)
}

func jsonLine(e *requestlog.Exchange, portal string) string {
	l := line{
		At: e.At.UTC(), Status: e.Status, Operation: e.Operation, Method: e.Method, Path: e.Path,
		Milliseconds: float64(e.Duration.Microseconds()) / 1000, CorrelationID: e.CorrelationID,
		ErrorCode: e.ErrorCode, ErrorMessages: e.ErrorMessages, Reason: e.Reason,
	}
	l.MoreViolated = max(0, len(e.Violations)-violationsShown)
	for i := range e.Violations[:min(len(e.Violations), violationsShown)] {
		v := masked(&e.Violations[i])
		b := broken{Path: v.Path, Rule: string(v.Rule), Sent: v.Sent, Expected: v.Expected, Tolerance: v.Tolerance, Hint: v.Hint}
		l.Violations = append(l.Violations, b)
	}
	if portal != "" && e.Durable() {
		l.Portal = portal + e.CorrelationID
	}
	text, err := json.Marshal(l)
	if err != nil {
		// Strings, numbers and booleans always marshal.
		return ""
	}
	return string(text) + "\n"
}
