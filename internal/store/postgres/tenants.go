package postgres

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kvitto/kvitto/internal/store"
)

// EnsureMerchant makes a merchant known. A known one costs a read only.
func (e *Engine) EnsureMerchant(ctx context.Context, merchantID string, now time.Time) error {
	if err := e.mustKnow(ctx, merchantID); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	err := e.AddMerchant(ctx, store.Merchant{ID: merchantID, CreatedAt: now})
	if errors.Is(err, store.ErrConflict) {
		return nil // another caller was first
	}
	return err
}

// mustKnow is ErrNotFound for an unknown merchant.
func (e *Engine) mustKnow(ctx context.Context, merchantID string) error {
	return e.readByText(ctx, `SELECT 1 FROM merchants WHERE merchant_id = $1`, merchantID, func(pgx.Rows) error { return nil })
}

// readByText scans the rows of a query by a text; a text that no column holds
// is not found.
func (e *Engine) readByText(ctx context.Context, query, key string, scan func(pgx.Rows) error) error {
	return e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		if !storable(key) {
			return store.ErrNotFound
		}
		return each(ctx, conn, query, []any{key}, scan)
	})
}

// AddMerchant adds a merchant.
func (e *Engine) AddMerchant(ctx context.Context, merchant store.Merchant) error {
	if !storable(merchant.ID) || !storable(merchant.Name) {
		return errText
	}
	return e.insert(ctx, `INSERT INTO merchants (merchant_id, change_id, name, created_at, disabled_at)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		`SELECT change_id = $2 FROM merchants WHERE merchant_id = $1`,
		merchant.ID, newChangeNames().at(0), merchant.Name, merchant.CreatedAt.UnixMilli(), optional(merchant.DisabledAt))
}

// Merchants returns all merchants by id.
func (e *Engine) Merchants(ctx context.Context) ([]store.Merchant, error) {
	var merchants []store.Merchant
	err := e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		merchants = nil
		return each(ctx, conn, `SELECT merchant_id, name, created_at, disabled_at FROM merchants`, nil, func(rows pgx.Rows) error {
			var m merchantColumns
			if err := rows.Scan(m.columns()...); err != nil {
				return err
			}
			merchants = append(merchants, m.merchant())
			return nil
		})
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	// The database may sort by the rules of a language.
	slices.SortFunc(merchants, func(a, b store.Merchant) int { return strings.Compare(a.ID, b.ID) })
	return merchants, nil
}

// SetMerchantDisabled notes since when the merchant is disabled.
func (e *Engine) SetMerchantDisabled(ctx context.Context, merchantID string, at time.Time) error {
	return e.update(ctx, `UPDATE merchants SET disabled_at = $2 WHERE merchant_id = $1`, merchantID, optional(at))
}

// update changes the row of a key; doing it twice is doing it once.
func (e *Engine) update(ctx context.Context, statement, key string, value any) error {
	if !storable(key) {
		return store.ErrNotFound
	}
	changed := int64(0)
	err := e.change(ctx, func(p *pipeline) {
		p.count(&changed, statement, key, value)
	})
	if err == nil && changed == 0 {
		return store.ErrNotFound
	}
	return err
}

// AddKey adds a key.
func (e *Engine) AddKey(ctx context.Context, key store.Key) error {
	if !storable(key.Username) {
		return errText
	}
	if err := e.mustKnow(ctx, key.MerchantID); err != nil { // merchants are never deleted
		return err
	}
	return e.insert(ctx, `INSERT INTO keys (username, change_id, merchant_id, hash, created_at, revoked_at)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		`SELECT change_id = $2 FROM keys WHERE username = $1`,
		key.Username, newChangeNames().at(0), key.MerchantID, key.Hash, key.CreatedAt.UnixMilli(), optional(key.RevokedAt))
}

// Keys returns the merchant's keys by time of creation and user name.
func (e *Engine) Keys(ctx context.Context, merchantID string) ([]store.Key, error) {
	if err := e.mustKnow(ctx, merchantID); err != nil {
		return nil, err
	}
	var keys []store.Key
	err := e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		keys = nil
		return each(ctx, conn, `SELECT username, merchant_id, hash, created_at, revoked_at FROM keys WHERE merchant_id = $1`,
			[]any{merchantID}, func(rows pgx.Rows) error {
				var k keyColumns
				if err := rows.Scan(k.columns()...); err != nil {
					return err
				}
				keys = append(keys, k.key())
				return nil
			})
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	slices.SortFunc(keys, func(a, b store.Key) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.Username, b.Username))
	})
	return keys, nil
}

// RevokeKey notes when the key was revoked; a second call changes nothing.
func (e *Engine) RevokeKey(ctx context.Context, username string, at time.Time) error {
	return e.update(ctx, `UPDATE keys SET revoked_at = coalesce(revoked_at, $2) WHERE username = $1`, username, at.UnixMilli())
}

// Credential returns the key of a user name and its merchant.
func (e *Engine) Credential(ctx context.Context, username string) (key store.Key, merchant store.Merchant, err error) {
	err = e.readByText(ctx, `SELECT k.username, k.merchant_id, k.hash, k.created_at, k.revoked_at,
		m.merchant_id, m.name, m.created_at, m.disabled_at
		FROM keys k JOIN merchants m ON m.merchant_id = k.merchant_id WHERE k.username = $1`, username, func(rows pgx.Rows) error {
		var k keyColumns
		var m merchantColumns
		if err := rows.Scan(append(k.columns(), m.columns()...)...); err != nil {
			return err
		}
		key, merchant = k.key(), m.merchant()
		return nil
	})
	return key, merchant, err
}

type merchantColumns struct {
	id, name   string
	createdAt  int64
	disabledAt pgtype.Int8
}

func (c *merchantColumns) columns() []any { return []any{&c.id, &c.name, &c.createdAt, &c.disabledAt} }

func (c *merchantColumns) merchant() store.Merchant {
	return store.Merchant{ID: c.id, Name: c.name, CreatedAt: timeOf(c.createdAt), DisabledAt: optionalTime(c.disabledAt)}
}

type keyColumns struct {
	username, merchantID string
	hash                 []byte
	createdAt            int64
	revokedAt            pgtype.Int8
}

func (c *keyColumns) columns() []any {
	return []any{&c.username, &c.merchantID, &c.hash, &c.createdAt, &c.revokedAt}
}

func (c *keyColumns) key() store.Key {
	return store.Key{
		Username: c.username, MerchantID: c.merchantID, Hash: c.hash,
		CreatedAt: timeOf(c.createdAt), RevokedAt: optionalTime(c.revokedAt),
	}
}
