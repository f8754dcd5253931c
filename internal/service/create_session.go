package service

import (
	"context"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// CreateSession opens a session. Every call makes a new one.
func (s *Service) CreateSession(ctx context.Context, caller Caller, content checkout.Content, problems []checkout.Violation) (checkout.Session, error) {
	session, event, refusal := checkout.Create(s.NewID(caller.Now), caller.MerchantID, content, problems, caller.Now)
	if refusal != nil {
		return checkout.Session{}, refusal
	}
	token, err := s.Minter.Mint(&session, caller.BrowserURL)
	if err != nil {
		return checkout.Session{}, unavailable(err)
	}
	session.ClientToken = token
	event.CorrelationID = caller.CorrelationID
	if err := s.Committer.Commit(ctx, store.Change{Session: session, Event: event}); err != nil {
		return checkout.Session{}, unavailable(err)
	}
	s.recent.put(&session)
	return session, nil
}
