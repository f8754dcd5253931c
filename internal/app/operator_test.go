package app_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/app"
)

// running is a server and how it ended.
type running struct {
	*app.App
	t     *testing.T
	stop  context.CancelFunc
	ended chan error
}

// run starts a production server; it is stopped with the test.
func run(t *testing.T, change func(*app.Config)) *running {
	t.Helper()
	config := app.Config{Production: true, DataDir: t.TempDir(), Listen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&config)
	}
	server, err := app.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &running{App: server, t: t, stop: stop, ended: make(chan error, 1)}
	go func() { r.ended <- server.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-r.ended, server.Close()); err != nil {
			t.Errorf("the end: %v", err)
		}
	})
	return r
}

// key makes a merchant with a key through the server's socket.
func key(t *testing.T, store string) (username, password string) {
	t.Helper()
	admin, err := app.OpenAdmin(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	merchant, err := admin.AddMerchant(t.Context(), "Shoes")
	if err != nil {
		t.Fatal(err)
	}
	created, err := admin.CreateKey(t.Context(), merchant.ID)
	if err = errors.Join(err, admin.Close()); err != nil {
		t.Fatal(err)
	}
	return created.Username, created.Password
}

const cart = `{"purchase_country":"SE","purchase_currency":"SEK","order_amount":100,
	"order_lines":[{"name":"a","quantity":1,"unit_price":100,"total_amount":100}]}`

type reply struct {
	status int
	header http.Header
	body   string
}

func send(t *testing.T, client *http.Client, method, url, username, password, body string, header http.Header) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		request.Header[name] = values
	}
	request.Header.Set("Content-Type", "application/json")
	request.SetBasicAuth(username, password)
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, string(text)}
}

func TestProductionHasNoPlayground(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	server := run(t, func(c *app.Config) { c.DataDir = data })
	username, password := key(t, "sqlite:"+data)
	created := send(t, http.DefaultClient, "POST", server.URL+"/payments/v1/sessions", username, password, cart, nil)
	if created.status != 200 {
		t.Fatalf("create session: %d %s", created.status, created.body)
	}
	for _, c := range []struct{ method, path string }{
		{"GET", "/kvitto/v1/clock"}, {"POST", "/kvitto/v1/clock"},
		{"POST", "/kvitto/v1/sessions/x/authorize"}, {"POST", "/kvitto/v1/sessions/x/load"},
		{"POST", "/kvitto/v1/sessions/x/reauthorize"}, {"POST", "/kvitto/v1/sessions/x/finalize"}, {"GET", "/kvitto/v1/"},
	} {
		got := send(t, http.DefaultClient, c.method, server.URL+c.path, username, password, "{}", nil)
		if got.status != 404 || !strings.Contains(got.body, `"error_code" : "NOT_FOUND"`) || got.header.Get("Klarna-Correlation-Id") == "" {
			t.Errorf("%s %s: %d %s", c.method, c.path, got.status, got.body)
		}
	}
	for name, c := range map[string][2]string{
		"any user name": {"demo", "demo"}, "a wrong password": {username, "wrong"}, "the key of nobody": {"4a0d0d1c-0000-4000-8000-000000000000", password},
	} {
		got := send(t, http.DefaultClient, "POST", server.URL+"/payments/v1/sessions", c[0], c[1], cart, nil)
		if got.status != 401 || !strings.Contains(got.body, "UNAUTHORIZED") {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	// What explains a refusal is no control of the playground.
	refused := send(t, http.DefaultClient, "POST", server.URL+"/payments/v1/sessions", username, password, "{}", nil)
	explained := send(t, http.DefaultClient, "GET", refused.header.Get("Kvitto-Explanation"), username, password, "", nil)
	if explained.status != 200 || !strings.Contains(explained.body, `"violations"`) {
		t.Errorf("the explanation of a refusal: %d %s", explained.status, explained.body)
	}
	checked := send(t, http.DefaultClient, "POST", server.URL+"/kvitto/v1/check", username, password, "{}", nil)
	if checked.status != 200 {
		t.Errorf("check: %d %s", checked.status, checked.body)
	}
}

func TestForwardedHeadersFromTrustedProxiesOnly(t *testing.T) {
	t.Parallel()
	claims := http.Header{"X-Forwarded-Proto": {"https"}, "X-Forwarded-For": {"198.51.100.1"}, "X-Forwarded-Host": {"pay.example"}}
	for name, c := range map[string]struct {
		trusted []netip.Prefix
		secure  bool
	}{
		"nobody":           {nil, false},
		"somebody else":    {[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, false},
		"this one's proxy": {[]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, true},
	} {
		server := run(t, func(c2 *app.Config) { c2.TrustedProxies = c.trusted })
		got := send(t, http.DefaultClient, "GET", server.URL+"/payments/v1/sessions/x", "a", "b", "", claims)
		if secure := got.header.Get("Strict-Transport-Security") != ""; secure != c.secure {
			t.Errorf("%s is trusted: believed %v, want %v", name, secure, c.secure)
		}
	}
}

func TestMetricsOnAnAddressOfTheirOwn(t *testing.T) {
	t.Parallel()
	server := run(t, func(c *app.Config) { c.MetricsListen = "127.0.0.1:0" })
	if status, body := get(t, server.MetricsURL+"/metrics"); status != 200 || !strings.Contains(body, "kvitto_store_commit_batch_size_bucket") {
		t.Errorf("%d %.100s", status, body)
	}
	if status, _ := get(t, server.MetricsURL+"/readyz"); status != 200 {
		t.Errorf("/readyz beside it: %d", status)
	}
	if status, body := get(t, server.URL+"/metrics"); status != 401 || strings.Contains(body, "kvitto_") {
		t.Errorf("the public address: %d %.100s", status, body)
	}
	if status, _ := get(t, server.MetricsURL+"/payments/v1/sessions"); status != 404 {
		t.Errorf("the API beside the metrics: %d", status)
	}
}

// pair writes a certificate for 127.0.0.1 of the name and returns its pool.
func pair(t *testing.T, certFile, keyFile, name string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	// As renewing programs do it: a new file takes the place of the old one.
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: private}} {
		err := os.WriteFile(file+".new", pem.EncodeToMemory(block), 0o600)
		if err = errors.Join(err, os.Rename(file+".new", file)); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return pool
}

// handshake is the name of the certificate that a new connection gets.
func handshake(t *testing.T, server *running, pool *x509.CertPool) (name string, err error) {
	t.Helper()
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	conn, err := dialer.DialContext(t.Context(), "tcp", server.Bound)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0].Subject.CommonName, nil
}

func TestTLSAndANewCertificate(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	cert, key := filepath.Join(directory, "cert.pem"), filepath.Join(directory, "key.pem")
	pool := pair(t, cert, key, "one")
	var log lockedBuffer
	server := run(t, func(c *app.Config) {
		c.CertFile, c.KeyFile, c.Logger = cert, key, slog.New(slog.NewTextHandler(&log, nil))
	})
	client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	defer client.CloseIdleConnections()
	if !strings.HasPrefix(server.URL, "https://127.0.0.1:") {
		t.Errorf("URL %s", server.URL)
	}
	got := send(t, client, "GET", server.URL+"/payments/v1/sessions/x", "a", "b", "", nil)
	if got.status != 401 || got.header.Get("Strict-Transport-Security") == "" {
		t.Errorf("over TLS: %d %v", got.status, got.header)
	}

	second := pair(t, cert, key, "two")
	if name, err := handshake(t, server, second); err != nil || name != "two" {
		t.Errorf("after the files changed: %q, %v", name, err)
	}
	if _, err := handshake(t, server, pool); err == nil {
		t.Error("the old certificate is still in use")
	}
	for _, broken := range []func() error{
		func() error { return os.WriteFile(cert, []byte("half a certific"), 0o600) },
		func() error { return os.Remove(cert) },
		func() error { return os.Remove(key) },
	} {
		if err := broken(); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if name, err := handshake(t, server, second); err != nil || name != "two" {
				t.Errorf("with broken files: %q, %v", name, err)
			}
		}
	}
	third := pair(t, cert, key, "three")
	if name, err := handshake(t, server, third); err != nil || name != "three" {
		t.Errorf("after the repair: %q, %v", name, err)
	}
	if text := log.String(); !strings.Contains(text, "the one before stays") || strings.Count(text, "was replaced") != 2 {
		t.Errorf("the log says:\n%s", text)
	}
}

func TestACertificateThatIsNone(t *testing.T) {
	t.Parallel()
	_, err := app.Open(t.Context(), app.Config{
		Production: true, DataDir: t.TempDir(), Listen: "127.0.0.1:0", CertFile: "/nowhere/cert", KeyFile: "/nowhere/key",
		Logger: slog.New(slog.DiscardHandler),
	})
	if err == nil || !strings.Contains(err.Error(), "tls.cert") {
		t.Errorf("error %v", err)
	}
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// half opens a connection and sends a part of a request.
func half(t *testing.T, server *running, text string) (net.Conn, *bufio.Reader) {
	t.Helper()
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", server.Bound)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

// TestAStopDoesNotWaitForHalfARequest: clients that have sent a part of a
// request and then nothing do not hold up a stop to its end.
func TestAStopDoesNotWaitForHalfARequest(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	server := run(t, func(c *app.Config) {
		c.DataDir = data
		c.Timeouts = app.Timeouts{ReadHeader: time.Hour, Read: time.Hour, Drain: time.Hour, DrainRead: time.Millisecond}
	})
	username, password := key(t, "sqlite:"+data)
	request, err := http.NewRequestWithContext(t.Context(), "POST", "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(username, password)
	head := fmt.Sprintf("POST /payments/v1/sessions HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nContent-Type: application/json\r\n",
		request.Header.Get("Authorization"))
	// Asking for 100-continue tells when the server waits for the body.
	_, body := half(t, server, head+"Expect: 100-continue\r\nContent-Length: 400\r\n\r\n")
	if line, err := body.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("%q, %v", line, err)
	}
	_, header := half(t, server, "POST /payments/v1/sess")
	server.stop()
	if err := <-server.ended; err != nil { // an hour later without the bound
		t.Errorf("the stop: %v", err)
	}
	server.ended <- nil
	rest, err := io.ReadAll(body)
	if err != nil || !strings.Contains(string(rest), "503 Service Unavailable") || !strings.Contains(string(rest), "Retry-After") {
		t.Errorf("the client with half a body got %q, %v", rest, err)
	}
	if _, err := header.ReadByte(); err == nil {
		t.Error("half a header was answered")
	}
}

// TestReadinessEndsBeforeTheServer: in the lame-duck time /readyz says 503,
// everything else is answered, and answers close their connections.
func TestReadinessEndsBeforeTheServer(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	server := run(t, func(c *app.Config) {
		c.DataDir, c.Timeouts.LameDuck = data, time.Hour
	})
	username, password := key(t, "sqlite:"+data)
	if status, _ := get(t, server.URL+"/readyz"); status != 200 {
		t.Fatalf("/readyz before: %d", status)
	}
	server.stop()
	deadline := time.Now().Add(time.Minute)
	for status := 0; status != 503; {
		status, _ = get(t, server.URL+"/readyz")
		if time.Now().After(deadline) {
			t.Fatalf("/readyz stays %d", status)
		}
	}
	if status, _ := get(t, server.URL+"/healthz"); status != 200 {
		t.Errorf("/healthz: %d", status)
	}
	got := send(t, &http.Client{Transport: &http.Transport{}}, "POST", server.URL+"/payments/v1/sessions", username, password, cart, nil)
	if got.status != 200 {
		t.Errorf("create session: %d %s", got.status, got.body)
	}
	_, conn := half(t, server, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
	if text, err := io.ReadAll(conn); err != nil || !strings.Contains(string(text), "Connection: close") {
		t.Errorf("the connection stays open after %q, %v", text, err)
	}
	// The hour ends with the listener.
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if err := <-server.ended; err == nil {
		t.Error("the server ended in its lame-duck time without saying so")
	}
	server.ended <- nil
}

func TestStoresByURL(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	for url, files := range map[string][2]string{
		"sqlite:" + directory + "/a/kvitto.db":   {"a/kvitto.db", "a/requests.db"},
		"sqlite:" + directory + "/b/":            {"b/kvitto.db", "b/requests.db"},
		"sqlite:" + directory:                    {"kvitto.db", "requests.db"},
		"sqlite://" + directory + "/c/shop.db":   {"c/shop.db", "c/shop-requests.db"},
		"sqlite:" + directory + "/c d+%/shop":    {"c d+%/shop", "c d+%/shop-requests.db"},
		"sqlite:" + directory + "/kvitto-two.db": {"kvitto-two.db", "kvitto-two-requests.db"},
	} {
		server, err := app.Open(t.Context(), app.Config{Store: url, Listen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		for _, name := range files {
			if _, err := os.Stat(filepath.Join(directory, name)); err != nil {
				t.Errorf("%s: %v", url, err)
			}
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, url := range []string{"mysql://x", "kvitto.db"} {
		if _, err := app.Open(t.Context(), app.Config{Store: url, Listen: "127.0.0.1:0"}); err == nil || !strings.Contains(err.Error(), "sqlite:PATH") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// TestAPlaygroundHasNoKeys: a store that a playground holds is explained, and a
// command that waits for one can be stopped.
func TestAPlaygroundHasNoKeys(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	run(t, func(c *app.Config) { c.Production, c.DataDir = false, data })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := app.OpenAdmin(ctx, "sqlite:"+data); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := app.OpenAdmin(t.Context(), "sqlite:"+data); err == nil || !strings.Contains(err.Error(), "only kvitto serve does") {
		t.Errorf("error %v", err)
	}
}

func TestMigrateSaysWhatItDid(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	first, err := app.Migrate(t.Context(), "sqlite:"+data)
	if err != nil || len(first.Applied) == 0 || first.Schema != len(first.Applied) {
		t.Errorf("a new file: %+v, %v", first, err)
	}
	again, err := app.Migrate(t.Context(), "sqlite:"+data)
	if err != nil || len(again.Applied) != 0 || again.Schema != first.Schema {
		t.Errorf("again: %+v, %v", again, err)
	}
	run(t, func(c *app.Config) { c.DataDir = data })
	beside, err := app.Migrate(t.Context(), "sqlite:"+data)
	if err != nil || beside.Schema != first.Schema {
		t.Errorf("beside a server: %+v, %v", beside, err)
	}
}
