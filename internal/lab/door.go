package lab

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/kvitto/kvitto/internal/credential"
)

// RefusedPassword is the one password that the open door refuses, so that a
// shop can test its handling of a 401.
const RefusedPassword = "invalid"

// usernameMax bounds a user name, in bytes.
const usernameMax = 255

// Merchants is where merchants become known: the store.
type Merchants interface {
	EnsureMerchant(ctx context.Context, merchantID string, now time.Time) error
}

// OpenDoor lets any user name in, as a merchant of its own that is made at
// first use. Tests that run in parallel use different names and never meet.
type OpenDoor struct {
	merchants Merchants
	system    func() time.Time
	seen      *lru.Cache[string, string] // the name itself: see Authenticate
}

// NewOpenDoor returns a door over the store's merchants.
func NewOpenDoor(merchants Merchants, system func() time.Time) (*OpenDoor, error) {
	seen, err := lru.New[string, string](16384)
	if err != nil {
		return nil, err
	}
	return &OpenDoor{merchants: merchants, system: system, seen: seen}, nil
}

// Authenticate returns the merchant of the credentials, credential.ErrRefused, or a
// failure of the store.
func (d *OpenDoor) Authenticate(ctx context.Context, username, password string) (merchantID string, err error) {
	if !nameable(username) || password == RefusedPassword {
		return "", credential.ErrRefused
	}
	if name, ok := d.seen.Get(username); ok {
		return name, nil
	}
	// The name is a piece of a header, which may be large: sessions and caches
	// that keep the name must not hold on to it.
	username = strings.Clone(username)
	if err := d.merchants.EnsureMerchant(ctx, username, d.system()); err != nil {
		return "", err
	}
	d.seen.Add(username, username)
	return username, nil
}

// nameable tells whether a store can keep the name: PostgreSQL takes no NUL.
func nameable(username string) bool {
	return username != "" && len(username) <= usernameMax && utf8.ValidString(username) && !strings.ContainsRune(username, 0)
}
