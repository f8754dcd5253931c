package contract_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/openapi/openapitest"
)

// frozen is the system's time under every merchant's clock in these tests, so
// that every time the protocol shows is known to the millisecond.
var frozen = time.Date(2030, time.June, 1, 12, 0, 0, 0, time.UTC)

// server is a whole server on a free port.
type server struct {
	t   *testing.T
	url string
	app *app.App
	// documents hold every exchange to what the server says of itself.
	documents *openapitest.Checker
	// HTTP follows no redirects: where one leads is part of the contract.
	client *http.Client
}

// newServer starts a server that stops with the test.
func newServer(t *testing.T, change ...func(*app.Config)) *server {
	t.Helper()
	config := app.Config{
		DataDir: t.TempDir(), Listen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler),
		SystemTime: func() time.Time { return frozen },
	}
	for _, c := range change {
		c(&config)
	}
	a, err := app.Open(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	transport := &http.Transport{MaxIdleConnsPerHost: 8, DisableCompression: true}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
		if err := a.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return &server{t: t, url: a.URL, app: a, documents: openapitest.New(t), client: &http.Client{
		Transport: transport, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// send makes one exchange.
func (s *server) send(t *testing.T, r *http.Request) answer {
	t.Helper()
	sent := sentBody(t, r)
	response, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	s.documents.Check(t, r, sent, openapitest.Answer{Status: response.StatusCode, Header: response.Header, Body: body})
	return answer{status: response.StatusCode, header: response.Header, body: body}
}

// sentBody is the body of a request that is about to be sent; nil where it can be
// read only once.
func sentBody(t *testing.T, r *http.Request) []byte {
	t.Helper()
	if r.GetBody == nil {
		return nil
	}
	again, err := r.GetBody()
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(again)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// merchant is a caller with a user name of its own.
type merchant struct {
	*server
	name string
}

func (s *server) merchant(name string) merchant { return merchant{s, name} }

// request prepares a request of the merchant. An empty body is none.
func (m merchant) request(t *testing.T, method, path, body string) *http.Request {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, m.url+path, reader)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(m.name, "secret")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// call makes one exchange of the merchant.
func (m merchant) call(t *testing.T, method, path, body string) answer {
	t.Helper()
	return m.send(t, m.request(t, method, path, body))
}

// must is a call that has to answer the status.
func (m merchant) must(t *testing.T, status int, method, path, body string) answer {
	t.Helper()
	a := m.call(t, method, path, body)
	if a.status != status {
		t.Fatalf("%s %s: %d, want %d\n%s", method, path, a.status, status, a.body)
	}
	return a
}

// text is a string property of the answer's JSON object, "" when absent.
func (a answer) text(t *testing.T, name string) string {
	t.Helper()
	text, _ := a.object(t)[name].(string)
	return text
}

// object is the answer's JSON object.
func (a answer) object(t *testing.T) map[string]any {
	t.Helper()
	var object map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(a.body)))
	decoder.UseNumber()
	if err := decoder.Decode(&object); err != nil {
		t.Fatalf("the answer is no JSON object: %v\n%s", err, a.body)
	}
	return object
}

// The paths of the Payments API.
const sessionsPath = "/payments/v1/sessions"

func sessionPath(id string) string  { return sessionsPath + "/" + id }
func orderPath(token string) string { return authorizationPath(token) + "/order" }
func tokenPath(token string) string { return authorizationPath(token) + "/customer-token" }
func authorizationPath(token string) string {
	return "/payments/v1/authorizations/" + token
}

// create opens a session and returns its id.
func (m merchant) create(t *testing.T, body string) (sessionID string) {
	t.Helper()
	return m.must(t, http.StatusOK, http.MethodPost, sessionsPath, body).text(t, "session_id")
}

// authorize gets an authorization without a browser.
func (m merchant) authorize(t *testing.T, sessionID, body string) (token string) {
	t.Helper()
	a := m.must(t, http.StatusOK, http.MethodPost, "/kvitto/v1/sessions/"+sessionID+"/authorize", body)
	token = a.text(t, "authorization_token")
	if token == "" {
		t.Fatalf("not approved: %s", a.body)
	}
	return token
}

// cart is the smallest body that creates a session or places its order.
const cart = `{"purchase_country":"SE","purchase_currency":"SEK","locale":"sv-SE","order_amount":1000,` +
	`"order_lines":[{"name":"Scarf","quantity":2,"unit_price":500,"total_amount":1000}]}`
