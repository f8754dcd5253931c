// Package credential makes keys and finds the merchant of one.
//
// It owns: the shape of user names and passwords, how a password is stored,
// and the Authenticator, which decides whether a key opens the door. It must
// not know HTTP, or where keys are kept: that is behind store.Tenants.
//
// # Why a plain hash
//
// A password has 256 bits from the system's random source, so nobody can try
// them all, and nobody chooses or remembers one. A slow hash (bcrypt, Argon2)
// and a salt protect secrets that people choose, which can be guessed from a
// list; here they would only cost time on every request and give strangers a
// way to keep the processors busy. SHA-256 is enough: a stolen store gives no
// password away.
package credential
