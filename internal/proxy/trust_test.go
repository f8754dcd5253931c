package proxy_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/proxy"
)

// seen is what a handler behind the trust sees.
type seen struct {
	Remote, Host string
	Secure       bool
	Claims       int // forwarded headers that are left
}

func through(t *testing.T, trust proxy.Trust, peer string, overTLS bool, header http.Header) seen {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.example/x", nil)
	r.RemoteAddr, r.TLS, r.Header = peer, nil, header
	if overTLS {
		r.TLS = &tls.ConnectionState{}
	}
	var got seen
	trust.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = seen{r.RemoteAddr, r.Host, proxy.Secure(r), len(r.Header)}
	})).ServeHTTP(httptest.NewRecorder(), r)
	return got
}

func TestOnlyTrustedProxiesAreBelieved(t *testing.T) {
	t.Parallel()
	trust := proxy.Trust{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	const stranger, near = "203.0.113.9:5000", "10.0.0.1:5000"
	x := func(client, proto, host string) http.Header {
		return http.Header{"X-Forwarded-For": {client}, "X-Forwarded-Proto": {proto}, "X-Forwarded-Host": {host}}
	}
	for name, c := range map[string]struct {
		peer    string
		overTLS bool
		header  http.Header
		want    seen
	}{
		"nothing said":              {stranger, false, http.Header{}, seen{stranger, "api.example", false, 0}},
		"TLS of our own":            {stranger, true, http.Header{}, seen{stranger, "api.example", true, 0}},
		"a stranger's claims":       {stranger, false, x("198.51.100.1", "https", "evil.example"), seen{stranger, "api.example", false, 0}},
		"a stranger's Forwarded":    {stranger, false, http.Header{"Forwarded": {"for=198.51.100.1;proto=https;host=evil"}}, seen{stranger, "api.example", false, 0}},
		"a proxy's claims":          {near, false, x("198.51.100.1", "https", "pay.example"), seen{"198.51.100.1:0", "pay.example", true, 0}},
		"a proxy that spoke TLS":    {near, true, x("198.51.100.1", "http", "pay.example"), seen{"198.51.100.1:0", "pay.example", true, 0}},
		"a proxy over IPv6":         {"[fd00::1]:80", false, x("2001:db8::7", "HTTPS", "pay.example:8443"), seen{"[2001:db8::7]:0", "pay.example:8443", true, 0}},
		"a mapped address":          {"[::ffff:10.0.0.1]:80", false, x("198.51.100.1", "https", "a"), seen{"198.51.100.1:0", "a", true, 0}},
		"invented beyond the proxy": {near, false, x("1.2.3.4, 198.51.100.1", "https", "a"), seen{"198.51.100.1:0", "a", true, 0}},
		"two proxies": {near, false, http.Header{"X-Forwarded-For": {"1.2.3.4, 198.51.100.1, 10.9.9.9"}, "X-Forwarded-Proto": {"https"}},
			seen{"198.51.100.1:0", "api.example", true, 0}},
		"two proxies that add both": {near, false, http.Header{"X-Forwarded-For": {"198.51.100.1", "10.9.9.9"}, "X-Forwarded-Proto": {"https, http"}},
			seen{"198.51.100.1:0", "api.example", true, 0}},
		"no address":             {near, false, x("unknown", "https", "a"), seen{near, "a", true, 0}},
		"another scheme":         {near, false, x("198.51.100.1", "gopher", "a"), seen{"198.51.100.1:0", "a", false, 0}},
		"a host that is no host": {near, false, x("198.51.100.1", "https", "a/b?c"), seen{"198.51.100.1:0", "api.example", true, 0}},
		"Forwarded": {near, false, http.Header{"Forwarded": {`for=1.2.3.4, For="[2001:db8::7]:99";proto=https;host="pay.example"`}},
			seen{"[2001:db8::7]:0", "pay.example", true, 0}},
		"a client's Forwarded beside the proxy's own": {near, false, http.Header{
			"X-Forwarded-For": {"198.51.100.1"}, "X-Forwarded-Proto": {"http"}, "Forwarded": {"for=1.2.3.4;proto=https;host=evil"}},
			seen{"198.51.100.1:0", "api.example", false, 0}},
		"no peer": {"", false, x("198.51.100.1", "https", "a"), seen{"", "api.example", false, 0}},
	} {
		if diff := cmp.Diff(c.want, through(t, trust, c.peer, c.overTLS, c.header)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := through(t, nil, near, false, x("198.51.100.1", "https", "a")); got.Secure || got.Remote != near {
		t.Errorf("without trust a proxy was believed: %+v", got)
	}
}

func FuzzHeaders(f *testing.F) {
	f.Add("1.2.3.4, 10.0.0.2", "https", "a", `for="[::1]";proto=https`)
	f.Fuzz(func(t *testing.T, client, proto, host, rfc string) {
		trust := proxy.Trust{netip.MustParsePrefix("10.0.0.0/8")}
		header := http.Header{"X-Forwarded-For": {client}, "X-Forwarded-Proto": {proto}, "X-Forwarded-Host": {host}, "Forwarded": {rfc}}
		got := through(t, trust, "10.0.0.1:1", false, header)
		if _, err := netip.ParseAddrPort(got.Remote); err != nil {
			t.Errorf("the client is %q", got.Remote)
		}
	})
}
