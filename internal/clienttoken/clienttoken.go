// Package clienttoken mints the JSON Web Token that a shop's page hands to the
// browser SDK.
//
// It owns the claims and their order, as recorded, and the signature. It must
// not know how a session is stored or shown. The token is opaque to shops; the
// SDK reads its claims without checking the signature, Kvitto's browser API
// checks it. One key signs and verifies, so it is symmetric (HS256) where the
// original signs with RSA: nobody else ever verifies.
package clienttoken

import (
	"errors"
	"fmt"

	"github.com/golang-jwt/jwt/v5"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/market"
)

// KeyBytes is the length of a signing key.
const KeyBytes = 32

// Minter signs client tokens.
type Minter struct {
	key         []byte
	environment Environment
}

// Environment is what tokens say of the server that made them.
type Environment string

// The environments, in the words of recorded tokens.
const (
	Playground Environment = "playground"
	Production Environment = "production"
)

// New returns a minter with a key of KeyBytes.
func New(key []byte, environment Environment) *Minter {
	return &Minter{key: key, environment: environment}
}

// claims in the order of recorded tokens of 2023 and later.
type claims struct {
	SessionID          string     `json:"session_id"`
	BaseURL            string     `json:"base_url"`
	Design             string     `json:"design"`
	Language           string     `json:"language"`
	PurchaseCountry    string     `json:"purchase_country"`
	Environment        string     `json:"environment"`
	MerchantName       string     `json:"merchant_name"`
	SessionType        string     `json:"session_type"`
	ClientEventBaseURL string     `json:"client_event_base_url"`
	Scheme             bool       `json:"scheme"`
	Experiments        []struct{} `json:"experiments"`
	Region             string     `json:"region"`
	OrderAmount        int64      `json:"order_amount"`
	jwt.Claims         `json:"-"`
}

// MerchantName is what a token calls the shop: no call of the protocol says its
// name, and recorded tokens of the playground have this one.
const MerchantName = "Your business name"

// ErrRefused: the token is not one of ours.
var ErrRefused = errors.New("client token: not signed by this server")

// Verify returns the session that a token was minted for, or ErrRefused. It
// takes any bytes. A token has no expiry of its own: the session has.
func (m *Minter) Verify(token string) (sessionID string, err error) {
	if len(token) > tokenMax {
		return "", ErrRefused
	}
	var verified struct {
		SessionID string `json:"session_id"`
		jwt.RegisteredClaims
	}
	_, err = jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()})).
		ParseWithClaims(token, &verified, func(*jwt.Token) (any, error) { return m.key, nil })
	if err != nil || verified.SessionID == "" {
		return "", ErrRefused
	}
	return verified.SessionID, nil
}

// tokenMax is the longest token that is looked at, in bytes; ours have some 700.
const tokenMax = 4096

// Mint returns the token of a new session. browserURL is the address below
// which the customer's browser finds /kp, without a slash at the end.
func (m *Minter) Mint(s *checkout.Session, browserURL string) (string, error) {
	at := s.Content.Market()
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		SessionID:          s.ID,
		BaseURL:            browserURL + "/kp",
		Design:             "klarna",
		Language:           at.Language(s.Content.Locale.Value),
		PurchaseCountry:    s.Content.EffectiveCountry(),
		Environment:        string(m.environment),
		MerchantName:       MerchantName,
		SessionType:        "PAYMENTS",
		ClientEventBaseURL: browserURL,
		Scheme:             true,
		Experiments:        []struct{}{},
		Region:             region(at.Region),
		OrderAmount:        s.Content.OrderAmount.Value,
	})
	delete(token.Header, "typ") // recorded tokens have none
	token.Header["kid"] = "kvitto"
	signed, err := token.SignedString(m.key)
	if err != nil {
		return "", fmt.Errorf("sign client token: %w", err)
	}
	return signed, nil
}

// region is the name of a market's region in the token: North America is "us"
// there (recorded), while its hosts are named "na".
func region(r market.Region) string {
	if r == market.NorthAmerica {
		return "us"
	}
	return string(r)
}
