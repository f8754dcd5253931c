package service

import (
	"context"
	"errors"
	"fmt"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/store"
)

// BrowserCall is one call of the browser SDK, or of its stand-in.
type BrowserCall struct {
	Call                   risk.Call
	Patch                  checkout.Content
	Problems               []checkout.Violation
	Category               string
	Categories             []string
	AutoFinalize           bool
	CollectShippingAddress bool
	// Decided overrides the assessor; nil lets it decide.
	Decided *checkout.Decision
	// Flow is how far the customer has come; nil is a call without a customer.
	Flow *checkout.Flow
	// Person stands for the customer of a call without one; see checkout.Browser.
	Person func(country string) *checkout.Content
	CallID string // of the call and its repetitions, may be empty
	// ShownRevision is what the page shows, 0 when it does not say.
	ShownRevision int64
}

// BrowserAnswer is what became of a call.
type BrowserAnswer struct {
	Result  checkout.BrowserResult
	Session checkout.Session // after the call
	Notes   []string         // for the developer of the page
}

// Browser carries out load, authorize, reauthorize or finalize. The outcome of
// an assessment is in the result; a refusal is about the session itself.
func (s *Service) Browser(ctx context.Context, caller Caller, sessionID string, call BrowserCall) (BrowserAnswer, error) {
	var answer BrowserAnswer
	var before checkout.Session
	session, err := s.change(ctx, caller, sessionID, func(current checkout.Session) (decision, error) {
		var made decision
		var refusal *checkout.Refusal
		before = current
		made.next, made.event, answer.Result, refusal = carryOut(current, call.Call, s.command(ctx, caller, sessionID, &call))
		made.changed = answer.Result.Changed
		return made, refused(refusal)
	})
	if err != nil {
		return BrowserAnswer{}, err
	}
	answer.Session = session
	answer.Notes = s.notes(ctx, caller, &before, &call, &answer.Result)
	return answer, nil
}

func (s *Service) command(ctx context.Context, caller Caller, sessionID string, call *BrowserCall) checkout.Browser {
	login := ""
	if call.Flow != nil {
		login = call.Flow.Answers.Login.Value
	}
	return checkout.Browser{
		Patch: call.Patch, Problems: call.Problems, Category: call.Category, Categories: call.Categories,
		AutoFinalize: call.AutoFinalize, CollectShippingAddress: call.CollectShippingAddress, Flow: call.Flow, Person: call.Person, CallID: call.CallID, Now: caller.Now,
		NewToken: func() string { return s.NewID(caller.Now) },
		Decide: func(content *checkout.Content) checkout.Decision {
			if call.Decided != nil {
				return *call.Decided
			}
			return s.Assessor.Assess(ctx, risk.Input{
				MerchantID: caller.MerchantID, SessionID: sessionID, Call: call.Call, Content: content, Login: login})
		},
	}
}

func carryOut(current checkout.Session, call risk.Call, command checkout.Browser) (checkout.Session, checkout.Event, checkout.BrowserResult, *checkout.Refusal) {
	switch call {
	case risk.CallLoad:
		return current.Load(command)
	case risk.CallReauthorize:
		return current.Reauthorize(command)
	case risk.CallFinalize:
		return current.Finalize(command)
	default:
		return current.Authorize(command)
	}
}

// MerchantOf finds the merchant of a session. It is for callers that a token
// of ours lets at this very session, and nobody else.
func (s *Service) MerchantOf(ctx context.Context, sessionID string) (merchantID string, err error) {
	session, err := s.find(ctx, sessionID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return "", &checkout.Refusal{Kind: checkout.KindSessionNotFound, Reason: "the session of the client token does not exist any more"}
	case err != nil:
		return "", unavailable(err)
	}
	return session.MerchantID, nil
}

// notes tell the developer of a page what is true and easily overlooked.
func (s *Service) notes(ctx context.Context, caller Caller, before *checkout.Session, call *BrowserCall, result *checkout.BrowserResult) []string {
	var notes []string
	add := func(format string, values ...any) { notes = append(notes, fmt.Sprintf(format, values...)) }
	if call.Call != risk.CallLoad && call.ShownRevision > 0 && call.ShownRevision < before.Revision {
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
	// As for explanations: this is for developers, and takes nobody's memory.
	select {
	case s.explaining <- struct{}{}:
		defer func() { <-s.explaining }()
	case <-ctx.Done():
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
