package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kvitto/kvitto/internal/api"
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/clienttoken"
	"github.com/kvitto/kvitto/internal/console"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/lab"
	"github.com/kvitto/kvitto/internal/overload"
	"github.com/kvitto/kvitto/internal/ratelimit"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/record"
	"github.com/kvitto/kvitto/internal/store/sqlite"
	"github.com/kvitto/kvitto/internal/tracing"
	"github.com/kvitto/kvitto/internal/widget"
)

// Config says how a server runs. The zero value of a field is usable where
// its comment says so.
type Config struct {
	DataDir   string    // holds kvitto.db and requests.db; made when missing
	Listen    string    // host:port; port 0 picks a free one
	PublicURL string    // what browsers reach; empty: the address listened on
	Console   io.Writer // gets a line per exchange; nil prints none
	// ConsoleFormat is console.Text or console.JSON; zero is console.Text.
	ConsoleFormat console.Format
	Logger        *slog.Logger // nil logs to standard error
	// SystemTime is the clock under all clocks; nil is time.Now.
	SystemTime func() time.Time
	// CacheBytes is the memory for recent sessions; 0 is 128 MiB.
	CacheBytes int
	// RateLimits are the limits of each merchant; zero limits nothing.
	RateLimits ratelimit.Options
	// Overload bounds the server; zero is the defaults.
	Overload overload.Options
	// Tracing says where traces go; zero sends none.
	Tracing tracing.Options

	// holdCommits lets tests stand between the service and the store.
	holdCommits func(service.Committer) service.Committer
}

// App is a server. Open makes it listen, Run serves until the context ends,
// Close frees what Open took.
type App struct {
	URL   string // where a caller on this machine reaches it, for example http://127.0.0.1:7420
	Bound string // host:port it listens on, for example [::]:7420

	config   Config
	listener net.Listener
	server   *http.Server
	tracing  *tracing.Tracing
	answered atomic.Int64
	closers  []func() error // in the order of opening
}

// Open opens the stores and listens. After an error nothing stays open.
func Open(ctx context.Context, config Config) (app *App, err error) {
	a := &App{config: withDefaults(config)}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
			app = nil
		}
	}()
	if a.listener, err = net.Listen("tcp", a.config.Listen); err != nil {
		return nil, fmt.Errorf("listen: %w (choose another address with --listen, or 127.0.0.1:0 for a free port)", err)
	}
	a.closers = append(a.closers, a.stopListening)
	if a.tracing, err = tracing.Open(a.config.Tracing, a.config.Logger); err != nil {
		return nil, err
	}
	a.closers = append(a.closers, a.tracing.Close)
	if err := os.MkdirAll(a.config.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w (choose another with --data)", err)
	}
	engine, err := sqlite.Open(ctx, filepath.Join(a.config.DataDir, "kvitto.db"))
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, engine.Close)
	log, err := requestlog.Open(ctx, filepath.Join(a.config.DataDir, "requests.db"), requestlog.Options{
		OnFailure: func(err error) { a.config.Logger.Error("exchanges were not recorded", "cause", err) },
	})
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, log.Close)
	a.Bound = a.listener.Addr().String()
	a.URL = "http://" + reachable(a.listener.Addr())
	if a.config.PublicURL == "" {
		a.config.PublicURL = a.URL
	}
	a.config.PublicURL = strings.TrimSuffix(a.config.PublicURL, "/")
	return a, a.wire(ctx, engine, log)
}

func withDefaults(config Config) Config {
	if config.SystemTime == nil {
		config.SystemTime = time.Now
	}
	if config.ConsoleFormat.Exchange == nil {
		config.ConsoleFormat = console.Text
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	if config.CacheBytes == 0 {
		config.CacheBytes = 128 << 20
	}
	return config
}

// wire connects the parts.
func (a *App) wire(ctx context.Context, engine store.Engine, log *requestlog.Log) error {
	metrics := newMetrics(log)
	protection := a.protect()
	batcher := store.NewBatcher(engine, store.BatcherOptions{
		Encode:  func(s *checkout.Session) []byte { return record.Append(nil, s) },
		Observe: metrics.commit,
	})
	a.closers = append(a.closers, func() error { batcher.Close(); return nil })
	clock, err := lab.NewClock(a.config.SystemTime, engine)
	if err != nil {
		return err
	}
	door, err := lab.NewOpenDoor(engine, a.config.SystemTime)
	if err != nil {
		return err
	}
	proposed := make([]byte, clienttoken.KeyBytes)
	if _, err := rand.Read(proposed); err != nil {
		return err
	}
	key, err := engine.Secret(ctx, "client_token_key", proposed)
	if err != nil {
		return fmt.Errorf("signing key: %w", err)
	}
	checkouts, err := service.New(service.Options{
		Engine: engine, Committer: a.committer(batcher, protection, metrics), Clock: clock, Minter: clienttoken.New(key, a.config.PublicURL),
		Assessor: risk.Playground{}, NewID: identifier.New, CacheBytes: a.config.CacheBytes,
	})
	if err != nil {
		return err
	}
	observe := func(e *requestlog.Exchange) { a.answered.Add(1); metrics.exchange(e) }
	if a.config.Console != nil {
		printer := console.New(a.config.Console, a.config.ConsoleFormat)
		a.closers = append(a.closers, func() error { printer.Close(); return nil })
		counted := observe
		observe = func(e *requestlog.Exchange) { counted(e); printer.Exchange(e) }
	}
	metrics.watch(watched{protection.gate, protection.bodies, protection.connections, batcher, checkouts, a.tracing})
	options := api.Options{
		Service: checkouts, Authenticator: door, Clock: clock, Recorder: log, NewID: identifier.New,
		PublicURL: a.config.PublicURL, Playground: clock, Logger: a.config.Logger, Observe: observe,
	}
	protection.apply(&options, a.config)
	guarded := func(next http.Handler) http.Handler { return a.guard(next, protection, metrics) }
	a.server = &http.Server{
		Handler:           a.routes(guarded(api.New(options)), guarded(widget.Redirect(checkouts)), engine, metrics),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       readTimeout,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(a.config.Logger.Handler(), slog.LevelWarn),
	}
	return nil
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

// routes puts the surfaces beside each other. Everything that is not an
// operator's or a browser's path is the API's, which answers in its own shape.
func (a *App) routes(payments, redirect http.Handler, engine store.Engine, metrics *metrics) http.Handler {
	operators := http.NewServeMux()
	operators.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { health(w, nil) })
	operators.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { health(w, engine.Ping(r.Context())) })
	operators.Handle("GET /metrics", metrics.handler())
	operators.Handle(widget.RedirectPattern, redirect)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case path == "/healthz", path == "/readyz", path == "/metrics", strings.HasPrefix(path, "/kp/"):
			operators.ServeHTTP(w, r)
		default:
			payments.ServeHTTP(w, r)
		}
	})
}

func health(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "the store does not answer\n")
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}

// readTimeout bounds the arrival of a whole request. It is shorter than
// drainMax: what was sent by half only does not hold up a stop to its end.
const readTimeout = 10 * time.Second

// drainMax bounds how long a stop waits for requests that were accepted.
const drainMax = 20 * time.Second

// Run serves until ctx ends, then finishes what was accepted.
func (a *App) Run(ctx context.Context) error {
	served := make(chan error, 1)
	go func() { served <- a.server.Serve(a.listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainMax)
	defer cancel()
	if err := a.server.Shutdown(drain); err != nil {
		return errors.Join(fmt.Errorf("stop: requests were still running after %s: %w", drainMax, err), a.server.Close())
	}
	return nil
}

func (a *App) stopListening() error {
	if err := a.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
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
