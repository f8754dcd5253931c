package browser_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/client"
	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/browsertest"
)

// original is a server that answers under the names of the original, and a
// browser that finds it there.
type original struct {
	t       *testing.T
	server  *app.App
	roots   *x509.CertPool
	browser *browsertest.Browser
}

func newOriginal(t *testing.T) *original {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	folder := t.TempDir()
	running, err := app.Open(ctx, app.Config{
		DataDir: folder, Listen: "127.0.0.1:0", Console: io.Discard, Logger: slog.New(slog.DiscardHandler),
		Names: app.Names{TLS: "127.0.0.1:0", AuthorityDir: filepath.Join(folder, "tls")},
	})
	if err != nil {
		stop()
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- running.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := running.Close(); err != nil {
			t.Error(err)
		}
	})
	o := &original{t: t, server: running, roots: x509.NewCertPool()}
	o.browser = o.launch()
	return o
}

// launch starts a browser that resolves the names as a hosts file would. It
// takes exactly the certificates that the server's authority vouches for, which
// is what trusting the authority gives.
func (o *original) launch() *browsertest.Browser {
	o.t.Helper()
	text, err := os.ReadFile(o.server.AuthorityFile)
	if err != nil {
		o.t.Fatal(err)
	}
	if !o.roots.AppendCertsFromPEM(text) {
		o.t.Fatalf("no certificate in %s", text)
	}
	var pins []string
	for _, name := range []string{"x.klarnacdn.net", "js.playground.klarna.com"} {
		dialer := tls.Dialer{Config: &tls.Config{RootCAs: o.roots, ServerName: name, MinVersion: tls.VersionTLS12}}
		conn, err := dialer.DialContext(o.t.Context(), "tcp", o.server.TLSBound)
		if err != nil {
			o.t.Fatalf("%s: %v", name, err)
		}
		for _, sent := range conn.(*tls.Conn).ConnectionState().PeerCertificates {
			pin := sha256.Sum256(sent.RawSubjectPublicKeyInfo)
			pins = append(pins, base64.StdEncoding.EncodeToString(pin[:]))
		}
		_ = conn.Close()
	}
	return browsertest.Launch(o.t, browsertest.Flags{
		"host-resolver-rules": "MAP *.klarna.com:443 " + o.server.TLSBound + ", MAP *.klarnacdn.net:443 " + o.server.TLSBound +
			", MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
		"ignore-certificate-errors-spki-list": strings.Join(pins, ","),
	})
}

// merchant is a shop's server that has the original's address built in.
func (o *original) merchant() *client.Client {
	o.t.Helper()
	var dialer net.Dialer
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: o.roots, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, o.server.TLSBound)
		},
	}
	o.t.Cleanup(transport.CloseIdleConnections)
	return client.New("https://api.playground.klarna.com", "K123456", "secret", client.WithHTTPClient(&http.Client{Transport: transport}))
}

// TestAPageWithThePublicScript: a page that has only the public script tag, and
// calls Klarna.Payments, runs as it is.
func TestAPageWithThePublicScript(t *testing.T) {
	t.Parallel()
	o := newOriginal(t)
	shopServer := newShopServer("https://x.klarnacdn.net", "https://js.playground.klarna.com")
	t.Cleanup(shopServer.Close)
	s := &shop{t: t, site: site{shop: shopServer.URL}, server: o.merchant()}
	s.create(strangersCart())
	s.Page = o.browser.Open(t, s.site.shop+"/once")
	s.ready()
	s.init()
	s.load()
	if got := browsertest.Eval[string](s.Frame("klarna-pay-later-main"), "location.origin"); got != "https://js.playground.klarna.com" {
		t.Errorf("the widget is from %s", got)
	}
	s.orders(s.approval(), amount)
}

// adyenPackage has a Klarna component that loads the original's script itself.
const adyenPackage = "@adyen/adyen-web@6.45.2"

// TestTheKlarnaComponentOfAdyen: the published component, unmodified, pays.
func TestTheKlarnaComponentOfAdyen(t *testing.T) {
	t.Parallel()
	modules := filepath.Join(browsertest.NPM(t, adyenPackage), "node_modules", "@adyen", "adyen-web", "dist", "es")
	mux := http.NewServeMux()
	mux.Handle("GET /adyen-web/", http.StripPrefix("/adyen-web/", http.FileServer(http.Dir(modules))))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, `<!doctype html><html lang="en"><title>Adyen</title><div id="payment"></div><script type="module" src="/shop.js"></script>`)
	})
	mux.HandleFunc("GET /shop.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join("testdata", "adyen", "shop.js"))
	})
	// The component asks its own servers for translations; there are none here.
	mux.HandleFunc("/adyen/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "{}")
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	o := newOriginal(t)
	s := &shop{t: t, server: o.merchant()}
	s.create(strangersCart())
	s.Page = o.browser.Open(t, strings.Replace(server.URL, "127.0.0.1", "localhost", 1))
	s.Wait("window.mount")
	s.Do("(action) => mount(action)", object{
		"type": "sdk", "paymentMethodType": "klarna", "paymentData": "a payment of Adyen's",
		"sdkData": object{"client_token": s.session.ClientToken, "payment_method_category": "pay_later"},
	})
	const payButton = "#payment .adyen-checkout__button"
	s.Click(payButton) // submits to the shop's server, which answers with the widget
	s.Frame("klarna-pay-later-main").Wait("document.querySelector('[data-testid=widget]')")
	s.Wait("document.querySelectorAll('#payment .adyen-checkout__button').length === 1")
	s.Click(payButton) // authorizes
	s.customer().approves()
	s.Wait("told.some((t) => t.completed)")
	told := browsertest.Eval[[]object](s, "told")
	if got := text(t, told[0]); got != `{"submit":{"subtype":"sdk","type":"klarna"}}` && !strings.Contains(got, `"subtype":"sdk"`) {
		t.Errorf("the shop was sent %s", got)
	}
	details, _ := told[1]["details"].(object)
	s.orders(s.token(details), amount)
}
