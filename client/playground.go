package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// The outcomes that a browser call may ask for.
const (
	Approve          = "approve"
	Deny             = "deny"
	Refer            = "refer"             // approved; the order will be PENDING
	AcceptLater      = "accept_later"      // like Refer; the review accepts it after AfterMinutes
	RejectLater      = "reject_later"      // like Refer; the review rejects it then
	InvalidFields    = "invalid_fields"    // the customer must mend data
	Cancel           = "cancel"            // the customer closes the flow
	TechnicalError   = "error"             // nothing is decided
	FinalizeRequired = "finalize_required" // approved; a finalize must follow
)

// BrowserCall is the body of Load, Authorize, Reauthorize and Finalize. Its
// zero value, like a nil body, lets the test data in the session decide.
type BrowserCall struct {
	PaymentMethodCategory string `json:"payment_method_category,omitzero"` // pay_later
	// AutoFinalize false asks for a later Finalize; nil is true.
	AutoFinalize *bool `json:"auto_finalize,omitempty"`
	// Data is merged into the session first, like the SDK's data argument.
	Data any `json:"data,omitempty"`
	// Outcome is one of the constants above, or empty.
	Outcome string `json:"outcome,omitzero"`
	// InvalidFields are paths for that outcome: billing_address.email.
	InvalidFields []string `json:"invalid_fields,omitempty"`
	// AfterMinutes is when the review of AcceptLater and RejectLater ends, after the
	// order: 1 to 1440; 0 is six hours.
	AfterMinutes int `json:"after_minutes,omitzero"`
}

// Load does what the SDK's load does: it merges data and answers whether the
// widget can be shown. The body is a BrowserCall, anything like it, or nil.
func (c *Client) Load(ctx context.Context, sessionID string, body any) (BrowserResult, error) {
	return c.browser(ctx, "load", sessionID, body)
}

// Authorize does what the SDK's authorize and the customer would do.
func (c *Client) Authorize(ctx context.Context, sessionID string, body any) (BrowserResult, error) {
	return c.browser(ctx, "authorize", sessionID, body)
}

// Reauthorize approves a session anew after it changed.
func (c *Client) Reauthorize(ctx context.Context, sessionID string, body any) (BrowserResult, error) {
	return c.browser(ctx, "reauthorize", sessionID, body)
}

// Finalize completes an authorization that said FinalizeRequired.
func (c *Client) Finalize(ctx context.Context, sessionID string, body any) (BrowserResult, error) {
	return c.browser(ctx, "finalize", sessionID, body)
}

func (c *Client) browser(ctx context.Context, name, sessionID string, body any) (BrowserResult, error) {
	var answer BrowserResult
	err := c.do(ctx, call{operation: name, method: http.MethodPost,
		path: "/kvitto/v1/sessions/{id}/" + name, id: sessionID, body: body}, &answer)
	return answer, err
}

// Next says what the next call of a browser, or of Load, Authorize, Reauthorize
// and Finalize without an outcome, is to end as.
type Next struct {
	SessionID string `json:"session_id,omitzero"` // empty is any session of the merchant
	Call      string `json:"call,omitzero"`       // load, authorize, reauthorize or finalize; empty is any but load
	// Outcome is one of the constants above; empty lets the test data decide.
	Outcome       string   `json:"outcome,omitzero"`
	InvalidFields []string `json:"invalid_fields,omitempty"` // for that outcome
	AfterMinutes  int      `json:"after_minutes,omitzero"`   // for AcceptLater and RejectLater
	// Interaction is InteractionNone, or InteractionFull when empty.
	Interaction string `json:"interaction,omitzero"`
	// Standing keeps it until it is replaced or taken back; else it happens once.
	Standing bool `json:"standing,omitzero"`
}

// What a browser's call shows the customer.
const (
	InteractionNone = "none" // no window and no click
	InteractionFull = "full" // the purchase flow first
)

// Primed is the answer of Prime, Primed and ClearPrimed: what is primed now.
type Primed struct {
	Answer
	Next []Next `json:"next"`
}

// Prime says what comes next.
func (c *Client) Prime(ctx context.Context, next Next) (Primed, error) {
	return c.primed(ctx, "prime", http.MethodPost, next)
}

// Primed lists what was primed and did not come yet.
func (c *Client) Primed(ctx context.Context) (Primed, error) {
	return c.primed(ctx, "read primed", http.MethodGet, nil)
}

// ClearPrimed takes back all that was primed.
func (c *Client) ClearPrimed(ctx context.Context) (Primed, error) {
	return c.primed(ctx, "clear primed", http.MethodDelete, nil)
}

func (c *Client) primed(ctx context.Context, name, method string, body any) (Primed, error) {
	var answer Primed
	err := c.do(ctx, call{operation: name, method: method, path: "/kvitto/v1/next", body: body}, &answer)
	return answer, err
}

// The kinds of faults.
const (
	Latency    = "latency"     // the call waits before it is handled
	ErrorFault = "error"       // it is answered with a 5xx, and nothing was done
	Drop       = "drop"        // the connection is cut, and nothing was done
	LoseAnswer = "lose_answer" // the call is carried out, then the connection is cut
)

// Fault is what goes wrong with the next calls of the Payments API. A call meets
// one at most, the oldest that waits for it.
type Fault struct {
	Kind         string `json:"kind"`                  // one of the constants above
	Operation    string `json:"operation,omitzero"`    // create_order; empty is any call
	Count        int    `json:"count,omitzero"`        // calls that it befalls, 1 to 1000; 1 when zero
	Milliseconds int    `json:"milliseconds,omitzero"` // of Latency, 1 to 60000
	Status       int    `json:"status,omitzero"`       // of ErrorFault: 500, 502, 503 or 504; 503 when zero
}

// Faults is the answer of AddFault, Faults and ClearFaults: what waits now.
type Faults struct {
	Answer
	Faults []Fault `json:"faults"`
}

// AddFault says what goes wrong.
func (c *Client) AddFault(ctx context.Context, fault Fault) (Faults, error) {
	return c.faults(ctx, "add fault", http.MethodPost, fault)
}

// Faults lists what was asked for and has not happened yet.
func (c *Client) Faults(ctx context.Context) (Faults, error) {
	return c.faults(ctx, "read faults", http.MethodGet, nil)
}

// ClearFaults takes all of it back.
func (c *Client) ClearFaults(ctx context.Context) (Faults, error) {
	return c.faults(ctx, "clear faults", http.MethodDelete, nil)
}

func (c *Client) faults(ctx context.Context, name, method string, body any) (Faults, error) {
	var answer Faults
	err := c.do(ctx, call{operation: name, method: method, path: "/kvitto/v1/faults", body: body}, &answer)
	return answer, err
}

// ExchangeQuery narrows a list of exchanges. What is empty does not.
type ExchangeQuery struct {
	// Text is ids, a token, a reference, an amount, an e-mail address, words of
	// bodies, or path=value of a body; an exchange that is found has all of them.
	Text      string
	Status    string // 404, 4xx or 400-499
	Method    string
	Operation string
	SessionID string
	OrderID   string
	From, To  time.Time // when it began; To is exclusive
	Before    string    // FoundExchanges.Next of the page before
	Limit     int       // 1 to 200; 50 when zero
}

// FoundExchanges is a page of exchanges, the newest first, without their bodies and
// violations; Explain has those.
type FoundExchanges struct {
	Answer
	Exchanges []Exchange `json:"exchanges"`
	Next      string     `json:"next"` // where the next page begins; empty when there is none
	// Partial: the server had no time to look at all; Next goes on.
	Partial bool `json:"partial"`
}

// SearchExchanges lists recorded exchanges of this merchant.
func (c *Client) SearchExchanges(ctx context.Context, query ExchangeQuery) (FoundExchanges, error) {
	sent := url.Values{}
	for name, value := range map[string]string{
		"text": query.Text, "status": query.Status, "method": query.Method, "operation": query.Operation,
		"session_id": query.SessionID, "order_id": query.OrderID, "from": instant(query.From), "to": instant(query.To), "before": query.Before,
	} {
		if value != "" {
			sent.Set(name, value)
		}
	}
	if query.Limit != 0 {
		sent.Set("limit", strconv.Itoa(query.Limit))
	}
	var answer FoundExchanges
	err := c.do(ctx, call{operation: "search exchanges", method: http.MethodGet, path: "/kvitto/v1/exchanges", query: sent}, &answer)
	return answer, err
}

func instant(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// Explain returns a recorded exchange of this merchant, with every violation
// and who set each value.
func (c *Client) Explain(ctx context.Context, correlationID string) (Exchange, error) {
	var answer Exchange
	err := c.do(ctx, call{operation: "explain", method: http.MethodGet, path: "/kvitto/v1/exchanges/{id}", id: correlationID}, &answer)
	return answer, err
}

// Exchanges returns what is recorded about a session, oldest first: the calls
// of the shop's server and those of the customer's browser. There are at most
// 100, and none for a session that is unknown.
func (c *Client) Exchanges(ctx context.Context, sessionID string) ([]Exchange, error) {
	var answer struct {
		Answer
		Exchanges []Exchange `json:"exchanges"`
	}
	err := c.do(ctx, call{operation: "read session exchanges", method: http.MethodGet,
		path: "/kvitto/v1/sessions/{id}/exchanges", id: sessionID}, &answer)
	return answer.Exchanges, err
}

// Check validates a body without storing anything: as that of a create, or as
// that of an update when sessionID is not empty.
func (c *Client) Check(ctx context.Context, body any, sessionID string) (CheckResult, error) {
	var answer CheckResult
	check := call{operation: "check", method: http.MethodPost, path: "/kvitto/v1/check", body: body}
	if sessionID != "" {
		check.query = url.Values{"session_id": {sessionID}}
	}
	err := c.do(ctx, check, &answer)
	return answer, err
}

// Clock reads this merchant's clock.
func (c *Client) Clock(ctx context.Context) (ClockReading, error) {
	var answer ClockReading
	err := c.do(ctx, call{operation: "read clock", method: http.MethodGet, path: "/kvitto/v1/clock"}, &answer)
	return answer, err
}

// Advance moves this merchant's clock forward: sessions and tokens expire as if
// the time had passed. It cannot be moved back.
func (c *Client) Advance(ctx context.Context, by time.Duration) (ClockReading, error) {
	var answer ClockReading
	err := c.do(ctx, call{operation: "advance clock", method: http.MethodPost, path: "/kvitto/v1/clock",
		body: map[string]string{"advance": by.String()}}, &answer)
	return answer, err
}
