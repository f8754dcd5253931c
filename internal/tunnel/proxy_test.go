package tunnel_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/tunnel"
)

// place is a proxy with what it leads to.
type place struct {
	proxy  *httptest.Server
	inner  *tunnel.Proxy
	tls    *httptest.Server // stands for the listener of the known names
	plain  *httptest.Server
	others *httptest.Server // somewhere else on the network
	client *http.Client     // goes through the proxy
}

func start(t *testing.T, change func(*tunnel.Options)) *place {
	t.Helper()
	say := func(what string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			_, _ = fmt.Fprintf(w, "%s %s %s %s%s", what, r.Method, r.Host, r.URL.Path, body)
		})
	}
	p := &place{tls: httptest.NewTLSServer(say("tls")), plain: httptest.NewServer(say("plain")), others: httptest.NewServer(say("other"))}
	o := tunnel.Options{
		Known: func(name string) bool { return name == "example.com" }, // what httptest certifies
		TLS:   p.tls.Listener.Addr().String(), Plain: p.plain.Listener.Addr().String(),
	}
	if change != nil {
		change(&o)
	}
	p.inner = tunnel.New(o)
	p.proxy = httptest.NewServer(p.inner)
	address, err := url.Parse(p.proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := p.tls.Client().Transport.(*http.Transport).Clone()
	transport.DialContext = nil
	transport.Proxy = http.ProxyURL(address)
	p.client = &http.Client{Transport: transport}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		p.inner.Close(0)
		for _, server := range []*httptest.Server{p.proxy, p.tls, p.plain, p.others} {
			server.Close()
		}
	})
	return p
}

// ask returns the status and the body, or why there is none.
func (p *place) ask(t *testing.T, method, address, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := p.client.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func TestKnownNamesLeadHere(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	for address, want := range map[string]string{
		"https://example.com/a":     "tls POST example.com /abody",
		"https://example.com:443/a": "tls POST example.com:443 /abody",
		"https://EXAMPLE.com/a":     "tls POST EXAMPLE.com /abody",
		"http://example.com/a":      "plain POST example.com /abody",
		"http://example.com:80/a":   "plain POST example.com:80 /abody",
	} {
		if status, body := p.ask(t, "POST", address, "body"); status != 200 || body != want {
			t.Errorf("%s: %d %q, want %q", address, status, body, want)
		}
	}
}

func TestOthersAreRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	for _, address := range []string{p.others.URL, "http://other.example/", "http://example.com:8080/", "http://example.com.evil.example/"} {
		status, body := p.ask(t, "GET", address, "")
		if status != 403 || !strings.Contains(body, "--proxy-passthrough") || !strings.Contains(body, "kvitto hosts") {
			t.Errorf("%s: %d %s", address, status, body)
		}
	}
	for _, address := range []string{"https://other.example/", "https://example.com:8443/", p.tls.URL} {
		if status, body := p.ask(t, "GET", address, ""); status != 0 || !strings.Contains(body, "Forbidden") {
			t.Errorf("%s: %d %s", address, status, body)
		}
	}
	answer, err := http.Get(p.proxy.URL + "/payments/v1/sessions")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if body, _ := io.ReadAll(answer.Body); answer.StatusCode != 400 || !strings.Contains(string(body), "https_proxy="+p.proxy.URL) {
		t.Errorf("a request that is not for a proxy: %d %s", answer.StatusCode, body)
	}
}

func TestOthersAreLetThroughWhenAsked(t *testing.T) {
	t.Parallel()
	p := start(t, func(o *tunnel.Options) { o.Passthrough = true })
	host := strings.TrimPrefix(p.others.URL, "http://")
	if status, body := p.ask(t, "PUT", p.others.URL+"/x", "1"); status != 200 || body != "other PUT "+host+" /x1" {
		t.Errorf("plain: %d %s", status, body)
	}
	if status, body := p.ask(t, "GET", p.tls.URL+"/x", ""); status != 200 || !strings.HasPrefix(body, "tls GET 127.0.0.1:") {
		t.Errorf("TLS: %d %s", status, body)
	}
	if status, body := p.ask(t, "GET", "https://example.com/x", ""); status != 200 || body != "tls GET example.com /x" {
		t.Errorf("a known name: %d %s", status, body)
	}
	p.others.Close()
	if status, body := p.ask(t, "GET", p.others.URL, ""); status != 502 || !strings.Contains(body, "cannot reach "+host) {
		t.Errorf("nobody there: %d %s", status, body)
	}
}

// connect opens a tunnel by hand.
func (p *place) connect(t *testing.T, target, ahead string) (net.Conn, *bufio.Reader, int) {
	t.Helper()
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", p.proxy.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n%s", target, target, ahead); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(conn)
	answer, err := http.ReadResponse(reader, &http.Request{Method: http.MethodConnect})
	if err != nil {
		t.Fatal(err)
	}
	return conn, reader, answer.StatusCode
}

// echo answers everything a client says once the client has ended.
func echo(t *testing.T) (address string) {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				said, _ := io.ReadAll(conn)
				_, _ = conn.Write(append([]byte("heard "), said...))
			}()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-ended })
	return listener.Addr().String()
}

// TestATunnelKeepsTheOrderOfEnds: bytes sent ahead arrive, and a side that has
// ended still hears the other.
func TestATunnelKeepsTheOrderOfEnds(t *testing.T) {
	t.Parallel()
	p := start(t, func(o *tunnel.Options) { o.TLS = echo(t) })
	conn, reader, status := p.connect(t, "example.com:443", "ahead ")
	if status != 200 {
		t.Fatal(status)
	}
	_, _ = io.WriteString(conn, "and after")
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(reader); err != nil || string(got) != "heard ahead and after" {
		t.Errorf("%q %v", got, err)
	}
}

// TestATunnelOnWhichNothingMovesEnds, and one that moves does not.
func TestATunnelOnWhichNothingMovesEnds(t *testing.T) {
	t.Parallel()
	p := start(t, func(o *tunnel.Options) { o.TLS, o.Idle = echo(t), time.Millisecond })
	_, reader, _ := p.connect(t, "example.com:443", "")
	if got, err := io.ReadAll(reader); len(got) > 0 || (err != nil && !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "reset")) {
		t.Errorf("%q %v", got, err)
	}
}

// TestTheLastWordsArePassedOn: a tunnel that leads here is closed after what
// the server has still to say, a moment after the server said it.
func TestTheLastWordsArePassedOn(t *testing.T) {
	t.Parallel()
	p := start(t, func(o *tunnel.Options) { o.TLS = echo(t) })
	conn, reader, _ := p.connect(t, "example.com:443", "")
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		p.inner.Close(time.Hour)
	}()
	_, _ = io.WriteString(conn, "bye")
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(reader); err != nil || string(got) != "heard bye" {
		t.Errorf("%q %v", got, err)
	}
	<-closed
}

// TestCloseEndsTunnels, and none begins after it.
func TestCloseEndsTunnels(t *testing.T) {
	t.Parallel()
	p := start(t, func(o *tunnel.Options) { o.TLS = echo(t) })
	_, reader, _ := p.connect(t, "example.com:443", "")
	p.inner.Close(0)
	if got, _ := io.ReadAll(reader); len(got) > 0 {
		t.Errorf("heard %q", got)
	}
	if status, body := p.ask(t, "GET", "https://example.com/", ""); status != 0 {
		t.Errorf("after the end: %d %s", status, body)
	}
}

func TestNobodyBehindTheNames(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	p.tls.Close()
	if _, _, status := p.connect(t, "example.com:443", ""); status != 502 {
		t.Errorf("status %d", status)
	}
}

func FuzzConnect(f *testing.F) {
	for _, target := range []string{"example.com:443", "[::1]:443", ":443", "example.com:", "a:b:c", "%00:443"} {
		f.Add(target)
	}
	p := tunnel.New(tunnel.Options{Known: func(name string) bool { return name == "example.com" }, TLS: "127.0.0.1:1", Plain: "127.0.0.1:1"})
	f.Fuzz(func(t *testing.T, target string) {
		r := &http.Request{Method: http.MethodConnect, Host: target, URL: &url.URL{Host: target}}
		answer := httptest.NewRecorder()
		p.ServeHTTP(answer, r.WithContext(t.Context()))
		known := strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(target), ":443"), ".") == "example.com"
		if answer.Code != 403 && !known && answer.Code != 502 {
			t.Errorf("%q: %d", target, answer.Code)
		}
		if answer.Code == 502 && !strings.Contains(strings.ToLower(target), "example.com") {
			t.Errorf("%q was let through", target)
		}
	})
}
