package api_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/api"
	"github.com/kvitto/kvitto/internal/credential"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/lab"
	"github.com/kvitto/kvitto/internal/ratelimit"
)

// standing is a clock that stands still.
type standing struct{}

func (standing) Now(context.Context, string) (time.Time, error) { return noon, nil }

var noon = time.Date(2030, time.June, 1, 12, 0, 0, 0, time.UTC)

// options are those of an API that lets anybody in and has no service: what it
// answers comes from the edge.
func options(book *notebook, change func(*api.Options)) api.Options {
	o := api.Options{
		Authenticator: door(func() (string, error) { return "m", nil }), Recorder: book, NewID: identifier.New,
		Clock: standing{}, Logger: slog.New(slog.DiscardHandler),
		WindowTime: func() time.Time { return noon },
	}
	change(&o)
	return o
}

func call(t *testing.T, handler http.Handler, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader("no JSON"))
	request.SetBasicAuth("a", "b")
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	return answer
}

// rateHeaders are the three headers, as recorded: "5, 5;w=1", "4", "1".
func rateHeaders(answer *httptest.ResponseRecorder) []string {
	var values []string
	for _, name := range []string{"Limit", "Remaining", "Reset"} {
		values = append(values, answer.Header().Get("X-RateLimit-"+name))
	}
	return values
}

// TestRateLimitHeadersCountDown as recorded, on refusals too, and the sixth
// creation of a second is a 429 in the protocol's shape.
func TestRateLimitHeadersCountDown(t *testing.T) {
	t.Parallel()
	book, now := &notebook{}, noon
	handler := api.New(options(book, func(o *api.Options) {
		o.Limiter, o.WindowTime = ratelimit.New(ratelimit.Playground), func() time.Time { return now }
	}))
	create := func() *httptest.ResponseRecorder { return call(t, handler, http.MethodPost, "/payments/v1/sessions") }
	for _, remaining := range []string{"4", "3", "2", "1", "0"} {
		answer := create()
		if diff := cmp.Diff([]string{"5, 5;w=1", remaining, "1"}, rateHeaders(answer)); answer.Code != 400 || diff != "" {
			t.Errorf("%d %s", answer.Code, diff)
		}
	}
	refused := create()
	if diff := cmp.Diff([]string{"5, 5;w=1", "0", "1"}, rateHeaders(refused)); refused.Code != 429 || diff != "" {
		t.Errorf("%d %s", refused.Code, diff)
	}
	if refused.Header().Get("Retry-After") != "" {
		t.Error("a 429 has a Retry-After, which the original's has not")
	}
	var body map[string]any
	if err := json.Unmarshal(refused.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{
		"error_code": "TOO_MANY_REQUESTS", "error_messages": []any{"Too many requests"},
		"correlation_id": refused.Header().Get("Klarna-Correlation-Id"),
	}, body); diff != "" {
		t.Error(diff)
	}
	now = now.Add(time.Second)
	if answer := create(); answer.Code != 400 || answer.Header().Get("X-RateLimit-Remaining") != "4" {
		t.Errorf("in the next second: %d %v", answer.Code, answer.Header())
	}
}

// TestOperationsAreLimitedByTheirClass.
func TestOperationsAreLimitedByTheirClass(t *testing.T) {
	t.Parallel()
	handler := api.New(options(&notebook{}, func(o *api.Options) {
		o.Limiter = ratelimit.New(ratelimit.Options{CreateSession: 100, CreateTokenSession: 200, Other: 900})
		o.Playground = &lab.Clock{}
	}))
	for _, c := range []struct{ method, path, limit string }{
		{http.MethodPost, "/payments/v1/sessions", "100, 100;w=1"},
		{http.MethodPost, "/credit/v1/sessions", "100, 100;w=1"},
		{http.MethodGet, "/payments/v1/sessions", "900, 900;w=1"},
		{http.MethodPost, "/payments/v1/sessions/x", "900, 900;w=1"},
		{http.MethodPost, "/payments/v1/authorizations/x/order", "900, 900;w=1"},
		{http.MethodPost, "/payments/v1/authorizations/x/customer-token", "200, 200;w=1"},
		{http.MethodGet, "/unknown", "900, 900;w=1"},
		{http.MethodPost, "/kvitto/v1/check", ""},
		{http.MethodDelete, "/kvitto/v1/check", ""},
	} {
		if got := call(t, handler, c.method, c.path).Header().Get("X-RateLimit-Limit"); got != c.limit {
			t.Errorf("%s %s: limit %q, want %q", c.method, c.path, got, c.limit)
		}
	}
}

// TestWithoutALimitThereAreNoHeaders, and without credentials none either.
func TestWithoutALimitThereAreNoHeaders(t *testing.T) {
	t.Parallel()
	none := []string{"", "", ""}
	unlimited := api.New(options(&notebook{}, func(*api.Options) {}))
	if diff := cmp.Diff(none, rateHeaders(call(t, unlimited, http.MethodPost, "/payments/v1/sessions"))); diff != "" {
		t.Error(diff)
	}
	shut := api.New(options(&notebook{}, func(o *api.Options) {
		o.Limiter = ratelimit.New(ratelimit.Live)
		o.Authenticator = door(func() (string, error) { return "", credential.ErrRefused })
	}))
	answer := call(t, shut, http.MethodPost, "/payments/v1/sessions")
	if diff := cmp.Diff(none, rateHeaders(answer)); answer.Code != 401 || diff != "" {
		t.Errorf("%d %s", answer.Code, diff)
	}
}

// TestAFloodOf429IsCountedNotWritten: the first refusal of a window is
// recorded, without waiting for the disk; all are observed.
func TestAFloodOf429IsCountedNotWritten(t *testing.T) {
	t.Parallel()
	book, observed := &notebook{}, &notebook{}
	handler := api.New(options(book, func(o *api.Options) {
		o.Limiter, o.Playground = ratelimit.New(ratelimit.Options{Other: 1}), &lab.Clock{}
		o.Observe = observed.observe
	}))
	explained := 0
	for range 1000 {
		answer := call(t, handler, http.MethodGet, "/payments/v1/sessions/x/y")
		if answer.Code == 429 && answer.Header().Get("Kvitto-Explanation") != "" {
			explained++
		}
	}
	if len(observed.exchanges) != 1000 || len(book.exchanges) != 2 || explained != 1 {
		t.Fatalf("%d observed, %d recorded, %d with an explanation", len(observed.exchanges), len(book.exchanges), explained)
	}
	if first := book.exchanges[0]; first.Status != 404 || !first.Durable() {
		t.Errorf("the request before: %+v", first)
	}
	refused := book.exchanges[1]
	if refused.Status != 429 || refused.Durable() || refused.MerchantID != "m" || !strings.Contains(refused.Reason, "more than 1 requests of the class other") {
		t.Errorf("recorded %+v", refused)
	}
}
