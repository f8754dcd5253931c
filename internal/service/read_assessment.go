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
	read := KeptAssessment{Assessment: kept}
	read.Input, read.Made, err = s.ReadAssessment(kept.Document)
	return read, err
}

// assessmentsShown bounds a list; no page may have more assessed in a session.
const assessmentsShown = 100

// AssessmentsOf returns the newest assessments of a session, the newest first,
// without their documents, each of which is as large as a session.
func (s *Service) AssessmentsOf(ctx context.Context, caller Caller, sessionID string) ([]store.Assessment, error) {
	found, err := s.assessmentsOf(ctx, caller, sessionID, assessmentsShown)
	if err == nil && len(found) == 0 {
		_, err = s.newest(ctx, caller, sessionID) // there may be no such session
	}
	return found, err
}

// AssessmentsInFull are those of AssessmentsOf with what they looked at, which are
// fewer where their documents are large: the last reaches a page of the store.
func (s *Service) AssessmentsInFull(ctx context.Context, caller Caller, sessionID string) (list []KeptAssessment, err error) {
	found, err := s.AssessmentsOf(ctx, caller, sessionID)
	for i, size := 0, 0; err == nil && i < len(found) && size < store.AssessmentsPageBytes; i++ {
		var kept KeptAssessment
		if kept, err = s.Assessment(ctx, caller, found[i].ID); err == nil {
			list, size = append(list, kept), size+len(kept.Document)
		}
	}
	return list, err
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

func notRead(err error) error {
	return errors.Join(&checkout.Refusal{Kind: checkout.KindUnavailable, Reason: "the store did not answer"}, err)
}
