package store

import (
	"context"
	"time"
)

// Merchant is a tenant.
type Merchant struct {
	ID        string    // without NUL
	Name      string    // what people call it, without NUL; empty in the playground
	CreatedAt time.Time // milliseconds, UTC, as all times here
	// DisabledAt is when its credentials stopped to work; zero while they do.
	DisabledAt time.Time
}

// Key is one credential of a merchant. A merchant may have several that live.
type Key struct {
	Username   string // one of its own in the whole store
	MerchantID string
	Hash       []byte // of the password, which is stored nowhere
	CreatedAt  time.Time
	RevokedAt  time.Time // zero while the key lives
}

// Tenants stores merchants and their keys. It decides nothing: whether a key
// opens the door is for package credential to say.
type Tenants interface {
	// AddMerchant adds a merchant. ErrConflict when the id is taken.
	AddMerchant(ctx context.Context, merchant Merchant) error
	// Merchants returns all merchants by id.
	Merchants(ctx context.Context) ([]Merchant, error)
	// SetMerchantDisabled notes since when the merchant is disabled; a zero time
	// enables it again. ErrNotFound.
	SetMerchantDisabled(ctx context.Context, merchantID string, at time.Time) error

	// AddKey adds a key. ErrNotFound for an unknown merchant, ErrConflict for a
	// user name that is taken.
	AddKey(ctx context.Context, key Key) error
	// Keys returns the merchant's keys, live and revoked, by time of creation
	// and user name. ErrNotFound for an unknown merchant.
	Keys(ctx context.Context, merchantID string) ([]Key, error)
	// RevokeKey notes when the key was revoked; a second call changes nothing.
	// ErrNotFound.
	RevokeKey(ctx context.Context, username string, at time.Time) error
	// Credential returns the key of a user name and its merchant. ErrNotFound.
	Credential(ctx context.Context, username string) (Key, Merchant, error)
}

// Expiring deletes what has had its time.
type Expiring interface {
	// DeleteExpired looks at up to limit sessions from the cursor on ("" begins)
	// and deletes those that have no order and whose newest revision is older
	// than before, with their history and tokens, in short transactions. It
	// returns how many it deleted and where to go on; next is "" at the end.
	DeleteExpired(ctx context.Context, before time.Time, cursor string, limit int) (deleted int, next string, err error)
}
