package service

import (
	"context"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// Revisions reads the revisions of a session.
type Revisions interface {
	Revisions(ctx context.Context, sessionID string, limit int, upTo int64) ([]store.Revision, error)
}

// History is a session of the merchant in whatever state it is, also when it has
// expired, and where its revisions are read. Another merchant's is unknown, in the
// same words.
func (s *Service) History(ctx context.Context, caller Caller, sessionID string) (checkout.Session, Revisions, error) {
	session, err := s.newest(ctx, caller, sessionID)
	if err != nil {
		return checkout.Session{}, nil, err
	}
	return *session, s.Engine, nil
}
