package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/store"
)

var _ store.SignIns = (*Engine)(nil)

const (
	findTickets = `SELECT hash, person_id, kind, created_at, seen_at, expires_at, document FROM tickets WHERE `

	takeTicket = `UPDATE tickets SET taken_by = $2 WHERE hash = $1 AND taken_by IS NULL`

	// Run twice they are the same: the second time the count is not the expected one
	// any more, or is written again.
	setFirst = `INSERT INTO attempts (hash, change_id, count, at) SELECT $1::bytea, $2::uuid, $4::bigint, $5::bigint WHERE $3::bigint = 0
		ON CONFLICT (hash) DO UPDATE SET change_id = excluded.change_id, count = excluded.count, at = excluded.at WHERE attempts.count = 0`
	setAnother = `UPDATE attempts SET change_id = $2, count = $4, at = $5 WHERE hash = $1 AND count = $3`
)

// holderOf is the person of a ticket; nobody is NULL.
func holderOf(personID string) (id pgtype.UUID, ok bool) {
	id.Valid = identifier.Parse(personID, &id.Bytes)
	return id, id.Valid || personID == ""
}

// AddTicket is store.SignIns's.
func (e *Engine) AddTicket(ctx context.Context, t store.Ticket) error {
	person, ok := holderOf(t.PersonID)
	if !ok {
		return errIdentifier
	}
	if !storable(t.Kind) {
		return errText
	}
	return e.insert(ctx, `INSERT INTO tickets (hash, change_id, person_id, kind, created_at, seen_at, expires_at, document)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`, `SELECT change_id = $2 FROM tickets WHERE hash = $1`,
		t.Hash[:], newChangeNames().at(0), person, t.Kind, t.CreatedAt.UnixMilli(), t.SeenAt.UnixMilli(), t.ExpiresAt.UnixMilli(), notNull(t.Document))
}

// Ticket is store.SignIns's.
func (e *Engine) Ticket(ctx context.Context, hash store.SecretHash) (store.Ticket, error) {
	found, err := e.tickets(ctx, `hash = $1 AND taken_by IS NULL`, hash[:])
	return only(found, err)
}

func (e *Engine) tickets(ctx context.Context, condition string, parameters ...any) ([]store.Ticket, error) {
	return list(ctx, e, true, findTickets+condition, parameters, func(rows pgx.Rows) (store.Ticket, error) {
		var t store.Ticket
		var hash []byte
		var person pgtype.UUID
		var created, seen, expires int64
		err := rows.Scan(&hash, &person, &t.Kind, &created, &seen, &expires, &t.Document)
		copy(t.Hash[:], hash)
		t.PersonID, t.CreatedAt, t.SeenAt, t.ExpiresAt = textOf(person), timeOf(created), timeOf(seen), timeOf(expires)
		return t, err
	})
}

// TakeTicket is store.SignIns's. The row stays with the name of who took it, so
// that one whose answer was lost finds that it was he.
func (e *Engine) TakeTicket(ctx context.Context, hash store.SecretHash) (store.Ticket, error) {
	change := newChangeNames().at(0)
	err := e.change(ctx, func(p *pipeline) { p.exec(takeTicket, hash[:], change) })
	if err != nil {
		return store.Ticket{}, err
	}
	found, err := e.tickets(ctx, `hash = $1 AND taken_by = $2`, hash[:], change)
	return only(found, err)
}

// TouchTicket is store.SignIns's.
func (e *Engine) TouchTicket(ctx context.Context, hash store.SecretHash, seenAt, expiresAt time.Time) error {
	touched := int64(0)
	err := e.change(ctx, func(p *pipeline) {
		p.count(&touched, `UPDATE tickets SET seen_at = $2, expires_at = $3 WHERE hash = $1 AND taken_by IS NULL`,
			hash[:], seenAt.UnixMilli(), expiresAt.UnixMilli())
	})
	if err == nil && touched == 0 {
		return store.ErrNotFound
	}
	return err
}

// TicketsOf is store.SignIns's.
func (e *Engine) TicketsOf(ctx context.Context, personID, kind string, limit int) ([]store.Ticket, error) {
	person, ok := holderOf(personID)
	if !ok || !storable(kind) {
		return nil, nil
	}
	if personID == "" {
		return e.tickets(ctx, `person_id IS NULL AND kind = $1 AND taken_by IS NULL ORDER BY created_at DESC, hash LIMIT $2`, kind, limit)
	}
	return e.tickets(ctx, `person_id = $1 AND kind = $2 AND taken_by IS NULL ORDER BY created_at DESC, hash LIMIT $3`, person, kind, limit)
}

// DropTickets is store.SignIns's.
func (e *Engine) DropTickets(ctx context.Context, personID, kind string, keep store.SecretHash) error {
	person, ok := holderOf(personID)
	if !ok || !storable(kind) {
		return nil
	}
	return e.change(ctx, func(p *pipeline) {
		if personID == "" {
			p.exec(`DELETE FROM tickets WHERE person_id IS NULL AND kind = $1 AND hash <> $2`, kind, keep[:])
			return
		}
		p.exec(`DELETE FROM tickets WHERE person_id = $1 AND kind = $2 AND hash <> $3`, person, kind, keep[:])
	})
}

// DeleteExpiredTickets is store.SignIns's.
func (e *Engine) DeleteExpiredTickets(ctx context.Context, before time.Time, limit int) (int, error) {
	return e.deleteOld(ctx, `DELETE FROM tickets WHERE hash IN (SELECT hash FROM tickets WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)
		AND expires_at < $1`, before, limit)
}

// deleteOld runs a deletion by time and limit. After an answer that was lost it
// may delete more, and tells of those alone.
func (e *Engine) deleteOld(ctx context.Context, deletion string, before time.Time, limit int) (int, error) {
	deleted := int64(0)
	err := e.change(ctx, func(p *pipeline) { p.count(&deleted, deletion, before.UnixMilli(), limit) })
	return int(deleted), err
}

// Attempts is store.SignIns's.
func (e *Engine) Attempts(ctx context.Context, key store.SecretHash) (store.Attempts, error) {
	found, err := list(ctx, e, true, `SELECT count, at FROM attempts WHERE hash = $1`, []any{key[:]}, func(rows pgx.Rows) (a store.Attempts, err error) {
		var at int64
		err = rows.Scan(&a.Count, &at)
		a.At = timeOf(at)
		return a, err
	})
	if err != nil || len(found) == 0 {
		return store.Attempts{}, err
	}
	return found[0], nil
}

// SetAttempts is store.SignIns's.
func (e *Engine) SetAttempts(ctx context.Context, key store.SecretHash, expected int64, made store.Attempts) error {
	set := setAnother
	if expected == 0 {
		set = setFirst
	}
	return e.insert(ctx, set, `SELECT change_id = $2 FROM attempts WHERE hash = $1`, key[:], newChangeNames().at(0), expected, made.Count, made.At.UnixMilli())
}

// ForgetAttempts is store.SignIns's.
func (e *Engine) ForgetAttempts(ctx context.Context, key store.SecretHash) error {
	return e.change(ctx, func(p *pipeline) { p.exec(`DELETE FROM attempts WHERE hash = $1`, key[:]) })
}

// DeleteAttempts is store.SignIns's.
func (e *Engine) DeleteAttempts(ctx context.Context, before time.Time, limit int) (int, error) {
	return e.deleteOld(ctx, `DELETE FROM attempts WHERE hash IN (SELECT hash FROM attempts WHERE at < $1 ORDER BY at LIMIT $2)
		AND at < $1`, before, limit)
}
