package app

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kvitto/kvitto/internal/requestlog"
)

// metrics are the server's counters, in a registry of its own so that several
// servers can live in one test process.
type metrics struct {
	registry   *prometheus.Registry
	exchanges  *prometheus.CounterVec
	durations  *prometheus.HistogramVec
	batchSizes prometheus.Histogram
	commits    prometheus.Histogram
}

func newMetrics(log *requestlog.Log) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		exchanges: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kvitto_exchanges_total", Help: "Exchanges answered, by operation and status."}, []string{"operation", "status"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "kvitto_exchange_seconds", Help: "Time from the request's arrival to its answer, by operation.",
			Buckets: []float64{.0005, .001, .002, .005, .01, .025, .05, .1, .25, 1, 5}}, []string{"operation"}),
		batchSizes: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "kvitto_commit_changes", Help: "Changes that shared one transaction.",
			Buckets: []float64{1, 2, 4, 8, 16, 32, 64, 128, 256}}),
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "kvitto_commit_seconds", Help: "Time of one durable transaction.",
			Buckets: []float64{.0002, .0005, .001, .002, .005, .01, .025, .1, 1}}),
	}
	m.registry.MustRegister(m.exchanges, m.durations, m.batchSizes, m.commits,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.registry.MustRegister(logCounters(log)...)
	return m
}

// logCounters shows the request log's queue: shed bodies are never silent.
func logCounters(log *requestlog.Log) []prometheus.Collector {
	counter := func(name, help string, read func(requestlog.Stats) uint64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(read(log.Stats())) })
	}
	return []prometheus.Collector{
		counter("kvitto_requestlog_written_total", "Exchanges written to the request log.", func(s requestlog.Stats) uint64 { return s.Written }),
		counter("kvitto_requestlog_shed_total", "Exchanges written without bodies under overload.", func(s requestlog.Stats) uint64 { return s.Shed }),
		counter("kvitto_requestlog_failed_total", "Exchanges that could not be written: their explanations are lost.", func(s requestlog.Stats) uint64 { return s.Failed }),
		counter("kvitto_requestlog_dropped_total", "Successful exchanges not written under overload.", func(s requestlog.Stats) uint64 { return s.Dropped }),
	}
}

func (m *metrics) exchange(e *requestlog.Exchange) {
	operation := e.Operation
	if operation == "" {
		operation = "none"
	}
	m.exchanges.WithLabelValues(operation, strconv.Itoa(e.Status)).Inc()
	m.durations.WithLabelValues(operation).Observe(e.Duration.Seconds())
}

func (m *metrics) commit(changes int, took time.Duration) {
	m.batchSizes.Observe(float64(changes))
	m.commits.Observe(took.Seconds())
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
