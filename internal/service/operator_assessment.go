package service

import (
	"context"
	"errors"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
)

// errNoMemory: an operator's question to a store that keeps no assessments.
var errNoMemory = errors.New("this store keeps no assessments")

// OperatorAssessment returns an assessment of whatever merchant.
func (s *Service) OperatorAssessment(ctx context.Context, assessmentID string) (KeptAssessment, error) {
	if s.Memory == nil {
		return KeptAssessment{}, errNoMemory
	}
	unknown := &checkout.Refusal{Kind: checkout.KindNotFound, Reason: "no assessment has this id"}
	before, ok := identifier.Preceding(assessmentID)
	if !ok {
		return KeptAssessment{}, unknown
	}
	found, err := s.Memory.AssessmentsAfter(ctx, "", before, 1)
	if err != nil {
		return KeptAssessment{}, notRead(err)
	}
	if len(found) == 0 || found[0].ID != assessmentID {
		return KeptAssessment{}, unknown
	}
	read := KeptAssessment{Assessment: found[0]}
	read.Input, read.Made, err = s.ReadAssessment(found[0].Document)
	return read, err
}
