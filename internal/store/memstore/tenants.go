package memstore

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

// tenants are the merchants and their keys.
type tenants struct {
	merchants map[string]store.Merchant
	keys      map[string]store.Key // by user name
}

func newTenants() tenants {
	return tenants{merchants: map[string]store.Merchant{}, keys: map[string]store.Key{}}
}

// milliseconds is the time as an engine gives it back; zero stays zero.
func milliseconds(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Millisecond)
}

// AddMerchant is store.Tenants's.
func (e *Engine) AddMerchant(ctx context.Context, merchant store.Merchant) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	if _, known := e.tenants.merchants[merchant.ID]; known {
		return store.ErrConflict
	}
	merchant.CreatedAt, merchant.DisabledAt = milliseconds(merchant.CreatedAt), milliseconds(merchant.DisabledAt)
	e.tenants.merchants[merchant.ID] = merchant
	return nil
}

// Merchants is store.Tenants's.
func (e *Engine) Merchants(ctx context.Context) ([]store.Merchant, error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.mu.Unlock()
	return slices.SortedFunc(maps.Values(e.tenants.merchants), func(a, b store.Merchant) int { return strings.Compare(a.ID, b.ID) }), nil
}

// SetMerchantDisabled is store.Tenants's.
func (e *Engine) SetMerchantDisabled(ctx context.Context, merchantID string, at time.Time) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	merchant, err := found(e.tenants.merchants, merchantID)
	if err != nil {
		return err
	}
	merchant.DisabledAt = milliseconds(at)
	e.tenants.merchants[merchantID] = merchant
	return nil
}

// AddKey is store.Tenants's.
func (e *Engine) AddKey(ctx context.Context, key store.Key) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	if _, err := found(e.tenants.merchants, key.MerchantID); err != nil {
		return err
	}
	if _, known := e.tenants.keys[key.Username]; known {
		return store.ErrConflict
	}
	key.Hash = bytes.Clone(key.Hash)
	key.CreatedAt, key.RevokedAt = milliseconds(key.CreatedAt), milliseconds(key.RevokedAt)
	e.tenants.keys[key.Username] = key
	return nil
}

// Keys is store.Tenants's.
func (e *Engine) Keys(ctx context.Context, merchantID string) ([]store.Key, error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.mu.Unlock()
	if _, err := found(e.tenants.merchants, merchantID); err != nil {
		return nil, err
	}
	var keys []store.Key
	for _, key := range e.tenants.keys {
		if key.MerchantID == merchantID {
			key.Hash = bytes.Clone(key.Hash)
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b store.Key) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.Username, b.Username))
	})
	return keys, nil
}

// RevokeKey is store.Tenants's.
func (e *Engine) RevokeKey(ctx context.Context, username string, at time.Time) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	key, err := found(e.tenants.keys, username)
	if err != nil {
		return err
	}
	if key.RevokedAt.IsZero() {
		key.RevokedAt = milliseconds(at)
		e.tenants.keys[username] = key
	}
	return nil
}

// Credential is store.Tenants's.
func (e *Engine) Credential(ctx context.Context, username string) (store.Key, store.Merchant, error) {
	if err := e.enter(ctx); err != nil {
		return store.Key{}, store.Merchant{}, err
	}
	defer e.mu.Unlock()
	key, err := found(e.tenants.keys, username)
	if err != nil {
		return store.Key{}, store.Merchant{}, err
	}
	key.Hash = bytes.Clone(key.Hash)
	return key, e.tenants.merchants[key.MerchantID], nil
}
