package app

import (
	"context"

	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store/record"
)

// remember lets the service keep assessments, and remember those who take part.
func (a *App) remember(ctx context.Context, options *service.Options) error {
	secret, err := a.secret(ctx, "subject_key", service.SubjectSecretBytes)
	if err != nil {
		return err
	}
	options.Memory, _ = a.stores.engine.(service.Memory)
	options.SubjectSecret = secret
	options.AssessmentDocument = func(in *risk.Input, made *risk.Assessment) []byte { return record.AppendAssessment(nil, in, made) }
	options.ReadAssessment = record.DecodeAssessment
	return nil
}
