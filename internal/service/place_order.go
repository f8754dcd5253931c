package service

import (
	"context"

	"github.com/kvitto/kvitto/internal/checkout"
)

// PlaceOrder places the order of an authorization, once.
func (s *Service) PlaceOrder(ctx context.Context, caller Caller, token string, request checkout.Content, problems []checkout.Violation) (checkout.Session, error) {
	if refusal := checkout.ValidateOrder(&request, problems); refusal != nil {
		return checkout.Session{}, refusal
	}
	command := checkout.PlaceOrder{Token: token, Request: request, OrderID: s.NewID(caller.Now), Now: caller.Now, Review: s.ReviewTerms}
	return s.changeOfToken(ctx, caller, token, checkout.KindAuthorizationNotFound, func(current checkout.Session) (decision, error) {
		next, event, replayed, refusal := current.PlaceOrder(command)
		if refusal != nil || replayed {
			return decision{next: next}, refused(refusal)
		}
		facts, err := s.orderFacts(ctx, &next)
		return decision{next: next, event: event, changed: true, subjects: facts}, err
	})
}
