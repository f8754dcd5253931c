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

	"github.com/kvitto/kvitto/internal/checkout"
)

// attempt sends a body to a receiver as a playground does.
func attempt(t *testing.T, to string, trusted *tls.Config) Answer {
	t.Helper()
	parsed, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	return newSender(Playground, trusted).send(t.Context(), parsed, http.Header{"Content-Type": {"application/json"}}, []byte(`{"a":1}`))
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

// rawReceiver answers every connection with bytes, and then does what follows.
func rawReceiver(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		<-ended
	})
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }() // the other side may have been first
				serve(conn)
			}()
		}
	}()
	return "http://" + listener.Addr().String() + "/secret-path?key=verysecret"
}

// untilGone writes until the other side has had enough.
func untilGone(conn net.Conn, text string) {
	for {
		if _, err := conn.Write([]byte(text)); err != nil {
			return
		}
	}
}

// TestHostileReceivers: whatever comes back, an attempt ends in time, keeps
// little, and says what happened without the address.
func TestHostileReceivers(t *testing.T) {
	t.Parallel()
	read := func(conn net.Conn) { _, _ = conn.Read(make([]byte, 4096)) }
	wait := func(conn net.Conn) { _, _ = conn.Read(make([]byte, 1)); _, _ = conn.Read(make([]byte, 1<<16)) }
	for name, c := range map[string]struct {
		serve     func(net.Conn)
		delivered bool
		says      string
	}{
		"silent": {func(conn net.Conn) { read(conn); wait(conn) }, false, "timeout awaiting response headers"},
		"endless body": {func(conn net.Conn) {
			read(conn)
			untilGone(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"+strings.Repeat("x", 1<<16))
		}, true, ""},
		"body that stops": {func(conn net.Conn) {
			read(conn)
			_, _ = conn.Write([]byte("HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\nabc"))
			wait(conn)
		}, true, ""},
		"huge header": {func(conn net.Conn) {
			read(conn)
			untilGone(conn, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 1<<20))
		}, false, "header"},
		"many headers": {func(conn net.Conn) {
			read(conn)
			_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\n"))
			untilGone(conn, "X-Y: z\r\n")
		}, false, "header"},
		"reset": {func(conn net.Conn) {
			read(conn)
			_ = conn.(*net.TCPConn).SetLinger(0)
		}, false, "reset"},
		"closed":  {func(conn net.Conn) { read(conn) }, false, "EOF"},
		"no HTTP": {func(conn net.Conn) { read(conn); _, _ = conn.Write([]byte("SSH-2.0-x\r\n\r\n")) }, false, "malformed"},
		"100 first": {func(conn net.Conn) {
			read(conn)
			_, _ = conn.Write([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"))
		}, true, ""},
		"101": {func(conn net.Conn) {
			read(conn)
			_, _ = conn.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"))
		}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := attempt(t, rawReceiver(t, c.serve), nil)
			if delivered(checkout.CallbackAuthorization, got.Status) != c.delivered || !strings.Contains(got.Error, c.says) || (got.Error == "") != (got.Status > 0) {
				t.Errorf("%+v", got)
			}
			if len(got.Body) > bodyKept || len(got.Error) > textKept || strings.Contains(got.Error, "secret") {
				t.Errorf("kept %d bytes, error %q", len(got.Body), got.Error)
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
			got := newSender(Policy{}, nil).send(t.Context(), to, http.Header{}, nil)
			if got.Status != 0 || !strings.Contains(got.Error, "is no public address") {
				t.Errorf("%s: %+v", to, got)
			}
		}
	}
	if reached.Load() {
		t.Error("the receiver was reached")
	}
}
