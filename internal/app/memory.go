package app

import (
	"context"

	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store/record"
)

// Goroutines of a replay: customers wait for the rest of the machine.
const (
	replayWorkers    = 1
	replayWorkersDev = 2
)

// remember lets the service keep assessments, and remember those who take part.
func (a *App) remember(ctx context.Context, options *service.Options) error {
	secret, err := a.secret(ctx, "subject_key", service.SubjectSecretBytes)
	if err != nil {
		return err
	}
	options.Memory, options.SubjectSecret = a.stores, secret
	options.AssessmentDocument = func(in *risk.Input, made *risk.Assessment) []byte { return record.AppendAssessment(nil, in, made) }
	options.ReadAssessment, options.ReadInput = record.DecodeAssessment, record.DecodeInput
	options.ReplayWorkers = replayWorkersDev
	if a.config.Production {
		options.ReplayWorkers = replayWorkers
	}
	return nil
}
