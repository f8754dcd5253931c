package credential

import (
	"context"
	"errors"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/kvitto/kvitto/internal/store"
)

// ErrRefused: the credentials are refused. It does not tell an unknown user
// name from a wrong password, a revoked key or a disabled merchant.
var ErrRefused = errors.New("credentials refused")

const (
	// AgeMax is how long an answer of the store is believed, and so how long a
	// revoked key may still work in a process that did not revoke it.
	AgeMax = 2 * time.Second
	// entriesMax bounds each of the two caches, in user names.
	entriesMax = 16384
	// passwordMax is more than any password of ours has, in bytes.
	passwordMax = 256
	// lookupMax bounds one question to the store.
	lookupMax = 5 * time.Second
	// The questions that may be under way at the same time. Names that were
	// known a moment ago have a lane of their own: strangers who guess names
	// wait for each other and for nobody else.
	knownPlaces     = 16
	strangersPlaces = 4
)

// Finder finds a key: store.Tenants.
type Finder interface {
	// Credential returns store.ErrNotFound for an unknown user name.
	Credential(ctx context.Context, username string) (store.Key, store.Merchant, error)
}

// Authenticator finds the merchant of HTTP Basic credentials. It may be used
// from many goroutines.
type Authenticator struct {
	finder Finder
	now    func() time.Time
	// known and unknown are apart, so that guessed names do not push out those
	// of merchants. Both are bounded.
	known, unknown           *lru.Cache[string, entry]
	knownLane, strangersLane *lane
}

// entry is what the store said about a user name.
type entry struct {
	hash       []byte
	merchantID string
	live       bool
	at         time.Time // when the store was asked
}

// NewAuthenticator returns an Authenticator over the store's keys. now is the
// clock of the caches; nil is time.Now.
func NewAuthenticator(finder Finder, now func() time.Time) (*Authenticator, error) {
	if now == nil {
		now = time.Now
	}
	known, err := lru.New[string, entry](entriesMax)
	if err != nil {
		return nil, err
	}
	unknown, err := lru.New[string, entry](entriesMax)
	if err != nil {
		return nil, err
	}
	return &Authenticator{
		finder: finder, now: now, known: known, unknown: unknown,
		knownLane: newLane(knownPlaces), strangersLane: newLane(strangersPlaces),
	}, nil
}

// Authenticate returns the merchant of the credentials, ErrRefused, or a
// failure of the store, which is no refusal.
func (a *Authenticator) Authenticate(ctx context.Context, username, password string) (merchantID string, err error) {
	found := entry{hash: nobodysHash}
	if wellFormed(username) && len(password) <= passwordMax {
		if found, err = a.find(ctx, username); err != nil {
			return "", err
		}
	}
	// The comparison comes first: it takes its time whatever the entry says.
	if !matches(found.hash, password) || !found.live {
		return "", ErrRefused
	}
	return found.merchantID, nil
}

// find is the entry of a user name, from a cache when it is young enough.
func (a *Authenticator) find(ctx context.Context, username string) (entry, error) {
	found, known := a.known.Get(username)
	if !known {
		found, _ = a.unknown.Get(username)
	}
	// An entry that was never stored has the zero time and is old.
	if age := a.now().Sub(found.at); age >= 0 && age < AgeMax {
		return found, nil
	}
	lane := a.strangersLane
	if known {
		lane = a.knownLane
	}
	return lane.share(ctx, username, func(ctx context.Context) (entry, error) { return a.ask(ctx, username) })
}

// ask asks the store and keeps its answer.
func (a *Authenticator) ask(ctx context.Context, username string) (entry, error) {
	// The name is a piece of a header with the password in it: what stays must not
	// hold on to that.
	username = strings.Clone(username)
	// The moment before the question: what happens after it is not in the answer.
	at := a.now()
	key, merchant, err := a.finder.Credential(ctx, username)
	switch {
	case errors.Is(err, store.ErrNotFound):
		found := entry{hash: nobodysHash, at: at}
		a.known.Remove(username)
		a.unknown.Add(username, found)
		return found, nil
	case err != nil:
		return entry{}, err
	}
	found := entry{
		hash: key.Hash, merchantID: merchant.ID, at: at,
		live: key.RevokedAt.IsZero() && merchant.DisabledAt.IsZero(),
	}
	a.unknown.Remove(username)
	a.known.Add(username, found)
	return found, nil
}
