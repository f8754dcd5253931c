package account

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/kvitto/kvitto/internal/identifier"
)

// Passkey is a key pair that a device keeps for its owner, who unlocks it there.
type Passkey struct {
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
	UsedAt    time.Time `json:"used_at,omitzero"`
	// ID names it in forms: a hash of the credential's own.
	ID string `json:"id"`
}

type passkey struct {
	Passkey
	Credential webauthn.Credential `json:"credential"`
}

func passkeyID(credentialID []byte) string {
	sum := sha256.Sum256(credentialID)
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// passkeysMax bounds the passkeys of a person.
const passkeysMax = 10

// relyingParty is the server as devices know it, by the host name of its public
// address.
type relyingParty struct {
	*webauthn.WebAuthn
	origin string
}

// newRelyingParty is nil for an address that passkeys do not work for: browsers
// want TLS and a name, or localhost.
func newRelyingParty(publicURL string) (*relyingParty, error) {
	at, err := url.Parse(publicURL)
	if err != nil {
		return nil, err
	}
	host := at.Hostname()
	if net.ParseIP(host) != nil || host == "" || at.Scheme != "https" && host != "localhost" {
		return nil, nil
	}
	origin := at.Scheme + "://" + at.Host
	party, err := webauthn.New(&webauthn.Config{
		RPID: host, RPDisplayName: "Kvitto", RPOrigins: []string{origin}, AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			// The device knows the person and has checked that it is they: a passkey is
			// both steps of signing in.
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil, err
	}
	return &relyingParty{party, origin}, nil
}

// owner is a person as the library wants them.
type owner struct {
	*Person
	id [16]byte
}

func ownerOf(p *Person) (owner, error) {
	o := owner{Person: p}
	if !identifier.Parse(p.ID, &o.id) {
		return o, errors.New("account: the id of a person is no UUID")
	}
	return o, nil
}

func (o owner) WebAuthnID() []byte          { return o.id[:] }
func (o owner) WebAuthnName() string        { return o.Email }
func (o owner) WebAuthnDisplayName() string { return o.Name }
func (o owner) WebAuthnCredentials() []webauthn.Credential {
	var all []webauthn.Credential
	for _, own := range o.credentials.Passkeys {
		all = append(all, own.Credential)
	}
	return all
}

// register checks what a device answered and returns the new passkey.
func (r *relyingParty) register(o owner, begun webauthn.SessionData, answer []byte) (*webauthn.Credential, error) {
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return nil, errors.Join(ErrRefused, err)
	}
	made, err := r.CreateCredential(o, begun, parsed)
	if err != nil {
		return nil, errors.Join(ErrRefused, err)
	}
	made.Attestation = webauthn.CredentialAttestation{} // nobody asked who made the device
	return made, nil
}

// signIn checks what a device answered. find looks the person up by their id; the
// credential that is returned has its new count.
func (r *relyingParty) signIn(begun webauthn.SessionData, answer []byte, find func(personID string) (*Person, error)) (*Person, *webauthn.Credential, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return nil, nil, errors.Join(ErrRefused, err)
	}
	var person *Person
	var failure error
	used, err := r.ValidateDiscoverableLogin(func(_, handle []byte) (webauthn.User, error) {
		if len(handle) != 16 {
			return nil, ErrRefused
		}
		if person, failure = find(identifier.Format([16]byte(handle))); failure != nil {
			return nil, failure
		}
		return ownerOf(person)
	}, begun, parsed)
	switch {
	case failure != nil:
		return nil, nil, failure
	case err != nil:
		return nil, nil, errors.Join(ErrRefused, err)
	case used.Authenticator.CloneWarning:
		return person, nil, errors.Join(ErrRefused, errors.New("account: the passkey's count went back: it may have been copied"))
	}
	return person, used, nil
}
