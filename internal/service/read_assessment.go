package service

import (
	"context"
	"errors"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/store"
)

// KeptAssessment is an assessment as it was kept, with what it looked at.
type KeptAssessment struct {
	store.Assessment
	Input risk.Input
	Made  risk.Assessment
}

// Assessment returns one of the merchant's assessments. Another merchant's is
// unknown, in the same words.
func (s *Service) Assessment(ctx context.Context, caller Caller, assessmentID string) (KeptAssessment, error) {
	unknown := &checkout.Refusal{Kind: checkout.KindNotFound, Reason: "no assessment of this merchant has this id"}
	if s.Memory == nil {
		return KeptAssessment{}, unknown
	}
	kept, err := s.Memory.Assessment(ctx, caller.MerchantID, assessmentID)
	if errors.Is(err, store.ErrNotFound) {
		return KeptAssessment{}, unknown
	} else if err != nil {
		return KeptAssessment{}, notRead(err)
	}
	return s.readAssessment(kept)
}

// assessmentsShown bounds a list; no page may have more assessed in a session.
const assessmentsShown = 100

// AssessmentsOf returns the newest assessments of a session, the newest first. A
// session that is unknown, or another merchant's, has none.
func (s *Service) AssessmentsOf(ctx context.Context, caller Caller, sessionID string) ([]KeptAssessment, error) {
	found, err := s.assessmentsOf(ctx, caller, sessionID, assessmentsShown)
	if err != nil {
		return nil, err
	}
	list := make([]KeptAssessment, len(found))
	for i := range found {
		if list[i], err = s.readAssessment(found[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// assessmentsSearched bounds how far back the assessment of an exchange is looked
// for.
const assessmentsSearched = 200

// AssessmentOfExchange is the id of the assessment that an exchange about a
// session made, empty when it made none.
func (s *Service) AssessmentOfExchange(ctx context.Context, caller Caller, sessionID, correlationID string) (string, error) {
	if sessionID == "" {
		return "", nil
	}
	found, err := s.assessmentsOf(ctx, caller, sessionID, assessmentsSearched)
	for i := range found {
		if found[i].CorrelationID == correlationID {
			return found[i].ID, nil
		}
	}
	return "", err
}

func (s *Service) assessmentsOf(ctx context.Context, caller Caller, sessionID string, limit int) ([]store.Assessment, error) {
	if s.Memory == nil {
		return nil, nil
	}
	found, err := s.Memory.AssessmentsOf(ctx, caller.MerchantID, sessionID, limit)
	if err != nil {
		return nil, notRead(err)
	}
	return found, nil
}

func (s *Service) readAssessment(kept store.Assessment) (KeptAssessment, error) {
	read := KeptAssessment{Assessment: kept}
	var err error
	read.Input, read.Made, err = s.ReadAssessment(kept.Document)
	return read, err
}

func notRead(err error) error {
	return errors.Join(&checkout.Refusal{Kind: checkout.KindUnavailable, Reason: "the store did not answer"}, err)
}
