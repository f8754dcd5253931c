package postgres

import (
	"context"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/store"
)

var _ store.Audit = (*Engine)(nil)

const findAudit = `SELECT audit_id, at, person_id, person, action, subject, merchant_id, address FROM audit WHERE (at, audit_id) < ($1, $2::uuid)`

// AddAudit is store.Audit's.
func (e *Engine) AddAudit(ctx context.Context, entry store.AuditEntry) error {
	var id [16]byte
	if !identifier.Parse(entry.ID, &id) {
		return errIdentifier
	}
	for _, text := range []string{entry.PersonID, entry.Person, entry.Action, entry.Subject, entry.MerchantID, entry.Address} {
		if !storable(text) {
			return errText
		}
	}
	return e.insert(ctx, `INSERT INTO audit (audit_id, change_id, at, person_id, person, action, subject, merchant_id, address)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`, `SELECT change_id = $2 FROM audit WHERE audit_id = $1`,
		id, newChangeNames().at(0), entry.At.UnixMilli(), entry.PersonID, entry.Person, entry.Action, entry.Subject, entry.MerchantID, entry.Address)
}

// AuditEntries is store.Audit's.
func (e *Engine) AuditEntries(ctx context.Context, filter store.AuditFilter) ([]store.AuditEntry, error) {
	if filter.Limit < 1 {
		return nil, errLimit
	}
	var before [16]byte
	at := int64(math.MaxInt64)
	if !filter.BeforeAt.IsZero() {
		at = filter.BeforeAt.UnixMilli()
		if !identifier.Parse(filter.BeforeID, &before) {
			return nil, errIdentifier
		}
	}
	const order = ` ORDER BY at DESC, audit_id DESC LIMIT $3`
	query, parameters := findAudit+order, []any{at, before, filter.Limit}
	if !filter.Everything {
		query, parameters = findAudit+` AND merchant_id = $4`+order, append(parameters, filter.MerchantID)
	}
	return list(ctx, e, storable(filter.MerchantID), query, parameters, func(rows pgx.Rows) (entry store.AuditEntry, err error) {
		var id pgtype.UUID
		var at int64
		err = rows.Scan(&id, &at, &entry.PersonID, &entry.Person, &entry.Action, &entry.Subject, &entry.MerchantID, &entry.Address)
		entry.ID, entry.At = textOf(id), timeOf(at)
		return entry, err
	})
}

// DeleteAudit is store.Audit's.
func (e *Engine) DeleteAudit(ctx context.Context, before time.Time, limit int) (int, error) {
	return e.deleteOld(ctx, `DELETE FROM audit WHERE audit_id IN (SELECT audit_id FROM audit WHERE at < $1 ORDER BY at LIMIT $2)
		AND at < $1`, before, limit)
}
