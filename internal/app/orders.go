package app

import (
	"context"
	"time"
)

const (
	// ordersEvery is between two looks for orders that are in no list, or that the list is
	// behind: a server of the version before may place and change some beside this one.
	ordersEvery = time.Minute
	// ordersStep is how many are filled in at a time; the next step waits a while.
	ordersStep = 200
)

// fillOrders puts into the list what was placed or changed by a version that kept none, until
// the server closes. A look that finds nothing reads little.
func (a *App) fillOrders() {
	a.background(func(ctx context.Context) {
		for wait := time.Duration(0); pause(ctx, wait); wait = ordersEvery {
			filled, err := a.fillAllOrders(ctx)
			if err != nil && ctx.Err() == nil {
				a.config.Logger.Error("orders from before are not in the list yet; the next look comes", "cause", err)
			}
			if filled > 0 {
				a.config.Logger.Info("put orders from before into the list", "orders", filled)
			}
		}
	})
}

func (a *App) fillAllOrders(ctx context.Context) (filled int, err error) {
	for {
		n, err := a.stores.FillOrders(ctx, ordersStep)
		filled += n
		if err != nil || n < ordersStep || !pause(ctx, retentionPause) {
			return filled, err
		}
	}
}
