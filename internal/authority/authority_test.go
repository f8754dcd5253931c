package authority_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/authority"
)

var names = []string{"api.klarna.com", "x.klarnacdn.net"}

func open(t *testing.T, directory string) *authority.Authority {
	t.Helper()
	a, err := authority.Open(authority.Options{Directory: directory, Names: names})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// trusting is a client that trusts the published root and nothing else, and
// reaches one address whatever name it calls.
func trusting(t *testing.T, a *authority.Authority, address string) *http.Client {
	t.Helper()
	text, err := os.ReadFile(a.File())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		t.Fatalf("no certificate in %s", text)
	}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
		Dial: func(network, _ string) (net.Conn, error) { return net.Dial(network, address) },
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// TestTheNameChoosesTheCertificate: over one listener, in HTTP/2 and 1.1.
func TestTheNameChoosesTheCertificate(t *testing.T) {
	t.Parallel()
	a := open(t, t.TempDir())
	listener, err := tls.Listen("tcp", "127.0.0.1:0", a.TLS())
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Host+" "+r.Proto)
	})}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-ended })
	client := trusting(t, a, listener.Addr().String())
	for host, name := range map[string]string{
		"api.klarna.com": "api.klarna.com", "API.Klarna.com": "api.klarna.com", "x.klarnacdn.net": "x.klarnacdn.net",
		"localhost": "localhost", "127.0.0.1": "localhost", "[::1]": "localhost",
	} {
		answer, err := client.Get("https://" + host + "/")
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		body, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if got := answer.TLS.PeerCertificates[0].DNSNames; len(got) != 1 || got[0] != name || !strings.HasSuffix(string(body), " HTTP/2.0") {
			t.Errorf("%s: a certificate of %v, %s", host, got, body)
		}
	}
	for _, host := range []string{"example.com", "klarna.com", "evil-api.klarna.com"} {
		var alert *url.Error
		if _, err := client.Get("https://" + host + "/"); !errors.As(err, &alert) || !strings.Contains(err.Error(), "unrecognized name") {
			t.Errorf("%s: %v", host, err)
		}
	}
}

// TestALeakedKeyCertifiesNothingElse: whoever has the issuer's file can still
// sign only what the authority is for.
func TestALeakedKeyCertifiesNothingElse(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	a := open(t, directory)
	issuer, key := leaked(t, directory)
	for what, c := range map[string]struct {
		template x509.Certificate
		name     string
		wanted   bool
	}{
		"a name of the table":    {x509.Certificate{DNSNames: []string{"api.klarna.com"}}, "api.klarna.com", true},
		"this machine":           {x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}, "127.0.0.1", true},
		"another name":           {x509.Certificate{DNSNames: []string{"example.com"}}, "example.com", false},
		"the parent domain":      {x509.Certificate{DNSNames: []string{"klarna.com"}}, "klarna.com", false},
		"a sibling":              {x509.Certificate{DNSNames: []string{"portal.klarna.com"}}, "portal.klarna.com", false},
		"every name":             {x509.Certificate{DNSNames: []string{"*.com"}}, "example.com", false},
		"both":                   {x509.Certificate{DNSNames: []string{"api.klarna.com", "example.com"}}, "api.klarna.com", false},
		"another address":        {x509.Certificate{IPAddresses: []net.IP{net.IPv4(10, 0, 0, 1)}}, "10.0.0.1", false},
		"another loopback":       {x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 2)}}, "127.0.0.2", false},
		"a client's certificate": {x509.Certificate{DNSNames: []string{"api.klarna.com"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, "", false},
		"signed mail":            {x509.Certificate{EmailAddresses: []string{"a@example.com"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}}, "", false},
	} {
		made := signed(t, c.template, issuer, key)
		if _, err := made.Verify(options(a, issuer, c.name)); (err == nil) != c.wanted {
			t.Errorf("%s: %v", what, err)
		}
	}
	// An issuer of its own below ours is none either.
	below := x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, DNSNames: []string{"api.klarna.com"}}
	lower := signed(t, below, issuer, key)
	last := signed(t, x509.Certificate{DNSNames: []string{"api.klarna.com"}}, lower, key)
	verification := options(a, issuer, "api.klarna.com")
	verification.Intermediates.AddCert(lower)
	if _, err := last.Verify(verification); err == nil {
		t.Error("an issuer below the issuer is believed")
	}
	if key.PublicKey.Equal(a.Root().PublicKey) {
		t.Error("the root's key is on disk")
	}
}

// options verify for any use, so that what keeps a certificate from one shows.
func options(a *authority.Authority, issuer *x509.Certificate, name string) x509.VerifyOptions {
	o := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), DNSName: name, KeyUsages: []x509.ExtKeyUsage{
		x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageEmailProtection}}
	o.Roots.AddCert(a.Root())
	o.Intermediates.AddCert(issuer)
	return o
}

// leaked reads the issuer and its key as a thief would.
func leaked(t *testing.T, directory string) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(directory, "issuer.pem"))
	if err != nil {
		t.Fatal(err)
	}
	_, text = decoded(t, text)
	issuer, text := decoded(t, text)
	key, _ := decoded(t, text)
	certificate, err := x509.ParseCertificate(issuer)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.ParsePKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return certificate, private.(*ecdsa.PrivateKey)
}

func decoded(t *testing.T, text []byte) (der, rest []byte) {
	t.Helper()
	block, rest := pem.Decode(text)
	if block == nil {
		t.Fatalf("no PEM in %s", text)
	}
	return block.Bytes, rest
}

// signed fills the template in and signs it; its own key is the issuer's too.
func signed(t *testing.T, template x509.Certificate, issuer *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	template.Subject = pkix.Name{CommonName: "leaked"}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Minute), time.Now().Add(time.Hour)
	if template.ExtKeyUsage == nil && !template.IsCA {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, issuer, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestCertificatesAreShortLivedAndRenewed(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	a, err := authority.Open(authority.Options{Directory: t.TempDir(), Names: names, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	certificate := func() *tls.Certificate {
		t.Helper()
		c, err := a.Certificate("api.klarna.com")
		if err != nil || c == nil {
			t.Fatal(c, err)
		}
		return c
	}
	first := certificate()
	if lives := first.Leaf.NotAfter.Sub(first.Leaf.NotBefore); lives > 397*24*time.Hour {
		t.Errorf("a certificate lives %s: browsers refuse that", lives)
	}
	now = now.Add(59 * 24 * time.Hour)
	if certificate() != first {
		t.Error("a certificate that holds for a month was made anew")
	}
	now = now.Add(2 * 24 * time.Hour)
	if second := certificate(); second == first || second.Leaf.NotAfter.Before(now.Add(80*24*time.Hour)) {
		t.Error("a certificate that ends soon is still in use")
	}
	// The last one ends with its issuer.
	now = a.Root().NotAfter.Add(-time.Hour)
	if last := certificate(); last.Leaf.NotAfter.After(a.Root().NotAfter) {
		t.Error("a certificate outlives its issuer")
	}
}

// TestWhatIsTrustedStays: opening again changes nothing, and several processes
// that make it at once agree.
func TestWhatIsTrustedStays(t *testing.T) {
	t.Parallel()
	directory := filepath.Join(t.TempDir(), "data", "tls")
	opened := make([]*authority.Authority, 8)
	var all sync.WaitGroup
	for i := range opened {
		all.Go(func() { opened[i], _ = authority.Open(authority.Options{Directory: directory, Names: names}) })
	}
	all.Wait()
	for _, a := range append(opened, open(t, directory)) {
		if a == nil || a.Fingerprint() != opened[0].Fingerprint() || a.KeyHash() != opened[0].KeyHash() {
			t.Fatal("the authority changed")
		}
	}
	for name, want := range map[string]os.FileMode{"": 0o700 | os.ModeDir, "issuer.pem": 0o600, "ca.pem": 0o644} {
		info, err := os.Stat(filepath.Join(directory, name))
		if err != nil || info.Mode() != want {
			t.Errorf("%q has mode %v, want %v (%v)", name, info.Mode(), want, err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(directory, ".new-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if err := os.WriteFile(opened[0].File(), []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	trusting(t, open(t, directory), "") // reads the certificate again
}

func TestAnAuthorityThatCannotBeUsedSaysWhatToDo(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	a := open(t, directory)
	text, err := os.ReadFile(filepath.Join(directory, "issuer.pem"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(filepath.Join(directoryOf(t), "issuer.pem"))
	if err != nil {
		t.Fatal(err)
	}
	keyAt := strings.Index(string(text), "-----BEGIN PRIVATE KEY")
	for what, c := range map[string]struct {
		text  string
		names []string
		now   time.Time
		want  string
	}{
		"empty":              {"", names, time.Now(), "block 1 is no CERTIFICATE"},
		"cut off":            {string(text[:keyAt]), names, time.Now(), "block 3 is no PRIVATE KEY"},
		"another's key":      {string(text[:keyAt]) + string(other[strings.Index(string(other), "-----BEGIN PRIVATE KEY"):]), names, time.Now(), "not the issuer's"},
		"a later name":       {string(text), append([]string{"api-eu.klarna.com"}, names...), time.Now(), "cannot certify api-eu.klarna.com"},
		"after eleven years": {string(text), names, time.Now().AddDate(11, 0, 0), "it ended on " + a.Root().NotAfter.Format(time.DateOnly)},
	} {
		broken := t.TempDir()
		if err := os.WriteFile(filepath.Join(broken, "issuer.pem"), []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := authority.Open(authority.Options{Directory: broken, Names: c.names, Now: func() time.Time { return c.now }})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "move "+broken+" away") {
			t.Errorf("%s: %v", what, err)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := authority.Open(authority.Options{Directory: filepath.Join(file, "tls"), Names: names}); err == nil {
		t.Error("a directory below a file was made")
	}
}

// directoryOf is the directory of another authority.
func directoryOf(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	open(t, directory)
	return directory
}

// TestKeysAreP256: the curve that every client knows.
func TestKeysAreP256(t *testing.T) {
	t.Parallel()
	a := open(t, t.TempDir())
	certificate, err := a.Certificate("")
	if err != nil {
		t.Fatal(err)
	}
	for what, key := range map[string]any{"root": a.Root().PublicKey, "leaf": certificate.Leaf.PublicKey} {
		if public, ok := key.(*ecdsa.PublicKey); !ok || public.Curve != elliptic.P256() {
			t.Errorf("the key of the %s is %T", what, key)
		}
	}
}
