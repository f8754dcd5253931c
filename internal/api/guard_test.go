package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/api"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/overload"
	"github.com/kvitto/kvitto/internal/ratelimit"
	"github.com/kvitto/kvitto/internal/requestlog"
)

// full is a guard whose one place is taken and where patience is a nanosecond.
func full(t *testing.T, observe func(overload.Outcome)) *api.Guard {
	t.Helper()
	gate := overload.NewGate(overload.Options{InFlight: 1, Waiting: 1, Patience: 1})
	if gate.Enter(t.Context()) != overload.Entered {
		t.Fatal("the first is refused")
	}
	next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request passed the full gate") })
	return api.NewGuard(next, api.GuardOptions{
		Gate: gate, NewID: identifier.New, Logger: slog.New(slog.DiscardHandler), Observe: observe})
}

// TestARefusalOfTheGuardHasTheProtocolsShape.
func TestARefusalOfTheGuardHasTheProtocolsShape(t *testing.T) {
	t.Parallel()
	var observed []overload.Outcome
	guard := full(t, func(outcome overload.Outcome) { observed = append(observed, outcome) })
	answer := httptest.NewRecorder()
	guard.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/payments/v1/sessions", strings.NewReader("{}")))
	var body map[string]any
	if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil {
		t.Fatalf("%v\n%s", err, answer.Body)
	}
	id := answer.Header().Get("Klarna-Correlation-Id")
	if diff := cmp.Diff(map[string]any{"error_code": "TEMPORARILY_UNAVAILABLE", "error_messages": []any{}, "correlation_id": id}, body); diff != "" {
		t.Error(diff)
	}
	if answer.Code != 503 || len(id) != 36 || answer.Header().Get("Retry-After") != "1" || answer.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%d %v", answer.Code, answer.Header())
	}
	if diff := cmp.Diff([]overload.Outcome{overload.TooLong}, observed); diff != "" {
		t.Error(diff)
	}
}

// TestARefusalDoesNotWaitForALargeBody: the answer is there though the body
// never comes, and the connection closes; a small body leaves it usable.
func TestARefusalDoesNotWaitForALargeBody(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(full(t, nil))
	defer server.Close()
	for name, c := range map[string]struct {
		length, body string
		closes       bool
	}{
		"small":   {"Content-Length: 5", "12345", false},
		"large":   {"Content-Length: 1000000", "", true},
		"chunked": {"Transfer-Encoding: chunked", "", true},
	} {
		connection, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		send := func(text string) *http.Response {
			t.Helper()
			if _, err := io.WriteString(connection, text); err != nil {
				t.Fatal(err)
			}
			return answerOn(t, connection)
		}
		head := "POST / HTTP/1.1\r\nHost: x\r\n" + c.length + "\r\n\r\n" + c.body
		answer := send(head)
		if answer.StatusCode != 503 || answer.Close != c.closes {
			t.Errorf("%s: %d, connection closes %t", name, answer.StatusCode, answer.Close)
		}
		if c.closes {
			if _, err := connection.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
				t.Errorf("%s: after the answer: %v", name, err)
			}
			continue
		}
		for range 10 {
			if answer := send(head); answer.StatusCode != 503 || answer.Close {
				t.Errorf("%s: a later request on the connection: %d", name, answer.StatusCode)
			}
		}
	}
}

// answerOn reads one answer and nothing after it.
func answerOn(t *testing.T, connection net.Conn) *http.Response {
	t.Helper()
	response, err := http.ReadResponse(bufio.NewReaderSize(connection, 16), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
	return response
}

// BenchmarkRefusal is what one refusal of the guard costs, without the network.
func BenchmarkRefusal(b *testing.B) {
	gate := overload.NewGate(overload.Options{InFlight: 1, Waiting: 1, Patience: 1})
	gate.Enter(b.Context())
	guard := api.NewGuard(nil, api.GuardOptions{Gate: gate, NewID: identifier.New, Logger: slog.New(slog.DiscardHandler)})
	request := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/payments/v1/sessions", nil)
	b.ReportAllocs()
	for b.Loop() {
		guard.ServeHTTP(nothing{http.Header{}}, request)
	}
}

// BenchmarkRateLimited is what one 429 costs, without the network.
func BenchmarkRateLimited(b *testing.B) {
	handler := api.New(options(nil, func(o *api.Options) {
		o.Limiter, o.Recorder = ratelimit.New(ratelimit.Options{CreateSession: 1}), &discarding{}
	}))
	request := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/payments/v1/sessions", nil)
	request.SetBasicAuth("a", "b")
	b.ReportAllocs()
	for b.Loop() {
		handler.ServeHTTP(nothing{http.Header{}}, request)
	}
}

// discarding is a record that keeps nothing.
type discarding struct{ notebook }

func (*discarding) Record(context.Context, requestlog.Exchange) error { return nil }

// nothing takes an answer and keeps none of it.
type nothing struct{ header http.Header }

func (n nothing) Header() http.Header         { return n.header }
func (n nothing) Write(p []byte) (int, error) { return len(p), nil }
func (n nothing) WriteHeader(int)             {}

// TestAPreflightPassesAFullServer, and a page can read that the server is full.
func TestAPreflightPassesAFullServer(t *testing.T) {
	t.Parallel()
	refused := 0
	handler := api.CrossOrigin(full(t, func(overload.Outcome) { refused++ }), true)
	for _, c := range []struct {
		method, path string
		status       int
		readable     bool
	}{
		{http.MethodOptions, "/kp/v1/sessions/x/load", 204, true},
		{http.MethodPost, "/kp/v1/sessions/x/load", 503, true},
		{http.MethodOptions, "/payments/v1/sessions", 503, false},
		{http.MethodPost, "/payments/v1/sessions", 503, false},
	} {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), c.method, c.path, nil))
		if answer.Code != c.status || (answer.Header().Get("Access-Control-Allow-Origin") == "*") != c.readable {
			t.Errorf("%s %s: %d %v", c.method, c.path, answer.Code, answer.Header())
		}
	}
	if refused != 3 {
		t.Errorf("%d refusals: the preflight is none", refused)
	}
}

// TestOnlyThePagesAPIIsForOtherOrigins: what leads out of it by dot segments or
// encoded slashes is not, whatever the path begins with.
func TestOnlyThePagesAPIIsForOtherOrigins(t *testing.T) {
	t.Parallel()
	for path, readable := range map[string]bool{
		"/kp/v1/sessions/x/load":                               true,
		"/kp/v1/sessions/x%2Fload":                             true,
		"/kp//v1/sessions/x/load":                              true,
		"/kp/v1/..%2f..%2fpayments/v1/sessions":                false,
		"/kp/v1/..%2F..%2Fpayments/v1/sessions":                false,
		"/kp/v1/%2e%2e/%2e%2e/payments/v1/sessions":            false,
		"/kp/v1/%2e%2e%2f%2e%2e%2fkvitto/v1/clock":             false,
		"/kp/v1/sessions/..%2f..%2f..%2fcredit/v1/sessions":    false,
		"/kp/v1/.%2f..%2f..%2fpayments%2fv1%2fsessions":        false,
		"/kp/v1/%2f..%2f..%2fpayments/v1/sessions":             false,
		"/kp/v1/../../payments/v1/sessions":                    false,
		"/kp/v1/..":                                            false,
		"/kp/v1/sessions/x/../../../../payments/v1/sessions/x": false,
	} {
		for _, method := range []string{http.MethodOptions, http.MethodPost} {
			for _, playground := range []bool{true, false} {
				reached := false
				handler := api.CrossOrigin(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }), playground)
				answer := httptest.NewRecorder()
				r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
				r.Header.Set("Access-Control-Request-Private-Network", "true")
				handler.ServeHTTP(answer, r)
				if (answer.Header().Get("Access-Control-Allow-Origin") != "") != readable || reached == (readable && method == http.MethodOptions) {
					t.Errorf("%s %s: reached %v, %v", method, path, reached, answer.Header())
				}
				private := readable && playground && method == http.MethodOptions
				if (answer.Header().Get("Access-Control-Allow-Private-Network") != "") != private {
					t.Errorf("%s %s, playground %v: %v", method, path, playground, answer.Header())
				}
			}
		}
	}
}
