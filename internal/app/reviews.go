package app

import (
	"context"
	"time"

	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
)

const (
	// reviewsEvery is between two looks for reviews whose time has come.
	reviewsEvery = time.Second
	// reviewsStep bounds how many are decided before the next look.
	reviewsStep = 100
	// reviewMax bounds one decision and one look.
	reviewMax = 30 * time.Second
)

// decider decides about reviews that nobody decided about in time. Any number of
// processes may have one on the same store: a decision is a conditional commit.
type decider struct {
	reviews   store.Reviews
	checkouts *service.Service
	app       *App
	wake      chan struct{} // capacity 1: a clock was moved
}

// decideReviews begins to look, until the server closes.
func (a *App) decideReviews(checkouts *service.Service, metrics *metrics) *decider {
	d := &decider{reviews: a.stores, checkouts: checkouts, app: a, wake: make(chan struct{}, 1)}
	a.background(d.run)
	metrics.registry.MustRegister(gauge("kvitto_reviews_open", "Orders in the store whose review waits for a verdict, of all processes.", counted(a.stores.CountOpenReviews)))
	return d
}

// Wake says that the time of some review may have come. It returns at once.
func (d *decider) Wake() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

func (d *decider) run(ctx context.Context) {
	timer := time.NewTicker(reviewsEvery)
	defer timer.Stop()
	for {
		for d.look(ctx) {
		}
		select {
		case <-ctx.Done():
			return
		case <-d.wake:
		case <-timer.C:
		}
	}
}

// look decides what is due; more tells that there may be more.
func (d *decider) look(ctx context.Context) (more bool) {
	bounded, cancel := context.WithTimeout(ctx, reviewMax)
	defer cancel()
	due, err := d.reviews.DueReviews(bounded, d.app.config.SystemTime(), reviewsStep)
	if err != nil {
		d.failed(ctx, err)
		return false
	}
	decided := 0
	for i := range due {
		if ctx.Err() != nil {
			return false
		}
		ok, err := d.decide(&due[i])
		if err != nil {
			d.failed(ctx, err, "order_id", due[i].OrderID)
			continue
		}
		if ok {
			decided++
		}
	}
	return decided > 0 && len(due) == reviewsStep
}

// decide does not end with the server in the middle of a commit.
func (d *decider) decide(review *store.Review) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), reviewMax)
	defer cancel()
	decided, err := d.checkouts.DecideDue(ctx, review)
	if decided {
		d.app.config.Logger.Info("nobody decided about an order in time", "order_id", review.OrderID, "merchant_id", review.MerchantID)
	}
	return decided, err
}

func (d *decider) failed(ctx context.Context, err error, about ...any) {
	if ctx.Err() == nil {
		d.app.config.Logger.Error("reviews whose time has come were not decided; the next look comes", append(about, "cause", err)...)
	}
}
