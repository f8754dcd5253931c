package portal

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/lab"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
)

// Path is where the portal is, below the server's address.
const Path = "/portal"

// Log finds exchanges.
type Log interface {
	Search(ctx context.Context, query requestlog.Query) (requestlog.Page, error)
	// Tally sums up what was counted, the most frequent causes with the newest of each.
	Tally(ctx context.Context, query requestlog.TallyQuery) (requestlog.Summary, error)
	// Find returns requestlog.ErrNotFound for an id that is not the merchant's.
	Find(ctx context.Context, merchantID, correlationID string) (requestlog.Exchange, error)
	// OfSession returns the merchant's exchanges about a session, oldest first
	// and within the bounds.
	OfSession(ctx context.Context, merchantID, sessionID string, bounds requestlog.Bounds) ([]requestlog.Exchange, error)
	// Stats tells what this server kept since it started, and what it did not.
	Stats() requestlog.Stats
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

// Orders are the orders of merchants.
type Orders interface {
	Orders(ctx context.Context, filter store.OrderFilter) (found []store.Order, next string, err error)
}

// Reviews are how the reviews of orders stand.
type Reviews interface {
	Reviews(ctx context.Context, filter store.ReviewFilter) (found []store.Review, next string, err error)
	CountOpenReviews(ctx context.Context) (int, error)
}

// Deciding is what the operator's people do with the review of an order.
type Deciding interface {
	StepOperatorReview(ctx context.Context, orderID string, action service.ReviewAction, by, reason string) (checkout.Session, error)
}

// Assessments are how payments were decided.
type Assessments interface {
	// AssessmentsInFull returns the newest of a session, the newest first; a session
	// that is not the caller's has none.
	AssessmentsInFull(ctx context.Context, caller service.Caller, sessionID string) ([]service.KeptAssessment, error)
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

// Faults are what goes wrong with the next calls of merchants.
type Faults interface {
	List(merchantID string) []lab.Fault
	// Add takes a fault that was checked. lab.ErrFaultsFull.
	Add(merchantID string, fault lab.Fault) error
	Clear(merchantID string)
}

// Options are what a portal is made of. All fields are required but for those
// that say what they mean when they are not there.
type Options struct {
	Log         Log
	Sessions    Sessions
	Orders      Orders
	Reviews     Reviews
	Deciding    Deciding
	Assessments Assessments
	Callbacks   Callbacks
	Clock       Clock
	Next        Next   // nil leaves out the controls of a playground
	Faults      Faults // likewise, and not without Next
	Rules       Rules
	Replays     Replays
	Keys        Keys // nil where any credentials work
	Secrets     Secrets
	Retention   Retention
	Erasing     Erasing          // nil leaves out erasing people
	Door        Door             // nil lets in who is on this machine, as an operator who sees all
	URL         string           // of the server, for commands to copy; no slash at the end
	Now         func() time.Time // the system's, as the request log has it
	Logger      *slog.Logger
}

type portal struct {
	Options
	assets   *assets
	pages    *pages
	erasures *erasures
	viewer   account.Viewer // of the request at hand
	before   *lastBefore    // likewise
	open     func() int     // reviews that wait for the viewer; likewise
}

// New returns the pages, for requests below Path. It lets in whom the door lets
// in; a page of another site can neither read nor change anything.
func New(options Options) (http.Handler, error) {
	assets, err := loadAssets()
	if err != nil {
		return nil, err
	}
	p := &portal{Options: options, assets: assets, pages: newPages(assets, templates, nil), erasures: &erasures{jobs: map[string]*erasureJob{}}, open: func() int { return 0 }}
	pass := Protect
	if p.Door == nil {
		p.Door, pass = here{}, guard
	}
	return pass(p.routes()), nil
}

// handler answers a request, or says why it cannot. The portal that it is given
// is the one that the sender of the request sees.
type handler func(p *portal, w http.ResponseWriter, r *http.Request) error

// route is what a request leads to and what its sender must be allowed.
type route struct {
	needs  account.Permission
	handle handler
}

// reading are the routes that change nothing, acting those that do.
var (
	reading = map[string]handler{
		"GET /exchanges/{correlation_id}":           (*portal).exchange,
		"GET /exchanges/{correlation_id}/request":   (*portal).requestBody,
		"GET /exchanges/{correlation_id}/response":  (*portal).responseBody,
		"GET /exchanges/{correlation_id}/corrected": (*portal).correctedBody,
		"GET /exchanges/{correlation_id}/test":      (*portal).goTest,
		"GET /logs":                                 (*portal).logs,
		"GET /sessions/{session_id}":                (*portal).session,
		"GET /orders":                               (*portal).orders,
		"GET /orders/{order_id}":                    (*portal).order,
		"GET /reviews":                              (*portal).reviews,
		"GET /callbacks":                            (*portal).callbacks,
		"GET /{$}":                                  (*portal).overview,
		"GET /rules":                                (*portal).rules,
		"GET /settings":                             (*portal).settings,
		"GET /settings/retention":                   (*portal).retention,
		"GET /":                                     (*portal).unknown,
	}
	acting = map[string]handler{
		"POST /callbacks/hold":                 (*portal).holdCallbacks,
		"POST /callbacks/{callback_id}/{step}": (*portal).stepCallback,
	}
	// weighing and trying are those of the risk rules, which are the operator's.
	weighing = map[string]handler{
		"GET /risk":          (*portal).riskRules,
		"GET /risk/versions": (*portal).compareRules,
	}
	trying = map[string]handler{
		"GET /risk/what-if":  (*portal).whatIf,
		"POST /risk/what-if": (*portal).tryRules,
	}
	// setting are those of keys and secrets, and granting those of keys alone.
	setting = map[string]handler{
		"GET /settings/keys":      (*portal).keys,
		"GET /settings/webhooks":  (*portal).webhooks,
		"POST /settings/webhooks": (*portal).revealSecret,
	}
	granting = map[string]handler{
		"POST /settings/keys":                   (*portal).makeKey,
		"GET /settings/keys/{username}/revoke":  (*portal).confirmRevoke,
		"POST /settings/keys/{username}/revoke": (*portal).revokeKey,
	}
	// deciding are those of reviews.
	deciding = map[string]handler{
		"POST /reviews/{order_id}/{action}": (*portal).stepReview,
	}
	// erasing are the routes that erase people.
	erasing = map[string]handler{
		"GET /erase":  (*portal).erase,
		"POST /erase": (*portal).startErase,
	}
	// steering are the routes of a playground.
	steering = map[string]handler{
		"GET /playground":               (*portal).playground,
		"POST /playground/clock":        (*portal).advanceClock,
		"POST /playground/next":         (*portal).primeNext,
		"POST /playground/next/clear":   (*portal).clearNext,
		"POST /playground/faults":       (*portal).addFault,
		"POST /playground/faults/clear": (*portal).clearFaults,
	}
)

func (p *portal) routes() http.Handler {
	mux := http.NewServeMux()
	add := func(needs account.Permission, handlers map[string]handler) {
		for pattern, handle := range handlers {
			mux.Handle(Pattern(pattern), p.answering(route{needs, handle}))
		}
	}
	add(account.Look, reading)
	add(account.SendCallbacks, acting)
	add(account.DecideReviews, deciding)
	add(account.Look, weighing)
	add(account.TryRules, trying)
	add(account.ManageKeys, setting)
	if p.Keys != nil {
		add(account.ManageKeys, granting)
	}
	if p.Erasing != nil {
		add(account.ErasePeople, erasing)
	}
	if p.Next != nil {
		add(account.SendCallbacks, steering)
	}
	add(anybody, map[string]handler{"GET /assets/{version}/{name}": (*portal).asset})
	mux.Handle("GET "+Path, http.RedirectHandler(Path+"/", http.StatusMovedPermanently))
	return mux
}
