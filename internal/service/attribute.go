package service

import (
	"context"
	"fmt"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// attribute adds to a mismatch which request set each value. It runs off the
// usual path; if the history cannot be read the mismatch is told without it.
func (s *Service) attribute(ctx context.Context, caller Caller, session *checkout.Session, refusal *checkout.Refusal) {
	for i := range refusal.Violations {
		refusal.Violations[i].SentBy = caller.origin()
	}
	revisions, err := s.Engine.Revisions(ctx, session.ID, revisionsSearched)
	if err != nil || len(revisions) == 0 {
		return
	}
	checkout.Attribute(refusal.Violations, statements(revisions, session, refusal.Kind))
	if oldest := revisions[0].Session.Revision; oldest > 1 && refusal.Kind == checkout.KindNotMatching {
		forgetOldest(refusal.Violations, oldest)
	}
}

// revisionsSearched bounds how far back a value is followed, and so the time
// and memory of explaining a mismatch of a session with a long history.
const revisionsSearched = 200

// forgetOldest takes back what would be a guess: a value that already stood in
// the oldest revision looked at was set there or earlier.
func forgetOldest(violations []checkout.Violation, oldest int64) {
	for i := range violations {
		v := &violations[i]
		if v.ExpectedBy.Revision != oldest {
			continue
		}
		v.ExpectedBy = checkout.Origin{}
		if v.Rule == checkout.RuleCartSize {
			continue // its hint is the sentence of the message
		}
		if v.Hint != "" {
			v.Hint += "; "
		}
		v.Hint += fmt.Sprintf("the expected value was set at revision %d or earlier", oldest)
	}
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
