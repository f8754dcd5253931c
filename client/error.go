package client

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Error is a refusal. Find it with errors.As.
type Error struct {
	Operation     string   // "create session"
	Status        int      // HTTP status, 400 and up, or an unexpected 3xx
	Code          string   // error_code; empty when the answer is not the protocol's
	Messages      []string // error_messages
	CorrelationID string   // names the exchange for Explain and for the portal
	// ExplanationURL is where Kvitto explains the refusal; empty elsewhere.
	ExplanationURL string
	RetryAfter     time.Duration // how long to wait before asking again; 0 when the answer does not say
	Raw            []byte        // the body of the answer
}

func newError(operation string, response *http.Response, raw []byte) *Error {
	e := &Error{
		Operation: operation, Status: response.StatusCode, Raw: raw,
		CorrelationID:  response.Header.Get(correlationHeader),
		ExplanationURL: response.Header.Get("Kvitto-Explanation"),
	}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
		e.RetryAfter = time.Duration(seconds) * time.Second
	}
	var body struct {
		CorrelationID string   `json:"correlation_id"`
		Code          string   `json:"error_code"`
		Messages      []string `json:"error_messages"`
	}
	// Something between here and the server may answer in another shape; the
	// status and the raw body say what there is to say.
	if json.Unmarshal(raw, &body) == nil {
		e.Code, e.Messages = body.Code, body.Messages
		if e.CorrelationID == "" {
			e.CorrelationID = body.CorrelationID
		}
	}
	return e
}

// Error is one line: operation, status, code, messages, correlation id.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Operation + ": " + strconv.Itoa(e.Status))
	if e.Code != "" {
		b.WriteString(" " + e.Code)
	} else if text := http.StatusText(e.Status); text != "" {
		b.WriteString(" " + text)
	}
	if len(e.Messages) > 0 {
		b.WriteString(": " + strings.Join(e.Messages, "; "))
	}
	if e.CorrelationID != "" {
		b.WriteString(" (correlation id " + e.CorrelationID + ")")
	}
	return b.String()
}
