package service

import (
	"context"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
)

// BrowserCall is one call of the browser SDK, or of its stand-in.
type BrowserCall struct {
	Call         risk.Call
	Patch        checkout.Content
	Problems     []checkout.Violation
	Category     string
	AutoFinalize bool
	// Decided overrides the assessor; nil lets it decide.
	Decided *checkout.Decision
}

// Browser carries out load, authorize, reauthorize or finalize. The outcome of
// an assessment is in the result; a refusal is about the session itself.
func (s *Service) Browser(ctx context.Context, caller Caller, sessionID string, call BrowserCall) (checkout.BrowserResult, checkout.Session, error) {
	var result checkout.BrowserResult
	session, err := s.change(ctx, caller, sessionID, func(current checkout.Session) (decision, error) {
		command := checkout.Browser{
			Patch: call.Patch, Problems: call.Problems, Category: call.Category,
			AutoFinalize: call.AutoFinalize, Now: caller.Now,
			NewToken: func() string { return s.NewID(caller.Now) },
			Decide: func(content *checkout.Content) checkout.Decision {
				if call.Decided != nil {
					return *call.Decided
				}
				return s.Assessor.Assess(ctx, risk.Input{
					MerchantID: caller.MerchantID, SessionID: sessionID, Call: call.Call, Content: content})
			},
		}
		var made decision
		var refusal *checkout.Refusal
		made.next, made.event, result, refusal = carryOut(current, call.Call, command)
		made.changed = result.Changed
		return made, refused(refusal)
	})
	return result, session, err
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
