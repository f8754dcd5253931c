package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/credential"
	"github.com/kvitto/kvitto/internal/hostname"
	"github.com/kvitto/kvitto/internal/lab"
	"github.com/kvitto/kvitto/internal/overload"
	"github.com/kvitto/kvitto/internal/ratelimit"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/service"
)

// BodyMax is the largest body that is read, in bytes.
const BodyMax = 1 << 20

// Authenticator finds the merchant of HTTP Basic credentials. It returns
// credential.ErrRefused for credentials it does not let in.
type Authenticator interface {
	Authenticate(ctx context.Context, username, password string) (merchantID string, err error)
}

// Tokens finds the session of a client token, or fails: the token is not ours.
type Tokens interface {
	Verify(token string) (sessionID string, err error)
}

// Recorder keeps exchanges and finds them again.
type Recorder interface {
	// Record keeps the exchange; it returns when a refusal cannot be lost any
	// more, and at once for a success.
	Record(ctx context.Context, exchange requestlog.Exchange) error
	// Find returns requestlog.ErrNotFound for an id that is not the merchant's.
	Find(ctx context.Context, merchantID, correlationID string) (requestlog.Exchange, error)
	// OfSession returns the merchant's exchanges about a session, oldest
	// first and within the bounds.
	OfSession(ctx context.Context, merchantID, sessionID string, bounds requestlog.Bounds) ([]requestlog.Exchange, error)
	// Search returns the exchanges that a query asks for, the newest first.
	Search(ctx context.Context, query requestlog.Query) (requestlog.Page, error)
}

// Options are what an API is made of.
type Options struct {
	Service       *service.Service
	Authenticator Authenticator
	Clock         service.Clock
	Recorder      Recorder
	NewID         func(now time.Time) string
	Playground    *lab.Clock  // nil leaves out what only a playground has
	ClockMoved    func()      // is told that a playground's clock was moved; nil tells nobody
	Next          *lab.Queue  // what is primed; nil leaves priming out
	Faults        *lab.Faults // what is to go wrong; nil leaves faults out
	Callbacks     Callbacks   // messages to merchants' servers; nil leaves them out
	Reviews       Reviews     // of orders; nil leaves them out
	Orders        Orders      // nil leaves them out
	// RulesHidden keeps from merchants which rule decided and why: the rules are an
	// operator's.
	RulesHidden bool
	// Tokens lets pages in; nil leaves the browser's API out.
	Tokens Tokens
	// MerchantName is the name that pages show.
	MerchantName func(ctx context.Context, merchantID string) string
	Logger       *slog.Logger
	// Addresses are the server's, as the sender of a request reaches it; nil
	// makes paths of them.
	Addresses func(*http.Request) hostname.Addresses
	// Observe is told every finished exchange: console and metrics.
	Observe func(*requestlog.Exchange)
	// Limiter bounds the requests of each merchant; nil bounds none.
	Limiter *ratelimit.Limiter
	// WindowTime is the time of the limiter's windows; nil is time.Now. It is
	// the system's, not the merchant's: nobody travels out of a limit.
	WindowTime func() time.Time
	// Bodies is the memory for large bodies; nil is boundless.
	Bodies *overload.Budget
	// Follow begins to trace a request: what is done under the context belongs
	// to it, and the function ends it. Nil traces nothing.
	Follow func(*http.Request) (context.Context, func(*requestlog.Exchange))
}

// API serves the Payments API and Kvitto's own interface beside it.
type API struct {
	Options
	mux    *http.ServeMux
	limits *limitHeaders
	// One a second of many that say the same is told, the others are counted.
	overload, unavailable, unauthorized sampler
	pages                               pageBounds
}

// New returns the handler.
func New(options Options) *API {
	a := &API{Options: options, mux: http.NewServeMux(), limits: newLimitHeaders(options.Limiter)}
	if a.WindowTime == nil {
		a.WindowTime = time.Now
	}
	if a.Addresses == nil {
		a.Addresses = func(*http.Request) hostname.Addresses { return hostname.Addresses{} }
	}
	for pattern, methods := range a.routes() {
		a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { a.serve(w, r, methods) })
	}
	a.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { a.serve(w, r, nil) })
	return a
}

// ServeHTTP answers one request. Paths are tolerant, as recorded: doubled
// slashes and a slash at the end reach the same operation. Dot segments are
// resolved here, because the mux would answer them with a redirect of its own.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	Clean(r)
	a.mux.ServeHTTP(w, r)
}

// Clean makes the path of a request the one that is served. Whoever decides on
// paths before the API does it first, so that all decide on the same.
func Clean(r *http.Request) {
	if path := tolerantPath(r.URL.Path); path != r.URL.Path {
		r.URL.Path, r.URL.RawPath = path, ""
	}
}

// legacyPrefix is where the API lived until about 2018; one client still calls
// it. The contract is the same.
const legacyPrefix = "/credit/v1/"

func tolerantPath(sent string) string {
	clean := sent
	if !strings.HasPrefix(sent, "/") || strings.Contains(sent, "//") || strings.Contains(sent, "/.") || strings.HasSuffix(sent, "/") {
		clean = path.Clean("/" + sent)
	}
	if below, ok := strings.CutPrefix(clean, legacyPrefix); ok {
		return "/payments/v1/" + below
	}
	return clean
}

// serve carries an exchange from its correlation id to its record and answer.
func (a *API) serve(w http.ResponseWriter, r *http.Request, methods map[string]route) {
	x := newExchange(a, r)
	x.writer = w
	if a.Follow != nil {
		ctx, ended := a.Follow(r)
		x.request = r.WithContext(ctx)
		defer ended(&x.record)
	}
	defer x.releaseBody()
	answer := x.run(methods)
	x.finish(&answer)
	if x.fault != nil && x.fault.Cuts() {
		panic(http.ErrAbortHandler) // net/http closes the connection, or the stream of HTTP/2
	}
	x.write(w, &answer)
}

// run finds the answer; a panic is a 500 that is recorded like any other.
func (x *exchange) run(methods map[string]route) (answer answer) {
	defer func() {
		if cause := recover(); cause != nil {
			x.api.Logger.Error("panic while answering", "correlation_id", x.record.CorrelationID, "cause", cause)
			answer = x.failure(&checkout.Refusal{Kind: checkout.KindInternal, Reason: "the server met a fault of its own"})
		}
	}()
	answer, err := x.dispatch(methods)
	if err == nil {
		return answer
	}
	if gone := x.request.Context().Err(); gone != nil && errors.Is(err, gone) {
		return x.failure(&checkout.Refusal{Kind: checkout.KindClientGone, Reason: "the client went away before the change was taken; nothing was changed"})
	}
	var refusal *checkout.Refusal
	if !errors.As(err, &refusal) {
		refusal = &checkout.Refusal{Kind: checkout.KindInternal, Reason: "the server met a fault of its own"}
	}
	switch refusal.Kind {
	case checkout.KindInternal:
		x.api.Logger.Error("cannot answer", "correlation_id", x.record.CorrelationID, "cause", err)
	case checkout.KindUnavailable:
		// What the store does not take the log, which may live beside it, will
		// not take either: nobody waits for both.
		x.record.Expendable = true
		if n := x.api.unavailable.due(x.started); n > 0 {
			x.api.Logger.Error("cannot answer", "refused", n, "correlation_id", x.record.CorrelationID, "cause", err)
		}
	case checkout.KindUnauthorized:
		// Whoever it is must not be able to make the server write for each of
		// its requests, nor push the merchants' exchanges out of the log.
		x.record.Expendable, x.unrecorded = true, x.api.unauthorized.due(x.started) == 0
	case checkout.KindOverloaded:
		x.record.Expendable, x.record.Overloaded = true, true
		if n := x.api.overload.due(x.started); n > 0 {
			x.api.Logger.Warn("overloaded", "refused", n, "correlation_id", x.record.CorrelationID, "cause", refusal.Reason)
		}
	}
	return x.failure(refusal)
}

// dispatch does what comes before the operation, in the suggested order:
// credentials, rate limit, route, method, media type, body.
func (x *exchange) dispatch(methods map[string]route) (answer, error) {
	if err := x.authenticate(); err != nil {
		return answer{}, err
	}
	if err := x.limit(methods); err != nil {
		return answer{}, err
	}
	if methods == nil {
		return answer{}, &checkout.Refusal{Kind: checkout.KindNotFound, Reason: "no operation has this path"}
	}
	route, ok := methods[x.request.Method]
	if !ok {
		x.allow = allowed(methods)
		return answer{}, &checkout.Refusal{Kind: checkout.KindMethodNotAllowed, Reason: "this path answers " + x.allow}
	}
	x.route, x.record.Operation = route, route.operation
	now, err := x.api.Clock.Now(x.request.Context(), x.record.MerchantID)
	if err != nil {
		return answer{}, storeFailed(err)
	}
	x.caller = service.Caller{MerchantID: x.record.MerchantID, CorrelationID: x.record.CorrelationID, Operation: route.operation, Now: now}
	if err := x.readBody(); err != nil {
		return answer{}, err
	}
	if x.fault = x.api.Faults.Take(x.record.MerchantID, route.operation); x.fault != nil {
		return x.befall()
	}
	return route.handle(x)
}

// storeFailed refuses what may be tried again; the cause goes along for the log.
func storeFailed(err error) error {
	return errors.Join(&checkout.Refusal{Kind: checkout.KindUnavailable, Reason: "the store did not answer"}, err)
}

func (x *exchange) authenticate() error {
	if x.page {
		return x.authenticatePage()
	}
	username, password, ok := x.request.BasicAuth()
	if !ok {
		return &checkout.Refusal{Kind: checkout.KindUnauthorized, Reason: "there is no Authorization header of the Basic scheme"}
	}
	merchantID, err := x.api.Authenticator.Authenticate(x.request.Context(), username, password)
	if errors.Is(err, credential.ErrRefused) {
		return &checkout.Refusal{Kind: checkout.KindUnauthorized, Reason: "the user name or password is wrong"}
	}
	if err != nil {
		return storeFailed(err)
	}
	x.record.MerchantID = merchantID
	return nil
}
