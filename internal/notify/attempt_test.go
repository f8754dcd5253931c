package notify

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/outbound"
	"github.com/kvitto/kvitto/internal/outbound/outboundtest"
)

// attempt sends a body to a receiver as a playground does.
func attempt(t *testing.T, to string, trusted *tls.Config) Answer {
	t.Helper()
	parsed, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	return newSender(outbound.Playground, trusted).send(t.Context(), parsed, http.Header{"Content-Type": {"application/json"}}, []byte(`{"a":1}`))
}

func TestAnAnswerIsKept(t *testing.T) {
	t.Parallel()
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Set-Cookie", "secret=1")
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTeapot)
		_, _ = fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"))
	}))
	t.Cleanup(receiver.Close)
	got := attempt(t, receiver.URL+"/callbacks?key=1", nil)
	if got.Status != http.StatusTeapot || delivered(checkout.CallbackAuthorization, got.Status) || got.Error != "" || string(got.Body) != "POST /callbacks?key=1 application/json" {
		t.Errorf("%+v %s", got, got.Body)
	}
	if len(got.Headers) != 2 || got.Headers["Retry-After"] != "7" || got.Headers["Content-Type"] != "text/plain" {
		t.Errorf("headers %v", got.Headers)
	}
	encoded, err := got.encode()
	if err != nil {
		t.Fatal(err)
	}
	kept, err := DecodeAnswer(encoded)
	if err != nil || kept.Status != got.Status || !bytes.Equal(kept.Body, got.Body) || kept.Headers["Retry-After"] != "7" {
		t.Errorf("as it was kept: %+v, %v", kept, err)
	}
	if none, err := DecodeAnswer(nil); err != nil || none.Status != 0 {
		t.Errorf("nothing was kept: %+v, %v", none, err)
	}
}

func TestOnly2xxIsTaken(t *testing.T) {
	t.Parallel()
	var redirected atomic.Bool
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var status int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d", &status); err != nil {
			redirected.Store(true)
			return
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	}))
	t.Cleanup(receiver.Close)
	for _, status := range []int{200, 201, 202, 204, 299, 300, 301, 302, 303, 307, 308, 304, 400, 401, 404, 409, 410, 429, 500, 502, 503, 504, 599} {
		got := attempt(t, fmt.Sprintf("%s/%d", receiver.URL, status), nil)
		if got.Status != status || delivered(checkout.CallbackAuthorization, got.Status) != (status < 300) {
			t.Errorf("%d: %+v", status, got)
		}
	}
	if redirected.Load() {
		t.Error("a redirect was followed")
	}
}

// TestHostileReceivers: whatever comes back, an attempt ends in time, keeps
// little, and says what happened without the address.
func TestHostileReceivers(t *testing.T) {
	t.Parallel()
	want := map[string]struct {
		delivered bool
		says      string // of its error
	}{
		"closes": {says: "EOF"}, "resets": {says: "reset"}, "says nothing": {says: "timeout awaiting response headers"},
		"is late": {says: "timeout awaiting response headers"}, "drips its header": {says: "timeout awaiting response headers"},
		// The status has decided.
		"drips its body": {delivered: true}, "stops in its body": {delivered: true}, "resets in its body": {delivered: true}, "never ends its body": {delivered: true},
		"has a huge header": {says: "header"}, "has many headers": {says: "header"}, "speaks another language": {says: "malformed"},
		"switches protocols": {}, "answers 500": {}, "redirects": {}, "says 100 and then it is OK": {delivered: true},
	}
	for name, serve := range outboundtest.Nasty() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, known := want[name]
			if !known {
				t.Fatal("the test does not say what is right")
			}
			began := time.Now()
			got := attempt(t, outboundtest.Listen(t, serve), nil)
			if delivered(checkout.CallbackAuthorization, got.Status) != c.delivered || !strings.Contains(got.Error, c.says) || (got.Error == "") != (got.Status > 0) || (c.says == "") != (got.Error == "") {
				t.Errorf("%+v", got)
			}
			if len(got.Body) > bodyKept || len(got.Error) > textKept || strings.Contains(got.Error, "secret") {
				t.Errorf("kept %d bytes, error %q", len(got.Body), got.Error)
			}
			if took := time.Since(began); took > 3*attemptMax {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestTLSIsVerified(t *testing.T) {
	t.Parallel()
	receiver := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	t.Cleanup(receiver.Close)
	if got := attempt(t, receiver.URL, nil); got.Status != 0 || !strings.Contains(got.Error, "certificate") {
		t.Errorf("an unknown authority: %+v", got)
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(receiver.Certificate())
	if got := attempt(t, receiver.URL, &tls.Config{RootCAs: trusted}); !delivered(checkout.CallbackAuthorization, got.Status) {
		t.Errorf("a known authority: %+v", got)
	}
	if got := attempt(t, receiver.URL, &tls.Config{RootCAs: trusted, ServerName: "shop.invalid"}); got.Status != 0 {
		t.Errorf("another name: %+v", got)
	}
	if got := attempt(t, strings.Replace(receiver.URL, "https:", "http:", 1), nil); got.Status != http.StatusBadRequest {
		t.Errorf("http to a TLS port: %+v", got)
	}
}

// TestTheResolvedAddressIsLookedAt: a name, and not only a number, that leads to
// an address that is not public.
func TestTheResolvedAddressIsLookedAt(t *testing.T) {
	t.Parallel()
	var reached atomic.Bool
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	t.Cleanup(receiver.Close)
	_, port, err := net.SplitHostPort(receiver.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]"} {
		for _, scheme := range []string{"http", "https"} {
			to, err := url.Parse(scheme + "://" + host + ":" + port)
			if err != nil {
				t.Fatal(err)
			}
			got := newSender(outbound.Policy{}, nil).send(t.Context(), to, http.Header{}, nil)
			if got.Status != 0 || !strings.Contains(got.Error, "is no public address") {
				t.Errorf("%s: %+v", to, got)
			}
		}
	}
	if reached.Load() {
		t.Error("the receiver was reached")
	}
}
