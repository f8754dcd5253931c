package account

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

// The kinds of tickets.
const (
	ticketSession  = "session"  // somebody signed in
	ticketStep     = "step"     // the password was right, the second step is to come
	ticketLink     = "link"     // whoever has it may set a password
	ticketSignIn   = "sign-in"  // a passkey is being asked for
	ticketRegister = "register" // a passkey is being made
)

// How long they live. A session ends when it was not used for SessionIdle, and at
// the latest after SessionLife.
const (
	SessionIdle   = time.Hour
	SessionLife   = 12 * time.Hour
	StepLife      = 10 * time.Minute
	LinkLife      = 24 * time.Hour
	FirstLinkLife = time.Hour
	CeremonyLife  = 5 * time.Minute
	// FreshFor is how long after signing in credentials and people may be changed.
	FreshFor = 15 * time.Minute
	// touchEvery is how old the note of the last use may get: not every request
	// writes.
	touchEvery = time.Minute
)

// sessionUntil is when a session ends that began and was used at these times.
func sessionUntil(began, used time.Time) time.Time {
	end := began.Add(SessionLife)
	if idle := used.Add(SessionIdle); idle.Before(end) {
		return idle
	}
	return end
}

// issue makes a ticket and returns its secret.
func (a *Accounts) issue(ctx context.Context, kind, personID string, life time.Duration, document any) (Secret, error) {
	secret, err := newSecret(a.Random)
	if err != nil {
		return "", err
	}
	hash, _ := secret.hash()
	written, err := json.Marshal(document)
	if err != nil {
		return "", err
	}
	now := a.now()
	err = a.Store.AddTicket(ctx, store.Ticket{
		Hash: hash, Kind: kind, PersonID: personID, CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(life), Document: written,
	})
	return secret, err
}

// begunMax is how much a person may have begun and not ended at the same time: sign-ins in several
// browsers, and passkeys in several windows. Whoever begins more begins anew.
const begunMax = 10

// issueBegun is issue for what a person begins, of which there is a bounded number.
func (a *Accounts) issueBegun(ctx context.Context, kind, personID string, life time.Duration, document any) (Secret, error) {
	begun, err := a.Store.TicketsOf(ctx, personID, kind, begunMax)
	if err == nil && len(begun) == begunMax {
		err = a.Store.DropTickets(ctx, personID, kind, store.SecretHash{})
	}
	if err != nil {
		return "", err
	}
	return a.issue(ctx, kind, personID, life, document)
}

// finishLife bounds what is finished after its sender has gone.
const finishLife = 30 * time.Second

// finishing is the context of what must not stop half way: a link is used up, a
// password is another one. A sender who hangs up does not end it.
func finishing(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), finishLife)
}

// errNoTicket: there is no such ticket of this kind, or it has expired.
var errNoTicket = errors.New("account: no such ticket")

// ticket reads a live ticket of a kind and its document.
func (a *Accounts) ticket(ctx context.Context, kind string, secret Secret, document any) (store.Ticket, error) {
	hash, ok := secret.hash()
	if !ok {
		return store.Ticket{}, errNoTicket
	}
	ticket, err := a.Store.Ticket(ctx, hash)
	return a.live(kind, ticket, err, document)
}

// take is ticket for one that is good once.
func (a *Accounts) take(ctx context.Context, kind string, secret Secret, document any) (store.Ticket, error) {
	if _, err := a.ticket(ctx, kind, secret, document); err != nil {
		return store.Ticket{}, err
	}
	hash, _ := secret.hash()
	ticket, err := a.Store.TakeTicket(ctx, hash)
	return a.live(kind, ticket, err, document)
}

func (a *Accounts) live(kind string, ticket store.Ticket, err error, document any) (store.Ticket, error) {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return ticket, errNoTicket
	case err != nil:
		return ticket, err
	case ticket.Kind != kind || !a.now().Before(ticket.ExpiresAt):
		return ticket, errNoTicket
	}
	return ticket, json.Unmarshal(ticket.Document, document)
}
