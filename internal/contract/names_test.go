package contract_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/hostname"
	"github.com/kvitto/kvitto/internal/openapi/openapitest"
)

// underNames opens the listener of the original's names and the proxy to it.
func underNames(t *testing.T) func(*app.Config) {
	t.Helper()
	directory := filepath.Join(t.TempDir(), "tls")
	return func(c *app.Config) {
		c.Names = app.Names{TLS: "127.0.0.1:0", Proxy: "127.0.0.1:0", AuthorityDir: directory}
	}
}

func port(address string) string { return address[strings.LastIndex(address, ":")+1:] }

// withoutProxy is the environment without a proxy of the machine.
func withoutProxy() []string {
	return slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.Contains(strings.ToLower(e), "_proxy=") })
}

// browsers is where the browser of a shop that calls an API name is sent.
var browsers = map[string]string{
	"api.klarna.com":               "https://js.klarna.com/eu",
	"api-na.klarna.com":            "https://js.klarna.com/na",
	"api-oc.klarna.com":            "https://js.klarna.com/oc",
	"api.playground.klarna.com":    "https://js.playground.klarna.com/eu",
	"api-na.playground.klarna.com": "https://js.playground.klarna.com/na",
	"api-oc.playground.klarna.com": "https://js.playground.klarna.com/oc",
}

// trusting is a client that trusts the server's authority alone.
func (s *server) trusting(t *testing.T, change func(*http.Transport)) *http.Client {
	t.Helper()
	text, err := os.ReadFile(s.app.AuthorityFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		t.Fatalf("no certificate in %s", text)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	change(transport)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, CheckRedirect: s.client.CheckRedirect}
}

// TestAPaymentUnderEveryOriginalName: a shop with a name built in reaches the
// confirmation page over the addresses it is answered, directly and by the proxy.
func TestAPaymentUnderEveryOriginalName(t *testing.T) {
	t.Parallel()
	s := newServer(t, underNames(t))
	var dialer net.Dialer
	for way, client := range map[string]*http.Client{
		"mapped": s.trusting(t, func(transport *http.Transport) {
			transport.ForceAttemptHTTP2 = true
			transport.Dial = func(network, _ string) (net.Conn, error) { return dialer.Dial(network, s.app.TLSBound) }
		}),
		"proxy": s.trusting(t, func(transport *http.Transport) {
			transport.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: s.app.ProxyBound})
		}),
	} {
		for _, host := range hostname.All() {
			t.Run(way+" "+host.Name, func(t *testing.T) {
				t.Parallel()
				payUnder(t, client, host)
			})
		}
	}
}

// payUnder goes from the session to the confirmation page under one name.
func payUnder(t *testing.T, client *http.Client, host hostname.Host) {
	t.Helper()
	m := (&server{t: t, url: "https://" + host.Name, documents: openapitest.New(t), client: client}).merchant("names")
	created := m.must(t, 200, "POST", sessionsPath, `{"merchant_urls":{"confirmation":"https://shop.example/thanks"},`+cartWithoutLocale[1:])
	_, claims := tokenParts(t, created.text(t, "client_token"))
	browser := browsers[host.Name]
	if browser == "" {
		browser = "https://" + host.Name // a browser stays where it is
	}
	token := answer{body: claims}
	if base := token.text(t, "base_url"); base != browser+"/kp" {
		t.Errorf("base_url is %s, want %s/kp", base, browser)
	}
	authorization := m.authorize(t, created.text(t, "session_id"), "")
	redirect := m.must(t, 200, "POST", orderPath(authorization), cart).text(t, "redirect_url")
	if !strings.HasPrefix(redirect, browser+"/kp/v1/sessions/") {
		t.Fatalf("redirect_url is %s", redirect)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, redirect, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a := m.send(t, r); a.status != http.StatusFound || a.header.Get("Location") != "https://shop.example/thanks" {
		t.Errorf("%s: %d to %q", redirect, a.status, a.header.Get("Location"))
	}
	refused := m.must(t, 400, "POST", sessionsPath, "{}")
	r, err = http.NewRequestWithContext(t.Context(), http.MethodGet, refused.header.Get("Kvitto-Explanation"), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(m.name, "secret")
	if a := m.send(t, r); a.status != 200 || r.URL.Host != host.Name {
		t.Errorf("the explanation at %s: %d", r.URL, a.status)
	}
}
