package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"time"
)

// SecretBytes is the length of a merchant's secret.
const SecretBytes = 32

// SecretName is where the store keeps a merchant's secret.
func SecretName(merchantID string) string { return "callback_key/" + merchantID }

// SecretText is the secret as receivers are given it.
func SecretText(secret []byte) string { return "whsec_" + base64.StdEncoding.EncodeToString(secret) }

// sign adds the three headers of Standard Webhooks. Receivers that do not know
// them ignore them.
func sign(header http.Header, secret []byte, id string, at time.Time, body []byte) {
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
