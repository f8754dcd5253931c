package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/tracing"
)

// App is a server. Open makes it listen, Run serves until the context ends,
// Close frees what Open took.
type App struct {
	URL        string // where a caller on this machine reaches it, for example http://127.0.0.1:7420
	Bound      string // host:port it listens on, for example [::]:7420
	MetricsURL string // where /metrics is when it has an address of its own
	TLSBound   string // host:port of the listener under the original's names; empty when there is none
	ProxyBound string // host:port of the proxy to it; likewise
	// AuthorityFile is the certificate to trust for it, in PEM; likewise.
	AuthorityFile string

	config   Config
	listener net.Listener
	named    *named // nil without a listener under the original's names
	stores   stores
	people   *account.Accounts // who may sign in; nil in a playground
	// checkouts are for what the socket of an operator does.
	checkouts *service.Service
	eraser    *service.Eraser
	server    *http.Server
	metrics   *metricsServer // nil when /metrics is with the rest
	tracing   *tracing.Tracing
	drain     *drain
	answered  atomic.Int64
	closers   []func() error // in the order of opening
}

// Open opens the stores and listens. After an error nothing stays open.
func Open(ctx context.Context, config Config) (app *App, err error) {
	a := &App{config: withDefaults(config), drain: newDrain()}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
			app = nil
		}
	}()
	if a.listener, err = net.Listen("tcp", a.config.Listen); err != nil {
		return nil, fmt.Errorf("listen: %w (choose another address with --listen, or 127.0.0.1:0 for a free port)", err)
	}
	a.closers = append(a.closers, func() error { return closedListener(a.listener.Close()) })
	if err := a.listenNamed(); err != nil {
		return nil, err
	}
	if a.tracing, err = tracing.Open(a.config.Tracing, a.config.Logger); err != nil {
		return nil, err
	}
	a.closers = append(a.closers, a.tracing.Close)
	if !a.config.Production {
		if err := refuseRealStore(ctx, a.config.Store); err != nil {
			return nil, err
		}
	}
	a.stores, err = openStores(ctx, a.config.Store, storeOptions{migrate: !a.config.Production, log: requestlog.Options{
		Retention: a.config.Retention.Exchanges, MaxBytes: a.config.Retention.ExchangeBytes,
		// What a developer sent is the developer's own data.
		MaskPersonal:   a.config.Production,
		OnFailure:      func(err error) { a.config.Logger.Error("exchanges were not recorded", "cause", err) },
		OnIndexFailure: func(err error) { a.config.Logger.Warn("exchanges are not yet indexed", "cause", err) },
	}})
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, a.stores.close)
	a.Bound = a.listener.Addr().String()
	scheme := "http://"
	if a.config.CertFile != "" {
		scheme = "https://"
	}
	a.URL = scheme + reachable(a.listener.Addr())
	if err := a.wire(ctx); err != nil {
		return nil, err
	}
	a.openSocket()
	a.keepRetention()
	a.fillOrders()
	return a, nil
}

// reachable is the address a caller on this machine uses: listening on every
// address has none of its own.
func reachable(address net.Addr) string {
	tcp, ok := address.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
	}
	return address.String()
}

// Exchanges counts what was answered since Open.
func (a *App) Exchanges() int64 { return a.answered.Load() }

// closedListener is nil for a listener that somebody closed before.
func closedListener(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// background runs something until the server closes, which tells it and waits.
func (a *App) background(run func(context.Context)) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	a.closers = append(a.closers, func() error { stop(); <-ended; return nil })
	go func() {
		defer close(ended)
		run(ctx)
	}()
}

// Close frees everything, the newest first.
func (a *App) Close() error {
	var failures error
	for i := len(a.closers) - 1; i >= 0; i-- {
		failures = errors.Join(failures, a.closers[i]())
	}
	a.closers = nil
	return failures
}
