package admin

import (
	"context"
	"encoding/json"
)

// AssessmentDesk is where an operator reads how the payments of all merchants were
// decided. The document is that of GET /kvitto/v1/assessments/{assessment_id}, with
// the rules.
type AssessmentDesk interface {
	Assessment(ctx context.Context, assessmentID string) (json.RawMessage, error)
}

// Assessment implements AssessmentDesk.
func (r *Remote) Assessment(ctx context.Context, assessmentID string) (assessment json.RawMessage, err error) {
	err = r.call(ctx, "assessment", request{Assessment: assessmentID}, &assessment)
	return assessment, err
}
