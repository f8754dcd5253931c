package admin

import (
	"context"
	"encoding/json"
)

// ReviewDesk is where an operator reviews the orders of all merchants. The
// documents are those of GET /kvitto/v1/reviews, with the names of who decided.
type ReviewDesk interface {
	// Reviews is a page of reviews, the earliest due first.
	Reviews(ctx context.Context, which WhichReviews) (json.RawMessage, error)
	// Review is the review of one order.
	Review(ctx context.Context, orderID string) (json.RawMessage, error)
	// StepReview does a step of the review and returns it.
	StepReview(ctx context.Context, step ReviewStep) (json.RawMessage, error)
}

// WhichReviews says which reviews are listed.
type WhichReviews struct {
	Merchant string `json:"merchant,omitzero"` // empty is all
	Decided  bool   `json:"decided,omitzero"`  // those that have ended, instead of those that wait
	After    string `json:"after,omitzero"`    // the next of the page before
}

// ReviewStep is what somebody does with the review of an order.
type ReviewStep struct {
	Order  string `json:"order"`
	Action string `json:"action"` // claim, release, accept, reject, stop
	By     string `json:"by"`
	Reason string `json:"reason,omitzero"`
}

// Reviews implements ReviewDesk.
func (r *Remote) Reviews(ctx context.Context, which WhichReviews) (page json.RawMessage, err error) {
	err = r.call(ctx, "reviews", request{Reviews: &which}, &page)
	return page, err
}

// Review implements ReviewDesk.
func (r *Remote) Review(ctx context.Context, orderID string) (review json.RawMessage, err error) {
	err = r.call(ctx, "review", request{Order: orderID}, &review)
	return review, err
}

// StepReview implements ReviewDesk.
func (r *Remote) StepReview(ctx context.Context, step ReviewStep) (review json.RawMessage, err error) {
	err = r.call(ctx, "step-review", request{Step: &step}, &review)
	return review, err
}

// reviewCalls are the calls of the socket about reviews.
func reviewCalls(o ReviewDesk) map[string]func(context.Context, request) (any, error) {
	return map[string]func(context.Context, request) (any, error){
		"reviews": func(ctx context.Context, r request) (any, error) { return o.Reviews(ctx, given(r.Reviews)) },
		"review":  func(ctx context.Context, r request) (any, error) { return o.Review(ctx, r.Order) },
		"step-review": func(ctx context.Context, r request) (any, error) {
			return o.StepReview(ctx, given(r.Step))
		},
	}
}

// given is the zero value of what was not sent.
func given[T any](sent *T) (value T) {
	if sent != nil {
		value = *sent
	}
	return value
}

// StepReview implements ReviewDesk. The log says what was done to which order, and
// not by whom: that is in the order's history.
func (l Logged) StepReview(ctx context.Context, step ReviewStep) (json.RawMessage, error) {
	review, err := l.Operations.StepReview(ctx, step)
	if err == nil {
		l.Logger.InfoContext(ctx, "review of an order", "order_id", step.Order, "step", step.Action)
	}
	return review, err
}
