package credential

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"strings"

	"github.com/kvitto/kvitto/internal/identifier"
)

// PasswordPrefix begins every password, so that people and scanners for leaked
// secrets recognise one.
const PasswordPrefix = "kvitto_api_"

// passwordBytes are random: 256 bits.
const passwordBytes = 32

// New makes a key: a UUID as the user name and a random password, the form of
// the original's API credentials. Both are safe in a URL and have no colon,
// which HTTP Basic would split at.
func New() (username, password string) {
	var name [16]byte
	secret := make([]byte, passwordBytes)
	// Documented never to fail: it ends the process where the system has no
	// randomness.
	_, _ = rand.Read(name[:])
	_, _ = rand.Read(secret)
	name[6] = name[6]&0x0f | 0x40
	name[8] = name[8]&0x3f | 0x80
	return identifier.Format(name), PasswordPrefix + base64.RawURLEncoding.EncodeToString(secret)
}

// NewMerchantID makes the id of a merchant: M and 16 letters and digits, 80
// random bits.
func NewMerchantID() string {
	var b [10]byte
	_, _ = rand.Read(b[:])
	return "M" + strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

// Hash is what is stored of a password.
func Hash(password string) []byte {
	sum := sha256.Sum256([]byte(password))
	return sum[:]
}

// matches compares in constant time.
func matches(hash []byte, password string) bool {
	return subtle.ConstantTimeCompare(hash, Hash(password)) == 1
}

// nobodysHash is compared with when there is no key, so that an unknown user
// name costs what a known one does. No password is known that has this hash.
var nobodysHash = make([]byte, sha256.Size)

// wellFormed tells whether New could have made the user name. Others are
// refused without asking the store.
func wellFormed(username string) bool {
	if len(username) != 36 {
		return false
	}
	for i, c := range []byte(username) {
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}
