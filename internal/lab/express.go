package lab

import (
	"encoding/base64"
	"strings"
)

// clientIDPrefix begins the client ids of a playground.
const clientIDPrefix = "klarna_test_client_"

// MerchantOfClientID is the merchant whose page has the client id: the name in
// klarna_test_client_BASE64 of it, without padding and safe for URLs, or else
// the id itself.
func MerchantOfClientID(id string) string {
	encoded, ok := strings.CutPrefix(id, clientIDPrefix)
	if !ok {
		return id
	}
	name, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(encoded, "="))
	if err != nil || !nameable(string(name)) {
		return id
	}
	return string(name)
}
