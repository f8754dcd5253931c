package app

import (
	"context"
	"math"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/notify"
	"github.com/kvitto/kvitto/internal/outbound"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/wire"
)

// callbackBody is the body of a callback.
func callbackBody(callback *checkout.Callback) []byte { return wire.AppendCallback(nil, callback) }

// notifier delivers callbacks until the server closes.
func (a *App) notifier(clock service.Clock, metrics *metrics, show func(*requestlog.Exchange)) *notify.Notifier {
	policy := outbound.Playground
	if a.config.Production {
		policy = outbound.Policy{Allow: a.config.CallbackNetworks, Setting: "callbacks.allow_networks"}
	}
	started := notify.Start(notify.Options{
		Outbox: a.stores, Clock: clock, NewID: identifier.New, Policy: policy, Logger: a.config.Logger, System: a.config.SystemTime,
		Observe: metrics.callback,
		Record: func(ctx context.Context, e requestlog.Exchange) error {
			show(&e)
			return a.stores.log.Record(ctx, e)
		},
	})
	a.closers = append(a.closers, func() error { started.Close(); return nil })
	metrics.registry.MustRegister(gauge("kvitto_callbacks_waiting", "Callbacks in the store that are not delivered yet, of all processes.", counted(a.stores.CountWaitingCallbacks)))
	return started
}

// countMax bounds how long metrics wait for the store.
const countMax = time.Second

// counted is a count of the store for a metric: not a number while the store does
// not say.
func counted(count func(context.Context) (int, error)) func() float64 {
	return func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), countMax)
		defer cancel()
		n, err := count(ctx)
		if err != nil {
			return math.NaN()
		}
		return float64(n)
	}
}

// wakingCommitter tells the notifier of callbacks that were committed here.
type wakingCommitter struct {
	service.Committer
	wake func()
}

// Commit passes the change on.
func (c wakingCommitter) Commit(ctx context.Context, change store.Change) error {
	err := c.Committer.Commit(ctx, change)
	if change.Callback != nil {
		c.wake() // also after an error: what became of the change may be unknown
	}
	return err
}

// desk is the outbox for those who look at callbacks and steer them.
type desk struct {
	engine
	wake func()
}

// HoldCallbacks passes on; what is held no more goes at once.
func (d desk) HoldCallbacks(ctx context.Context, merchantID string, hold bool) error {
	defer d.wake()
	return d.engine.HoldCallbacks(ctx, merchantID, hold)
}

// StepCallback passes on; what is released goes at once.
func (d desk) StepCallback(ctx context.Context, merchantID, callbackID string, step store.CallbackStep, at time.Time) error {
	defer d.wake()
	return d.engine.StepCallback(ctx, merchantID, callbackID, step, at)
}
