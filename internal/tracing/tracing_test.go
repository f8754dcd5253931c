package tracing_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/tracing"
)

// receiver is a collector on loopback that keeps what it is sent.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	spans []*spans.Span
	raw   strings.Builder
}

func newReceiver(t *testing.T, status int) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		var export collector.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(body, &export)
		}
		if err != nil || request.URL.Path != "/v1/traces" || request.Header.Get("Key") != "secret" {
			t.Errorf("export to %s with key %q: %v", request.URL.Path, request.Header.Get("Key"), err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.raw.Write(body)
		for _, resource := range export.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				r.spans = append(r.spans, scope.Spans...)
			}
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
		w.WriteHeader(status)
	}))
	t.Cleanup(r.Close)
	return r
}

// named is the one span of a name.
func (r *receiver) named(t *testing.T, name string) *spans.Span {
	t.Helper()
	var found *spans.Span
	for _, span := range r.spans {
		if span.Name == name {
			if found != nil {
				t.Errorf("there are two spans %s", name)
			}
			found = span
		}
	}
	if found == nil {
		t.Fatalf("there is no span %s among %d", name, len(r.spans))
	}
	return found
}

// attributes are the values of a span as text.
func attributes(span *spans.Span) map[string]string {
	values := map[string]string{}
	for _, a := range span.Attributes {
		values[a.Key] = strings.NewReplacer(`string_value:`, "", `int_value:`, "", `bool_value:`, "", `"`, "").Replace(a.Value.String())
	}
	return values
}

const (
	traceID    = "4bf92f3577b34da6a3ce929d0e0e4736"
	callerSpan = "00f067aa0ba902b7"
	cart       = `{"purchase_country":"SE","purchase_currency":"SEK","locale":"sv-SE","order_amount":1000,` +
		`"billing_address":{"given_name":"Testperson-se","email":"customer@email.se"},` +
		`"order_lines":[{"name":"Scarf","quantity":2,"unit_price":500,"total_amount":1000}]}`
)

// TestARequestIsFollowed: a server sends the spans of a creation, below the
// caller's, to a collector; nothing in them is personal or secret.
func TestARequestIsFollowed(t *testing.T) {
	t.Parallel()
	to := newReceiver(t, http.StatusOK)
	server, err := app.Open(t.Context(), app.Config{
		DataDir: t.TempDir(), Listen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler),
		Tracing: tracing.Options{Endpoint: to.URL, Headers: map[string]string{"Key": "secret"}, Version: "1.2.3"},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/payments/v1/sessions", strings.NewReader(cart))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("shop-name", "hush")
	request.Header.Set("traceparent", "00-"+traceID+"-"+callerSpan+"-01")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 200 {
		t.Fatalf("%d %s %v", response.StatusCode, answer, err)
	}
	response.Body.Close()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}

	served, commit, recorded := to.named(t, "create_session"), to.named(t, "store.commit"), to.named(t, "requestlog.record")
	if diff := cmp.Diff(map[string]string{
		"http.request.method": "POST", "http.response.status_code": "200", "kvitto.operation": "create_session",
		"kvitto.correlation_id": response.Header.Get("Klarna-Correlation-Id"),
	}, attributes(served)); diff != "" {
		t.Error(diff)
	}
	if hex(served.TraceId) != traceID || hex(served.ParentSpanId) != callerSpan || served.Kind != spans.Span_SPAN_KIND_SERVER {
		t.Errorf("trace %x below %x, kind %s", served.TraceId, served.ParentSpanId, served.Kind)
	}
	for _, below := range []*spans.Span{commit, recorded} {
		if hex(below.TraceId) != traceID || hex(below.ParentSpanId) != hex(served.SpanId) {
			t.Errorf("%s: trace %x below %x", below.Name, below.TraceId, below.ParentSpanId)
		}
	}
	if got := attributes(commit); got["kvitto.batch_size"] != "1" || got["kvitto.waited_us"] == "" {
		t.Errorf("the commit says %v", got)
	}
	if got := attributes(recorded); got["kvitto.durable"] != "false" {
		t.Errorf("the record says %v", got)
	}
	if raw := to.raw.String(); !strings.Contains(raw, "1.2.3") {
		t.Error("the version is not sent")
	}
	sessionID := strings.Split(string(answer), `"`)[3]
	for _, secret := range []string{"Testperson", "customer@", "shop-name", "hush", "Scarf", sessionID, "/payments/"} {
		if strings.Contains(to.raw.String(), secret) {
			t.Errorf("%q is in the traces", secret)
		}
	}
}

func hex(b []byte) string {
	const digits = "0123456789abcdef"
	text := make([]byte, 0, 2*len(b))
	for _, c := range b {
		text = append(text, digits[c>>4], digits[c&15])
	}
	return string(text)
}

// fakeParts stand for the store and the log.
type fakeParts struct{ Recorder }

type Recorder interface{ tracing.Recorder }

func (fakeParts) Commit(context.Context, store.Change) error { return nil }

// TestOffCostsNothing: without an endpoint there is no Tracing, and what it
// would wrap is returned as it is.
func TestOffCostsNothing(t *testing.T) {
	t.Parallel()
	off, err := tracing.Open(t.Context(), tracing.Options{}, slog.New(slog.DiscardHandler))
	if off != nil || err != nil {
		t.Fatalf("%v %v", off, err)
	}
	parts := &fakeParts{}
	if off.Committer(parts) != parts || off.Recorder(parts) != parts || off.Failed() != 0 || off.Close() != nil {
		t.Error("something is wrapped though tracing is off")
	}
}

// TestACollectorThatRefusesCostsSpansOnly, and they are counted.
func TestACollectorThatRefusesCostsSpansOnly(t *testing.T) {
	t.Parallel()
	to := newReceiver(t, http.StatusInternalServerError)
	var log strings.Builder
	on, err := tracing.Open(t.Context(), tracing.Options{Endpoint: to.URL + "/", Headers: map[string]string{"Key": "secret"}},
		slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, end := on.Request(httptest.NewRequestWithContext(t.Context(), "SECRET", "/", nil))
		end(&requestlog.Exchange{Status: 503, Method: "SECRET", ErrorCode: "TEMPORARILY_UNAVAILABLE"})
	}
	if err := on.Close(); err != nil {
		t.Error(err)
	}
	if on.Failed() != 3 || strings.Count(log.String(), "traces were not exported") != 1 {
		t.Errorf("%d failed; log: %s", on.Failed(), log.String())
	}
	got := attributes(to.spans[0])
	if got["http.request.method"] != "_OTHER" || got["error.type"] != "TEMPORARILY_UNAVAILABLE" || to.spans[0].Status.Code != spans.Status_STATUS_CODE_ERROR {
		t.Errorf("the span says %v", got)
	}
}

// TestSamplingFollowsTheCaller: with a negative ratio only traces that a caller
// began are kept.
func TestSamplingFollowsTheCaller(t *testing.T) {
	t.Parallel()
	to := newReceiver(t, http.StatusOK)
	on, err := tracing.Open(t.Context(), tracing.Options{Endpoint: to.URL, SampleRatio: -1, Headers: map[string]string{"Key": "secret"}},
		slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, traceparent := range []string{"", "00-" + traceID + "-" + callerSpan + "-01", "00-" + traceID + "-" + callerSpan + "-00", "nonsense"} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		request.Header.Set("traceparent", traceparent)
		_, end := on.Request(request)
		end(&requestlog.Exchange{Status: 200, Operation: "read_session"})
	}
	if err := on.Close(); err != nil {
		t.Error(err)
	}
	if len(to.spans) != 1 || hex(to.spans[0].TraceId) != traceID {
		t.Errorf("%d spans were sent, want the one the caller asked for", len(to.spans))
	}
}

func TestABadEndpointIsToldAtTheStart(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"localhost:4318", "ftp://x", "http://", "://"} {
		if _, err := tracing.Open(t.Context(), tracing.Options{Endpoint: endpoint}, nil); err == nil || !strings.Contains(err.Error(), "http://127.0.0.1:4318") {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
}

// BenchmarkOff is the commit of a server without traces: 0 allocations.
func BenchmarkOff(b *testing.B) {
	var off *tracing.Tracing
	committer := off.Committer(&fakeParts{})
	b.ReportAllocs()
	for b.Loop() {
		_ = committer.Commit(b.Context(), store.Change{})
	}
}
