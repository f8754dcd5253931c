// Package authority is a certificate authority for one machine.
//
// It owns its two files in a directory, the certificates it makes of them, and
// which names it may certify. Three things keep it harmless where it is
// trusted: the key of the root is thrown away once it has signed one issuer;
// that issuer may certify only the names it was made for, this machine and
// nothing else; and its key is readable for its owner alone. Certificates of
// names live in memory. It must not know what the names mean.
package authority
