package app

import (
	"context"
	stdlog "log"
	"log/slog"
	"net/http"
	"time"

	"github.com/kvitto/kvitto/internal/api"
	"github.com/kvitto/kvitto/internal/clienttoken"
	"github.com/kvitto/kvitto/internal/console"
	"github.com/kvitto/kvitto/internal/credential"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/lab"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/record"
	"github.com/kvitto/kvitto/internal/widget"
)

// mode is what differs between a server for shops and a playground.
type mode struct {
	authenticator api.Authenticator
	clock         service.Clock
	assessor      risk.Assessor
	rules         *rules      // that the assessor begins with
	playground    *lab.Clock  // nil leaves out what only a playground has
	next          *lab.Queue  // likewise
	faults        *lab.Faults // likewise
}

func (a *App) mode(metrics *metrics) (mode, error) {
	rules, err := a.assessor(metrics)
	if err != nil {
		return mode{}, err
	}
	assessor, err := a.withOperators(rules, metrics)
	if err != nil {
		return mode{}, err
	}
	if a.config.Production {
		door, err := credential.NewAuthenticator(a.stores, nil)
		return mode{authenticator: door, clock: service.SystemClock(a.config.SystemTime), assessor: assessor, rules: rules}, err
	}
	clock, err := lab.NewClock(a.config.SystemTime, a.stores, a.stores.shared)
	if err != nil {
		return mode{}, err
	}
	faults, err := lab.NewFaults(time.After)
	if err != nil {
		return mode{}, err
	}
	door, err := lab.NewOpenDoor(a.stores, a.config.SystemTime)
	return mode{authenticator: door, clock: clock, assessor: assessor, rules: rules, playground: clock, next: lab.NewQueue(), faults: faults}, err
}

// wire connects the parts.
func (a *App) wire(ctx context.Context) error {
	metrics := newMetrics(a.stores.log)
	protection := a.protect()
	batcher := store.NewBatcher(a.stores.engine, store.BatcherOptions{
		Encode: record.Append, Observe: metrics.commit, Writers: a.stores.writers, Patience: a.stores.patience,
	})
	a.closers = append(a.closers, func() error { batcher.Close(); return nil })
	own, err := a.mode(metrics)
	if err != nil {
		return err
	}
	key, err := a.secret(ctx, "client_token_key", clienttoken.KeyBytes)
	if err != nil {
		return err
	}
	tokens := clienttoken.New(key, a.environment())
	show := a.console()
	notifier := a.notifier(own.clock, metrics, show)
	serving := service.Options{
		Engine: a.stores, Committer: wakingCommitter{a.committer(batcher, protection, metrics), notifier.Wake}, Clock: own.clock,
		Minter: tokens, Assessor: own.assessor, NewID: identifier.New, CacheBytes: a.config.CacheBytes, CallbackBody: callbackBody,
		Shared: a.stores.shared, ReviewTerms: a.config.Reviews.Terms, FourEyesAbove: a.config.Reviews.FourEyesAbove,
	}
	if err := a.remember(ctx, &serving); err != nil {
		return err
	}
	checkouts, err := service.New(serving)
	if err != nil {
		return err
	}
	a.checkouts, a.eraser = checkouts, eraserOf(a.stores, a.stores.log, checkouts)
	decider := a.decideReviews(checkouts, metrics)
	metrics.watch(watched{protection.gate, protection.bodies, protection.connections, batcher, checkouts, a.tracing})
	options := api.Options{
		Service: checkouts, Authenticator: own.authenticator, Clock: own.clock, Recorder: a.stores.log, NewID: identifier.New,
		Addresses: a.addresses, Playground: own.playground, Next: own.next, Faults: own.faults, Callbacks: desk{a.stores.engine, notifier.Wake}, Reviews: a.stores, Orders: a.stores,
		ClockMoved: func() { decider.Wake(); notifier.Wake() }, Tokens: tokens, MerchantName: a.shopName(),
		RulesHidden: a.config.Production, Logger: a.config.Logger, Observe: a.observer(metrics, show),
	}
	protection.apply(&options, a.config)
	static, err := widget.Static()
	if err != nil {
		return err
	}
	guarded := func(next http.Handler) http.Handler { return a.guard(next, protection, metrics) }
	surfaces, err := a.withDemo(a.routes(api.CrossOrigin(guarded(api.New(options)), !a.config.Production), guarded(widget.Redirect(checkouts)), static, metrics))
	if err != nil {
		return err
	}
	surfaces, err = a.withPortal(ctx, underNames(surfaces), &own, checkouts, notifier.Wake)
	if err != nil {
		return err
	}
	if err := a.wireServer(surfaces); err != nil {
		return err
	}
	a.server.RegisterOnShutdown(checkouts.StopReplays)
	if own.faults != nil {
		a.server.RegisterOnShutdown(own.faults.Stop)
	}
	if err := a.wireNamed(); err != nil {
		return err
	}
	return a.openMetrics(metrics)
}

func (a *App) wireServer(surfaces http.Handler) error {
	a.server = a.httpServer(a.drain.handler(surfaces))
	a.server.ConnState = a.drain.watch
	if a.config.CertFile == "" {
		return nil
	}
	certificate, err := newCertificate(a.config.CertFile, a.config.KeyFile, a.config.Logger)
	if err != nil {
		return err
	}
	a.server.TLSConfig = certificate.config()
	return nil
}

// secret is the same for every process of a store, and after a restart.
func (a *App) secret(ctx context.Context, name string, size int) ([]byte, error) {
	return secretOf(ctx, a.stores, name, size)
}

// observer is told every exchange.
func (a *App) observer(metrics *metrics, show func(*requestlog.Exchange)) func(*requestlog.Exchange) {
	return func(e *requestlog.Exchange) { a.answered.Add(1); metrics.exchange(e); show(e) }
}

// console prints exchanges where there is one.
func (a *App) console() (show func(*requestlog.Exchange)) {
	if a.config.Console == nil {
		return func(*requestlog.Exchange) {}
	}
	links := ""
	if at := a.PortalURL(); a.config.ConsoleLinks && at != "" {
		links = at + "exchanges/"
	}
	printer := console.New(a.config.Console, a.config.ConsoleFormat, links)
	a.closers = append(a.closers, func() error { printer.Close(); return nil })
	return printer.Exchange
}

// serverLog is where net/http writes what it has to say.
func serverLog(logger *slog.Logger) *stdlog.Logger {
	return slog.NewLogLogger(logger.Handler(), slog.LevelWarn)
}
