package portal

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/lab"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store"
)

// Path is where the portal is, below the server's address.
const Path = "/portal"

// Log finds exchanges.
type Log interface {
	Search(ctx context.Context, query requestlog.Query) (requestlog.Page, error)
	// Find returns requestlog.ErrNotFound for an id that is not the merchant's.
	Find(ctx context.Context, merchantID, correlationID string) (requestlog.Exchange, error)
	// OfSession returns the merchant's exchanges about a session, oldest first
	// and within the bounds.
	OfSession(ctx context.Context, merchantID, sessionID string, bounds requestlog.Bounds) ([]requestlog.Exchange, error)
}

// Sessions are the states of sessions, now and before. What is unknown is
// store.ErrNotFound.
type Sessions interface {
	Session(ctx context.Context, sessionID string) (checkout.Session, error)
	SessionOfAuthorization(ctx context.Context, token string) (sessionID string, err error)
	SessionOfOrder(ctx context.Context, orderID string) (sessionID string, err error)
	Revisions(ctx context.Context, sessionID string, limit int, upTo int64) ([]store.Revision, error)
	Merchants(ctx context.Context) ([]store.Merchant, error)
}

// Callbacks are the messages to merchants' servers.
type Callbacks interface {
	Callbacks(ctx context.Context, filter store.CallbackFilter) ([]store.Callback, error)
	CallbacksHeld(ctx context.Context, merchantID string) (bool, error)
	HoldCallbacks(ctx context.Context, merchantID string, hold bool) error
	StepCallback(ctx context.Context, merchantID, callbackID string, step store.CallbackStep, now time.Time) error
}

// Clock is the time of each merchant, which a playground moves.
type Clock interface {
	Now(ctx context.Context, merchantID string) (time.Time, error)
	Advanced(ctx context.Context, merchantID string) (time.Duration, error)
	// Advance returns lab.ErrAdvance for a move that no clock makes.
	Advance(ctx context.Context, merchantID string, by time.Duration) error
}

// Next is what the next calls of browsers end as.
type Next interface {
	List(merchantID string) []lab.Primed
	Prime(merchantID string, primed lab.Primed) error
	Clear(merchantID string)
}

// Options are what a portal is made of. All fields are required.
type Options struct {
	Log       Log
	Sessions  Sessions
	Callbacks Callbacks
	Clock     Clock
	Next      Next
	URL       string           // of the server, for commands to copy; no slash at the end
	Now       func() time.Time // the system's, as the request log has it
	Logger    *slog.Logger
}

type portal struct {
	Options
	assets *assets
	pages  *pages
}

// New returns the pages, for requests below Path. It lets in only who is on
// this machine; a page of another site can neither read nor change anything.
func New(options Options) (http.Handler, error) {
	assets, err := loadAssets()
	if err != nil {
		return nil, err
	}
	pages, err := parsePages(assets)
	if err != nil {
		return nil, err
	}
	p := &portal{Options: options, assets: assets, pages: pages}
	return guard(http.NewCrossOriginProtection().Handler(p.routes())), nil
}

// handler answers a request, or says why it cannot.
type handler func(w http.ResponseWriter, r *http.Request) error

func (p *portal) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, handle := range map[string]handler{
		"GET /exchanges/{correlation_id}":           p.exchange,
		"GET /exchanges/{correlation_id}/request":   p.requestBody,
		"GET /exchanges/{correlation_id}/response":  p.responseBody,
		"GET /exchanges/{correlation_id}/corrected": p.correctedBody,
		"GET /exchanges/{correlation_id}/har":       p.har,
		"GET /exchanges/{correlation_id}/test":      p.goTest,
		"GET /logs":                                 p.logs,
		"GET /sessions/{session_id}":                p.session,
		"GET /callbacks":                            p.callbacks,
		"POST /callbacks/hold":                      p.holdCallbacks,
		"POST /callbacks/{callback_id}/{step}":      p.stepCallback,
		"GET /playground":                           p.playground,
		"POST /playground/clock":                    p.advanceClock,
		"POST /playground/next":                     p.primeNext,
		"POST /playground/next/clear":               p.clearNext,
		"GET /{$}":                                  p.overview,
		"GET /rules":                                p.rules,
		"GET /assets/{version}/{name}":              p.asset,
		"GET /":                                     p.unknown,
	} {
		mux.Handle(withPrefix(pattern), p.answering(handle))
	}
	mux.Handle("GET "+Path, http.RedirectHandler(Path+"/", http.StatusMovedPermanently))
	return mux
}
