package account

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// ErrStale: the person signed in too long ago for this; they do it again.
var ErrStale = errors.New("account: sign in again first")

// Own is the person of a session.
func (a *Accounts) Own(ctx context.Context, own Session) (*Person, error) {
	return a.person(ctx, own.PersonID)
}

// RequireFresh is ErrStale for a session that began too long ago to change what
// signs the person in, and who else does.
func (a *Accounts) RequireFresh(own Session) error {
	if a.now().Sub(own.Began) >= FreshFor {
		return ErrStale
	}
	return nil
}

// changeOwn changes what signs the session's person in, and writes it down.
func (a *Accounts) changeOwn(ctx context.Context, own Session, from From, action, subject string, decide func(*Person) error) error {
	if err := a.RequireFresh(own); err != nil {
		return err
	}
	ctx, cancel := finishing(ctx)
	defer cancel()
	_, err := a.change(ctx, own.PersonID, func(p *Person) error {
		if !p.DisabledAt.IsZero() || p.credentials.hasEnded(own.since, own.ID) {
			return ErrNoSession // it was ended since it was read
		}
		return decide(p)
	})
	if err != nil {
		return err
	}
	return a.Note(ctx, own.Viewer, from, action, subject, own.MerchantID)
}

// replaceOwn is changeOwn of what may be in other hands: it ends whatever the
// person holds, but for the session.
func (a *Accounts) replaceOwn(ctx context.Context, own Session, from From, action, subject string, decide func(*Person) error) error {
	ctx, cancel := finishing(ctx)
	defer cancel()
	err := a.changeOwn(ctx, own, from, action, subject, func(p *Person) error {
		if err := decide(p); err != nil {
			return err
		}
		p.credentials.endAll(own.ID)
		return nil
	})
	if err != nil {
		return err
	}
	return a.dropAll(ctx, own.PersonID, own.hash)
}

// ChangePassword sets another password and ends the other sessions. ErrStale,
// *Problem, *WaitError, ErrBusy.
func (a *Accounts) ChangePassword(ctx context.Context, own Session, current, next string, from From) error {
	if err := a.RequireFresh(own); err != nil {
		return err
	}
	person, err := a.Own(ctx, own)
	if err != nil {
		return err
	}
	if err := CheckPassword(next, person.Email, person.Name); err != nil {
		return err
	}
	if err := a.try(ctx, triedName(person.Email)); err != nil {
		return err
	}
	before := person.credentials.Password
	same, _, err := a.hashing.matches(ctx, before, current)
	if err != nil {
		return err
	}
	if !same {
		return problem("current", "That is not the password you have now.")
	}
	hash, err := a.hashing.hashPassword(ctx, a.Random, next)
	if err != nil {
		return err
	}
	ctx, cancel := finishing(ctx)
	defer cancel()
	err = a.replaceOwn(ctx, own, from, "changed the password", "", func(p *Person) error {
		if p.credentials.Password != before {
			return ErrChanged
		}
		p.credentials.Password = hash
		return nil
	})
	if err != nil {
		return err
	}
	return a.Store.ForgetAttempts(ctx, triedName(person.Email).key)
}

// ChangeAuthenticator sets another app; the one before makes no codes any more,
// and the other sessions end.
// ErrStale, *Problem.
func (a *Accounts) ChangeAuthenticator(ctx context.Context, own Session, secret, code string, from From) error {
	app, err := a.newAuthenticator(secret, code)
	if err != nil {
		return err
	}
	return a.replaceOwn(ctx, own, from, "changed the authenticator", "", func(p *Person) error { p.credentials.Authenticator = &app; return nil })
}

// RenewRecoveryCodes makes new ones, told once; those before do not work any more.
// ErrStale.
func (a *Accounts) RenewRecoveryCodes(ctx context.Context, own Session, from From) (codes []string, err error) {
	codes, hashes, err := newRecoveryCodes(a.Random)
	if err != nil {
		return nil, err
	}
	err = a.changeOwn(ctx, own, from, "made new recovery codes", "", func(p *Person) error { p.credentials.Recovery = hashes; return nil })
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// BeginPasskeyRegistration asks the browser to make a passkey. ErrNoPasskeys,
// ErrStale, *Problem.
func (a *Accounts) BeginPasskeyRegistration(ctx context.Context, own Session) (Ceremony, error) {
	if a.party == nil {
		return Ceremony{}, ErrNoPasskeys
	}
	if err := a.RequireFresh(own); err != nil {
		return Ceremony{}, err
	}
	person, err := a.Own(ctx, own)
	if err != nil {
		return Ceremony{}, err
	}
	if len(person.credentials.Passkeys) >= passkeysMax {
		return Ceremony{}, problem("passkey", "There are %d passkeys already. Remove one first.", passkeysMax)
	}
	o, err := ownerOf(person)
	if err != nil {
		return Ceremony{}, err
	}
	var known []protocol.CredentialDescriptor
	for _, credential := range o.WebAuthnCredentials() {
		known = append(known, credential.Descriptor())
	}
	asked, begun, err := a.party.BeginRegistration(o, webauthn.WithExclusions(known))
	if err != nil {
		return Ceremony{}, err
	}
	begun.Expires = time.Time{} // the ticket's, on the clock that is given
	secret, err := a.issueBegun(ctx, ticketRegister, person.ID, CeremonyLife, begun)
	return Ceremony{secret, asked.Response}, err
}

// RegisterPasskey adds the passkey that the browser made. ErrRefused, ErrStale,
// *Problem.
func (a *Accounts) RegisterPasskey(ctx context.Context, own Session, ceremony Secret, name string, answer []byte, from From) error {
	if a.party == nil {
		return ErrNoPasskeys
	}
	if strings.TrimSpace(name) == "" {
		name = "Passkey"
	}
	name, err := CheckName(name)
	if err != nil {
		return err
	}
	var begun webauthn.SessionData
	ticket, err := a.take(ctx, ticketRegister, ceremony, &begun)
	if errors.Is(err, errNoTicket) || err == nil && ticket.PersonID != own.PersonID {
		return ErrRefused
	}
	if err != nil {
		return err
	}
	return a.changeOwn(ctx, own, from, "added a passkey", name, func(p *Person) error {
		o, err := ownerOf(p)
		if err != nil {
			return err
		}
		made, err := a.party.register(o, begun, answer)
		if err != nil {
			return err
		}
		id := passkeyID(made.ID)
		if p.passkey(id) >= 0 || len(p.credentials.Passkeys) >= passkeysMax {
			return ErrRefused
		}
		p.credentials.Passkeys = append(p.credentials.Passkeys, passkey{Passkey{Name: name, CreatedAt: a.now(), ID: id}, *made})
		return nil
	})
}

// RemovePasskey ends a passkey of the session's person, and the other sessions. ErrUnknown, ErrStale.
func (a *Accounts) RemovePasskey(ctx context.Context, own Session, id string, from From) error {
	return a.replaceOwn(ctx, own, from, "removed a passkey", "", func(p *Person) error {
		at := p.passkey(id)
		if at < 0 {
			return ErrUnknown
		}
		p.credentials.Passkeys = slices.Delete(p.credentials.Passkeys, at, at+1)
		return nil
	})
}
