package outbound

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// SecretBytes is the length of a secret that is made here.
const SecretBytes = 32

// The lengths of a secret that somebody else made, as Standard Webhooks wants.
const (
	secretMin = 24
	secretMax = 64
)

const secretPrefix = "whsec_"

// SecretText is the secret as receivers are given it.
func SecretText(secret []byte) string {
	return secretPrefix + base64.StdEncoding.EncodeToString(secret)
}

// ParseSecret reads what SecretText writes. The error does not repeat the text.
func ParseSecret(text string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(text, secretPrefix)
	secret, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(secret) < secretMin || len(secret) > secretMax {
		return nil, fmt.Errorf("wants %s and %d to %d bytes in base64", secretPrefix, secretMin, secretMax)
	}
	return secret, nil
}

// Sign adds the three headers of Standard Webhooks. Receivers that do not know
// them ignore them.
func Sign(header http.Header, secret []byte, id string, at time.Time, body []byte) {
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, secret)
	for _, part := range []string{id, ".", seconds, "."} {
		mac.Write([]byte(part))
	}
	mac.Write(body)
	header.Set("Webhook-Id", id)
	header.Set("Webhook-Timestamp", seconds)
	header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}
