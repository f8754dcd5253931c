package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/kvitto/kvitto/internal/api"
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/service"
)

// assessmentDesk is where an operator reads assessments, of whatever merchant.
type assessmentDesk struct{ checkouts *service.Service }

// Assessment implements admin.AssessmentDesk.
func (d assessmentDesk) Assessment(ctx context.Context, assessmentID string) (json.RawMessage, error) {
	kept, err := d.checkouts.OperatorAssessment(ctx, assessmentID)
	var refusal *checkout.Refusal
	switch {
	case errors.As(err, &refusal) && refusal.Kind == checkout.KindNotFound:
		return nil, fmt.Errorf("no assessment has the id %q\nit is in the header Kvitto-Assessment-Id, and in what the portal says of the exchange\nan exchange is in the portal, or asked for with --url and --user instead of --config", assessmentID)
	case err != nil:
		return nil, fmt.Errorf("assessment %s: %w", assessmentID, err)
	}
	return api.AssessmentDocument(&kept), nil
}
