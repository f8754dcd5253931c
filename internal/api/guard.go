package api

import (
	"bytes"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/overload"
	"github.com/kvitto/kvitto/internal/wire"
)

// GuardOptions are what a Guard is made of. All fields but Observe are required.
type GuardOptions struct {
	Gate   *overload.Gate
	NewID  func(now time.Time) string
	Logger *slog.Logger
	// Observe is told every refusal; overload.Entered never comes.
	Observe func(overload.Outcome)
}

// Guard lets a bounded number of requests through to another handler. The
// others get their 503 before their credentials and their body are looked at,
// from bytes that were made beforehand. They are counted, and told to the
// operator once a second; the request log does not hear of them.
type Guard struct {
	GuardOptions
	next           http.Handler
	prefix, suffix []byte // of the body, around the correlation id
	lines          sampler
}

// NewGuard returns a guard before next.
func NewGuard(next http.Handler, options GuardOptions) *Guard {
	const hole = "correlation-id"
	f := wire.FailureOf(&checkout.Refusal{Kind: checkout.KindOverloaded})
	body := wire.Pretty(nil, wire.AppendFailure(nil, f, hole))
	g := &Guard{GuardOptions: options, next: next}
	g.prefix, g.suffix, _ = bytes.Cut(body, []byte(`"`+hole+`"`))
	return g
}

// ServeHTTP passes the request on, or refuses it.
func (g *Guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	outcome := g.Gate.Enter(r.Context())
	if outcome == overload.Entered {
		defer g.Gate.Leave()
		g.next.ServeHTTP(w, r)
		return
	}
	g.refuse(w, r, outcome)
}

func (g *Guard) refuse(w http.ResponseWriter, r *http.Request, outcome overload.Outcome) {
	now := time.Now()
	id := g.NewID(now)
	body := make([]byte, 0, len(g.prefix)+len(id)+len(g.suffix)+2)
	body = append(append(append(append(append(body, g.prefix...), '"'), id...), '"'), g.suffix...)
	h := w.Header()
	h["Klarna-Correlation-Id"] = []string{id}
	h["Content-Type"] = headerJSONError
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	h["Retry-After"] = headerRetryAfter
	h["X-Content-Type-Options"] = headerNosniff
	h["Cache-Control"] = headerCacheControl
	if leaveBody(w, r) {
		h["Connection"] = headerClose
	}
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write(body)
	if g.Observe != nil {
		g.Observe(outcome)
	}
	if n := g.lines.due(now); n > 0 {
		g.Logger.Warn("overloaded", "refused", n, "in_flight", g.Gate.InFlight(), "waiting", g.Gate.Waiting(), "correlation_id", id)
	}
}
