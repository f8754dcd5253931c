package tracing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/kvitto/kvitto/internal/requestlog"
)

// Options of tracing. Without an Endpoint it is off.
type Options struct {
	// Endpoint is the collector's OTLP address over HTTP, for example
	// http://127.0.0.1:4318; without a path it is /v1/traces.
	Endpoint string
	Headers  map[string]string // sent with every export, for example a key
	// SampleRatio is the share of the traces begun here that are kept, 0 to 1;
	// 0 is all and a negative number none. A caller's decision is followed.
	SampleRatio float64
	Service     string // service.name; empty is kvitto
	Version     string // service.version
}

// Tracing is a running tracer. The nil Tracing is off.
type Tracing struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	exporter *exporter
}

// exportTimeout bounds one export and the last one, at the end.
const exportTimeout = 5 * time.Second

// Open starts tracing; nil without an endpoint. Nothing is sent before the
// first span, and a collector that does not answer costs spans, never requests.
func Open(options Options, logger *slog.Logger) (*Tracing, error) {
	if options.Endpoint == "" {
		return nil, nil
	}
	address, err := url.Parse(options.Endpoint)
	if err != nil || address.Host == "" || (address.Scheme != "http" && address.Scheme != "https") {
		return nil, fmt.Errorf("tracing: the endpoint %q is no http or https address, for example http://127.0.0.1:4318", options.Endpoint)
	}
	if address.Path == "" || address.Path == "/" {
		address.Path = "/v1/traces"
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	to := &sender{client: &http.Client{Transport: transport, Timeout: exportTimeout}, endpoint: address.String(), headers: options.Headers}
	t := &Tracing{exporter: &exporter{SpanExporter: to, logger: logger}}
	t.provider = sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(t.exporter, sdktrace.WithExportTimeout(exportTimeout)),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(ratio(options.SampleRatio)))),
		sdktrace.WithResource(described(options)),
	)
	t.tracer = t.provider.Tracer("github.com/kvitto/kvitto")
	return t, nil
}

func ratio(configured float64) float64 {
	if configured == 0 {
		return 1
	}
	return max(0, configured)
}

func described(options Options) *resource.Resource {
	service := options.Service
	if service == "" {
		service = "kvitto"
	}
	return resource.NewSchemaless(attribute.String("service.name", service), attribute.String("service.version", options.Version))
}

// Failed is how many spans the collector did not take.
func (t *Tracing) Failed() uint64 {
	if t == nil {
		return 0
	}
	return t.exporter.failed.Load()
}

// Close sends what waits, for a bounded time.
func (t *Tracing) Close() error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), exportTimeout)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("tracing: %w", err)
	}
	return nil
}

// propagator reads traceparent and tracestate.
var propagator propagation.TraceContext

// Request begins the span of a request, below the caller's if its headers name
// one. The function ends it.
func (t *Tracing) Request(r *http.Request) (context.Context, func(*requestlog.Exchange)) {
	ctx := propagator.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	ctx, span := t.tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer))
	return ctx, func(e *requestlog.Exchange) {
		if e.Operation != "" {
			span.SetName(e.Operation)
		}
		span.SetAttributes(
			attribute.String("http.request.method", method(e.Method)), attribute.Int("http.response.status_code", e.Status),
			attribute.String("kvitto.operation", e.Operation), attribute.String("kvitto.correlation_id", e.CorrelationID))
		if e.ErrorCode != "" {
			span.SetAttributes(attribute.String("error.type", e.ErrorCode))
		}
		if e.Status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, e.ErrorCode)
		}
		span.End()
	}
}

// method is a method of HTTP's; any other text a client made up is not passed on.
func method(sent string) string {
	switch sent {
	case http.MethodGet, http.MethodPost, http.MethodDelete, http.MethodPut, http.MethodPatch, http.MethodHead, http.MethodOptions:
		return sent
	}
	return "_OTHER"
}

// exporter counts and tells what the collector does not take; the library
// would write it to standard error, each time.
type exporter struct {
	sdktrace.SpanExporter
	logger *slog.Logger
	failed atomic.Uint64
	told   atomic.Int64 // Unix time of the newest line, in minutes
}

// ExportSpans sends spans. They are gone when that fails.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	if err == nil {
		return nil
	}
	failed := e.failed.Add(uint64(len(spans)))
	if last, minute := e.told.Load(), time.Now().Unix()/60; minute != last && e.told.CompareAndSwap(last, minute) {
		e.logger.Warn("traces were not exported", "spans_lost", failed, "cause", err)
	}
	return nil
}
