package hostname_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/hostname"
)

func TestEveryNameIsKnownForWhatItIs(t *testing.T) {
	t.Parallel()
	want := strings.Fields("api.klarna.com api-na.klarna.com api-oc.klarna.com " +
		"api.playground.klarna.com api-na.playground.klarna.com api-oc.playground.klarna.com " +
		"x.klarnacdn.net credit.klarnacdn.net js.klarna.com js.playground.klarna.com")
	if diff := cmp.Diff(want, hostname.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	for _, host := range hostname.All() {
		if host.Playground != strings.Contains(host.Name, ".playground.") {
			t.Errorf("%+v", host)
		}
		if (host.Kind == hostname.API) != (host.Region != "") || host.Kind.String() == "" {
			t.Errorf("%+v", host)
		}
		got, _, ok := hostname.Find(host.Name)
		if !ok || got != host {
			t.Errorf("%s: found %+v", host.Name, got)
		}
	}
}

func TestAHostHeaderIsReadAsClientsWriteIt(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]struct {
		name, port string
	}{
		"api-na.klarna.com":               {"api-na.klarna.com", ""},
		"API-NA.Klarna.com":               {"api-na.klarna.com", ""},
		"api-na.klarna.com.":              {"api-na.klarna.com", ""},
		"api-na.klarna.com.:443":          {"api-na.klarna.com", "443"},
		"js.playground.klarna.com:7443":   {"js.playground.klarna.com", "7443"},
		"api-eu.klarna.com":               {},
		"klarna.com":                      {},
		"evil-api.klarna.com":             {},
		"x.api.klarna.com":                {},
		"api.klarna.com.evil.example":     {},
		"api.klarna.com:443@evil.example": {},
		"api.klarna.com:1:2":              {},
		"127.0.0.1:7420":                  {},
		"[::1]:7420":                      {},
		"":                                {},
	} {
		host, port, ok := hostname.Find(header)
		if host.Name != want.name || port != want.port || ok != (want.name != "") {
			t.Errorf("%q: %q %q %t", header, host.Name, port, ok)
		}
	}
	for header, want := range map[string]bool{"localhost": true, "LOCALHOST:7443": true, "localhost.": true, "127.0.0.1": false, "localhost.example": false} {
		if hostname.Local(header) != want {
			t.Errorf("%q is local: %t", header, !want)
		}
	}
}

func TestPathsOfBrowsers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ host, sent, want string }{
		{"js.klarna.com", "/eu/kp/widget.html", "/kp/widget.html"},
		{"js.klarna.com", "/na/kp", "/kp"},
		{"js.playground.klarna.com", "/oc/kp/v1/sessions/1/load", "/kp/v1/sessions/1/load"},
		{"js.klarna.com", "/kp/widget.html", "/kp/widget.html"},
		{"js.klarna.com", "/us/kp/widget.html", "/us/kp/widget.html"},
		{"js.klarna.com", "/eu/kpx", "/eu/kpx"},
		{"js.klarna.com", "/eu/eu/kp/", "/eu/eu/kp/"},
		{"js.klarna.com", "/eu/payments/v1/sessions", "/eu/payments/v1/sessions"},
		{"api.klarna.com", "/eu/kp/widget.html", "/eu/kp/widget.html"},
		{"x.klarnacdn.net", "/kp/lib/v1/api.js", "/kp/lib/v1/api.js"},
		{"x.klarnacdn.net", "/lib/v1/api.js", "/lib/v1/api.js"},
		{"x.klarnacdn.net", "/payment-method/assets/badges/generic/klarna.svg", "/kp/badge.svg"},
		{"js.klarna.com", "/payment-method/assets/badges/generic/klarna.svg", "/payment-method/assets/badges/generic/klarna.svg"},
		{"credit.klarnacdn.net", "/lib/v1/api.js", "/kp/lib/v1/api.js"},
		{"credit.klarnacdn.net", "/library", "/library"},
		{"credit.klarnacdn.net", "", ""},
	} {
		host, _, _ := hostname.Find(c.host)
		if got := host.Path(c.sent); got != c.want {
			t.Errorf("%s%s is %s, want %s", c.host, c.sent, got, c.want)
		}
	}
}

func TestAddressesFollowTheNameThatWasCalled(t *testing.T) {
	t.Parallel()
	const own = "http://127.0.0.1:7420"
	for _, c := range []struct {
		host    string
		secure  bool
		path    string
		api, js string
	}{
		{"127.0.0.1:7420", false, "", own, own},
		{"evil.example", true, "", own, own},
		{"", false, "", own, own},
		{"api.klarna.com", true, "", "https://api.klarna.com", "https://js.klarna.com/eu"},
		{"api-na.klarna.com", true, "", "https://api-na.klarna.com", "https://js.klarna.com/na"},
		{"api-oc.klarna.com", true, "", "https://api-oc.klarna.com", "https://js.klarna.com/oc"},
		{"api.playground.klarna.com", true, "", "https://api.playground.klarna.com", "https://js.playground.klarna.com/eu"},
		{"API-NA.playground.klarna.com.", true, "", "https://api-na.playground.klarna.com", "https://js.playground.klarna.com/na"},
		{"api-oc.playground.klarna.com:443", true, "", "https://api-oc.playground.klarna.com", "https://js.playground.klarna.com/oc"},
		// Behind a front that ended TLS, or by http:// through the proxy.
		{"api.klarna.com", false, "", "https://api.klarna.com", "https://js.klarna.com/eu"},
		{"api.klarna.com:80", false, "", "https://api.klarna.com", "https://js.klarna.com/eu"},
		// A hosts file without port 443.
		{"api.klarna.com:7443", true, "", "https://api.klarna.com:7443", "https://js.klarna.com:7443/eu"},
		{"api.klarna.com:7420", false, "", "http://api.klarna.com:7420", "http://js.klarna.com:7420/eu"},
		{"api.klarna.com:x", true, "", own, own},
		// A browser stays where it is.
		{"js.klarna.com", true, "/oc/kp/v1/sessions", "https://js.klarna.com", "https://js.klarna.com/oc"},
		{"js.playground.klarna.com", true, "/kp/v1/sessions", "https://js.playground.klarna.com", "https://js.playground.klarna.com"},
		{"x.klarnacdn.net", true, "/kp/v1/sessions", "https://x.klarnacdn.net", "https://x.klarnacdn.net"},
	} {
		reached := hostname.Reached{Host: c.host, Secure: c.secure, Path: c.path}
		if diff := cmp.Diff(hostname.Addresses{API: c.api, Browser: c.js}, hostname.Public{Own: own}.Addresses(reached)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", reached, diff)
		}
		configured := hostname.Public{Configured: "https://pay.example", Own: own}
		if got := configured.Addresses(reached); got.API != "https://pay.example" || got.Browser != "https://pay.example" {
			t.Errorf("%+v: a configured address gives way: %+v", reached, got)
		}
	}
}

func TestTheTableCannotBeChanged(t *testing.T) {
	t.Parallel()
	hostname.All()[0].Name, hostname.Names()[0] = "evil.example", "evil.example"
	if slices.Contains(hostname.Names(), "evil.example") {
		t.Error("a caller changed the table")
	}
}

func FuzzHostHeader(f *testing.F) {
	for _, name := range hostname.Names() {
		f.Add(name+":7443", true, "/eu/kp")
	}
	f.Add("[::1]:7420", false, "/")
	f.Fuzz(func(t *testing.T, header string, secure bool, path string) {
		got := hostname.Public{Own: "http://own"}.Addresses(hostname.Reached{Host: header, Secure: secure, Path: path})
		for _, address := range []string{got.API, got.Browser} {
			if strings.ContainsFunc(address, func(c rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789:/.-", c) }) {
				t.Errorf("%q made %q", header, address)
			}
		}
	})
}

func TestLoopback(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"127.0.0.1": true, "127.0.0.1:7420": true, "127.8.9.1": true, "[::1]:7420": true, "[::1]": true, "localhost:7420": true, "LOCALHOST": true,
		"": false, "192.168.1.2": false, "0.0.0.0": false, "127.0.0.1.evil.example": false, "evil.example": false, "localhost.evil.example": false, "api.klarna.com": false,
	} {
		if got := hostname.Loopback(header); got != want {
			t.Errorf("%q: %t, want %t", header, got, want)
		}
	}
}

// TestWhoIsOnThisMachine: the connection and the name must both say so.
func TestWhoIsOnThisMachine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		peer, host string
		want       bool
	}{
		{"127.0.0.1:5", "localhost:7420", true}, {"[::1]:5", "[::1]:7420", true}, {"[::ffff:127.0.0.1]:5", "127.0.0.1", true},
		{"127.0.0.1:5", "pay.example.com", false}, {"192.0.2.7:5", "localhost", false}, {"198.51.100.1:0", "127.0.0.1:7420", false}, {"", "localhost", false},
	} {
		if got := hostname.OnThisMachine(c.peer, c.host); got != c.want {
			t.Errorf("%s asking %s: %v", c.peer, c.host, got)
		}
	}
}
