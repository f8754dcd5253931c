package cli_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestDevTellsWhereTheNamesAre: a program gets the addresses and the
// certificate, and the proxy at that address leads to the server.
func TestDevTellsWhereTheNamesAre(t *testing.T) {
	t.Parallel()
	r := startDev(t, "--json", "--quiet", "--tls=127.0.0.1:0", "--proxy=127.0.0.1:0")
	var first struct {
		TLSURL   string `json:"tls_url"`
		ProxyURL string `json:"proxy_url"`
		CAFile   string `json:"ca_file"`
	}
	if err := json.Unmarshal([]byte(r.line()), &first); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(first.TLSURL, "https://127.0.0.1:") || first.CAFile != r.data+"/tls/ca.pem" {
		t.Errorf("the first line says %+v", first)
	}
	proxy, err := url.Parse(first.ProxyURL)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(proxy)}
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport}).Get("http://api.klarna.com/healthz")
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != 200 {
		t.Errorf("status %d", answer.StatusCode)
	}
	r.end()

	r = startDev(t, "--quiet", "--tls=127.0.0.1:0", "--proxy=127.0.0.1:0")
	r.line() // it runs
	text := strings.Join(append(r.end(), ""), "\n")
	for _, want := range []string{
		"\n  tls       https://127.0.0.1:", "\n  trust     " + r.data + "/tls/ca.pem; kvitto trust tells how\n", "\n  proxy     https_proxy=http://127.0.0.1:",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the welcome does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "beware") {
		t.Errorf("the welcome warns of listeners on loopback:\n%s", text)
	}
}

// TestOtherMachinesReachTheNames: the welcome warns of that.
func TestOtherMachinesReachTheNames(t *testing.T) {
	t.Parallel()
	r := startDev(t, "--quiet", "--tls=0.0.0.0:0")
	r.line() // it runs
	if text := strings.Join(r.end(), "\n"); !strings.Contains(text, "\n  beware    other machines can reach it") {
		t.Errorf("the welcome does not warn:\n%s", text)
	}
}
