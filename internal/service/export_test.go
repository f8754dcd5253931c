package service

import (
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/store"
)

// SubjectKeys are the keys of those who take part in an input, for tests that
// fill stores.
func (s *Service) SubjectKeys(in *risk.Input) []store.SubjectKey { return keysOf(s.subjectsOf(in)) }

// Forget drops what is cached of a session.
func (s *Service) Forget(sessionID string) { s.recent.drop(sessionID) }
