package service

import (
	"context"

	"github.com/kvitto/kvitto/internal/checkout"
)

// Check validates a body without storing anything: that of a create when
// sessionID is empty, else that of an update of the session. The violations
// are those of every stage.
func (s *Service) Check(ctx context.Context, caller Caller, sessionID string, patch checkout.Content, problems []checkout.Violation) (*checkout.Refusal, []checkout.Correction, error) {
	if sessionID == "" {
		_, _, refusal := checkout.Create("", caller.MerchantID, patch, problems, caller.Now)
		return withCorrections(refusal, checkout.Content{}, patch)
	}
	session, err := s.newest(ctx, caller, sessionID)
	if err != nil {
		return nil, nil, err
	}
	_, _, refusal := session.Update(patch, problems, caller.Now)
	if refusal != nil && refusal.Kind != checkout.KindBadValue {
		return nil, nil, refusal
	}
	return withCorrections(refusal, session.Content, patch)
}

func withCorrections(refusal *checkout.Refusal, base, patch checkout.Content) (*checkout.Refusal, []checkout.Correction, error) {
	if refusal == nil {
		return nil, nil, nil
	}
	merged := base.Merge(patch)
	return refusal, checkout.Advise(&merged, refusal.Violations), nil
}
