package app

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kvitto/kvitto/internal/overload"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/tracing"
)

// watched are the parts whose state is read when metrics are asked for. All
// are there; a nil budget and nil tracing read as zero.
type watched struct {
	gate        *overload.Gate
	bodies      *overload.Budget
	connections *overload.Connections
	batcher     *store.Batcher
	checkouts   *service.Service
	tracing     *tracing.Tracing
}

// watch adds the gauges of parts.
func (m *metrics) watch(w watched) {
	counter := func(name, help string, read func() float64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, read)
	}
	m.registry.MustRegister(
		gauge("kvitto_requests_in_flight", "Requests being worked on.", func() float64 { return float64(w.gate.InFlight()) }),
		gauge("kvitto_requests_waiting", "Requests that wait to be worked on.", func() float64 { return float64(w.gate.Waiting()) }),
		gauge("kvitto_body_budget_used_bytes", "Memory that large bodies take of their budget.", func() float64 { return float64(w.bodies.Used()) }),
		gauge("kvitto_connections_open", "Open connections of clients.", func() float64 { return float64(w.connections.Open()) }),
		gauge("kvitto_store_queue_length", "Changes that wait for a transaction.", func() float64 { return float64(w.batcher.Waiting()) }),
		gauge("kvitto_session_cache_sessions", "Sessions in the cache.", func() float64 { return float64(w.checkouts.Cache().Sessions) }),
		gauge("kvitto_session_cache_bytes", "Estimated memory of the sessions in the cache.", func() float64 { return float64(w.checkouts.Cache().Bytes) }),
		counter("kvitto_session_cache_hits_total", "Sessions found in the cache.", func() float64 { return float64(w.checkouts.Cache().Hits) }),
		counter("kvitto_session_cache_misses_total", "Sessions read from the store.", func() float64 { return float64(w.checkouts.Cache().Misses) }),
		counter("kvitto_tracing_spans_lost_total", "Spans the collector did not take.", func() float64 { return float64(w.tracing.Failed()) }),
		buildInfo(),
	)
}

// buildInfo is 1, with what runs in its labels.
func buildInfo() prometheus.Collector {
	version, revision := "unknown", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				revision = setting.Value
			}
		}
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{Name: "kvitto_build_info", Help: "What runs, in its labels.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision, "go_version": runtime.Version()}})
	info.Set(1)
	return info
}

// The results of a change.
const (
	changeCommitted  = "committed"
	changeConflict   = "conflict"
	changeOverloaded = "overloaded"
	changeAbandoned  = "abandoned" // the client left before it was written
	changeFailed     = "failed"
)

// countedCommitter counts what became of each change.
type countedCommitter struct {
	service.Committer
	committed, conflict, overloaded, abandoned, failed prometheus.Counter
}

func (m *metrics) counted(inner service.Committer) service.Committer {
	result := func(name string) prometheus.Counter { return m.changes.WithLabelValues(name) }
	return countedCommitter{inner, result(changeCommitted), result(changeConflict), result(changeOverloaded),
		result(changeAbandoned), result(changeFailed)}
}

// Commit passes the change on.
func (c countedCommitter) Commit(ctx context.Context, change store.Change) error {
	err := c.Committer.Commit(ctx, change)
	switch {
	case err == nil:
		c.committed.Inc()
	case errors.Is(err, store.ErrConflict):
		c.conflict.Inc()
	case errors.Is(err, store.ErrOverloaded):
		c.overloaded.Inc()
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		c.abandoned.Inc()
	default:
		c.failed.Inc()
	}
	return err
}
