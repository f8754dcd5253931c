package service

import (
	"context"

	"github.com/kvitto/kvitto/internal/checkout"
)

// ReadSession returns the newest state of a session that has not expired.
func (s *Service) ReadSession(ctx context.Context, caller Caller, sessionID string) (checkout.Session, error) {
	session, err := s.newest(ctx, caller, sessionID)
	if err != nil {
		return checkout.Session{}, err
	}
	return *session, refused(session.Viewable(caller.Now))
}
