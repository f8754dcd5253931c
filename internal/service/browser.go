package service

import (
	"context"
	"errors"

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
	// DeviceID and IP are of the customer's browser; empty when there is none.
	DeviceID, IP string
	// ShownRevision is what the page shows, 0 when it does not say.
	ShownRevision int64
	// Explain looks into the history for notes. It is for playgrounds: the reads
	// stand in the way of the answer.
	Explain bool
}

// BrowserAnswer is what became of a call.
type BrowserAnswer struct {
	Result  checkout.BrowserResult
	Session checkout.Session // after the call
	Notes   []string         // for the developer of the page
	// AssessmentID names the assessment that was made and kept; it may be empty.
	AssessmentID string
}

// Browser carries out load, authorize, reauthorize or finalize. The outcome of
// an assessment is in the result; a refusal is about the session itself.
func (s *Service) Browser(ctx context.Context, caller Caller, sessionID string, call BrowserCall) (BrowserAnswer, error) {
	var answer BrowserAnswer
	var before checkout.Session
	assessing := assessing{service: s, ctx: ctx, caller: caller, call: &call}
	defer assessing.turns.end()
	session, err := s.change(ctx, caller, sessionID, func(current checkout.Session) (decision, error) {
		var made decision
		var refusal *checkout.Refusal
		before = current
		assessing.begin(&current)
		made.next, made.event, answer.Result, refusal = carryOut(current, call.Call, s.command(caller, &call, assessing.decide))
		if assessing.err != nil {
			return made, assessing.err
		}
		made.changed, made.assessment, made.subjects = answer.Result.Changed, assessing.kept, assessing.facts
		return made, refused(refusal)
	})
	if err == nil && !answer.Result.Changed {
		err = assessing.keepAlone()
	}
	if err != nil {
		return BrowserAnswer{}, err
	}
	answer.Session, answer.AssessmentID = session, assessing.made()
	answer.Notes = s.notes(ctx, caller, &before, &call, &answer.Result)
	return answer, nil
}

func (s *Service) command(caller Caller, call *BrowserCall, decide func(*checkout.Content) checkout.Decision) checkout.Browser {
	return checkout.Browser{
		Patch: call.Patch, Problems: call.Problems, Category: call.Category, Categories: call.Categories,
		AutoFinalize: call.AutoFinalize, CollectShippingAddress: call.CollectShippingAddress, Flow: call.Flow, Person: call.Person, CallID: call.CallID, Now: caller.Now,
		NewToken: func() string { return s.NewID(caller.Now) },
		Decide:   decide,
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
