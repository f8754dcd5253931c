package service

import (
	"context"

	"github.com/kvitto/kvitto/internal/checkout"
)

// UpdateSession merges a patch into a session.
func (s *Service) UpdateSession(ctx context.Context, caller Caller, sessionID string, patch checkout.Content, problems []checkout.Violation) error {
	_, err := s.change(ctx, caller, sessionID, func(current checkout.Session) (decision, error) {
		next, event, refusal := current.Update(patch, problems, caller.Now)
		return decision{next: next, event: event, changed: true}, refused(refusal)
	})
	return err
}
