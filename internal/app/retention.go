package app

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
)

// Retention says how long things are kept. A zero keeps them for ever. How long
// subjects are remembered is fixed.
type Retention struct {
	Sessions      time.Duration // of a session without an order, after it has expired
	Assessments   time.Duration // of an assessment, though its session is kept
	Exchanges     time.Duration // of a recorded exchange
	ExchangeBytes int64         // all recorded exchanges together, oldest deleted first
	Every         time.Duration // between two looks; 0 is an hour
}

const (
	retentionEvery = time.Hour
	// retentionFirst is soon after the start, for servers that restart often.
	retentionFirst = time.Minute
	// A step looks at so many sessions, and the next one waits: whoever serves
	// must not notice.
	retentionStep  = 500
	retentionPause = 20 * time.Millisecond

	// subjectsKept is how long a subject is remembered after its newest fact: of
	// whoever buys once a year, always in the same weeks, the last time is known.
	// It is no setting: rules count on it, and a keyed hash of an address is still
	// about a person, so it is not kept longer either.
	subjectsKept = 400 * 24 * time.Hour
)

// keepRetention deletes what has had its time, until the server closes.
func (a *App) keepRetention() {
	limits := a.config.Retention
	if limits.Every <= 0 {
		limits.Every = retentionEvery
	}
	a.background(func(ctx context.Context) {
		wait := min(limits.Every, retentionFirst)
		for pause(ctx, wait+rand.N(wait)) { // processes of one store take turns
			if err := a.forget(ctx); err != nil && ctx.Err() == nil {
				a.config.Logger.Error("what has had its time was not deleted; the next look comes", "cause", err)
			}
			wait = limits.Every
		}
	})
}

// forget is one look at everything that is stored.
func (a *App) forget(ctx context.Context) error {
	now := a.config.SystemTime()
	exchanges, err := a.stores.log.Sweep(ctx, now)
	if err != nil {
		return err
	}
	sessions, err := a.forgetSessions(ctx, now)
	if err != nil {
		return err
	}
	assessments, err := a.forgetAssessments(ctx, now)
	if err != nil {
		return err
	}
	subjects, err := inPortions(ctx, func() (int, error) {
		return a.stores.DeleteSubjects(ctx, now.Add(-subjectsKept), retentionStep)
	})
	if err != nil {
		return err
	}
	if a.people != nil {
		if err := a.people.Sweep(ctx); err != nil {
			return err
		}
	}
	if exchanges > 0 || sessions > 0 || assessments > 0 || subjects > 0 {
		a.config.Logger.Info("deleted what has had its time",
			"sessions", sessions, "exchanges", exchanges, "assessments", assessments, "subjects", subjects)
	}
	return nil
}

// forgetSessions deletes sessions without an order.
func (a *App) forgetSessions(ctx context.Context, now time.Time) (sessions int, err error) {
	keep := a.config.Retention.Sessions
	if keep <= 0 {
		return 0, nil
	}
	before := now.Add(-checkout.SessionLifetime - keep)
	for cursor := ""; ; {
		deleted, next, err := a.stores.DeleteExpired(ctx, before, cursor, retentionStep)
		sessions += deleted
		if err != nil {
			return sessions, err
		}
		if cursor = next; cursor == "" || !pause(ctx, retentionPause) {
			return sessions, nil
		}
	}
}

// forgetAssessments deletes those of sessions that are kept, with an order; the
// others mostly went with their session.
func (a *App) forgetAssessments(ctx context.Context, now time.Time) (assessments int, err error) {
	keep := a.config.Retention.Assessments
	if keep <= 0 {
		return 0, nil
	}
	before := identifier.First(now.Add(-keep))
	return inPortions(ctx, func() (int, error) { return a.stores.DeleteAssessments(ctx, before, retentionStep) })
}

// inPortions deletes while portions are full, and tells how many went.
func inPortions(ctx context.Context, portion func() (int, error)) (all int, err error) {
	for {
		deleted, err := portion()
		all += deleted
		if err != nil || deleted < retentionStep || !pause(ctx, retentionPause) {
			return all, err
		}
	}
}

// pause is false when the context ended first.
func pause(ctx context.Context, span time.Duration) bool {
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
