package sqlite

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

var _ store.Outbox = (*Engine)(nil)

// dueCallbacks are those that can be leased at the time ?1. Leases that have
// ended must have been taken away, or counted as such. ?3 is a list of merchants,
// as JSON, whose callbacks are not wanted.
const dueCallbacks = ` FROM callbacks c LEFT JOIN clocks k ON k.merchant_id = c.merchant_id
	WHERE c.state = 'waiting' AND (c.lease IS NULL OR c.leased_until <= ?1)
	AND c.due_at <= ?1 + coalesce(k.advance_ns, 0) / 1000000
	AND c.merchant_id NOT IN (SELECT value FROM json_each(?3))
	AND (c.released = 1 OR NOT EXISTS (SELECT 1 FROM callback_holds h WHERE h.merchant_id = c.merchant_id))
	AND NOT EXISTS (SELECT 1 FROM callbacks o WHERE o.session_id = c.session_id AND o.kind = c.kind AND o.number <> c.number
		AND (o.leased_until > ?1 OR (o.state = 'waiting'
			AND (o.released > c.released OR (o.released = c.released AND o.revision < c.revision)))))
	ORDER BY c.due_at, c.number LIMIT ?2`

// callbackColumns are what scanCallback reads.
const callbackColumns = `callback_id, session_id, revision, merchant_id, kind, url, body, created_at, state, due_at, attempts,
	released, lease IS NOT NULL, answer`

// endAllLeases takes the leases of a process that has ended, so that a start
// does not wait for their time.
const endAllLeases = `UPDATE callbacks SET lease = NULL, leased_until = NULL WHERE lease IS NOT NULL`

// outboxWriter are the statements that change the outbox.
type outboxWriter struct {
	add, drop                   *statement
	endLeases, find, lease      *statement
	finish                      *statement
	hold, unhold                *statement
	release, replay, dropByHand *statement
	delay, note                 *statement
}

func (o *outboxWriter) statements() []preparation {
	return []preparation{
		{&o.add, `INSERT INTO callbacks (callback_id, session_id, revision, merchant_id, kind, url, body, created_at, state, due_at)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'waiting', coalesce(?9, ?8))`},
		{&o.drop, `DELETE FROM callbacks WHERE session_id = (SELECT session_id FROM sessions WHERE number = ?)`},
		{&o.endLeases, `UPDATE callbacks SET lease = NULL, leased_until = NULL WHERE lease IS NOT NULL AND leased_until <= ?`},
		{&o.find, `SELECT c.number, c.merchant_id` + dueCallbacks},
		{&o.lease, `UPDATE callbacks SET lease = ?2, leased_until = ?3 WHERE number = ?1 RETURNING ` + callbackColumns},
		{&o.finish, `UPDATE callbacks SET lease = NULL, leased_until = NULL, state = ?3, due_at = coalesce(?4, due_at),
			attempts = attempts + 1, answer = ?5 WHERE callback_id = ?1 AND lease = ?2`},
		{&o.hold, `INSERT INTO callback_holds (merchant_id) VALUES (?) ON CONFLICT DO NOTHING`},
		{&o.unhold, `DELETE FROM callback_holds WHERE merchant_id = ?`},
		{&o.release, `UPDATE callbacks SET released = 1, due_at = ?2 WHERE callback_id = ?1 AND state = 'waiting'`},
		{&o.replay, `UPDATE callbacks SET state = 'waiting', released = 1, due_at = ?2, attempts = 0
			WHERE callback_id = ?1 AND state <> 'waiting'`},
		{&o.delay, `UPDATE callbacks SET due_at = ?2 WHERE callback_id = ?1 AND state = 'waiting' AND lease IS NULL`},
		{&o.note, `UPDATE callbacks SET answer = ?2 WHERE callback_id = ?1 AND state = 'waiting' AND lease IS NULL`},
		{&o.dropByHand, `UPDATE callbacks SET state = 'dropped' WHERE callback_id = ?1 AND state = 'waiting' AND lease IS NULL`},
	}
}

// outboxReader are the statements that read it.
type outboxReader struct {
	due, list, count, held, merchant *statement
}

func (o *outboxReader) statements() []preparation {
	return []preparation{
		{&o.due, `SELECT 1` + dueCallbacks},
		{&o.list, `SELECT ` + callbackColumns + ` FROM callbacks WHERE merchant_id = ?1 AND (?2 IS NULL OR session_id = ?2)
			AND (?3 IS NULL OR state = ?3) AND (?5 IS NULL OR callback_id = ?5) ORDER BY created_at DESC, session_id DESC, revision DESC LIMIT ?4`},
		{&o.count, `SELECT count(*) FROM callbacks WHERE state = 'waiting'`},
		{&o.held, `SELECT 1 FROM callback_holds WHERE merchant_id = ?`},
		{&o.merchant, `SELECT merchant_id FROM callbacks WHERE callback_id = ?`},
	}
}

// put writes the callback of a change; the ids of the change are read.
func (o *outboxWriter) put(c *store.Change, ids *changeIDs) error {
	at, body := c.Event.At.UnixMilli(), c.Callback.Body
	if body == nil {
		body = []byte{} // nil is NULL
	}
	return o.add.blob(1, ids.callback[:]).blob(2, ids.session[:]).integer(3, c.Session.Revision).text(4, c.Session.MerchantID).
		text(5, string(c.Callback.Kind)).text(6, c.Callback.URL).blob(7, body).integer(8, at).
		optionalTime(9, c.Callback.DueAt).run()
}

// ClaimCallbacks is store.Outbox's. Whether any is due is found by reading,
// beside the writers.
func (e *Engine) ClaimCallbacks(ctx context.Context, claim store.CallbackClaim) (claimed []store.Callback, err error) {
	var lease identifier
	if claim.Limit < 1 {
		return nil, fmt.Errorf("sqlite: the limit %d is not positive", claim.Limit)
	}
	if !parseIdentifier(claim.Lease, &lease) {
		return nil, errIdentifier
	}
	full, err := json.Marshal(claim.Full())
	if err != nil {
		return nil, err
	}
	due := false
	err = e.read(ctx, func(r *reader) (err error) {
		due, err = single(r.outbox.due.integer(1, claim.Now.UnixMilli()).integer(2, 1).text(3, string(full)), func(*statement) {})
		return err
	})
	if err != nil || !due {
		return nil, err
	}
	err = e.write(ctx, func(w *writer) (err error) {
		if err := w.begin.run(); err != nil {
			return err
		}
		if claimed, err = w.outbox.claim(&claim, string(full), &lease); err != nil {
			return err
		}
		return w.commit.run()
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

func (o *outboxWriter) claim(claim *store.CallbackClaim, full string, lease *identifier) (claimed []store.Callback, err error) {
	now := claim.Now.UnixMilli()
	if err := o.endLeases.integer(1, now).run(); err != nil {
		return nil, err
	}
	var numbers []int64
	taken := map[string]int{}
	q := o.find.integer(1, now).integer(2, int64(claim.Limit)).text(3, full)
	for q.row() {
		if merchant := q.columnText(1); taken[merchant] < claim.Room(merchant) {
			taken[merchant]++
			numbers = append(numbers, q.columnInteger(0))
		}
	}
	if err := q.reset(); err != nil {
		return nil, err
	}
	for _, number := range numbers {
		_, err := single(o.lease.integer(1, number).blob(2, lease[:]).integer(3, claim.Until.UnixMilli()), func(q *statement) {
			claimed = append(claimed, scanCallback(q))
		})
		if err != nil {
			return nil, err
		}
	}
	return claimed, nil
}

// FinishCallback is store.Outbox's.
func (e *Engine) FinishCallback(ctx context.Context, callbackID, lease string, end store.CallbackEnd) error {
	var id, name identifier
	if !parseIdentifier(callbackID, &id) || !parseIdentifier(lease, &name) {
		return store.ErrConflict
	}
	finished, err := e.writeRow(ctx, func(w *writer) *statement {
		q := w.outbox.finish.blob(1, id[:]).blob(2, name[:]).text(3, string(end.State)).optionalTime(4, end.DueAt)
		if end.Answer == nil {
			return q.null(5)
		}
		return q.blob(5, end.Answer)
	})
	if err == nil && !finished {
		return store.ErrConflict
	}
	return err
}

// Callbacks is store.Outbox's.
func (e *Engine) Callbacks(ctx context.Context, filter store.CallbackFilter) (found []store.Callback, err error) {
	if filter.Limit < 1 {
		return nil, fmt.Errorf("sqlite: the limit %d is not positive", filter.Limit)
	}
	var session, callback identifier
	if filter.SessionID != "" && !parseIdentifier(filter.SessionID, &session) || filter.CallbackID != "" && !parseIdentifier(filter.CallbackID, &callback) {
		return nil, e.usable(ctx)
	}
	err = e.read(ctx, func(r *reader) error {
		q := r.outbox.list.text(1, filter.MerchantID).optionalID(2, &session, filter.SessionID != "").
			optional(3, string(filter.State)).integer(4, int64(filter.Limit)).optionalID(5, &callback, filter.CallbackID != "")
		for q.row() {
			found = append(found, scanCallback(q))
		}
		return q.reset()
	})
	return found, err
}

// CountWaitingCallbacks is store.Outbox's.
func (e *Engine) CountWaitingCallbacks(ctx context.Context) (waiting int, err error) {
	err = e.read(ctx, func(r *reader) error {
		_, err := single(r.outbox.count, func(q *statement) { waiting = int(q.columnInteger(0)) })
		return err
	})
	return waiting, err
}

// HoldCallbacks is store.Outbox's.
func (e *Engine) HoldCallbacks(ctx context.Context, merchantID string, hold bool) error {
	_, err := e.writeRow(ctx, func(w *writer) *statement {
		if hold {
			return w.outbox.hold.text(1, merchantID)
		}
		return w.outbox.unhold.text(1, merchantID)
	})
	return err
}

// CallbacksHeld is store.Outbox's.
func (e *Engine) CallbacksHeld(ctx context.Context, merchantID string) (held bool, err error) {
	err = e.read(ctx, func(r *reader) (err error) {
		held, err = single(r.outbox.held.text(1, merchantID), func(*statement) {})
		return err
	})
	return held, err
}

// StepCallback is store.Outbox's.
func (e *Engine) StepCallback(ctx context.Context, merchantID, callbackID string, step store.CallbackStep, at time.Time) error {
	return e.changeCallback(ctx, merchantID, callbackID, func(w *writer, id []byte) *statement {
		switch step {
		case store.CallbackRelease:
			return w.outbox.release.blob(1, id).integer(2, at.UnixMilli())
		case store.CallbackReplay:
			return w.outbox.replay.blob(1, id).integer(2, at.UnixMilli())
		case store.CallbackDelay:
			return w.outbox.delay.blob(1, id).integer(2, at.UnixMilli())
		default:
			return w.outbox.dropByHand.blob(1, id)
		}
	})
}

// NoteCallback is store.Outbox's.
func (e *Engine) NoteCallback(ctx context.Context, merchantID, callbackID string, answer []byte) error {
	return e.changeCallback(ctx, merchantID, callbackID, func(w *writer, id []byte) *statement {
		return w.outbox.note.blob(1, id).blob(2, answer)
	})
}

// changeCallback changes a callback of the merchant by hand, if it is in a state
// that allows it.
func (e *Engine) changeCallback(ctx context.Context, merchantID, callbackID string, change func(w *writer, id []byte) *statement) error {
	var id identifier
	owned := false
	if parseIdentifier(callbackID, &id) {
		err := e.read(ctx, func(r *reader) error {
			_, err := single(r.outbox.merchant.blob(1, id[:]), func(q *statement) { owned = q.columnText(0) == merchantID })
			return err
		})
		if err != nil {
			return err
		}
	}
	if !owned {
		return store.ErrNotFound
	}
	done, err := e.writeRow(ctx, func(w *writer) *statement { return change(w, id[:]) })
	if err == nil && !done {
		return store.ErrConflict
	}
	return err
}

func scanCallback(q *statement) store.Callback {
	return store.Callback{
		ID: identifierText(q.columnBlob(0)), SessionID: identifierText(q.columnBlob(1)), Revision: q.columnInteger(2),
		MerchantID: q.columnText(3), Kind: checkout.CallbackKind(q.columnText(4)), URL: q.columnText(5), Body: bytes.Clone(q.columnBlob(6)),
		CreatedAt: q.columnTime(7), State: store.CallbackState(q.columnText(8)), DueAt: q.columnTime(9), Attempts: int(q.columnInteger(10)),
		Released: q.columnInteger(11) == 1, UnderWay: q.columnInteger(12) == 1, Answer: bytes.Clone(q.columnBlob(13)),
	}
}
