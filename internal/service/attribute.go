package service

import (
	"context"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// attribute adds to a mismatch which request set each value, and whether the
// session was updated after the authorization. It runs off the usual path; if
// the history cannot be read the mismatch is told without it.
func (s *Service) attribute(ctx context.Context, caller Caller, session *checkout.Session, refusal *checkout.Refusal) {
	for i := range refusal.Violations {
		refusal.Violations[i].SentBy = caller.origin()
	}
	if refusal.Kind == checkout.KindCompletedDifferently {
		s.attributeToOrder(ctx, session, refusal)
		return
	}
	if session.Authorization == nil {
		return
	}
	// One history at a time: explanations must not take the memory and the
	// connections of those who do not need one.
	select {
	case s.explaining <- struct{}{}:
		defer func() { <-s.explaining }()
	case <-ctx.Done():
		return
	}
	s.attributeToHistory(ctx, session, refusal)
	if session.Revision > session.Authorization.Revision {
		checkout.UpdatedAfterwards(refusal.Violations, session.Authorization.Content, &session.Content, session.Revision)
	}
}

const (
	// revisionsSearched bounds how far back a value is followed.
	revisionsSearched = 200
	// revisionsAtOnce bounds how many states are in memory at a time.
	revisionsAtOnce = 8
)

// attributeToHistory goes back from the revision that was approved until every
// value has its request.
func (s *Service) attributeToHistory(ctx context.Context, session *checkout.Session, refusal *checkout.Refusal) {
	var search *checkout.Attribution
	upTo, searched := session.Authorization.Revision, 0
	for upTo > 0 && searched < revisionsSearched && (search == nil || !search.Done()) {
		revisions, err := s.Engine.Revisions(ctx, session.ID, revisionsAtOnce, upTo)
		if err != nil || len(revisions) == 0 {
			return
		}
		for i := len(revisions) - 1; i >= 0; i-- {
			stated := checkout.Stated{Content: &revisions[i].Session.Content, Origin: originOf(&revisions[i])}
			if search == nil {
				search = checkout.Attribute(refusal.Violations, stated)
			} else {
				search.Earlier(stated)
			}
		}
		searched += len(revisions)
		upTo = revisions[0].Session.Revision - 1
	}
	if search != nil && upTo > 0 && !search.Done() {
		search.GiveUp(upTo + 1)
	}
}

// attributeToOrder names the call that placed the order: it is the newest
// change but for what came after the order.
func (s *Service) attributeToOrder(ctx context.Context, session *checkout.Session, refusal *checkout.Refusal) {
	revisions, err := s.Engine.Revisions(ctx, session.ID, revisionsAtOnce, 0)
	if err != nil {
		return
	}
	for i := range revisions {
		if revisions[i].Event.Kind == checkout.EventOrdered {
			checkout.Attribute(refusal.Violations, checkout.Stated{Content: &session.Order.Request, Origin: originOf(&revisions[i])})
		}
	}
}

func originOf(revision *store.Revision) checkout.Origin {
	return checkout.Origin{
		CorrelationID: revision.Event.CorrelationID, Operation: operations[revision.Event.Kind],
		Revision: revision.Session.Revision, At: revision.Event.At}
}

// operations are the names of the requests that cause events, the same that
// exchanges have, but that a reauthorize and a finalize are told as authorize,
// and a browser's own call like that of its stand-in: the event is the same.
var operations = map[checkout.EventKind]string{
	checkout.EventCreated:              "create_session",
	checkout.EventUpdated:              "update_session",
	checkout.EventLoaded:               "load",
	checkout.EventAuthorized:           "authorize",
	checkout.EventReferred:             "authorize",
	checkout.EventDeferred:             "authorize",
	checkout.EventDenied:               "authorize",
	checkout.EventReleased:             "cancel_authorization",
	checkout.EventOrdered:              "create_order",
	checkout.EventCustomerTokenCreated: "create_customer_token",
}
