package app

import (
	"net/http"

	"github.com/kvitto/kvitto/internal/api"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/overload"
	"github.com/kvitto/kvitto/internal/ratelimit"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/tracing"
)

// protection is what stands before the API and its store.
type protection struct {
	gate        *overload.Gate
	bodies      *overload.Budget
	connections *overload.Connections
	limiter     *ratelimit.Limiter // nil limits nothing
	tracing     *tracing.Tracing   // nil traces nothing
}

// protect makes the protection and puts its bound of connections under the
// listeners of clients.
func (a *App) protect() protection {
	options := a.config.Overload.WithDefaults()
	p := protection{
		gate: overload.NewGate(options), bodies: overload.NewBudget(options.BodyBytes),
		connections: overload.NewConnections(options.Connections, a.listeners()), tracing: a.tracing,
	}
	a.listener = p.connections.Listener(a.listener)
	if a.named != nil {
		a.named.listener = p.connections.Listener(a.named.listener)
	}
	if a.config.RateLimits.On() {
		p.limiter = ratelimit.New(a.config.RateLimits)
	}
	return p
}

// apply gives the API its part.
func (p protection) apply(options *api.Options, config Config) {
	options.Limiter, options.Bodies, options.WindowTime = p.limiter, p.bodies, config.SystemTime
	options.Recorder = p.tracing.Recorder(options.Recorder)
	if p.tracing != nil {
		options.Follow = p.tracing.Request
	}
}

// guard stands before a handler.
func (a *App) guard(next http.Handler, p protection, m *metrics) http.Handler {
	return api.NewGuard(next, api.GuardOptions{Gate: p.gate, NewID: identifier.New, Logger: a.config.Logger,
		Observe: func(outcome overload.Outcome) { a.answered.Add(1); m.refusedByGuard(outcome) }})
}

// committer wraps what makes changes durable: counted, and traced where asked.
func (a *App) committer(inner service.Committer, p protection, m *metrics) service.Committer {
	if a.config.holdCommits != nil {
		inner = a.config.holdCommits(inner)
	}
	return p.tracing.Committer(m.counted(inner))
}
