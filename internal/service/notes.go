package service

import (
	"context"
	"fmt"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
)

// notes tell the developer of a page what is true and easily overlooked.
func (s *Service) notes(ctx context.Context, caller Caller, before *checkout.Session, call *BrowserCall, result *checkout.BrowserResult) []string {
	var notes []string
	add := func(format string, values ...any) { notes = append(notes, fmt.Sprintf(format, values...)) }
	if call.Explain && result.Ask == nil && call.Call != risk.CallLoad && call.ShownRevision > 0 && call.ShownRevision < before.Revision {
		if updated, ok := s.updatedSince(ctx, before, call.ShownRevision); ok {
			add("The server of the shop updated the session (revision %d, correlation id %s) after the widget was loaded with revision %d. "+
				"Call load() after an update, so that the customer sees what is paid.", updated.Revision, updated.CorrelationID, call.ShownRevision)
		}
	}
	if result.Changed && call.Call != risk.CallLoad && before.LiveToken(caller.Now) != "" {
		if result.Approved {
			add("The session had an authorization token already. It is void now: place the order with the newest one.")
		} else {
			add("The session had an authorization token. It is void now: the newest assessment says no.")
		}
	}
	if result.FinalizeRequired {
		add("finalize_required: there is no token yet. Call finalize() when the customer places the order.")
	}
	if result.Repeated {
		add("The call had come before, with the same call_id: this is the answer of the first, and nothing was assessed again.")
		return notes
	}
	if call.Call == risk.CallFinalize && result.Ask == nil && !result.Changed && !result.ShowForm {
		add("There was nothing to finalize: finalize() follows an authorize() that answered finalize_required.")
	}
	if call.Call == risk.CallFinalize && !result.Changed && result.Approved {
		add("Nothing was left to finalize: this is the answer of the finalize() or authorize() before, with its token.")
	}
	if call.Decided != nil && result.Ask == nil {
		add("The outcome was not assessed: %s.", call.Decided.Reason)
	}
	return notes
}

// updatedSince finds the newest update by the shop's server after a revision.
func (s *Service) updatedSince(ctx context.Context, session *checkout.Session, shown int64) (checkout.Origin, bool) {
	// As for explanations this takes nobody's memory; but a customer waits here,
	// and a note is not worth that.
	select {
	case s.explaining <- struct{}{}:
		defer func() { <-s.explaining }()
	default:
		return checkout.Origin{}, false
	}
	revisions, err := s.Engine.Revisions(ctx, session.ID, revisionsAtOnce, session.Revision)
	if err != nil {
		return checkout.Origin{}, false
	}
	for i := len(revisions) - 1; i >= 0 && revisions[i].Session.Revision > shown; i-- {
		if revisions[i].Event.Kind == checkout.EventUpdated {
			return originOf(&revisions[i]), true
		}
	}
	return checkout.Origin{}, false
}
