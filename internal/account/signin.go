package account

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/kvitto/kvitto/internal/store"
)

// SignInWithPassword is the first step: it returns the secret of the second.
// ErrRefused, *WaitError, ErrBusy. An address that nobody has costs the same and
// is answered the same.
func (a *Accounts) SignInWithPassword(ctx context.Context, email, password string, from From) (Secret, error) {
	name, err := NormalEmail(email)
	if err != nil {
		return "", ErrRefused // it could be nobody's
	}
	if err := a.try(ctx, triedAddress(from.Address), triedName(name)); err != nil {
		return "", err
	}
	person := &Person{}
	stored, err := a.Store.PersonByEmail(ctx, name)
	switch {
	case err == nil:
		if person, err = personOf(stored); err != nil {
			return "", err
		}
	case !errors.Is(err, store.ErrNotFound):
		return "", err
	}
	same, outdated, err := a.hashing.matches(ctx, person.credentials.Password, password)
	if err != nil {
		return "", err
	}
	if !same || !person.DisabledAt.IsZero() || person.credentials.Authenticator == nil {
		return "", a.refuse(ctx, Viewer{PersonID: person.ID, Email: name, MerchantID: person.MerchantID}, from, "password")
	}
	if err := errors.Join(a.Store.ForgetAttempts(ctx, triedName(name).key), a.right(ctx, from)); err != nil {
		return "", err
	}
	if outdated {
		if err := a.hashAgain(ctx, person, password); err != nil {
			return "", err
		}
	}
	return a.issueBegun(ctx, ticketStep, person.ID, StepLife, stepDocument{person.credentials.Since})
}

// stepDocument is what the store keeps between the steps.
type stepDocument struct {
	Since int64 `json:"since,omitzero"` // of the credentials that had the password
}

// hashAgain stores the password at today's cost.
func (a *Accounts) hashAgain(ctx context.Context, person *Person, password string) error {
	before := person.credentials.Password
	hash, err := a.hashing.hashPassword(ctx, a.Random, password)
	if err != nil {
		return err
	}
	_, err = a.change(ctx, person.ID, func(p *Person) error {
		if p.credentials.Password == before {
			p.credentials.Password = hash
		}
		return nil
	})
	return err
}

// refuse writes a refusal down, for people who are known and others alike.
func (a *Accounts) refuse(ctx context.Context, viewer Viewer, from From, what string) error {
	if err := a.Note(ctx, viewer, from, "sign-in refused", what, viewer.MerchantID); err != nil {
		return err
	}
	return ErrRefused
}

// HasStep tells whether the second step of a sign-in is open.
func (a *Accounts) HasStep(ctx context.Context, step Secret) (bool, error) {
	var begun stepDocument
	ticket, err := a.ticket(ctx, ticketStep, step, &begun)
	if errors.Is(err, errNoTicket) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	person, err := a.person(ctx, ticket.PersonID)
	return err == nil && !person.credentials.hasEnded(begun.Since, ""), err
}

// SignInWithCode is the second step, with a code of the app or a recovery code.
// ErrNoSession when the first is too long ago, ErrRefused, *WaitError.
func (a *Accounts) SignInWithCode(ctx context.Context, step Secret, code string, from From) (Secret, error) {
	var begun stepDocument
	ticket, err := a.ticket(ctx, ticketStep, step, &begun)
	if errors.Is(err, errNoTicket) {
		return "", ErrNoSession
	}
	if err != nil {
		return "", err
	}
	if err := a.try(ctx, triedAddress(from.Address), triedCode(ticket.PersonID)); err != nil {
		return "", err
	}
	ctx, cancel := finishing(ctx)
	defer cancel()
	by := "password and code"
	person, err := a.change(ctx, ticket.PersonID, func(p *Person) error {
		if !p.DisabledAt.IsZero() || p.credentials.Authenticator == nil {
			return ErrRefused
		}
		if p.credentials.hasEnded(begun.Since, "") {
			return ErrNoSession // the password is another one by now
		}
		ok := false
		if plain, recovery := isRecovery(code); recovery {
			by = "password and recovery code"
			p.credentials.Recovery, ok = useRecovery(p.credentials.Recovery, plain)
		} else {
			var after Authenticator
			after, ok = p.credentials.Authenticator.Use(code, a.now())
			p.credentials.Authenticator = &after
		}
		if !ok {
			return ErrRefused
		}
		return nil
	})
	if errors.Is(err, ErrRefused) {
		return "", a.refuse(ctx, person.viewer(), from, "code")
	}
	if err != nil {
		return "", err
	}
	if err := a.end(ctx, ticket.Hash); err != nil {
		return "", err
	}
	if err := errors.Join(a.Store.ForgetAttempts(ctx, triedCode(person.ID).key), a.right(ctx, from)); err != nil {
		return "", err
	}
	return a.begin(ctx, person, by, from)
}

// Ceremony is what a browser is asked to do with a passkey.
type Ceremony struct {
	Secret  Secret `json:"ceremony"`
	Options any    `json:"publicKey"` // of navigator.credentials
}

// BeginPasskey asks for a passkey of whoever has one. ErrNoPasskeys.
func (a *Accounts) BeginPasskey(ctx context.Context) (Ceremony, error) {
	if a.party == nil {
		return Ceremony{}, ErrNoPasskeys
	}
	asked, begun, err := a.party.BeginDiscoverableLogin()
	if err != nil {
		return Ceremony{}, err
	}
	begun.Expires = time.Time{} // the ticket's, on the clock that is given
	secret, err := a.issue(ctx, ticketSignIn, "", CeremonyLife, begun)
	return Ceremony{secret, asked.Response}, err
}

// SignInWithPasskey is both steps at once. ErrRefused. Nobody guesses a signature,
// so that no attempt is counted and nobody who guesses passwords keeps a passkey
// out.
func (a *Accounts) SignInWithPasskey(ctx context.Context, ceremony Secret, answer []byte, from From) (Secret, error) {
	if a.party == nil {
		return "", ErrNoPasskeys
	}
	ctx, cancel := finishing(ctx)
	defer cancel()
	var begun webauthn.SessionData
	if _, err := a.take(ctx, ticketSignIn, ceremony, &begun); err != nil {
		if errors.Is(err, errNoTicket) {
			return "", ErrRefused
		}
		return "", err
	}
	person, used, err := a.party.signIn(begun, answer, func(personID string) (*Person, error) { return a.person(ctx, personID) })
	if errors.Is(err, ErrUnknown) || errors.Is(err, ErrRefused) || err == nil && !person.DisabledAt.IsZero() {
		if person == nil {
			person = &Person{}
		}
		return "", a.refuse(ctx, person.viewer(), from, "passkey")
	}
	if err != nil {
		return "", err
	}
	person, err = a.change(ctx, person.ID, func(p *Person) error {
		at := p.passkey(passkeyID(used.ID))
		if at < 0 || !p.DisabledAt.IsZero() || used.Authenticator.SignCount < p.credentials.Passkeys[at].Credential.Authenticator.SignCount {
			return ErrRefused // removed, disabled or used again since it was looked at
		}
		p.credentials.Passkeys[at].Credential, p.credentials.Passkeys[at].UsedAt = *used, a.now()
		return nil
	})
	if err != nil {
		return "", err
	}
	return a.begin(ctx, person, "passkey", from)
}

// passkey is the place of a passkey, -1 when there is none.
func (p *Person) passkey(id string) int {
	return slices.IndexFunc(p.credentials.Passkeys, func(k passkey) bool { return k.ID == id })
}
