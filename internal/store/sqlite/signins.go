package sqlite

import (
	"bytes"
	"context"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

var _ store.SignIns = (*Engine)(nil)

// ticketColumns are what scanTicket reads.
const ticketColumns = `hash, person_id, kind, created_at, seen_at, expires_at, document`

// signInWriter are the statements that change tickets and attempts.
type signInWriter struct {
	add, take, touch, drop, expire *statement
	first, another, forget, sweep  *statement
}

func (s *signInWriter) statements() []preparation {
	return []preparation{
		{&s.add, `INSERT INTO tickets (` + ticketColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`},
		{&s.take, `DELETE FROM tickets WHERE hash = ? RETURNING ` + ticketColumns},
		{&s.touch, `UPDATE tickets SET seen_at = ?2, expires_at = ?3 WHERE hash = ?1`},
		{&s.drop, `DELETE FROM tickets WHERE person_id IS ?1 AND kind = ?2 AND hash <> ?3`},
		{&s.expire, `DELETE FROM tickets WHERE hash IN (SELECT hash FROM tickets WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)`},
		{&s.first, `INSERT INTO attempts (hash, count, at) VALUES (?1, ?3, ?4)
			ON CONFLICT DO UPDATE SET count = excluded.count, at = excluded.at WHERE count = 0`},
		{&s.another, `UPDATE attempts SET count = ?3, at = ?4 WHERE hash = ?1 AND count = ?2`},
		{&s.forget, `DELETE FROM attempts WHERE hash = ?`},
		{&s.sweep, `DELETE FROM attempts WHERE hash IN (SELECT hash FROM attempts WHERE at < ?1 ORDER BY at LIMIT ?2)`},
	}
}

// signInReader are the statements that read them.
type signInReader struct{ ticket, of, attempts *statement }

func (s *signInReader) statements() []preparation {
	return []preparation{
		{&s.ticket, `SELECT ` + ticketColumns + ` FROM tickets WHERE hash = ?`},
		{&s.of, `SELECT ` + ticketColumns + ` FROM tickets WHERE person_id IS ?1 AND kind = ?2 ORDER BY created_at DESC, hash LIMIT ?3`},
		{&s.attempts, `SELECT count, at FROM attempts WHERE hash = ?`},
	}
}

// ticketHolder binds the person of a ticket; nobody is NULL.
func ticketHolder(q *statement, at int, personID string) *statement {
	var id identifier
	return q.optionalID(at, &id, parseIdentifier(personID, &id))
}

// AddTicket is store.SignIns's.
func (e *Engine) AddTicket(ctx context.Context, t store.Ticket) error {
	var id identifier
	if t.PersonID != "" && !parseIdentifier(t.PersonID, &id) {
		return errIdentifier
	}
	added, err := e.writeRow(ctx, func(w *writer) *statement {
		return ticketHolder(w.signIns.add.blob(1, t.Hash[:]), 2, t.PersonID).text(3, t.Kind).integer(4, t.CreatedAt.UnixMilli()).
			integer(5, t.SeenAt.UnixMilli()).integer(6, t.ExpiresAt.UnixMilli()).blob(7, t.Document)
	})
	if err == nil && !added {
		return store.ErrConflict
	}
	return err
}

// Ticket is store.SignIns's.
func (e *Engine) Ticket(ctx context.Context, hash store.SecretHash) (ticket store.Ticket, err error) {
	err = e.read(ctx, func(r *reader) error {
		found, err := single(r.signIns.ticket.blob(1, hash[:]), func(q *statement) { ticket = scanTicket(q) })
		return orNotFound(found, err)
	})
	return ticket, err
}

// TakeTicket is store.SignIns's.
func (e *Engine) TakeTicket(ctx context.Context, hash store.SecretHash) (ticket store.Ticket, err error) {
	found := false
	err = e.write(ctx, func(w *writer) (err error) {
		found, err = single(w.signIns.take.blob(1, hash[:]), func(q *statement) { ticket = scanTicket(q) })
		return err
	})
	return ticket, orNotFound(found, err)
}

// TouchTicket is store.SignIns's.
func (e *Engine) TouchTicket(ctx context.Context, hash store.SecretHash, seenAt, expiresAt time.Time) error {
	found, err := e.writeRow(ctx, func(w *writer) *statement {
		return w.signIns.touch.blob(1, hash[:]).integer(2, seenAt.UnixMilli()).integer(3, expiresAt.UnixMilli())
	})
	return orNotFound(found, err)
}

// TicketsOf is store.SignIns's.
func (e *Engine) TicketsOf(ctx context.Context, personID, kind string, limit int) (listed []store.Ticket, err error) {
	err = e.read(ctx, func(r *reader) error {
		q := ticketHolder(r.signIns.of, 1, personID).text(2, kind).integer(3, int64(limit))
		for q.row() {
			listed = append(listed, scanTicket(q))
		}
		return q.reset()
	})
	return listed, err
}

// DropTickets is store.SignIns's.
func (e *Engine) DropTickets(ctx context.Context, personID, kind string, keep store.SecretHash) error {
	return e.write(ctx, func(w *writer) error {
		return ticketHolder(w.signIns.drop, 1, personID).text(2, kind).blob(3, keep[:]).run()
	})
}

// DeleteExpiredTickets is store.SignIns's.
func (e *Engine) DeleteExpiredTickets(ctx context.Context, before time.Time, limit int) (int, error) {
	return e.deleteOld(ctx, func(w *writer) *statement { return w.signIns.expire }, before, limit)
}

// deleteOld runs a deletion by time and limit.
func (e *Engine) deleteOld(ctx context.Context, deletion func(*writer) *statement, before time.Time, limit int) (deleted int, err error) {
	err = e.write(ctx, func(w *writer) error {
		err := deletion(w).integer(1, before.UnixMilli()).integer(2, int64(limit)).run()
		deleted = int(w.conn.changed())
		return err
	})
	return deleted, err
}

// Attempts is store.SignIns's.
func (e *Engine) Attempts(ctx context.Context, key store.SecretHash) (attempts store.Attempts, err error) {
	err = e.read(ctx, func(r *reader) error {
		_, err := single(r.signIns.attempts.blob(1, key[:]), func(q *statement) {
			attempts = store.Attempts{Count: q.columnInteger(0), At: q.columnTime(1)}
		})
		return err
	})
	return attempts, err
}

// SetAttempts is store.SignIns's.
func (e *Engine) SetAttempts(ctx context.Context, key store.SecretHash, expected int64, made store.Attempts) error {
	counted, err := e.writeRow(ctx, func(w *writer) *statement {
		if expected == 0 {
			return w.signIns.first.blob(1, key[:]).integer(3, made.Count).integer(4, made.At.UnixMilli())
		}
		return w.signIns.another.blob(1, key[:]).integer(2, expected).integer(3, made.Count).integer(4, made.At.UnixMilli())
	})
	if err == nil && !counted {
		return store.ErrConflict
	}
	return err
}

// ForgetAttempts is store.SignIns's.
func (e *Engine) ForgetAttempts(ctx context.Context, key store.SecretHash) error {
	return e.write(ctx, func(w *writer) error { return w.signIns.forget.blob(1, key[:]).run() })
}

// DeleteAttempts is store.SignIns's.
func (e *Engine) DeleteAttempts(ctx context.Context, before time.Time, limit int) (int, error) {
	return e.deleteOld(ctx, func(w *writer) *statement { return w.signIns.sweep }, before, limit)
}

func scanTicket(q *statement) store.Ticket {
	return store.Ticket{
		Hash: store.SecretHash(q.columnBlob(0)), PersonID: identifierText(q.columnBlob(1)), Kind: q.columnText(2),
		CreatedAt: q.columnTime(3), SeenAt: q.columnTime(4), ExpiresAt: q.columnTime(5), Document: bytes.Clone(q.columnBlob(6)),
	}
}
