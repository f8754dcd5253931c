package authority

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"maps"
	"net"
	"slices"
	"time"
)

const (
	lifetime = 10 * 365 * 24 * time.Hour
	// backdated allows for clocks that are behind.
	backdated = time.Hour

	localhost = "localhost"
)

// loopback are the addresses that may be certified.
var loopback = []net.IP{net.IPv4(127, 0, 0, 1).To4(), net.IPv6loopback}

// create makes a root and an issuer for the names. The root's key ends here:
// nobody can sign with it again, and an issuer is bound by its constraints
// everywhere, while some verifiers (Java's) overlook those of a root.
func (a *Authority) create() error {
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("key of the root: %w", err)
	}
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return fmt.Errorf("key of the issuer: %w", err)
	}
	var id [4]byte
	if _, err := rand.Read(id[:]); err != nil {
		return err
	}
	root := a.template("Kvitto local root "+hex.EncodeToString(id[:]), 1)
	if a.root, err = sign(root, root, rootKey, &rootKey.PublicKey); err != nil {
		return fmt.Errorf("root: %w", err)
	}
	issuer := a.template("Kvitto local issuer "+hex.EncodeToString(id[:]), 0)
	issuer.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if a.issuer, err = sign(issuer, a.root, rootKey, &a.key.PublicKey); err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	return nil
}

// template is a certificate that may sign for the names, with a number of
// issuers below it.
func (a *Authority) template(commonName string, issuers int) *x509.Certificate {
	now := a.now()
	template := &x509.Certificate{
		Subject:   pkix.Name{Organization: []string{"Kvitto development certificates"}, CommonName: commonName},
		NotBefore: now.Add(-backdated), NotAfter: now.Add(lifetime),
		IsCA: true, BasicConstraintsValid: true, MaxPathLen: issuers, MaxPathLenZero: issuers == 0,
		KeyUsage:                    x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         slices.Sorted(maps.Keys(a.names)),
	}
	for _, ip := range loopback {
		bits := 8 * len(ip)
		template.PermittedIPRanges = append(template.PermittedIPRanges, &net.IPNet{IP: ip, Mask: net.CIDRMask(bits, bits)})
	}
	return template
}

func sign(template, parent *x509.Certificate, key *ecdsa.PrivateKey, public *ecdsa.PublicKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}
