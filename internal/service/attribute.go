package service

import (
	"context"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// attribute adds to a mismatch which request set each value. It runs off the
// usual path; if the history cannot be read the mismatch is told without it.
func (s *Service) attribute(ctx context.Context, caller Caller, session *checkout.Session, refusal *checkout.Refusal) {
	for i := range refusal.Violations {
		refusal.Violations[i].SentBy = caller.origin()
	}
	revisions, err := s.Engine.Revisions(ctx, session.ID)
	if err != nil {
		return
	}
	checkout.Attribute(refusal.Violations, statements(revisions, session, refusal.Kind))
}

// statements are the contents that a mismatch is about, up to the approved one;
// for an order that was placed already, the order call itself.
func statements(revisions []store.Revision, session *checkout.Session, kind checkout.Kind) []checkout.Stated {
	var history []checkout.Stated
	for i := range revisions {
		revision := &revisions[i]
		switch {
		case kind == checkout.KindCompletedDifferently:
			if revision.Event.Kind == checkout.EventOrdered {
				history = append(history, checkout.Stated{Content: &revision.Session.Order.Request, Origin: originOf(revision)})
			}
		case session.Authorization != nil && revision.Session.Revision <= session.Authorization.Revision:
			history = append(history, checkout.Stated{Content: &revision.Session.Content, Origin: originOf(revision)})
		}
	}
	return history
}

func originOf(revision *store.Revision) checkout.Origin {
	return checkout.Origin{
		CorrelationID: revision.Event.CorrelationID, Operation: operations[revision.Event.Kind],
		Revision: revision.Session.Revision, At: revision.Event.At}
}

// operations are the names of the requests that cause events, the same that
// exchanges have. A reauthorize and a finalize are told as authorize: the
// event is the same.
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
