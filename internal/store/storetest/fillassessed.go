package storetest

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

const (
	// fillTogether is how many assessments a filling writes at a time.
	fillTogether = 1000
	// fillSessionsTogether is more: the keys of subjects are spread over all of
	// an index, and its pages are written once for all changes of a batch.
	fillSessionsTogether = 2000
)

// FillAssessments stores so many assessments that led to no change, for
// measurements with many. make makes the i-th; ids that begin with their time
// are stored fastest in that order.
func FillAssessments(ctx context.Context, engine store.Assessments, count int, make func(i int) store.Assessment) error {
	var together []store.Assessment
	for i := range count {
		together = append(together, make(i))
		if len(together) == fillTogether || i == count-1 {
			if err := engine.AddAssessments(ctx, together); err != nil {
				return err
			}
			together = together[:0]
		}
	}
	return nil
}

// FillAssessed stores so many small sessions of a merchant, each with what add
// gives the i-th: facts and an assessment.
func FillAssessed(ctx context.Context, engine store.Engine, merchantID string, count int, add func(i int, change *store.Change)) error {
	var together []store.Change
	for i := range count {
		session := checkout.Session{ID: uuid.Must(uuid.NewV7()).String(), MerchantID: merchantID, ClientToken: "client token",
			Revision: 1, CreatedAt: dawn, UpdatedAt: dawn, ExpiresAt: dawn.Add(checkout.SessionLifetime)}
		change := store.Change{Session: session, Event: checkout.Event{Kind: checkout.EventCreated, At: dawn}}
		add(i, &change)
		together = append(together, change)
		if len(together) == fillSessionsTogether || i == count-1 {
			if err := errors.Join(engine.Commit(ctx, together)...); err != nil {
				return err
			}
			together = together[:0]
		}
	}
	return nil
}
