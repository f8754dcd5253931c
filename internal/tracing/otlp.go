package tracing

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// sender exports spans in OTLP's JSON form over HTTP. The library's exporter
// would add 5 MB of gRPC and protobuf to every process, traced or not.
type sender struct {
	client   *http.Client
	endpoint string
	headers  map[string]string
}

// The shapes of an OTLP export, as far as our spans use it. Numbers of 64 bits
// are text and ids are hexadecimal in this form.
type (
	otlpExport struct {
		ResourceSpans []otlpResourceSpans `json:"resourceSpans"`
	}
	otlpResourceSpans struct {
		Resource   otlpResource     `json:"resource"`
		ScopeSpans []otlpScopeSpans `json:"scopeSpans"`
	}
	otlpResource struct {
		Attributes []otlpAttribute `json:"attributes"`
	}
	otlpScopeSpans struct {
		Scope otlpScope  `json:"scope"`
		Spans []otlpSpan `json:"spans"`
	}
	otlpScope struct {
		Name string `json:"name"`
	}
	otlpSpan struct {
		TraceID      string          `json:"traceId"`
		SpanID       string          `json:"spanId"`
		TraceState   string          `json:"traceState,omitempty"`
		ParentSpanID string          `json:"parentSpanId,omitempty"`
		Name         string          `json:"name"`
		Kind         int             `json:"kind"`
		Start        string          `json:"startTimeUnixNano"`
		End          string          `json:"endTimeUnixNano"`
		Attributes   []otlpAttribute `json:"attributes"`
		Status       otlpStatus      `json:"status"`
	}
	otlpAttribute struct {
		Key   string    `json:"key"`
		Value otlpValue `json:"value"`
	}
	otlpValue struct {
		String *string `json:"stringValue,omitempty"`
		Int    *string `json:"intValue,omitempty"`
		Bool   *bool   `json:"boolValue,omitempty"`
	}
	otlpStatus struct {
		Message string `json:"message,omitempty"`
		Code    int    `json:"code,omitempty"`
	}
)

// otlpError is the status code of a failed span; 0 says nothing.
const otlpError = 2

// ExportSpans sends one batch, once: a collector that is away is not waited for.
func (s *sender) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if len(spans) == 0 {
		return nil
	}
	body, err := json.Marshal(exportOf(spans))
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	for name, value := range s.headers {
		request.Header.Set(name, value)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return err
	}
	// Reading to the end lets the connection be used again.
	_, readErr := io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
	err = errors.Join(readErr, response.Body.Close())
	if response.StatusCode/100 != 2 {
		return errors.Join(fmt.Errorf("the collector answers %s", response.Status), err)
	}
	return err
}

// Shutdown lets go of the collector's connections.
func (s *sender) Shutdown(context.Context) error {
	s.client.CloseIdleConnections()
	return nil
}

// exportOf writes spans down. All of them come from one tracer.
func exportOf(spans []sdktrace.ReadOnlySpan) otlpExport {
	list := make([]otlpSpan, len(spans))
	for i, span := range spans {
		list[i] = spanOf(span)
	}
	return otlpExport{[]otlpResourceSpans{{
		Resource:   otlpResource{attributesOf(spans[0].Resource().Attributes())},
		ScopeSpans: []otlpScopeSpans{{Scope: otlpScope{spans[0].InstrumentationScope().Name}, Spans: list}},
	}}}
}

func spanOf(span sdktrace.ReadOnlySpan) otlpSpan {
	out := otlpSpan{
		TraceID: span.SpanContext().TraceID().String(), SpanID: span.SpanContext().SpanID().String(),
		TraceState: span.SpanContext().TraceState().String(),
		Name:       span.Name(), Kind: int(span.SpanKind()), // the numbers of both are the same
		Start:      strconv.FormatInt(span.StartTime().UnixNano(), 10),
		End:        strconv.FormatInt(span.EndTime().UnixNano(), 10),
		Attributes: attributesOf(span.Attributes()),
	}
	if parent := span.Parent(); parent.SpanID().IsValid() {
		out.ParentSpanID = parent.SpanID().String()
	}
	if status := span.Status(); status.Code == codes.Error {
		out.Status = otlpStatus{Message: status.Description, Code: otlpError}
	}
	return out
}

func attributesOf(list []attribute.KeyValue) []otlpAttribute {
	out := make([]otlpAttribute, len(list))
	for i, a := range list {
		out[i].Key = string(a.Key)
		switch a.Value.Type() {
		case attribute.INT64:
			text := strconv.FormatInt(a.Value.AsInt64(), 10)
			out[i].Value.Int = &text
		case attribute.BOOL:
			is := a.Value.AsBool()
			out[i].Value.Bool = &is
		default:
			text := a.Value.String()
			out[i].Value.String = &text
		}
	}
	return out
}
