package sqlite

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

// EnsureMerchant makes a merchant known. A known one costs a read only.
func (e *Engine) EnsureMerchant(ctx context.Context, merchantID string, now time.Time) error {
	known, err := e.knowsMerchant(ctx, merchantID)
	if err != nil || known {
		return err
	}
	err = e.AddMerchant(ctx, store.Merchant{ID: merchantID, CreatedAt: now})
	if errors.Is(err, store.ErrConflict) {
		return nil // another caller was first
	}
	return err
}

func (e *Engine) knowsMerchant(ctx context.Context, merchantID string) (known bool, err error) {
	err = e.read(ctx, func(r *reader) error {
		known, err = single(r.merchant.text(1, merchantID), func(*statement) {})
		return err
	})
	return known, err
}

// AddMerchant is store.Tenants's.
func (e *Engine) AddMerchant(ctx context.Context, merchant store.Merchant) error {
	added, err := e.writeRow(ctx, func(w *writer) *statement {
		return w.addMerchant.text(1, merchant.ID).text(2, merchant.Name).integer(3, merchant.CreatedAt.UnixMilli()).
			optionalTime(4, merchant.DisabledAt)
	})
	if err == nil && !added {
		return store.ErrConflict
	}
	return err
}

// Merchants is store.Tenants's.
func (e *Engine) Merchants(ctx context.Context) ([]store.Merchant, error) {
	var merchants []store.Merchant
	err := e.read(ctx, func(r *reader) error {
		for r.merchants.row() {
			merchants = append(merchants, store.Merchant{
				ID: r.merchants.columnText(0), Name: r.merchants.columnText(1),
				CreatedAt: r.merchants.columnTime(2), DisabledAt: r.merchants.columnTime(3),
			})
		}
		return r.merchants.reset()
	})
	return merchants, err
}

// SetMerchantDisabled is store.Tenants's.
func (e *Engine) SetMerchantDisabled(ctx context.Context, merchantID string, at time.Time) error {
	found, err := e.writeRow(ctx, func(w *writer) *statement { return w.setDisabled.text(1, merchantID).optionalTime(2, at) })
	return orNotFound(found, err)
}

// AddKey is store.Tenants's.
func (e *Engine) AddKey(ctx context.Context, key store.Key) error {
	added, err := e.writeRow(ctx, func(w *writer) *statement {
		return w.addKey.text(1, key.Username).text(2, key.MerchantID).blob(3, key.Hash).
			integer(4, key.CreatedAt.UnixMilli()).optionalTime(5, key.RevokedAt)
	})
	if err != nil || added {
		return err
	}
	// Merchants are never deleted, so asking afterwards tells why.
	known, err := e.knowsMerchant(ctx, key.MerchantID)
	if err == nil && known {
		return store.ErrConflict
	}
	return orNotFound(known, err)
}

// Keys is store.Tenants's.
func (e *Engine) Keys(ctx context.Context, merchantID string) ([]store.Key, error) {
	known, err := e.knowsMerchant(ctx, merchantID)
	if err := orNotFound(known, err); err != nil {
		return nil, err
	}
	var keys []store.Key
	err = e.read(ctx, func(r *reader) error {
		q := r.keys.text(1, merchantID)
		for q.row() {
			keys = append(keys, scanKey(q))
		}
		return q.reset()
	})
	return keys, err
}

// RevokeKey is store.Tenants's.
func (e *Engine) RevokeKey(ctx context.Context, username string, at time.Time) error {
	found, err := e.writeRow(ctx, func(w *writer) *statement { return w.revokeKey.text(1, username).integer(2, at.UnixMilli()) })
	return orNotFound(found, err)
}

// Credential is store.Tenants's.
func (e *Engine) Credential(ctx context.Context, username string) (key store.Key, merchant store.Merchant, err error) {
	err = e.read(ctx, func(r *reader) error {
		found, err := single(r.credential.text(1, username), func(q *statement) {
			key = scanKey(q)
			merchant = store.Merchant{ID: key.MerchantID, Name: q.columnText(5), CreatedAt: q.columnTime(6), DisabledAt: q.columnTime(7)}
		})
		return orNotFound(found, err)
	})
	return key, merchant, err
}

func scanKey(q *statement) store.Key {
	return store.Key{
		Username: q.columnText(0), MerchantID: q.columnText(1), Hash: bytes.Clone(q.columnBlob(2)),
		CreatedAt: q.columnTime(3), RevokedAt: q.columnTime(4),
	}
}

// writeRow runs a statement that changes at most one row and tells whether it
// did.
func (e *Engine) writeRow(ctx context.Context, bind func(*writer) *statement) (changed bool, err error) {
	err = e.write(ctx, func(w *writer) error {
		if err := bind(w).run(); err != nil {
			return err
		}
		changed = w.conn.changed() > 0
		return nil
	})
	return changed, err
}
