package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kvitto/kvitto/internal/admin"
	"github.com/kvitto/kvitto/internal/api"
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/lab"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
)

// reviewDesk is where an operator reviews orders, of whatever merchant.
type reviewDesk struct {
	reviews   store.Reviews
	checkouts *service.Service
}

// Reviews implements admin.ReviewDesk.
func (d reviewDesk) Reviews(ctx context.Context, which admin.WhichReviews) (json.RawMessage, error) {
	found, next, err := d.reviews.Reviews(ctx, store.ReviewFilter{
		MerchantID: which.Merchant, Decided: which.Decided, After: which.After, Limit: api.ReviewsShown})
	if err != nil {
		return nil, fmt.Errorf("reviews: %w", err)
	}
	return api.ReviewsDocument(found, next), nil
}

// Review implements admin.ReviewDesk.
func (d reviewDesk) Review(ctx context.Context, orderID string) (json.RawMessage, error) {
	session, err := d.checkouts.OperatorReview(ctx, orderID)
	return reviewedDocument(orderID, &session, err)
}

// StepReview implements admin.ReviewDesk.
func (d reviewDesk) StepReview(ctx context.Context, step admin.ReviewStep) (json.RawMessage, error) {
	action := service.ReviewAction(step.Action)
	if !slices.Contains(service.ReviewActions, action) {
		return nil, fmt.Errorf("a review has no step %q; it has %v", step.Action, service.ReviewActions)
	}
	session, err := d.checkouts.StepOperatorReview(ctx, step.Order, action, step.By, step.Reason)
	return reviewedDocument(step.Order, &session, err)
}

func reviewedDocument(orderID string, session *checkout.Session, err error) (json.RawMessage, error) {
	var refusal *checkout.Refusal
	switch {
	case err == nil:
		return api.ReviewDocument(session), nil
	case !errors.As(err, &refusal):
		return nil, fmt.Errorf("review of order %s: %w", orderID, err)
	case refusal.Kind == checkout.KindNotFound:
		return nil, fmt.Errorf("no order that was referred has the id %q\nlist them with: kvitto reviews list", orderID)
	case len(refusal.Violations) > 0:
		broken := refusal.Violations[0]
		return nil, fmt.Errorf("%s: expected %v", broken.Path, broken.Expected)
	default:
		return nil, err
	}
}

// deskCache is the memory for sessions of a command, which asks for one or two.
const deskCache = 1 << 20

// openCheckouts is a service on a store without a server, for all desks of a command.
// Servers that share the store deliver what it tells shops. It needs no rules of
// reviews: each says itself what it takes.
func openCheckouts(engine engine) (*service.Service, error) {
	options, err := deskOptions(engine)
	if err != nil {
		return nil, err
	}
	return service.New(options)
}

func deskOptions(engine engine) (service.Options, error) {
	clock, err := lab.NewClock(time.Now, engine, true)
	options := service.Options{
		Engine: engine, Committer: straight{engine}, Clock: clock, NewID: identifier.New, CacheBytes: deskCache,
		CallbackBody: callbackBody, Shared: true,
	}
	readRemembered(engine, &options)
	return options, err
}

// straight commits one change at a time.
type straight struct{ engine store.Engine }

// Commit implements service.Committer.
func (s straight) Commit(ctx context.Context, change store.Change) error {
	return s.engine.Commit(ctx, []store.Change{change})[0]
}
