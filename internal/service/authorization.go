package service

import (
	"context"
	"errors"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// changeOfToken is change for the session a token was issued for. unknown is
// the refusal for a token that is not this merchant's.
func (s *Service) changeOfToken(ctx context.Context, caller Caller, token string, unknown checkout.Kind, decide func(checkout.Session) (decision, error)) (checkout.Session, error) {
	notFound := &checkout.Refusal{Kind: unknown, Reason: "no authorization of this merchant has this token"}
	sessionID, err := s.Engine.SessionOfAuthorization(ctx, token)
	if errors.Is(err, store.ErrNotFound) {
		return checkout.Session{}, notFound
	} else if err != nil {
		return checkout.Session{}, unavailable(err)
	}
	session, err := s.change(ctx, caller, sessionID, decide)
	var refusal *checkout.Refusal
	switch {
	case !errors.As(err, &refusal):
	case refusal.Kind == checkout.KindSessionNotFound:
		return checkout.Session{}, notFound
	case refusal.Kind == checkout.KindNotMatching, refusal.Kind == checkout.KindCompletedDifferently:
		s.attribute(ctx, caller, &session, refusal)
	}
	return session, err
}

// CancelAuthorization releases an authorization that did not become an order.
func (s *Service) CancelAuthorization(ctx context.Context, caller Caller, token string) (checkout.Session, error) {
	return s.changeOfToken(ctx, caller, token, checkout.KindAuthorizationNotDeletable, func(current checkout.Session) (decision, error) {
		next, event, refusal := current.Release(token, caller.Now)
		return decision{next: next, event: event, changed: true}, refused(refusal)
	})
}

// CreateCustomerToken makes a customer token, once per authorization.
func (s *Service) CreateCustomerToken(ctx context.Context, caller Caller, command checkout.CreateCustomerToken, problems []checkout.Violation) (checkout.Session, error) {
	if refusal := checkout.ValidateCustomerToken(&command, problems); refusal != nil {
		return checkout.Session{}, refusal
	}
	command.ID = s.NewID(caller.Now)
	command.Now = caller.Now
	return s.changeOfToken(ctx, caller, command.Token, checkout.KindAuthorizationNotFound, func(current checkout.Session) (decision, error) {
		next, event, replayed, refusal := current.CreateCustomerToken(command)
		return decision{next: next, event: event, changed: !replayed}, refused(refusal)
	})
}
