package account

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

// Store is where people are kept.
type Store interface {
	store.People
	store.SignIns
	store.Audit
}

// Options are what Accounts work with. All fields are required.
type Options struct {
	Store  Store
	Now    func() time.Time
	Random io.Reader                  // of secrets
	NewID  func(now time.Time) string // of people and audit entries
	// PublicURL is what browsers reach; passkeys belong to its host name.
	PublicURL string
}

// Accounts are the people of a store. They may be used from many goroutines, and
// by many processes.
type Accounts struct {
	Options
	hashing hashing
	party   *relyingParty // nil where passkeys do not work
	looks   looks
}

// New returns the accounts of a store.
func New(options Options) (*Accounts, error) {
	party, err := newRelyingParty(options.PublicURL)
	if err != nil {
		return nil, fmt.Errorf("account: passkeys for %s: %w", options.PublicURL, err)
	}
	looks, err := newLooks()
	if err != nil {
		return nil, err
	}
	return &Accounts{Options: options, hashing: newHashing(), party: party, looks: looks}, nil
}

// PasskeyOrigin is where passkeys work, for example https://pay.example.com; ""
// where they do not.
func (a *Accounts) PasskeyOrigin() string {
	if a.party == nil {
		return ""
	}
	return a.party.origin
}

// From is where a request came from.
type From struct {
	Address string // of the client, without a port
	Agent   string // what its browser calls itself
}

func (a *Accounts) now() time.Time { return a.Now().UTC().Truncate(time.Millisecond) }

// person reads a person; ErrUnknown.
func (a *Accounts) person(ctx context.Context, personID string) (*Person, error) {
	stored, err := a.Store.Person(ctx, personID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrUnknown
	}
	if err != nil {
		return nil, err
	}
	return personOf(stored)
}

// changesMax is how often a change is decided anew when somebody else was first.
const changesMax = 5

// change decides on a change of a person and writes it. decide is called again
// when the person was changed in between, and its error ends it.
func (a *Accounts) change(ctx context.Context, personID string, decide func(*Person) error) (*Person, error) {
	for range changesMax {
		person, err := a.person(ctx, personID)
		if err != nil {
			return nil, err
		}
		if err := decide(person); err != nil {
			return person, err
		}
		person.version++
		stored, err := person.stored()
		if err != nil {
			return nil, err
		}
		if err = a.Store.ChangePerson(ctx, stored); !errors.Is(err, store.ErrConflict) {
			return person, err
		}
	}
	return nil, ErrChanged
}

// try counts an attempt before it is looked at, or refuses it: *WaitError.
func (a *Accounts) try(ctx context.Context, what ...tried) error {
	for _, t := range what {
		if err := a.tryOne(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

func (a *Accounts) tryOne(ctx context.Context, t tried) error {
	for {
		now := a.now()
		made, err := a.Store.Attempts(ctx, t.key)
		if err != nil {
			return err
		}
		left := t.left(made, now)
		if until := t.until(left); now.Before(until) {
			return &WaitError{until}
		}
		// Of attempts at the same time one is counted, and the others look again: each
		// loss is another's gain, and their number is bounded by guessing.
		if err = a.Store.SetAttempts(ctx, t.key, made.Count, store.Attempts{Count: left.Count + 1, At: now}); !errors.Is(err, store.ErrConflict) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// right takes back an attempt from an address that was no guess: many who share
// one must not wait because they sign in.
func (a *Accounts) right(ctx context.Context, from From) error {
	t := triedAddress(from.Address)
	for range changesMax {
		made, err := a.Store.Attempts(ctx, t.key)
		if err != nil || made.Count == 0 {
			return err
		}
		err = a.Store.SetAttempts(ctx, t.key, made.Count, store.Attempts{Count: made.Count - 1, At: made.At})
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return nil // it counts once too often, and is forgotten
}
