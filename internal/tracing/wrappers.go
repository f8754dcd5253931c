package tracing

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
)

// Committer gives each commit a span. Without tracing it returns inner.
func (t *Tracing) Committer(inner service.Committer) service.Committer {
	if t == nil {
		return inner
	}
	return committer{inner, t.tracer}
}

type committer struct {
	service.Committer
	tracer trace.Tracer
}

// Commit tells how many changes shared the transaction and how long this one
// waited for it to begin.
func (c committer) Commit(ctx context.Context, change store.Change) error {
	ctx, span := c.tracer.Start(ctx, "store.commit")
	if !span.IsRecording() {
		return c.Committer.Commit(ctx, change)
	}
	defer span.End()
	began := time.Now()
	var report store.CommitReport
	change.Report = &report
	err := c.Committer.Commit(ctx, change)
	if report.Batch > 0 {
		span.SetAttributes(attribute.Int("kvitto.batch_size", report.Batch),
			attribute.Int64("kvitto.waited_us", max(0, report.Began.Sub(began).Microseconds())))
	}
	if err != nil {
		span.SetStatus(codes.Error, "not committed")
	}
	return err
}

// Recorder keeps exchanges and finds them again.
type Recorder interface {
	Record(ctx context.Context, exchange requestlog.Exchange) error
	Find(ctx context.Context, merchantID, correlationID string) (requestlog.Exchange, error)
	OfSession(ctx context.Context, merchantID, sessionID string, bounds requestlog.Bounds) ([]requestlog.Exchange, error)
	Search(ctx context.Context, query requestlog.Query) (requestlog.Page, error)
}

// Recorder gives the record of each exchange a span. Without tracing it
// returns inner.
func (t *Tracing) Recorder(inner Recorder) Recorder {
	if t == nil {
		return inner
	}
	return recorder{inner, t.tracer}
}

type recorder struct {
	Recorder
	tracer trace.Tracer
}

// Record tells whether the answer had to wait for the disk.
func (r recorder) Record(ctx context.Context, e requestlog.Exchange) error {
	ctx, span := r.tracer.Start(ctx, "requestlog.record", trace.WithAttributes(attribute.Bool("kvitto.durable", e.Durable())))
	defer span.End()
	err := r.Recorder.Record(ctx, e)
	if err != nil {
		span.SetStatus(codes.Error, "not recorded")
	}
	return err
}
