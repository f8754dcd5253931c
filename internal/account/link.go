package account

import (
	"context"
	"errors"

	"github.com/kvitto/kvitto/internal/store"
)

// LinkPath is where a link leads, below the server's address.
const LinkPath = "/portal/link/"

// LinkURL is where a link leads on a server; without the server's address it is the
// path alone.
func LinkURL(server string, link Secret) string { return server + LinkPath + string(link) }

// linkDocument is what the store keeps of a link.
type linkDocument struct {
	First bool  `json:"first,omitzero"`
	Since int64 `json:"since,omitzero"` // the count of the person's credentials
}

// Offer is what a link is for.
type Offer struct {
	Email  string // "" when the one who follows it says
	Name   string
	First  bool // makes the first admin of the operator
	Renews bool // the person has signed in before: everything begins anew
}

// FirstLink makes a link for the first admin while there is nobody; ok is false
// when there is somebody.
func (a *Accounts) FirstLink(ctx context.Context) (link Secret, ok bool, err error) {
	if empty, err := a.empty(ctx); err != nil || !empty {
		return "", false, err
	}
	link, err = a.issue(ctx, ticketLink, "", FirstLinkLife, linkDocument{First: true})
	return link, err == nil, err
}

func (a *Accounts) empty(ctx context.Context) (bool, error) {
	some, err := a.Store.People(ctx, store.PeopleFilter{Everybody: true, Limit: 1})
	return err == nil && len(some) == 0, err
}

// Offer tells what a link is for, and changes nothing: programs that look at mails
// follow links. ErrNoLink.
func (a *Accounts) Offer(ctx context.Context, link Secret) (Offer, error) {
	_, _, person, err := a.offered(ctx, link)
	if err != nil {
		return Offer{}, err
	}
	if person == nil {
		return Offer{First: true}, nil
	}
	return Offer{Email: person.Email, Name: person.Name, Renews: person.Accepted()}, nil
}

// offered is the person of a link, nil for the first admin.
func (a *Accounts) offered(ctx context.Context, link Secret) (ticket store.Ticket, made linkDocument, person *Person, err error) {
	ticket, err = a.ticket(ctx, ticketLink, link, &made)
	if errors.Is(err, errNoTicket) {
		err = ErrNoLink
	}
	if err != nil {
		return ticket, made, nil, err
	}
	if made.First {
		empty, err := a.empty(ctx)
		if err == nil && !empty {
			err = ErrNoLink
		}
		return ticket, made, nil, err
	}
	person, err = a.person(ctx, ticket.PersonID)
	if errors.Is(err, ErrUnknown) || err == nil && !made.good(person) {
		return ticket, made, nil, ErrNoLink
	}
	return ticket, made, person, err
}

// good tells whether the link still is one of the person's.
func (d linkDocument) good(p *Person) bool {
	return p.DisabledAt.IsZero() && !p.credentials.hasEnded(d.Since, "")
}

// Acceptance is what somebody sets who follows a link.
type Acceptance struct {
	Email, Name   string // of the first admin
	Password      string
	Authenticator string // the secret that their app was given
	Code          string // that the app shows
}

// Welcome is what they get.
type Welcome struct {
	Session  Secret
	Recovery []string // codes, told once
}

// Accept uses a link up: it sets a password and an authenticator app, ends
// whatever signed the person in before, and signs them in. ErrNoLink, *Problem,
// ErrBusy. After a Problem the link is still good. Nobody guesses a link, so that
// no attempt is counted.
func (a *Accounts) Accept(ctx context.Context, link Secret, given Acceptance, from From) (Welcome, error) {
	ticket, made, person, err := a.offered(ctx, link)
	if err != nil {
		return Welcome{}, err
	}
	if made.First {
		if person, err = a.firstAdmin(given); err != nil {
			return Welcome{}, err
		}
	}
	own, recovery, err := a.newCredentials(ctx, person, given)
	if err != nil {
		return Welcome{}, err
	}
	ctx, cancel := finishing(ctx)
	defer cancel()
	if _, err := a.Store.TakeTicket(ctx, ticket.Hash); errors.Is(err, store.ErrNotFound) {
		return Welcome{}, ErrNoLink // somebody was faster
	} else if err != nil {
		return Welcome{}, err
	}
	if made.First {
		person, err = a.addFirst(ctx, person, own)
	} else {
		person, err = a.change(ctx, person.ID, func(p *Person) error {
			if !made.good(p) {
				return ErrNoLink
			}
			own.Since = p.credentials.Since
			own.endAll("")
			p.credentials = own
			return nil
		})
	}
	if err != nil {
		return Welcome{}, err
	}
	session, err := a.enterByLink(ctx, person, from)
	return Welcome{session, recovery}, err
}

// enterByLink tidies up after a link was followed, and signs the person in. What
// was guessed of the credentials before is no affair of the new ones.
func (a *Accounts) enterByLink(ctx context.Context, person *Person, from From) (Secret, error) {
	err := errors.Join(a.dropAll(ctx, person.ID, store.SecretHash{}),
		a.Store.ForgetAttempts(ctx, triedName(person.Email).key), a.Store.ForgetAttempts(ctx, triedCode(person.ID).key))
	if err != nil {
		return "", err
	}
	if err := a.Note(ctx, person.viewer(), from, "followed a link", "", person.MerchantID); err != nil {
		return "", err
	}
	return a.begin(ctx, person, "link", from)
}

// firstID is the id of whoever comes by a first link: of several at the same time
// the store takes one.
const firstID = "00000000-0000-4000-8000-000000000001"

// firstAdmin is the person that a first link makes.
func (a *Accounts) firstAdmin(given Acceptance) (*Person, error) {
	email, err := NormalEmail(given.Email)
	if err != nil {
		return nil, err
	}
	name, err := CheckName(given.Name)
	if err != nil {
		return nil, err
	}
	now := a.now()
	return &Person{ID: firstID, Email: email, Name: name, Role: RoleAdmin, CreatedAt: now, version: 1}, nil
}

// addFirst adds the first admin and ends every other link that would make one.
func (a *Accounts) addFirst(ctx context.Context, person *Person, own credentials) (*Person, error) {
	person.credentials = own
	stored, err := person.stored()
	if err != nil {
		return nil, err
	}
	if err := a.Store.AddFirstPerson(ctx, stored); errors.Is(err, store.ErrConflict) {
		return nil, ErrNoLink // somebody else became the first with another link
	} else if err != nil {
		return nil, err
	}
	return person, a.Store.DropTickets(ctx, "", ticketLink, store.SecretHash{})
}

// newCredentials checks what somebody sets.
func (a *Accounts) newCredentials(ctx context.Context, person *Person, given Acceptance) (own credentials, recovery []string, err error) {
	if err := CheckPassword(given.Password, person.Email, person.Name); err != nil {
		return own, nil, err
	}
	app, err := a.newAuthenticator(given.Authenticator, given.Code)
	if err != nil {
		return own, nil, err
	}
	own.Authenticator = &app
	if recovery, own.Recovery, err = newRecoveryCodes(a.Random); err != nil {
		return own, nil, err
	}
	own.Password, err = a.hashing.hashPassword(ctx, a.Random, given.Password)
	return own, recovery, err
}

// newAuthenticator is an app that was given a secret and shows the right code.
func (a *Accounts) newAuthenticator(secret, code string) (Authenticator, error) {
	if !wellFormedSecret(secret) {
		return Authenticator{}, problem("code", "The page is not whole. Load it again.")
	}
	app, ok := Authenticator{Secret: secret}.Use(code, a.now())
	if !ok {
		return app, problem("code", "That is not the code that the app shows now. If it is, the clock of the phone or of the server is wrong.")
	}
	return app, nil
}
