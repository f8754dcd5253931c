// Package tracing sends OpenTelemetry traces to a collector, for operators who
// ask for it: a span for each request, below it one for the commit and one for
// the request log.
//
// It owns: the exporter, sampling, the W3C headers, and what a span may say:
// operations, statuses, codes, correlation ids and sizes, never paths, bodies,
// names or ids of sessions, which are personal or secret. No other package
// imports OpenTelemetry. It must not know: routes, rules, SQL. Where tracing is
// off there is no Tracing and nothing is wrapped, so it costs nothing.
package tracing
