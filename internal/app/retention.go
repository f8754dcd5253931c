package app

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
)

// Retention says how long things are kept. A zero keeps them for ever.
type Retention struct {
	Sessions      time.Duration // of a session without an order, after it has expired
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
)

// keepRetention deletes what has had its time, until the server closes.
func (a *App) keepRetention() {
	limits := a.config.Retention
	if limits.Sessions <= 0 && limits.Exchanges <= 0 && limits.ExchangeBytes <= 0 && a.people == nil {
		return
	}
	if limits.Every <= 0 {
		limits.Every = retentionEvery
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	a.closers = append(a.closers, func() error { stop(); <-ended; return nil })
	go func() {
		defer close(ended)
		wait := min(limits.Every, retentionFirst)
		for pause(ctx, wait+rand.N(wait)) { // processes of one store take turns
			if err := a.forget(ctx); err != nil && ctx.Err() == nil {
				a.config.Logger.Error("old sessions or exchanges or sign-ins were not deleted; the next look comes", "cause", err)
			}
			wait = limits.Every
		}
	}()
}

// forget is one look at everything that is stored.
func (a *App) forget(ctx context.Context) error {
	now := a.config.SystemTime()
	exchanges, err := a.stores.log.Sweep(ctx, now)
	if err != nil {
		return err
	}
	sessions := 0
	if keep := a.config.Retention.Sessions; keep > 0 {
		before := now.Add(-checkout.SessionLifetime - keep)
		for cursor := ""; ; {
			deleted, next, err := a.stores.DeleteExpired(ctx, before, cursor, retentionStep)
			sessions += deleted
			if err != nil {
				return err
			}
			if cursor = next; cursor == "" || !pause(ctx, retentionPause) {
				break
			}
		}
	}
	if a.people != nil {
		if err := a.people.Sweep(ctx); err != nil {
			return err
		}
	}
	if exchanges > 0 || sessions > 0 {
		a.config.Logger.Info("deleted what has had its time", "sessions", sessions, "exchanges", exchanges)
	}
	return nil
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
