package app_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/overload"
	"github.com/kvitto/kvitto/internal/service"
)

// withNames is a playground with both listeners of the original's names.
func withNames(t *testing.T, change func(*app.Config)) *running {
	t.Helper()
	return run(t, func(c *app.Config) {
		c.Production = false
		c.Names = app.Names{TLS: "127.0.0.1:0", Proxy: "127.0.0.1:0", AuthorityDir: filepath.Join(t.TempDir(), "tls")}
		if change != nil {
			change(c)
		}
	})
}

// roots are what a client has to trust.
func roots(t *testing.T, server *running) *x509.CertPool {
	t.Helper()
	text, err := os.ReadFile(server.AuthorityFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		t.Fatalf("no certificate in %s", text)
	}
	return pool
}

// mapped is a client whose every connection leads to the listener of the names.
func mapped(t *testing.T, server *running) *http.Client {
	t.Helper()
	var dialer net.Dialer
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots(t, server), MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
		Dial: func(network, _ string) (net.Conn, error) { return dialer.Dial(network, server.TLSBound) },
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// proxied is a client that was given the proxy.
func proxied(t *testing.T, server *running) *http.Client {
	t.Helper()
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots(t, server), MinVersion: tls.VersionTLS12},
		Proxy:           http.ProxyURL(&url.URL{Scheme: "http", Host: server.ProxyBound}),
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestTheNamesSpeakBothVersionsOfHTTP(t *testing.T) {
	t.Parallel()
	server := withNames(t, nil)
	for proto, client := range map[string]*http.Client{"HTTP/2.0": mapped(t, server), "HTTP/1.1": proxied(t, server)} {
		answer, _ := post(t, client, "https://api.klarna.com/payments/v1/sessions", scarf, "Content-Type", "application/json")
		if answer.StatusCode != 200 || answer.Proto != proto {
			t.Errorf("%d %s, want 200 %s", answer.StatusCode, answer.Proto, proto)
		}
	}
}

// TestPathsUnderTheNames: what is below /kp is found under the region of a
// browser's address, and under no other name's.
func TestPathsUnderTheNames(t *testing.T) {
	t.Parallel()
	server := withNames(t, nil)
	client := mapped(t, server)
	for address, found := range map[string]bool{
		"https://js.klarna.com/eu/kp/v1/sessions/x/redirect":  true,
		"https://js.klarna.com/kp/v1/sessions/x/redirect":     true,
		"https://x.klarnacdn.net/kp/v1/sessions/x/redirect":   true,
		"https://api.klarna.com/eu/kp/v1/sessions/x/redirect": false,
		"https://localhost/eu/kp/v1/sessions/x/redirect":      false,
	} {
		answer, err := client.Get(address)
		if err != nil {
			t.Error(err)
			continue
		}
		_ = answer.Body.Close()
		// The redirect answers a session it does not know with 404, the API all
		// that is not its own with 401.
		if want := map[bool]int{true: 404, false: 401}[found]; answer.StatusCode != want {
			t.Errorf("%s: %d, want %d", address, answer.StatusCode, want)
		}
	}
}

// TestTheScriptAndThePictureUnderTheirNames: at the addresses that pages have
// built in.
func TestTheScriptAndThePictureUnderTheirNames(t *testing.T) {
	t.Parallel()
	server := withNames(t, nil)
	client := mapped(t, server)
	for address, want := range map[string]string{
		"https://x.klarnacdn.net/kp/lib/v1/api.js":           "text/javascript",
		"https://credit.klarnacdn.net/lib/v1/api.js?shop=1":  "text/javascript",
		"https://js.klarna.com/kp/lib/v1/api.js":             "text/javascript",
		"https://js.playground.klarna.com/eu/kp/widget.html": "text/html",
		"https://js.klarna.com/oc/kp/flow.html":              "text/html",
		"https://x.klarnacdn.net" + badgePath(t, client):     "image/svg+xml",
	} {
		answer, err := client.Get(address)
		if err != nil {
			t.Error(err)
			continue
		}
		_ = answer.Body.Close()
		if answer.StatusCode != 200 || !strings.HasPrefix(answer.Header.Get("Content-Type"), want) {
			t.Errorf("%s: %d %s, want %s", address, answer.StatusCode, answer.Header.Get("Content-Type"), want)
		}
	}
}

// badgePath is the path of the picture that a session names.
func badgePath(t *testing.T, client *http.Client) string {
	t.Helper()
	_, body := post(t, client, "https://api.klarna.com/payments/v1/sessions", scarf, "Content-Type", "application/json")
	found := regexp.MustCompile(`"standard" : "https://x\.klarnacdn\.net([^"]+)"`).FindStringSubmatch(body)
	if len(found) != 2 {
		t.Fatalf("no picture in %s", body)
	}
	return found[1]
}

// TestABrowserIsNotKeptFromOtherServersOfLocalhost: Strict-Transport-Security
// for localhost would be for every port of it.
func TestABrowserIsNotKeptFromOtherServersOfLocalhost(t *testing.T) {
	t.Parallel()
	server := withNames(t, nil)
	client := mapped(t, server)
	for host, want := range map[string]bool{"api.klarna.com": true, "localhost": false} {
		answer, _ := post(t, client, "https://"+host+"/payments/v1/sessions", "{}")
		if got := answer.Header.Get("Strict-Transport-Security") != ""; got != want {
			t.Errorf("%s: Strict-Transport-Security %t, want %t", host, got, want)
		}
	}
}

// TestAStopWaitsForEveryListener: requests under way over TLS and through the
// proxy are answered before the server ends.
func TestAStopWaitsForEveryListener(t *testing.T) {
	t.Parallel()
	h := held{arrived: make(chan struct{}), release: make(chan struct{})}
	server := withNames(t, func(c *app.Config) {
		c.HoldCommits(func(inner service.Committer) service.Committer { h.Committer = inner; return h })
		c.Timeouts.Drain = time.Hour
	})
	statuses := make(chan int, 2)
	for _, client := range []*http.Client{mapped(t, server), proxied(t, server)} {
		go func() {
			answer, _ := post(t, client, "https://api.klarna.com/payments/v1/sessions", scarf, "Content-Type", "application/json")
			statuses <- answer.StatusCode
		}()
		<-h.arrived
	}
	server.stop()
	for _, address := range []string{server.Bound, server.TLSBound, server.ProxyBound} {
		closed(t, address)
	}
	select {
	case err := <-server.ended:
		t.Fatalf("the server ended before its answers: %v", err)
	default:
	}
	close(h.release)
	for range 2 {
		if status := <-statuses; status != 200 {
			t.Errorf("status %d", status)
		}
	}
	if err := <-server.ended; err != nil {
		t.Errorf("the stop: %v", err)
	}
	server.ended <- nil
}

// closed waits until nobody listens at an address.
func closed(t *testing.T, address string) {
	t.Helper()
	var dialer net.Dialer
	for {
		conn, err := dialer.DialContext(t.Context(), "tcp", address)
		if err != nil {
			return
		}
		_ = conn.Close()
	}
}

// TestTheBoundOfConnectionsIsForAllListeners: with one connection allowed, an
// open one on TLS is the only one.
func TestTheBoundOfConnectionsIsForAllListeners(t *testing.T) {
	t.Parallel()
	server := withNames(t, func(c *app.Config) {
		c.Overload, c.MetricsListen = overload.Options{Connections: 1}, "127.0.0.1:0"
	})
	if answer, _ := post(t, mapped(t, server), "https://api.klarna.com/payments/v1/sessions", "{}"); answer.StatusCode != 400 {
		t.Errorf("status %d", answer.StatusCode)
	}
	apart := &app.App{URL: server.MetricsURL}
	if open := metric(t, apart, "kvitto_connections_open"); open != 1 {
		t.Errorf("%v connections are open, want the one of TLS", open)
	}
	// One more than the bound for the second listener, and no third. Who says
	// nothing is hung up on after a while, so that there may have to be others.
	var dialer net.Dialer
	dial := func() {
		conn, err := dialer.DialContext(t.Context(), "tcp", server.Bound)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	for range 3 {
		dial()
	}
	for metric(t, apart, "kvitto_connections_open") < 2 {
		dial()
	}
	if open := metric(t, apart, "kvitto_connections_open"); open != 2 {
		t.Errorf("%v connections are open, want 2", open)
	}
}

func TestAddressesOfTheNamesThatCannotBeHad(t *testing.T) {
	t.Parallel()
	var config net.ListenConfig
	taken, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for want, names := range map[string]app.Names{
		"choose another address with --tls":   {TLS: taken.Addr().String()},
		"choose another address with --proxy": {TLS: "127.0.0.1:0", Proxy: taken.Addr().String()},
		"others must not be able to use it":   {TLS: "127.0.0.1:0", Proxy: "0.0.0.0:0"},
	} {
		data := filepath.Join(t.TempDir(), "data")
		if _, err := open(t, app.Config{DataDir: data, Listen: "127.0.0.1:0", Names: names}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", names, err)
		}
		if _, err := os.Stat(data); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the data directory: %v", err)
		}
	}
	// Root may listen anywhere, so the system's words are made here.
	refused := &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", fs.ErrPermission)}
	for _, way := range []string{"setcap", "sudo kvitto dev", "docker run -p", "--proxy"} {
		if advice := app.Advice(refused); !strings.Contains(advice, way) {
			t.Errorf("the advice does not say %s: %s", way, advice)
		}
	}
}
