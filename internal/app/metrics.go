package app

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kvitto/kvitto/internal/assessor"
	"github.com/kvitto/kvitto/internal/notify"
	"github.com/kvitto/kvitto/internal/overload"
	"github.com/kvitto/kvitto/internal/ratelimit"
	"github.com/kvitto/kvitto/internal/requestlog"
)

// metrics are the server's counters, in a registry of its own so that several
// servers can live in one test process.
type metrics struct {
	registry    *prometheus.Registry
	exchanges   *prometheus.CounterVec
	durations   *prometheus.HistogramVec
	batchSizes  prometheus.Histogram
	commits     prometheus.Histogram
	changes     *prometheus.CounterVec
	rateLimited *prometheus.CounterVec
	refused     *prometheus.CounterVec
	callbacks   *prometheus.CounterVec
	// ruleFailures are risk rules that failed while they were evaluated.
	ruleFailures prometheus.Counter
	// questions are those to the operator's assessor.
	questions         *prometheus.CounterVec
	questionDurations prometheus.Histogram
	outcomes          outcomes
}

func newMetrics(log *requestlog.Log) *metrics {
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &metrics{
		registry:  prometheus.NewRegistry(),
		exchanges: counters("kvitto_exchanges_total", "Exchanges answered, by operation and status.", "operation", "status"),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "kvitto_exchange_duration_seconds", Help: "Time from the request's arrival to its answer, by operation.",
			Buckets: []float64{.0005, .001, .002, .005, .01, .025, .05, .1, .25, 1, 5}}, []string{"operation"}),
		batchSizes: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "kvitto_store_commit_batch_size", Help: "Changes that shared one transaction.",
			Buckets: []float64{1, 2, 4, 8, 16, 32, 64, 128, 256}}),
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "kvitto_store_commit_duration_seconds", Help: "Time of one durable transaction.",
			Buckets: []float64{.0002, .0005, .001, .002, .005, .01, .025, .1, 1}}),
		changes:     counters("kvitto_store_changes_total", "Changes handed to the store, by result; a conflict is decided anew.", "result"),
		rateLimited: counters("kvitto_rate_limited_total", "Requests refused by a merchant's rate limit, by class.", "class"),
		refused:     counters("kvitto_overload_refused_total", "Requests refused under overload, by reason.", "reason"),
		callbacks: counters("kvitto_callback_attempts_total",
			"Attempts to deliver a callback, by result: delivered, again when another follows, failed when it was the last.", "result"),
		ruleFailures: prometheus.NewCounter(prometheus.CounterOpts{Name: "kvitto_risk_rule_failures_total",
			Help: "Risk rules that failed; their assessments approve nothing."}),
		questions: counters("kvitto_assessor_requests_total",
			"Questions to the operator's assessor, by result: decided, slow, down, nonsense, or paused when it was not asked after failures.", "result"),
		questionDurations: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "kvitto_assessor_request_duration_seconds", Help: "Time of a question to the operator's assessor, failures included.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}}),
	}
	m.registry.MustRegister(m.exchanges, m.durations, m.batchSizes, m.commits, m.changes, m.rateLimited, m.refused, m.callbacks, m.ruleFailures, m.questions, m.questionDurations,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.registry.MustRegister(logCounters(log)...)
	m.presence()
	return m
}

// presence makes the series that alerts watch exist before their first event:
// a rate over nothing is nothing, not zero.
func (m *metrics) presence() {
	for class := range ratelimit.Classes {
		m.rateLimited.WithLabelValues(ratelimit.Class(class).String())
	}
	for _, reason := range refusalReasons {
		m.refused.WithLabelValues(reason)
	}
	for _, result := range []string{changeCommitted, changeConflict, changeOverloaded, changeAbandoned, changeFailed} {
		m.changes.WithLabelValues(result)
	}
	for _, result := range []notify.Result{notify.ResultDelivered, notify.ResultAgain, notify.ResultFailed} {
		m.callbacks.WithLabelValues(string(result))
	}
	for _, result := range assessor.Results {
		m.questions.WithLabelValues(string(result))
	}
}

func (m *metrics) callback(result notify.Result) { m.callbacks.WithLabelValues(string(result)).Inc() }

// refusalReasons are why the guard refuses, and reasonInside for what is
// refused behind it: a full store queue, no memory for a body.
var refusalReasons = map[overload.Outcome]string{
	overload.QueueFull: "queue_full", overload.TooLong: "waited_too_long", overload.Gone: "client_gone", overload.Entered: reasonInside,
}

const reasonInside = "inside"

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
		gauge("kvitto_requestlog_queue_length", "Exchanges that wait to be written.", func() float64 { return float64(log.Stats().Queued) }),
		gauge("kvitto_requestlog_queue_bytes", "Memory of the exchanges that wait to be written.", func() float64 { return float64(log.Stats().QueuedBytes) }),
	}
}

func gauge(name, help string, read func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read)
}

func (m *metrics) exchange(e *requestlog.Exchange) {
	operation := e.Operation
	if operation == "" {
		operation = "none"
	}
	of := m.of(operation, e.Status)
	of.count.Inc()
	of.duration.Observe(e.Duration.Seconds())
	switch {
	case e.Status == http.StatusTooManyRequests:
		m.rateLimited.WithLabelValues(ratelimit.ClassOf(e.Operation).String()).Inc()
	case e.Overloaded:
		m.refused.WithLabelValues(reasonInside).Inc()
	}
}

// refusedByGuard counts an answer that no exchange was made for, so that the
// exchanges add up to what clients saw.
func (m *metrics) refusedByGuard(outcome overload.Outcome) {
	m.refused.WithLabelValues(refusalReasons[outcome]).Inc()
	m.exchanges.WithLabelValues("none", strconv.Itoa(http.StatusServiceUnavailable)).Inc()
}

func (m *metrics) commit(changes int, took time.Duration) {
	m.batchSizes.Observe(float64(changes))
	m.commits.Observe(took.Seconds())
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
