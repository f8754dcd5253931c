package authority

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"sync"
	"time"
)

// The files of an authority.
const (
	rootName   = "ca.pem"     // the root's certificate: what others trust
	issuerName = "issuer.pem" // root, issuer and the issuer's key: mode 0600
)

// Authority makes certificates. It is safe for concurrent use.
type Authority struct {
	directory    string
	names        map[string]bool
	root, issuer *x509.Certificate
	key          *ecdsa.PrivateKey // the issuer's
	now          func() time.Time

	mu     sync.Mutex
	leaves map[string]leaf // by name
}

// Options are what an authority is for.
type Options struct {
	Directory string           // holds its files; made when missing
	Names     []string         // the host names it may certify, besides localhost
	Now       func() time.Time // nil is time.Now
}

// Open reads the authority of a directory and makes it where there is none.
// One that is there stays as it is: who trusts it must not have to trust another.
func Open(options Options) (*Authority, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	a := &Authority{directory: options.Directory, now: options.Now, names: map[string]bool{localhost: true}, leaves: map[string]leaf{}}
	for _, name := range options.Names {
		a.names[name] = true
	}
	if err := a.load(); err != nil {
		return nil, err
	}
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("certificate authority: %w\nmove %s away and a new one is made, to be trusted with kvitto trust", err, a.directory)
	}
	return a, a.publish()
}

// check tells whether the authority can still be used for its names.
func (a *Authority) check() error {
	now := a.now()
	for _, certificate := range []*x509.Certificate{a.root, a.issuer} {
		if now.After(certificate.NotAfter) {
			return fmt.Errorf("it ended on %s", certificate.NotAfter.Format(time.DateOnly))
		}
	}
	for name := range a.names {
		leaf, err := a.make(name)
		if err != nil {
			return err
		}
		if _, err := leaf.Leaf.Verify(a.verification(name)); err != nil {
			return fmt.Errorf("it cannot certify %s: %w", name, err)
		}
	}
	return nil
}

// verification is how a client that trusts the root looks at a certificate.
func (a *Authority) verification(name string) x509.VerifyOptions {
	options := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), DNSName: name, CurrentTime: a.now()}
	options.Roots.AddCert(a.root)
	options.Intermediates.AddCert(a.issuer)
	return options
}

// File is the path of the root's certificate, in PEM.
func (a *Authority) File() string { return filepath.Join(a.directory, rootName) }

// Root is the certificate to trust.
func (a *Authority) Root() *x509.Certificate { return a.root }

// Fingerprint is the SHA-256 of the root's certificate, in hexadecimal.
func (a *Authority) Fingerprint() string {
	sum := sha256.Sum256(a.root.Raw)
	return hex.EncodeToString(sum[:])
}

// KeyHash is the SHA-256 of the public key that signs the certificates of
// names, in base64, as browsers take it.
func (a *Authority) KeyHash() string {
	sum := sha256.Sum256(a.issuer.RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:])
}
