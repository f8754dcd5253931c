package app

import (
	"context"

	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store/record"
)

// replayWorkers are the goroutines of a replay, which has as many processors and
// no more.
const replayWorkers = 2

// subjectSecret is what subjects are hashed with.
const subjectSecret = "subject_key"

// remember lets the service keep assessments, and remember those who take part.
func (a *App) remember(ctx context.Context, options *service.Options) error {
	options.FactsLost = func(assessmentID string, err error) {
		a.config.Logger.Error("an order is not remembered of the device and the IP address: their assessment could not be read",
			"assessment_id", assessmentID, "cause", err)
	}
	return rememberIn(ctx, a.stores, options)
}

// rememberIn is remember in a store.
func rememberIn(ctx context.Context, stored engine, options *service.Options) error {
	secret, err := secretOf(ctx, stored, subjectSecret, service.SubjectSecretBytes)
	if err != nil {
		return err
	}
	options.SubjectSecret = secret
	options.AssessmentDocument = func(in *risk.Input, made *risk.Assessment) []byte { return record.AppendAssessment(nil, in, made) }
	readRemembered(stored, options)
	return nil
}

// readRemembered lets the service read assessments alone.
func readRemembered(stored engine, options *service.Options) {
	options.Memory, options.ReplayWorkers = stored, replayWorkers
	options.ReadAssessment, options.ReadInput = record.DecodeAssessment, record.DecodeInput
}
