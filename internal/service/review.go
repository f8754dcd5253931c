package service

import (
	"context"
	"errors"
	"fmt"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// ReviewAction is what somebody does with the review of an order.
type ReviewAction string

// The actions, in the order of a review.
const (
	ReviewClaim   ReviewAction = "claim"
	ReviewRelease ReviewAction = "release"
	ReviewAccept  ReviewAction = "accept"
	ReviewReject  ReviewAction = "reject"
	ReviewStop    ReviewAction = "stop"
)

// ReviewActions are all of them.
var ReviewActions = []ReviewAction{ReviewClaim, ReviewRelease, ReviewAccept, ReviewReject, ReviewStop}

// noReview is the refusal for an order without a review, for one of another
// merchant and for one that does not exist.
func noReview() error {
	return &checkout.Refusal{Kind: checkout.KindNotFound, Reason: "no order with a review has this id"}
}

// Review returns the session of a merchant's order that was referred.
func (s *Service) Review(ctx context.Context, caller Caller, orderID string) (checkout.Session, error) {
	session, err := s.ofOrder(ctx, orderID)
	if err != nil {
		return checkout.Session{}, err
	}
	if session.MerchantID != caller.MerchantID || session.Order.Review == nil {
		return checkout.Session{}, noReview()
	}
	return *session, nil
}

// ofOrder is the session of an order, whosever it is.
func (s *Service) ofOrder(ctx context.Context, orderID string) (*checkout.Session, error) {
	sessionID, err := s.Engine.SessionOfOrder(ctx, orderID)
	if err == nil {
		var session *checkout.Session
		if session, err = s.find(ctx, sessionID); err == nil && session.Order != nil {
			return session, nil
		}
	}
	if err == nil || errors.Is(err, store.ErrNotFound) {
		return nil, noReview()
	}
	return nil, unavailable(err)
}

// StepReview does what somebody of the merchant does with a review.
func (s *Service) StepReview(ctx context.Context, caller Caller, orderID string, action ReviewAction, by, reason string) (checkout.Session, error) {
	session, err := s.Review(ctx, caller, orderID)
	if err != nil {
		return checkout.Session{}, err
	}
	return s.stepReview(ctx, caller, session.ID, action, checkout.ReviewStep{By: by, Reason: reason, Now: caller.Now})
}

// OperatorReview returns the session of an order that was referred, of whatever
// merchant.
func (s *Service) OperatorReview(ctx context.Context, orderID string) (checkout.Session, error) {
	session, err := s.ofOrder(ctx, orderID)
	if err != nil {
		return checkout.Session{}, err
	}
	if session.Order.Review == nil {
		return checkout.Session{}, noReview()
	}
	return *session, nil
}

// StepOperatorReview is StepReview for the operator, who reviews the orders of all
// merchants.
func (s *Service) StepOperatorReview(ctx context.Context, orderID string, action ReviewAction, by, reason string) (checkout.Session, error) {
	session, err := s.OperatorReview(ctx, orderID)
	if err != nil {
		return checkout.Session{}, err
	}
	caller, err := s.inPlaceOf(ctx, session.MerchantID)
	if err != nil {
		return checkout.Session{}, err
	}
	return s.stepReview(ctx, caller, session.ID, action, checkout.ReviewStep{By: by, Reason: reason, Now: caller.Now})
}

// inPlaceOf is a caller for a change of a merchant's session that no request of
// the merchant causes.
func (s *Service) inPlaceOf(ctx context.Context, merchantID string) (Caller, error) {
	now, err := s.Clock.Now(ctx, merchantID)
	if err != nil {
		return Caller{}, unavailable(err)
	}
	return Caller{MerchantID: merchantID, Now: now}, nil
}

func (s *Service) stepReview(ctx context.Context, caller Caller, sessionID string, action ReviewAction, step checkout.ReviewStep) (checkout.Session, error) {
	return s.change(ctx, caller, sessionID, func(current checkout.Session) (made decision, err error) {
		var refusal *checkout.Refusal
		made.changed = true
		switch action {
		case ReviewClaim:
			made.next, made.event, refusal = current.ClaimReview(step)
		case ReviewRelease:
			made.next, made.event, refusal = current.ReleaseReview(step)
		case ReviewAccept:
			made.next, made.event, made.changed, refusal = current.DecideReview(step, checkout.ReviewAccept, s.fourEyesAbove(&current))
		case ReviewReject:
			made.next, made.event, made.changed, refusal = current.DecideReview(step, checkout.ReviewReject, s.fourEyesAbove(&current))
		case ReviewStop:
			made.next, made.event, made.changed, refusal = current.StopReview(step)
		default:
			return made, fmt.Errorf("service: no step of a review is called %q", action)
		}
		return made, refused(refusal)
	})
}

// fourEyesAbove is the limit for the currency of the session's order, below zero
// without one.
func (s *Service) fourEyesAbove(session *checkout.Session) int64 {
	if session.Order == nil {
		return -1
	}
	if limit, ok := s.FourEyesAbove[session.Order.Content.PurchaseCurrency.Value]; ok {
		return limit
	}
	return -1
}

// DecideDue decides about a review whose time has come, unless somebody did
// meanwhile. Any number of processes may try.
func (s *Service) DecideDue(ctx context.Context, review *store.Review) (decided bool, err error) {
	caller, err := s.inPlaceOf(ctx, review.MerchantID)
	if err != nil {
		return false, err
	}
	_, err = s.change(ctx, caller, review.SessionID, func(current checkout.Session) (made decision, err error) {
		made.next, made.event, made.changed = current.ReviewAtDue(caller.Now)
		decided = made.changed
		return made, nil
	})
	return decided && err == nil, err
}
