package kvittotest

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/internal/app"
)

// MerchantDefault is the user name of Server.Client unless WithMerchant says
// otherwise.
const MerchantDefault = "kvittotest"

// Password signs in every merchant; the server takes any but "invalid".
const Password = "secret"

// Server is a running server. Its methods without an error in their result fail
// the test instead, and must be called from the test's goroutine.
type Server struct {
	URL      string         // http://127.0.0.1:port
	Username string         // of the default merchant
	Client   *client.Client // of the default merchant

	t         testing.TB
	ctx       context.Context // outlives the test until its cleanups
	transport *http.Transport
}

// Option changes a server that is being started.
type Option func(*settings)

type settings struct {
	merchant string
	now      func() time.Time
}

// WithMerchant gives the default merchant another user name.
func WithMerchant(name string) Option { return func(s *settings) { s.merchant = name } }

// WithClock is the time under every merchant's clock, time.Now when it is not
// used. It is called from many goroutines.
func WithClock(now func() time.Time) Option { return func(s *settings) { s.now = now } }

// Start starts a server that ends with the test.
func Start(t testing.TB, options ...Option) *Server {
	t.Helper()
	chosen := settings{merchant: MerchantDefault}
	for _, option := range options {
		option(&chosen)
	}
	log := &tail{}
	// The test's own context ends before its cleanups run.
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	running, err := app.Open(ctx, app.Config{
		DataDir: t.TempDir(), Listen: "127.0.0.1:0", SystemTime: chosen.now,
		Console: log, Logger: slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		stop()
		t.Fatalf("kvittotest: %v", err)
		return nil
	}
	s := &Server{URL: running.URL, Username: chosen.merchant, t: t, ctx: ctx, transport: &http.Transport{}}
	s.Client = s.Merchant(chosen.merchant)
	ended := make(chan error, 1)
	go func() { ended <- running.Run(ctx) }()
	t.Cleanup(func() {
		s.transport.CloseIdleConnections()
		stop()
		err := <-ended
		if err = errors.Join(err, running.Close()); err != nil {
			t.Errorf("kvittotest: %v", err)
		}
		if t.Failed() {
			t.Logf("kvittotest: exchanges with %s:\n%s", s.URL, log)
		}
	})
	return s
}

// Merchant returns a client of another merchant. Merchants see nothing of each
// other and each has its own clock.
func (s *Server) Merchant(name string) *client.Client {
	return client.New(s.URL, name, Password, client.WithHTTPClient(&http.Client{Transport: s.transport}))
}

// Advance moves the clock of the default merchant forward.
func (s *Server) Advance(by time.Duration) {
	s.t.Helper()
	if _, err := s.Client.Advance(s.ctx, by); err != nil {
		s.t.Fatalf("kvittotest: %v", err)
	}
}

// Authorize does what the customer would do in the browser, for a session of
// the default merchant. The outcome is one of the client package's: client.Approve,
// client.Deny and so on; "" lets the test data in the session decide.
func (s *Server) Authorize(sessionID, outcome string) client.BrowserResult {
	s.t.Helper()
	result, err := s.Client.Authorize(s.ctx, sessionID, client.BrowserCall{Outcome: outcome})
	if err != nil {
		s.t.Fatalf("kvittotest: %v", err)
	}
	return result
}

// Next says what the next call of a browser is to end as, for a session of the
// default merchant or all of them: with client.InteractionNone a page under test
// gets its result without any window or click.
func (s *Server) Next(next client.Next) {
	s.t.Helper()
	if _, err := s.Client.Prime(s.ctx, next); err != nil {
		s.t.Fatalf("kvittotest: %v", err)
	}
}

// Fault says what goes wrong with the next calls of the default merchant: with
// client.LoseAnswer and the operation create_order an order is placed, and the code
// under test is not told.
func (s *Server) Fault(fault client.Fault) {
	s.t.Helper()
	if _, err := s.Client.AddFault(s.ctx, fault); err != nil {
		s.t.Fatalf("kvittotest: %v", err)
	}
}

// Explain tells in words what was asked and answered in an exchange of the
// default merchant, and why it was refused.
func (s *Server) Explain(correlationID string) string {
	s.t.Helper()
	exchange, err := s.Client.Explain(s.ctx, correlationID)
	if err != nil {
		s.t.Fatalf("kvittotest: %v", err)
	}
	return exchange.String()
}
