package account

import (
	"encoding/json"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/kvitto/kvitto/internal/store"
)

// Person is somebody who signs in.
type Person struct {
	ID         string
	MerchantID string // "" belongs to the operator
	Email      string
	Name       string
	Role       Role
	CreatedAt  time.Time
	DisabledAt time.Time // zero while they can sign in

	version     int64
	credentials credentials
}

// credentials is the document of the store.
type credentials struct {
	Password      string         `json:"password,omitzero"`
	Authenticator *Authenticator `json:"authenticator,omitzero"`
	Recovery      []string       `json:"recovery,omitzero"` // hashes of the codes that are left
	Passkeys      []passkey      `json:"passkeys,omitzero"`
	// Since counts how often everything that the person held was ended. What they
	// hold has the count of its time, and is nothing at another one: ending it is one
	// write, whatever becomes of the rows.
	Since int64 `json:"since,omitzero"`
	// Kept is the id of the session that ended all others, and goes on.
	Kept string `json:"kept,omitzero"`
}

// endAll ends whatever the person holds, but for one session; "" keeps none.
func (c *credentials) endAll(kept string) { c.Since, c.Kept = c.Since+1, kept }

// hasEnded tells whether a session of a count was ended.
func (c *credentials) hasEnded(since int64, sessionID string) bool {
	return since != c.Since && (c.Kept == "" || sessionID != c.Kept)
}

// Accepted tells whether the person has ever followed a link: before that they
// are invited.
func (p *Person) Accepted() bool { return p.credentials.Password != "" }

// RecoveryCodesLeft is how many are unused.
func (p *Person) RecoveryCodesLeft() int { return len(p.credentials.Recovery) }

// Passkeys are what the person registered.
func (p *Person) Passkeys() []Passkey {
	all := make([]Passkey, len(p.credentials.Passkeys))
	for i := range p.credentials.Passkeys {
		all[i] = p.credentials.Passkeys[i].Passkey
	}
	return all
}

// viewer is the person as a page sees them.
func (p *Person) viewer() Viewer {
	return Viewer{PersonID: p.ID, Email: p.Email, Name: p.Name, MerchantID: p.MerchantID, Role: p.Role}
}

func personOf(stored store.Person) (*Person, error) {
	p := &Person{
		ID: stored.ID, MerchantID: stored.MerchantID, Email: stored.Email, Name: stored.Name, Role: Role(stored.Role),
		CreatedAt: stored.CreatedAt, DisabledAt: stored.DisabledAt, version: stored.Version,
	}
	if len(stored.Credentials) == 0 {
		return p, nil
	}
	if err := json.Unmarshal(stored.Credentials, &p.credentials); err != nil {
		return nil, fmt.Errorf("account: the credentials of person %s cannot be read: %w", p.ID, err)
	}
	return p, nil
}

func (p *Person) stored() (store.Person, error) {
	document, err := json.Marshal(p.credentials)
	return store.Person{
		ID: p.ID, MerchantID: p.MerchantID, Email: p.Email, Name: p.Name, Role: string(p.Role),
		CreatedAt: p.CreatedAt, DisabledAt: p.DisabledAt, Version: p.version, Credentials: document,
	}, err
}

const (
	emailMax = 254 // bytes, of RFC 5321
	nameMax  = 100
)

// NormalEmail is the one spelling of an e-mail address.
func NormalEmail(email string) (string, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || len(email) > emailMax || strings.ContainsFunc(email, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) }) {
		return "", problem("email", "That is not an e-mail address.")
	}
	return email, nil
}

// CheckName is what a person is called, without the space around it.
func CheckName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" || utf8.RuneCountInString(name) > nameMax || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return "", problem("name", "A name is a line of 1 to %d characters.", nameMax)
	}
	return name, nil
}
