package api_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/api"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/lab"
	"github.com/kvitto/kvitto/internal/service"
)

// befallen is an API without a service behind it: a call that were carried out would
// be a 500.
func befallen(t *testing.T, book *notebook, after func(time.Duration) <-chan time.Time, fault lab.Fault) http.Handler {
	t.Helper()
	faults, err := lab.NewFaults(after)
	if err != nil {
		t.Fatal(err)
	}
	if err := faults.Add("m", fault); err != nil {
		t.Fatal(err)
	}
	return api.New(api.Options{
		Authenticator: door(func() (string, error) { return "m", nil }), Clock: service.SystemClock(time.Now), Recorder: book,
		NewID: identifier.New, Faults: faults, Logger: slog.New(slog.DiscardHandler)})
}

// TestWhoHangsUpOnASlowCallChangesNothing, and the record says for what it waited.
func TestWhoHangsUpOnASlowCallChangesNothing(t *testing.T) {
	t.Parallel()
	book := &notebook{}
	ctx, hangUp := context.WithCancel(t.Context())
	slow := lab.Fault{Kind: lab.FaultLatency, Count: 1, Wait: lab.FaultWaitMax}
	handler := befallen(t, book, func(time.Duration) <-chan time.Time { hangUp(); return nil }, slow)
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, "/payments/v1/sessions", strings.NewReader("{}"))
	request.SetBasicAuth("m", "b")
	handler.ServeHTTP(httptest.NewRecorder(), request)
	if len(book.exchanges) != 1 || book.exchanges[0].Status != 499 || !strings.Contains(book.exchanges[0].Reason, "nothing was changed; a fault of the playground (latency)") {
		t.Errorf("recorded %+v", book.exchanges)
	}
}

// TestADroppedCallOverHTTP2 ends its stream, not the others of its connection.
func TestADroppedCallOverHTTP2(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(befallen(t, &notebook{}, nil, lab.Fault{Kind: lab.FaultDrop, Operation: "create_session", Count: 1}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	ask := func(path string) (*http.Response, error) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth("m", "b")
		response, err := server.Client().Do(request)
		if err == nil {
			_ = response.Body.Close()
		}
		return response, err
	}
	if response, err := ask("/payments/v1/sessions"); err == nil {
		t.Errorf("it is answered %d", response.StatusCode)
	}
	if response, err := ask("/nowhere"); err != nil || response.ProtoMajor != 2 || response.StatusCode != http.StatusNotFound {
		t.Errorf("the next call: %v, %v", response, err)
	}
}
