package service

import (
	"context"
	"errors"

	"github.com/kvitto/kvitto/internal/checkout"
)

// PlaceOrder places the order of an authorization, once.
func (s *Service) PlaceOrder(ctx context.Context, caller Caller, token string, request checkout.Content, problems []checkout.Violation) (checkout.Session, error) {
	if refusal := checkout.ValidateOrder(&request, problems); refusal != nil {
		return checkout.Session{}, refusal
	}
	command := checkout.PlaceOrder{Token: token, Request: request, OrderID: s.NewID(caller.Now), Now: caller.Now}
	session, err := s.changeOfToken(ctx, caller, token, checkout.KindAuthorizationNotFound, func(current checkout.Session) (decision, error) {
		next, event, replayed, refusal := current.PlaceOrder(command)
		return decision{next, event, !replayed}, refused(refusal)
	})
	var refusal *checkout.Refusal
	if errors.As(err, &refusal) {
		s.attribute(ctx, caller, &session, refusal)
	}
	return session, err
}

// attribute adds to a mismatch which request set each value. It runs off the
// usual path; if the history cannot be read the mismatch is told without it.
func (s *Service) attribute(ctx context.Context, caller Caller, session *checkout.Session, refusal *checkout.Refusal) {
	for i := range refusal.Violations {
		refusal.Violations[i].SentBy = caller.origin()
	}
	if refusal.Kind != checkout.KindNotMatching && refusal.Kind != checkout.KindCompletedDifferently {
		return
	}
	revisions, err := s.Engine.Revisions(ctx, session.ID)
	if err != nil {
		return
	}
	var history []checkout.Stated
	for i := range revisions {
		revision := &revisions[i]
		origin := checkout.Origin{
			CorrelationID: revision.Event.CorrelationID, Operation: string(revision.Event.Kind),
			Revision: revision.Session.Revision, At: revision.Event.At}
		if refusal.Kind == checkout.KindCompletedDifferently {
			if revision.Event.Kind == checkout.EventOrdered {
				history = []checkout.Stated{{Content: &revision.Session.Order.Request, Origin: origin}}
			}
			continue
		}
		if session.Authorization == nil || revision.Session.Revision > session.Authorization.Revision {
			break
		}
		history = append(history, checkout.Stated{Content: &revision.Session.Content, Origin: origin})
	}
	checkout.Attribute(refusal.Violations, history)
}
