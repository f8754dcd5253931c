package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/api"
	"github.com/kvitto/kvitto/internal/credential"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/lab"
	"github.com/kvitto/kvitto/internal/requestlog"
)

// door answers what a test wants.
type door func() (string, error)

func (d door) Authenticate(context.Context, string, string) (string, error) { return d() }

// notebook keeps what was recorded and fails if told to.
type notebook struct {
	exchanges []requestlog.Exchange
	err       error
}

func (n *notebook) Record(_ context.Context, e requestlog.Exchange) error {
	n.exchanges = append(n.exchanges, e)
	return n.err
}

func (n *notebook) observe(e *requestlog.Exchange) { n.exchanges = append(n.exchanges, *e) }

func (n *notebook) Find(context.Context, string, string) (requestlog.Exchange, error) {
	return requestlog.Exchange{}, requestlog.ErrNotFound
}

func (n *notebook) Search(context.Context, requestlog.Query) (requestlog.Page, error) {
	return requestlog.Page{}, nil
}

func (n *notebook) OfSession(context.Context, string, string, requestlog.Bounds) ([]requestlog.Exchange, error) {
	return nil, nil
}

func ask(t *testing.T, d door, book *notebook) *httptest.ResponseRecorder {
	t.Helper()
	handler := api.New(api.Options{
		Authenticator: d, Recorder: book, NewID: identifier.New, Logger: slog.New(slog.DiscardHandler)})
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/payments/v1/sessions", strings.NewReader("{}"))
	request.SetBasicAuth("a", "b")
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	return answer
}

// TestFaultsOfTheServer: a panic and a failing store end in an answer of the
// protocol's shape that says nothing of the cause, and are recorded.
func TestFaultsOfTheServer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		door       door
		status     int
		code       string
		retryAfter string
	}{
		"panic":                {func() (string, error) { panic("secret cause") }, 500, "INTERNAL_SERVER_ERROR", ""},
		"a store that is gone": {func() (string, error) { return "", errors.New("secret cause") }, 503, "TEMPORARILY_UNAVAILABLE", "1"},
		"refused":              {func() (string, error) { return "", credential.ErrRefused }, 401, "UNAUTHORIZED", ""},
	} {
		for _, recording := range []error{nil, errors.New("disk full")} {
			book := &notebook{err: recording}
			answer := ask(t, c.door, book)
			var body struct {
				CorrelationID string   `json:"correlation_id"`
				ErrorCode     string   `json:"error_code"`
				ErrorMessages []string `json:"error_messages"`
			}
			if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if answer.Code != c.status || body.ErrorCode != c.code || body.ErrorMessages == nil || answer.Header().Get("Retry-After") != c.retryAfter {
				t.Errorf("%s: %d %s %v", name, answer.Code, answer.Body, answer.Header())
			}
			if strings.Contains(answer.Body.String(), "secret") {
				t.Errorf("%s: the cause is told: %s", name, answer.Body)
			}
			if body.CorrelationID == "" || body.CorrelationID != answer.Header().Get("Klarna-Correlation-Id") ||
				len(book.exchanges) != 1 || book.exchanges[0].CorrelationID != body.CorrelationID || book.exchanges[0].Status != c.status {
				t.Errorf("%s: recorded %+v", name, book.exchanges)
			}
			// Nobody without credentials makes the server wait for its disk, and
			// nobody waits for a log whose store does not answer.
			if durable := c.status == 500; len(book.exchanges) == 1 && book.exchanges[0].Durable() != durable {
				t.Errorf("%s: durable before it is answered: %v, want %v", name, !durable, durable)
			}
		}
	}
}

// TestStrangersAreNotRecordedOneByOne: a flood without credentials is counted,
// and one of it a second or so is kept.
func TestStrangersAreNotRecordedOneByOne(t *testing.T) {
	t.Parallel()
	kept, counted := &notebook{}, &notebook{}
	handler := api.New(api.Options{
		Authenticator: door(func() (string, error) { return "", credential.ErrRefused }), Recorder: kept, Observe: counted.observe,
		NewID: identifier.New, Logger: slog.New(slog.DiscardHandler)})
	const flood = 5000
	began := time.Now()
	for range flood {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/payments/v1/sessions/x", nil))
	}
	most := 2 + int(time.Since(began)/time.Second)
	if len(kept.exchanges) == 0 || len(kept.exchanges) > most || len(counted.exchanges) != flood {
		t.Errorf("%d kept (at most %d wanted), %d of %d counted", len(kept.exchanges), most, len(counted.exchanges), flood)
	}
}

// TestWithoutThePlaygroundItsPathsAreUnknown: a server for real merchants has
// no clock to move and no outcome to choose.
func TestWithoutThePlaygroundItsPathsAreUnknown(t *testing.T) {
	t.Parallel()
	book := &notebook{}
	handler := api.New(api.Options{
		Authenticator: door(func() (string, error) { return "m", nil }), Recorder: book, NewID: identifier.New,
		Next: lab.NewQueue(), Faults: &lab.Faults{}, Logger: slog.New(slog.DiscardHandler)})
	for _, path := range []string{"clock", "next", "faults", "sessions/x/load", "sessions/x/authorize", "sessions/x/reauthorize", "sessions/x/finalize"} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/kvitto/v1/"+path, strings.NewReader("{}"))
		request.SetBasicAuth("a", "b")
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		if answer.Code != 404 {
			t.Errorf("%s: %d %v", path, answer.Code, answer.Header())
		}
	}
}

// TestAClientThatWentAwayIsNoFailureOfTheStore.
func TestAClientThatWentAwayIsNoFailureOfTheStore(t *testing.T) {
	t.Parallel()
	book := &notebook{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	handler := api.New(api.Options{
		Authenticator: door(func() (string, error) { return "", ctx.Err() }), Recorder: book,
		NewID: func(time.Time) string { return "id" }, Logger: slog.New(slog.DiscardHandler)})
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, "/payments/v1/sessions", strings.NewReader("{}"))
	request.SetBasicAuth("a", "b")
	handler.ServeHTTP(httptest.NewRecorder(), request)
	if len(book.exchanges) != 1 || book.exchanges[0].Status != 499 {
		t.Errorf("%+v", book.exchanges)
	}
}

// stuckClocks takes no move of a clock.
type stuckClocks struct{}

func (stuckClocks) ClockAdvance(context.Context, string) (time.Duration, error) { return 0, nil }

func (stuckClocks) AdvanceClock(context.Context, string, time.Duration) (time.Duration, error) {
	return 0, errors.New("disk full")
}

// TestAClockThatCannotBeMovedNowMayBeMovedLater: a failing store is a 503 for
// the playground's operations as well.
func TestAClockThatCannotBeMovedNowMayBeMovedLater(t *testing.T) {
	t.Parallel()
	clock, err := lab.NewClock(time.Now, stuckClocks{}, false)
	if err != nil {
		t.Fatal(err)
	}
	handler := api.New(api.Options{
		Authenticator: door(func() (string, error) { return "m", nil }), Recorder: &notebook{}, Clock: clock, Playground: clock,
		NewID: identifier.New, Logger: slog.New(slog.DiscardHandler)})
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/kvitto/v1/clock", strings.NewReader(`{"advance":"1h"}`))
	request.SetBasicAuth("a", "b")
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	if answer.Code != 503 || answer.Header().Get("Retry-After") == "" {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
}
