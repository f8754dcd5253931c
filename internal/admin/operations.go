package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/credential"
	"github.com/kvitto/kvitto/internal/store"
)

// Merchant is a tenant.
type Merchant struct {
	ID         string    `json:"merchant_id"`
	Name       string    `json:"name"`
	CreatedAt  time.Time `json:"created_at"`
	DisabledAt time.Time `json:"disabled_at,omitzero"` // its keys open nothing since then
}

// Key is a credential. Its password is known when it is created and never
// again.
type Key struct {
	MerchantID string    `json:"merchant_id"`
	Username   string    `json:"username"`
	Password   string    `json:"password,omitzero"`
	CreatedAt  time.Time `json:"created_at"`
	RevokedAt  time.Time `json:"revoked_at,omitzero"`
}

// Operations are what an operator can do. An error says what to do next.
type Operations interface {
	AddMerchant(ctx context.Context, name string) (Merchant, error)
	Merchants(ctx context.Context) ([]Merchant, error)
	// SetDisabled disables a merchant or enables it again.
	SetDisabled(ctx context.Context, merchantID string, disabled bool) (Merchant, error)
	CreateKey(ctx context.Context, merchantID string) (Key, error)
	Keys(ctx context.Context, merchantID string) ([]Key, error)
	// RevokeKey ends a key. A second call changes nothing.
	RevokeKey(ctx context.Context, username string) error

	People(ctx context.Context) ([]Person, error)
	// Invite makes a link for a person, who is added when nobody has the address.
	Invite(ctx context.Context, invitation Invitation) (Invited, error)
	// SetPersonDisabled keeps a person out or lets them in again.
	SetPersonDisabled(ctx context.Context, email string, disabled bool) (Person, error)
	ReviewDesk
	ReplayDesk
	EraseDesk
	AssessmentDesk
}

// Direct works on a store.
type Direct struct {
	Tenants  store.Tenants
	Accounts *account.Accounts
	Now      func() time.Time
	URL      string // what browsers reach; links begin with it. Empty leaves it out
	ReviewDesk
	ReplayDesk
	EraseDesk
	AssessmentDesk
}

var _ Operations = Direct{}

// nameMax bounds the name of a merchant, in bytes.
const nameMax = 255

func (d Direct) now() time.Time { return d.Now().UTC().Truncate(time.Millisecond) }

// AddMerchant implements Operations.
func (d Direct) AddMerchant(ctx context.Context, name string) (Merchant, error) {
	if strings.TrimSpace(name) == "" || len(name) > nameMax || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return Merchant{}, fmt.Errorf("a merchant's name is a line of 1 to %d bytes", nameMax)
	}
	merchant := store.Merchant{ID: credential.NewMerchantID(), Name: name, CreatedAt: d.now()}
	if err := d.Tenants.AddMerchant(ctx, merchant); err != nil {
		return Merchant{}, fmt.Errorf("add merchant: %w", err)
	}
	return shown(merchant), nil
}

func shown(m store.Merchant) Merchant {
	return Merchant{ID: m.ID, Name: m.Name, CreatedAt: m.CreatedAt, DisabledAt: m.DisabledAt}
}

// Merchants implements Operations.
func (d Direct) Merchants(ctx context.Context) ([]Merchant, error) {
	stored, err := d.Tenants.Merchants(ctx)
	if err != nil {
		return nil, fmt.Errorf("merchants: %w", err)
	}
	all := make([]Merchant, len(stored))
	for i := range stored {
		all[i] = shown(stored[i])
	}
	return all, nil
}

// SetDisabled implements Operations.
func (d Direct) SetDisabled(ctx context.Context, merchantID string, disabled bool) (Merchant, error) {
	at := time.Time{}
	if disabled {
		at = d.now()
	}
	if err := d.Tenants.SetMerchantDisabled(ctx, merchantID, at); err != nil {
		return Merchant{}, unknownMerchant(merchantID, err)
	}
	all, err := d.Merchants(ctx)
	if err != nil {
		return Merchant{}, err
	}
	for _, merchant := range all {
		if merchant.ID == merchantID {
			return merchant, nil
		}
	}
	return Merchant{}, unknownMerchant(merchantID, store.ErrNotFound)
}

func unknownMerchant(merchantID string, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("no merchant has the id %q\nlist them with: kvitto merchant list", merchantID)
	}
	return fmt.Errorf("merchant %s: %w", merchantID, err)
}

// CreateKey implements Operations.
func (d Direct) CreateKey(ctx context.Context, merchantID string) (Key, error) {
	username, password := credential.New()
	key := store.Key{Username: username, MerchantID: merchantID, Hash: credential.Hash(password), CreatedAt: d.now()}
	if err := d.Tenants.AddKey(ctx, key); err != nil {
		return Key{}, unknownMerchant(merchantID, err)
	}
	return Key{MerchantID: merchantID, Username: username, Password: password, CreatedAt: key.CreatedAt}, nil
}

// Keys implements Operations.
func (d Direct) Keys(ctx context.Context, merchantID string) ([]Key, error) {
	stored, err := d.Tenants.Keys(ctx, merchantID)
	if err != nil {
		return nil, unknownMerchant(merchantID, err)
	}
	all := make([]Key, len(stored))
	for i, key := range stored {
		all[i] = Key{MerchantID: key.MerchantID, Username: key.Username, CreatedAt: key.CreatedAt, RevokedAt: key.RevokedAt}
	}
	return all, nil
}

// RevokeKey implements Operations.
func (d Direct) RevokeKey(ctx context.Context, username string) error {
	err := d.Tenants.RevokeKey(ctx, username, d.now())
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("no key has the user name %q\nlist them with: kvitto key list --merchant ID", username)
	}
	if err != nil {
		return fmt.Errorf("revoke key: %w", err)
	}
	return nil
}
