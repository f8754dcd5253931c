package promises_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/app"
)

// merchant is a caller of a server.
type merchant struct {
	url, name string
	http      *http.Client
}

func newMerchant(url, name string) *merchant {
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	return &merchant{url: url, name: name, http: &http.Client{Transport: transport, Timeout: 30 * time.Second}}
}

// reply is an answer with the properties that the tests look at.
type reply struct {
	Status        int    `json:"-"`
	CorrelationID string `json:"-"`

	SessionID          string   `json:"session_id"`
	OrderAmount        int64    `json:"order_amount"`
	MerchantReference1 string   `json:"merchant_reference1"`
	SessionStatus      string   `json:"status"`
	AuthorizationToken string   `json:"authorization_token"`
	Approved           bool     `json:"approved"`
	OrderID            string   `json:"order_id"`
	ErrorCode          string   `json:"error_code"`
	ErrorMessages      []string `json:"error_messages"`
	OrderLines         []struct {
		TotalAmount int64 `json:"total_amount"`
	} `json:"order_lines"`
	Exchanges []struct {
		CorrelationID string `json:"correlation_id"`
	} `json:"exchanges"` // of a search
	Next       string `json:"next"`
	BodiesShed bool   `json:"bodies_shed"`
	Violations []struct {
		Path     string `json:"path"`
		Sent     any    `json:"sent"`
		Expected any    `json:"expected"`
	} `json:"violations"`
}

// call makes one exchange. The error is one of the connection: the outcome is
// then unknown to the caller.
func (m *merchant) call(method, path, body string) (reply, error) {
	request, err := http.NewRequestWithContext(context.Background(), method, m.url+path, bytes.NewBufferString(body))
	if err != nil {
		return reply{}, err
	}
	request.SetBasicAuth(m.name, "secret")
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := m.http.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	answer := reply{Status: response.StatusCode, CorrelationID: response.Header.Get("Klarna-Correlation-Id")}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return reply{}, err
	}
	// read session says "status": "complete", an explanation "status": 409.
	if len(text) > 0 {
		var loose map[string]json.RawMessage
		if err := json.Unmarshal(text, &loose); err != nil {
			return reply{}, fmt.Errorf("%s %s: %w in %s", method, path, err, text)
		}
		if status := loose["status"]; len(status) > 0 && status[0] != '"' {
			delete(loose, "status")
		}
		if text, err = json.Marshal(loose); err != nil {
			return reply{}, err
		}
		if err := json.Unmarshal(text, &answer); err != nil {
			return reply{}, fmt.Errorf("%s %s: %w in %s", method, path, err, text)
		}
	}
	return answer, nil
}

// must is call for exchanges that have to work.
func (m *merchant) must(t *testing.T, status int, method, path, body string) reply {
	t.Helper()
	answer, err := m.call(method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Status != status {
		t.Fatalf("%s %s: status %d %v, want %d", method, path, answer.Status, answer.ErrorMessages, status)
	}
	return answer
}

// cart is a body whose amount is the one line's.
func cart(amount int64) string {
	return fmt.Sprintf(`{"purchase_country":"SE","purchase_currency":"SEK","order_amount":%d,"merchant_reference1":"%d",`+
		`"order_lines":[{"name":"Shoe","quantity":1,"unit_price":%d,"total_amount":%d}]}`, amount, amount, amount, amount)
}

// startInside runs the whole server in this process until the test ends.
func startInside(t *testing.T, dir string, now func() time.Time) *app.App {
	t.Helper()
	server, stop := startStoppable(t, dir, now)
	t.Cleanup(stop)
	return server
}

// startStoppable is startInside with a stop before the test's end.
func startStoppable(t *testing.T, dir string, now func() time.Time) (server *app.App, stop func()) {
	t.Helper()
	return startWith(t, app.Config{DataDir: dir, SystemTime: now})
}

// startWith runs a server on a free port, silently.
func startWith(t *testing.T, config app.Config) (server *app.App, stop func()) {
	t.Helper()
	config.Listen, config.Logger = "127.0.0.1:0", slog.New(slog.DiscardHandler)
	server, err := app.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	return server, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}
}
