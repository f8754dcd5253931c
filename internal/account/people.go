package account

import (
	"context"
	"errors"
	"time"

	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/store"
)

// Invitation says who is to come.
type Invitation struct {
	Email      string
	Name       string
	Role       Role
	MerchantID string // whose they are; "" is the operator
}

// Invite adds a person and returns the link with which they set a password.
// ErrForbidden, *Problem. Whoever invites an address that somebody has is told
// so, also when it is another merchant's: an address is one person's.
func (a *Accounts) Invite(ctx context.Context, by Viewer, invitation Invitation, from From) (*Person, Secret, error) {
	if !by.May(ManagePeople) || !by.Sees(invitation.MerchantID) {
		return nil, "", ErrForbidden
	}
	email, err := NormalEmail(invitation.Email)
	if err != nil {
		return nil, "", err
	}
	name, err := CheckName(invitation.Name)
	if err != nil {
		return nil, "", err
	}
	if !invitation.Role.Known() {
		return nil, "", problem("role", "There is no such role.")
	}
	now := a.now()
	person := &Person{
		ID: a.NewID(now), MerchantID: invitation.MerchantID, Email: email, Name: name, Role: invitation.Role, CreatedAt: now, version: 1,
	}
	stored, err := person.stored()
	if err != nil {
		return nil, "", err
	}
	switch err := a.Store.AddPerson(ctx, stored); {
	case errors.Is(err, store.ErrConflict):
		if err := a.Note(ctx, by, from, "invitation refused", email, by.MerchantID); err != nil {
			return nil, "", err
		}
		return nil, "", problem("email", "Somebody has this e-mail address already.")
	case errors.Is(err, store.ErrNotFound):
		return nil, "", problem("merchant", "No merchant has this id.")
	case err != nil:
		return nil, "", err
	}
	link, err := a.newLink(ctx, by, person, "invited", from)
	return person, link, err
}

// newLink makes the one link of a person that works.
func (a *Accounts) newLink(ctx context.Context, by Viewer, person *Person, action string, from From) (Secret, error) {
	if err := a.Store.DropTickets(ctx, person.ID, ticketLink, store.SecretHash{}); err != nil {
		return "", err
	}
	if err := a.Note(ctx, by, from, action, person.Email+" as "+string(person.Role), person.MerchantID); err != nil {
		return "", err
	}
	link, err := a.issue(ctx, ticketLink, person.ID, LinkLife, linkDocument{Since: person.credentials.Since})
	return link, err
}

// managed is a person whom the viewer manages: ErrForbidden, ErrUnknown.
func (a *Accounts) managed(ctx context.Context, by Viewer, personID string) (*Person, error) {
	if !by.May(ManagePeople) {
		return nil, ErrForbidden
	}
	person, err := a.person(ctx, personID)
	if err != nil {
		return nil, err
	}
	if !by.Sees(person.MerchantID) {
		return nil, ErrUnknown
	}
	return person, nil
}

// NewLink makes another link for a person who lost what signs them in. It ends
// links before it; what signs the person in works until the link is followed.
func (a *Accounts) NewLink(ctx context.Context, by Viewer, personID string, from From) (*Person, Secret, error) {
	person, err := a.managed(ctx, by, personID)
	if err != nil {
		return nil, "", err
	}
	if !person.DisabledAt.IsZero() {
		return nil, "", problem("", "%s is disabled: let them in again first.", person.Email)
	}
	link, err := a.newLink(ctx, by, person, "made a new link for", from)
	return person, link, err
}

// notOneself keeps an admin from locking themselves out, and so leaves always one.
func notOneself(by Viewer, personID string) error {
	if by.PersonID == personID {
		return problem("", "Nobody changes their own role or disables themselves; another admin does.")
	}
	return nil
}

// SetRole gives a person another role, from their next request on.
func (a *Accounts) SetRole(ctx context.Context, by Viewer, personID string, role Role, from From) (*Person, error) {
	if !role.Known() {
		return nil, problem("role", "There is no such role.")
	}
	person, err := a.managed(ctx, by, personID)
	if err != nil {
		return nil, err
	}
	if err := notOneself(by, personID); err != nil {
		return nil, err
	}
	if err := a.Note(ctx, by, from, "gave a role", person.Email+" "+string(role), person.MerchantID); err != nil {
		return nil, err
	}
	return a.change(ctx, personID, func(p *Person) error { p.Role = role; return nil })
}

// SetDisabled keeps a person out, at once and everywhere, or lets them in again.
func (a *Accounts) SetDisabled(ctx context.Context, by Viewer, personID string, disabled bool, from From) (*Person, error) {
	person, err := a.managed(ctx, by, personID)
	if err != nil {
		return nil, err
	}
	if err := notOneself(by, personID); err != nil {
		return nil, err
	}
	action := "enabled"
	if disabled {
		action = "disabled"
	}
	if err := a.Note(ctx, by, from, action, person.Email, person.MerchantID); err != nil {
		return nil, err
	}
	ctx, cancel := finishing(ctx)
	defer cancel()
	person, err = a.change(ctx, personID, func(p *Person) error {
		switch {
		case !disabled:
			p.DisabledAt = time.Time{}
			return nil
		case p.DisabledAt.IsZero():
			p.DisabledAt = a.now()
		}
		p.credentials.endAll("")
		return nil
	})
	if err != nil || !disabled {
		return person, err
	}
	return person, a.dropAll(ctx, personID, store.SecretHash{})
}

// dropAll deletes what a person held, but for one session: it has ended already.
func (a *Accounts) dropAll(ctx context.Context, personID string, keep store.SecretHash) error {
	for _, kind := range []string{ticketSession, ticketStep, ticketLink, ticketRegister} {
		if err := a.Store.DropTickets(ctx, personID, kind, keep); err != nil {
			return err
		}
	}
	return nil
}

// People are whom the viewer manages, in the order of their coming; after is the
// id of the last one of the page before. ErrForbidden.
func (a *Accounts) People(ctx context.Context, by Viewer, after string, limit int) ([]*Person, error) {
	if !by.May(ManagePeople) {
		return nil, ErrForbidden
	}
	if after != "" && !identifier.Parse(after, new([16]byte)) {
		return nil, ErrUnknown
	}
	stored, err := a.Store.People(ctx, store.PeopleFilter{Everybody: by.OfOperator(), MerchantID: by.MerchantID, After: after, Limit: limit})
	if err != nil {
		return nil, err
	}
	all := make([]*Person, len(stored))
	for i := range stored {
		if all[i], err = personOf(stored[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// PersonByEmail is the person of an address, for an operator's terminal. ErrUnknown.
func (a *Accounts) PersonByEmail(ctx context.Context, email string) (*Person, error) {
	email, err := NormalEmail(email)
	if err != nil {
		return nil, err
	}
	stored, err := a.Store.PersonByEmail(ctx, email)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrUnknown
	}
	if err != nil {
		return nil, err
	}
	return personOf(stored)
}
