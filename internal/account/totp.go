package account

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

// What authenticator apps take for granted (RFC 6238): SHA-1, six digits, a new
// code every half minute.
const (
	stepSeconds = 30
	// stepsAround are how many codes before and after the one of now are taken,
	// because clocks differ.
	stepsAround     = 1
	totpSecretBytes = 20
)

// Authenticator is an app that makes codes.
type Authenticator struct {
	Secret   string `json:"secret"`    // base32 without padding
	LastStep int64  `json:"last_step"` // of the newest code that was used: no code works twice
}

var totpEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewAuthenticatorSecret makes the secret that an app and the server share.
func NewAuthenticatorSecret(random io.Reader) (string, error) {
	var b [totpSecretBytes]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("a new secret of an authenticator: %w", err)
	}
	return totpEncoding.EncodeToString(b[:]), nil
}

// AuthenticatorURL is what an app reads from a QR code.
func AuthenticatorURL(secret, issuer, email string) string {
	values := url.Values{"secret": {secret}, "issuer": {issuer}}
	label := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + email, RawQuery: values.Encode()}
	return label.String()
}

// wellFormedSecret tells whether NewAuthenticatorSecret could have made it.
func wellFormedSecret(secret string) bool {
	b, err := totpEncoding.DecodeString(secret)
	return err == nil && len(b) == totpSecretBytes
}

// Use checks a code at a time. With a right code it returns the authenticator as
// it is afterwards: the code and those before it are used up.
func (a Authenticator) Use(code string, now time.Time) (after Authenticator, ok bool) {
	code = strings.Join(strings.Fields(code), "")
	step := now.Unix() / stepSeconds
	for at := step - stepsAround; at <= step+stepsAround; at++ {
		want, err := hotp.GenerateCodeCustom(a.Secret, uint64(at), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		right := err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1
		if right && at > a.LastStep {
			return Authenticator{Secret: a.Secret, LastStep: at}, true
		}
	}
	return a, false
}

// Recovery codes stand in for an app that was lost, each once: 80 random bits,
// stored as SHA-256.
const (
	recoveryCodes = 10
	recoveryBytes = 10
)

func newRecoveryCodes(random io.Reader) (codes, hashes []string, err error) {
	for range recoveryCodes {
		var b [recoveryBytes]byte
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return nil, nil, fmt.Errorf("a new recovery code: %w", err)
		}
		code := strings.ToLower(totpEncoding.EncodeToString(b[:]))
		codes = append(codes, strings.Join([]string{code[:4], code[4:8], code[8:12], code[12:]}, "-"))
		hashes = append(hashes, hashRecovery(code))
	}
	return codes, hashes, nil
}

func hashRecovery(code string) string {
	sum := sha256.Sum256([]byte(code))
	return hex.EncodeToString(sum[:])
}

// isRecovery tells a recovery code from one of an app, and returns it without
// what is only there to read it.
func isRecovery(code string) (plain string, ok bool) {
	plain = strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(code))
	return plain, len(plain) == recoveryBytes*8/5
}

// useRecovery returns the hashes that are left after a code was used.
func useRecovery(hashes []string, plain string) (left []string, ok bool) {
	at := slices.Index(hashes, hashRecovery(plain))
	if at < 0 {
		return hashes, false
	}
	return slices.Delete(slices.Clone(hashes), at, at+1), true
}
