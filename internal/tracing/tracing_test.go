package tracing_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/tracing"
)

// export is the JSON form of an OTLP export, from its published schema; a
// property that is not in it fails the test.
type export struct {
	ResourceSpans []struct {
		Resource   struct{ Attributes []attribute }
		ScopeSpans []struct {
			Scope struct{ Name string }
			Spans []span
		}
	}
}

type span struct {
	TraceID, SpanID, ParentSpanID, TraceState, Name string
	Kind                                            int
	StartTimeUnixNano, EndTimeUnixNano              string
	Attributes                                      []attribute
	Status                                          struct {
		Message string
		Code    int
	}
}

type attribute struct {
	Key   string
	Value map[string]any // stringValue, intValue as text, or boolValue
}

// receiver is a collector on loopback that keeps what it is sent.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	spans []span
	raw   strings.Builder
}

func newReceiver(t *testing.T, status int) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		var export export
		if err == nil {
			decoder := json.NewDecoder(bytes.NewReader(body))
			decoder.DisallowUnknownFields()
			err = decoder.Decode(&export)
		}
		if err != nil || request.URL.Path != "/v1/traces" || request.Header.Get("Key") != "secret" ||
			request.Header.Get("Content-Type") != "application/json" {
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
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
	}))
	t.Cleanup(r.Close)
	return r
}

// named is the one span of a name.
func (r *receiver) named(t *testing.T, name string) *span {
	t.Helper()
	var found *span
	for i := range r.spans {
		if r.spans[i].Name == name {
			if found != nil {
				t.Errorf("there are two spans %s", name)
			}
			found = &r.spans[i]
		}
	}
	if found == nil {
		t.Fatalf("there is no span %s among %d", name, len(r.spans))
	}
	return found
}

// attributes are the values of a span as text.
func attributes(span *span) map[string]string {
	values := map[string]string{}
	for _, a := range span.Attributes {
		for _, value := range a.Value {
			values[a.Key] = fmt.Sprint(value)
		}
	}
	return values
}

// The numbers of a server's span and of an error in OTLP.
const kindServer, codeError = 2, 2

const (
	traceID    = "4bf92f3577b34da6a3ce929d0e0e4736"
	callerSpan = "00f067aa0ba902b7"
	cart       = `{"purchase_country":"SE","purchase_currency":"SEK","locale":"sv-SE","order_amount":1000,` +
		`"billing_address":{"given_name":"Testperson-se","email":"customer@email.se"},` +
		`"order_lines":[{"name":"Scarf","quantity":2,"unit_price":500,"total_amount":1000}]}`
)

// traced makes one creation on a server that sends its spans to the receiver,
// and stops the server, which sends the last of them.
func traced(t *testing.T, to *receiver) (*http.Response, []byte) {
	t.Helper()
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
	return response, answer
}

// TestARequestIsFollowed: a server sends the spans of a creation, below the
// caller's, to a collector; nothing in them is personal or secret.
func TestARequestIsFollowed(t *testing.T) {
	t.Parallel()
	to := newReceiver(t, http.StatusOK)
	response, answer := traced(t, to)
	served, commit, recorded := to.named(t, "create_session"), to.named(t, "store.commit"), to.named(t, "requestlog.record")
	if diff := cmp.Diff(map[string]string{
		"http.request.method": "POST", "http.response.status_code": "200", "kvitto.operation": "create_session",
		"kvitto.correlation_id": response.Header.Get("Klarna-Correlation-Id"),
	}, attributes(served)); diff != "" {
		t.Error(diff)
	}
	if served.TraceID != traceID || served.ParentSpanID != callerSpan || served.Kind != kindServer {
		t.Errorf("trace %s below %s, kind %d", served.TraceID, served.ParentSpanID, served.Kind)
	}
	for _, below := range []*span{commit, recorded} {
		if below.TraceID != traceID || below.ParentSpanID != served.SpanID {
			t.Errorf("%s: trace %s below %s", below.Name, below.TraceID, below.ParentSpanID)
		}
	}
	if got := attributes(commit); got["kvitto.batch_size"] != "1" || got["kvitto.waited_us"] == "" {
		t.Errorf("the commit says %v", got)
	}
	if got := attributes(recorded); got["kvitto.durable"] != "false" {
		t.Errorf("the record says %v", got)
	}
	began, err1 := strconv.ParseInt(served.StartTimeUnixNano, 10, 64)
	finished, err2 := strconv.ParseInt(served.EndTimeUnixNano, 10, 64)
	if err := errors.Join(err1, err2); err != nil || finished < began {
		t.Errorf("the span lasts from %d to %d: %v", began, finished, err)
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

// fakeParts stand for the store and the log.
type fakeParts struct{ Recorder }

type Recorder interface{ tracing.Recorder }

func (fakeParts) Commit(context.Context, store.Change) error { return nil }

// TestOffCostsNothing: without an endpoint there is no Tracing, and what it
// would wrap is returned as it is.
func TestOffCostsNothing(t *testing.T) {
	t.Parallel()
	off, err := tracing.Open(tracing.Options{}, slog.New(slog.DiscardHandler))
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
	on, err := tracing.Open(tracing.Options{Endpoint: to.URL + "/", Headers: map[string]string{"Key": "secret"}},
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
	got := attributes(&to.spans[0])
	if got["http.request.method"] != "_OTHER" || got["error.type"] != "TEMPORARILY_UNAVAILABLE" || to.spans[0].Status.Code != codeError {
		t.Errorf("the span says %v", got)
	}
}

// TestSamplingFollowsTheCaller: with a negative ratio only traces that a caller
// began are kept.
func TestSamplingFollowsTheCaller(t *testing.T) {
	t.Parallel()
	to := newReceiver(t, http.StatusOK)
	on, err := tracing.Open(tracing.Options{Endpoint: to.URL, SampleRatio: -1, Headers: map[string]string{"Key": "secret"}},
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
	if len(to.spans) != 1 || to.spans[0].TraceID != traceID {
		t.Errorf("%d spans were sent, want the one the caller asked for", len(to.spans))
	}
}

func TestABadEndpointIsToldAtTheStart(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"localhost:4318", "ftp://x", "http://", "://"} {
		if _, err := tracing.Open(tracing.Options{Endpoint: endpoint}, nil); err == nil || !strings.Contains(err.Error(), "http://127.0.0.1:4318") {
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
