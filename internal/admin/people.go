package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kvitto/kvitto/internal/account"
)

// Person is somebody who may sign in to the portal.
type Person struct {
	ID         string    `json:"person_id"`
	Email      string    `json:"email"`
	Name       string    `json:"name"`
	Role       string    `json:"role"`
	MerchantID string    `json:"merchant_id,omitzero"` // left out: the operator's, who sees every merchant
	CreatedAt  time.Time `json:"created_at"`
	Accepted   bool      `json:"accepted"` // false while they have never followed a link
	DisabledAt time.Time `json:"disabled_at,omitzero"`
}

// Invitation says who gets a link. What is empty of a person who is there stays.
type Invitation struct {
	Email      string
	Name       string // the address's own when empty
	Role       string // viewer when empty
	MerchantID string // whose they are
	Operator   bool   // they are the operator's; of somebody new this or the merchant is said
}

// Invited is a person with their link, which is told once.
type Invited struct {
	Person
	Link      string    `json:"link"`
	ExpiresAt time.Time `json:"expires_at"`
}

// peopleMax bounds a list.
const peopleMax = 10_000

func shownPerson(p *account.Person) Person {
	return Person{ID: p.ID, Email: p.Email, Name: p.Name, Role: string(p.Role), MerchantID: p.MerchantID, CreatedAt: p.CreatedAt,
		Accepted: p.Accepted(), DisabledAt: p.DisabledAt}
}

// terminal is where what is done here comes from.
var terminal = account.From{Address: "this machine"}

// People implements Operations.
func (d Direct) People(ctx context.Context) ([]Person, error) {
	found, err := d.Accounts.People(ctx, account.System, "", peopleMax)
	if err != nil {
		return nil, fmt.Errorf("people: %w", err)
	}
	all := make([]Person, len(found))
	for i := range found {
		all[i] = shownPerson(found[i])
	}
	return all, nil
}

// Invite implements Operations.
func (d Direct) Invite(ctx context.Context, invitation Invitation) (Invited, error) {
	if invitation.MerchantID != "" && invitation.Operator {
		return Invited{}, errors.New("invite: --merchant and --operator say two things; give one of them")
	}
	person, err := d.Accounts.PersonByEmail(ctx, invitation.Email)
	var link account.Secret
	switch {
	case errors.Is(err, account.ErrUnknown):
		if invitation.MerchantID == "" && !invitation.Operator {
			return Invited{}, errors.New("invite: it is not said whom they belong to\ngive --merchant ID for one merchant's things, or --operator for every merchant's")
		}
		if invitation.Role == "" {
			invitation.Role = string(account.RoleViewer)
		}
		if invitation.Name == "" {
			invitation.Name = invitation.Email
		}
		person, link, err = d.Accounts.Invite(ctx, account.System, account.Invitation{
			Email: invitation.Email, Name: invitation.Name, Role: account.Role(invitation.Role), MerchantID: invitation.MerchantID,
		}, terminal)
	case err == nil:
		person, link, err = d.linkAgain(ctx, person, invitation)
	}
	if err != nil {
		return Invited{}, fmt.Errorf("invite: %w", err)
	}
	return Invited{shownPerson(person), account.LinkURL(d.URL, link), d.now().Add(account.LinkLife)}, nil
}

// linkAgain makes another link for a person who is there.
func (d Direct) linkAgain(ctx context.Context, person *account.Person, invitation Invitation) (*account.Person, account.Secret, error) {
	if invitation.MerchantID != "" && invitation.MerchantID != person.MerchantID {
		return nil, "", fmt.Errorf("%s is there already and does not belong to merchant %s: nobody moves from one to another", person.Email, invitation.MerchantID)
	}
	if invitation.Operator && person.MerchantID != "" {
		return nil, "", fmt.Errorf("%s is there already and belongs to merchant %s: nobody moves from one to another", person.Email, person.MerchantID)
	}
	if role := account.Role(invitation.Role); role != "" && role != person.Role {
		if _, err := d.Accounts.SetRole(ctx, account.System, person.ID, role, terminal); err != nil {
			return nil, "", err
		}
	}
	return d.Accounts.NewLink(ctx, account.System, person.ID, terminal)
}

// SetPersonDisabled implements Operations.
func (d Direct) SetPersonDisabled(ctx context.Context, email string, disabled bool) (Person, error) {
	person, err := d.Accounts.PersonByEmail(ctx, email)
	if errors.Is(err, account.ErrUnknown) {
		return Person{}, fmt.Errorf("nobody has the e-mail address %q\nlist the people with: kvitto people list", email)
	}
	if err == nil {
		person, err = d.Accounts.SetDisabled(ctx, account.System, person.ID, disabled, terminal)
	}
	if err != nil {
		return Person{}, fmt.Errorf("person: %w", err)
	}
	return shownPerson(person), nil
}
