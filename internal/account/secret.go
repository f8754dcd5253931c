package account

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/kvitto/kvitto/internal/store"
)

// Secret is what a person or a browser holds: 256 random bits in base64url.
type Secret string

const secretBytes = 32

func newSecret(random io.Reader) (Secret, error) {
	var b [secretBytes]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("a new secret: %w", err)
	}
	return Secret(base64.RawURLEncoding.EncodeToString(b[:])), nil
}

// hash is what is stored of a secret; ok is false for what cannot be one.
func (s Secret) hash() (hash store.SecretHash, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(string(s))
	if err != nil || len(b) != secretBytes {
		return hash, false
	}
	return sha256.Sum256(b), true
}
