package authority

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"strings"
	"time"
)

const (
	leafLifetime = 90 * 24 * time.Hour
	// leafRest is how long a certificate that is handed out still holds.
	leafRest = 30 * 24 * time.Hour
)

// leaf is the certificate of one name.
type leaf struct {
	*tls.Certificate
	until time.Time // it is made anew after that
}

// TLS is a server's side for all names: each client gets the certificate of
// the name it asks for, one that asks for none that of localhost and its
// addresses, and one that asks for another the alert unrecognized_name.
func (a *Authority) TLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			return a.Certificate(hello.ServerName)
		},
	}
}

// Certificate returns the certificate of a name, nil when the name is not one
// of the authority's. No name means localhost.
func (a *Authority) Certificate(name string) (*tls.Certificate, error) {
	name = strings.ToLower(name)
	if name == "" {
		name = localhost
	}
	if !a.names[name] {
		return nil, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if held, ok := a.leaves[name]; ok && a.now().Before(held.until) {
		return held.Certificate, nil
	}
	made, err := a.make(name)
	if err != nil {
		return nil, err
	}
	a.leaves[name] = leaf{made, made.Leaf.NotAfter.Add(-leafRest)}
	return made, nil
}

// make signs a new key for a name.
func (a *Authority) make(name string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("key of %s: %w", name, err)
	}
	now := a.now()
	template := &x509.Certificate{
		Subject:   pkix.Name{CommonName: name},
		NotBefore: now.Add(-backdated), NotAfter: now.Add(leafLifetime),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		DNSNames:              []string{name},
	}
	if name == localhost {
		template.IPAddresses = loopback
	}
	if template.NotAfter.After(a.issuer.NotAfter) {
		template.NotAfter = a.issuer.NotAfter
	}
	certificate, err := sign(template, a.issuer, a.key, &key.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", name, err)
	}
	return &tls.Certificate{Certificate: [][]byte{certificate.Raw, a.issuer.Raw}, PrivateKey: key, Leaf: certificate}, nil
}
