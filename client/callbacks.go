package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// Callbacks are the newest messages to this merchant's server.
type Callbacks struct {
	Answer
	Held      bool       `json:"held"` // they wait until they are released
	Callbacks []Callback `json:"callbacks"`
}

// Callback is one message to this merchant's server.
type Callback struct {
	ID        string          `json:"callback_id"` // the receiver's Webhook-Id
	Kind      string          `json:"kind"`
	SessionID string          `json:"session_id"`
	URL       string          `json:"url"`
	State     string          `json:"state"` // waiting, delivered, failed, dropped
	CreatedAt time.Time       `json:"created_at"`
	DueAt     time.Time       `json:"due_at"` // while it waits
	Twice     bool            `json:"twice"`  // while it waits: it is to be delivered twice
	Attempts  int             `json:"attempts"`
	Body      json.RawMessage `json:"body"`
	Answer    *CallbackAnswer `json:"answer"` // nil before the first attempt
}

// CallbackAnswer is what the merchant's server said to the newest attempt.
type CallbackAnswer struct {
	At           time.Time         `json:"at"`
	Milliseconds float64           `json:"duration_ms"`
	Status       int               `json:"status"` // 0 when there was none
	Headers      map[string]string `json:"headers"`
	Body         string            `json:"body"` // its beginning
	Error        string            `json:"error"`
}

// Callbacks lists the newest messages, of a session when its id is not empty.
func (c *Client) Callbacks(ctx context.Context, sessionID string) (Callbacks, error) {
	var answer Callbacks
	read := call{operation: "read callbacks", method: http.MethodGet, path: "/kvitto/v1/callbacks"}
	if sessionID != "" {
		read.query = url.Values{"session_id": {sessionID}}
	}
	err := c.do(ctx, read, &answer)
	return answer, err
}

// HoldCallbacks keeps this merchant's callbacks back, or ends that. It is for
// playgrounds, as are the five below.
func (c *Client) HoldCallbacks(ctx context.Context, hold bool) error {
	return c.steer(ctx, call{operation: "hold callbacks", path: "/kvitto/v1/callbacks/hold", body: map[string]bool{"hold": hold}})
}

// ReleaseCallback lets a waiting callback go at once.
func (c *Client) ReleaseCallback(ctx context.Context, callbackID string) error {
	return c.steer(ctx, call{operation: "release callback", path: "/kvitto/v1/callbacks/{id}/release", id: callbackID})
}

// ReplayCallback sends a callback again that has ended.
func (c *Client) ReplayCallback(ctx context.Context, callbackID string) error {
	return c.steer(ctx, call{operation: "replay callback", path: "/kvitto/v1/callbacks/{id}/replay", id: callbackID})
}

// DropCallback ends a waiting callback.
func (c *Client) DropCallback(ctx context.Context, callbackID string) error {
	return c.steer(ctx, call{operation: "drop callback", path: "/kvitto/v1/callbacks/{id}/drop", id: callbackID})
}

// DuplicateCallback lets a waiting callback be delivered twice.
func (c *Client) DuplicateCallback(ctx context.Context, callbackID string) error {
	return c.steer(ctx, call{operation: "duplicate callback", path: "/kvitto/v1/callbacks/{id}/duplicate", id: callbackID})
}

// DelayCallback lets a waiting callback be due so long from now, in whole seconds
// of this merchant's clock; a second to 48 hours.
func (c *Client) DelayCallback(ctx context.Context, callbackID string, by time.Duration) error {
	return c.steer(ctx, call{operation: "delay callback", path: "/kvitto/v1/callbacks/{id}/delay", id: callbackID,
		body: map[string]int64{"seconds": int64(by / time.Second)}})
}

func (c *Client) steer(ctx context.Context, step call) error {
	step.method = http.MethodPost
	var answer struct{ Answer }
	return c.do(ctx, step, &answer)
}
