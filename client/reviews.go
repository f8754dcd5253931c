package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Review is the review of an order that was PENDING when it was placed.
type Review struct {
	OrderID    string    `json:"order_id"`
	SessionID  string    `json:"session_id"`
	MerchantID string    `json:"merchant_id"`
	State      string    `json:"state"` // open, claimed, awaiting_second, accepted, rejected, stopped
	PlacedAt   time.Time `json:"placed_at"`
	DueAt      time.Time `json:"due_at"` // when time decides
	Amount     int64     `json:"order_amount"`
	Currency   string    `json:"purchase_currency"`
	ClaimedBy  string    `json:"claimed_by"`

	// The rest is not in a list.
	FraudStatus     string    `json:"fraud_status"` // PENDING, ACCEPTED, REJECTED
	AtDue           string    `json:"at_due"`       // what time decides: accept or reject
	ReferredBecause string    `json:"referred_because"`
	AssessmentID    string    `json:"assessment_id"`
	FirstAt         time.Time `json:"first_at"` // the first of two people accepted it
	FirstBy         string    `json:"first_by"`
	FirstReason     string    `json:"first_reason"`
	DecidedAt       time.Time `json:"decided_at"`
	DecidedBy       string    `json:"decided_by"`
	Reason          string    `json:"decided_reason"`
	Automatic       bool      `json:"automatic"` // time decided
	StoppedAt       time.Time `json:"stopped_at"`
	StoppedBy       string    `json:"stopped_by"`
	StopReason      string    `json:"stopped_reason"`
}

// Reviews is a page of reviews, the earliest due first.
type Reviews struct {
	Answer
	Reviews []Review `json:"reviews"`
	Next    string   `json:"next"` // for ReviewQuery.After; empty at the end
}

// ReviewAnswer is one review.
type ReviewAnswer struct {
	Answer
	Review
}

// ReviewQuery says which reviews are listed.
type ReviewQuery struct {
	Decided bool   // those that have ended, instead of those that wait
	After   string // Next of the page before
}

// Reviews lists reviews of this merchant's orders.
func (c *Client) Reviews(ctx context.Context, which ReviewQuery) (Reviews, error) {
	read := call{operation: "read reviews", method: http.MethodGet, path: "/kvitto/v1/reviews", query: url.Values{}}
	if which.Decided {
		read.query.Set("state", "decided")
	}
	if which.After != "" {
		read.query.Set("after", which.After)
	}
	var answer Reviews
	err := c.do(ctx, read, &answer)
	return answer, err
}

// Review reads the review of an order.
func (c *Client) Review(ctx context.Context, orderID string) (ReviewAnswer, error) {
	var answer ReviewAnswer
	err := c.do(ctx, call{operation: "read review", method: http.MethodGet, path: "/kvitto/v1/reviews/{id}", id: orderID}, &answer)
	return answer, err
}

// What StepReview does.
const (
	ClaimReview   = "claim"   // for 30 minutes nobody else decides
	ReleaseReview = "release" // takes that back
	AcceptReview  = "accept"
	RejectReview  = "reject"
	StopReview    = "stop" // takes an acceptance back
)

// StepReview does one of the above. It is for playgrounds: on a server for shops
// the operator decides. An empty by is the user name.
func (c *Client) StepReview(ctx context.Context, orderID, step, by, reason string) (ReviewAnswer, error) {
	body := struct {
		By     string `json:"by,omitzero"`
		Reason string `json:"reason,omitzero"`
	}{by, reason}
	var answer ReviewAnswer
	err := c.do(ctx, call{operation: step + " review", method: http.MethodPost, path: "/kvitto/v1/reviews/{id}/" + step, id: orderID, body: body}, &answer)
	return answer, err
}
