package sqlite

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

var _ store.Audit = (*Engine)(nil)

const auditColumns = `audit_id, at, person_id, person, action, subject, merchant_id, address`

// auditWriter are the statements that change the audit.
type auditWriter struct{ add, sweep *statement }

func (a *auditWriter) statements() []preparation {
	return []preparation{
		{&a.add, `INSERT INTO audit (` + auditColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`},
		{&a.sweep, `DELETE FROM audit WHERE audit_id IN (SELECT audit_id FROM audit WHERE at < ?1 ORDER BY at LIMIT ?2)`},
	}
}

// auditReader are the statements that read it.
type auditReader struct{ all, ofMerchant *statement }

func (a *auditReader) statements() []preparation {
	const from, order = `SELECT ` + auditColumns + ` FROM audit WHERE (at, audit_id) < (?1, ?2)`, ` ORDER BY at DESC, audit_id DESC LIMIT ?3`
	return []preparation{{&a.all, from + order}, {&a.ofMerchant, from + ` AND merchant_id = ?4` + order}}
}

// AddAudit is store.Audit's.
func (e *Engine) AddAudit(ctx context.Context, entry store.AuditEntry) error {
	var id identifier
	if !parseIdentifier(entry.ID, &id) {
		return errIdentifier
	}
	added, err := e.writeRow(ctx, func(w *writer) *statement {
		return w.audit.add.blob(1, id[:]).integer(2, entry.At.UnixMilli()).text(3, entry.PersonID).text(4, entry.Person).
			text(5, entry.Action).text(6, entry.Subject).text(7, entry.MerchantID).text(8, entry.Address)
	})
	if err == nil && !added {
		return store.ErrConflict
	}
	return err
}

// AuditEntries is store.Audit's.
func (e *Engine) AuditEntries(ctx context.Context, filter store.AuditFilter) (listed []store.AuditEntry, err error) {
	if filter.Limit < 1 {
		return nil, fmt.Errorf("sqlite: the limit %d is not positive", filter.Limit)
	}
	var id identifier
	at := int64(math.MaxInt64)
	if !filter.BeforeAt.IsZero() {
		at = filter.BeforeAt.UnixMilli()
		if !parseIdentifier(filter.BeforeID, &id) {
			return nil, errIdentifier
		}
	}
	err = e.read(ctx, func(r *reader) error {
		q := r.audit.all
		if !filter.Everything {
			q = r.audit.ofMerchant.text(4, filter.MerchantID)
		}
		for q.integer(1, at).blob(2, id[:]).integer(3, int64(filter.Limit)); q.row(); {
			listed = append(listed, store.AuditEntry{
				ID: identifierText(q.columnBlob(0)), At: q.columnTime(1), PersonID: q.columnText(2), Person: q.columnText(3),
				Action: q.columnText(4), Subject: q.columnText(5), MerchantID: q.columnText(6), Address: q.columnText(7),
			})
		}
		return q.reset()
	})
	return listed, err
}

// DeleteAudit is store.Audit's.
func (e *Engine) DeleteAudit(ctx context.Context, before time.Time, limit int) (int, error) {
	return e.deleteOld(ctx, func(w *writer) *statement { return w.audit.sweep }, before, limit)
}
