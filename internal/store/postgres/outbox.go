package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/pgpool"
	"github.com/kvitto/kvitto/internal/store"
)

var _ store.Outbox = (*Engine)(nil)

const (
	addCallbacks = `INSERT INTO callbacks (callback_id, session_id, revision, merchant_id, kind, url, body, created_at, due_at, state)
		SELECT c.callback_id, c.session_id, c.revision, c.merchant_id, c.kind, c.url, c.body, c.created_at, c.due_at, 'waiting'
		FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::bytea[], $9::bigint[], $10::bigint[])
			AS c (session_id, revision, change_id, callback_id, merchant_id, kind, url, body, created_at, due_at)
		WHERE c.change_id = (SELECT r.change_id FROM revisions r WHERE r.session_id = c.session_id AND r.revision = c.revision)
		ON CONFLICT (session_id, revision) DO NOTHING`

	// furthestAhead is how many milliseconds the clock of any merchant is ahead of
	// the system's. It is asked once for a statement, so that an index of times
	// ends where nobody's can be due: what waits for later is not looked at.
	furthestAhead = `(SELECT greatest(coalesce(max(ahead.advance_ns), 0), 0) / 1000000 FROM clocks ahead)`

	endLeases = `UPDATE callbacks SET lease = NULL, leased_until = NULL WHERE lease IS NOT NULL AND leased_until <= $1`

	// leasedCallbacks are those of a claim. There is an index of when claims end.
	leasedCallbacks = `SELECT ` + callbackColumns + ` FROM callbacks WHERE lease = $1 AND leased_until = $2 ORDER BY due_at`

	callbackColumns = `callback_id, session_id, revision, merchant_id, kind, url, body, created_at, state, due_at, attempts,
		released, lease IS NOT NULL, answer`

	finishCallback = `UPDATE callbacks SET lease = NULL, leased_until = NULL, changed_by = $2, state = $3,
		due_at = coalesce($4, due_at), attempts = attempts + 1, answer = $5 WHERE callback_id = $1 AND lease = $2`

	noteCallback = `UPDATE callbacks SET changed_by = $2, answer = $3
		WHERE callback_id = $1 AND state = 'waiting' AND lease IS NULL`

	changedCallback = `SELECT coalesce(changed_by = $2, false) FROM callbacks WHERE callback_id = $1`

	// dueCallbacks are those that can be leased at the time $1, but for the
	// merchants $3. A callback waits for others of its session and kind: the index
	// of what is under way has one of each. OFFSET 0 keeps the look at what goes
	// before a callback a look for each one that is due; as a join it might read
	// all callbacks.
	dueCallbacks = ` FROM callbacks c WHERE c.state = 'waiting' AND (c.lease IS NULL OR c.leased_until <= $1)
		AND c.due_at <= $1 + ` + furthestAhead + `
		AND c.due_at <= $1 + coalesce((SELECT k.advance_ns FROM clocks k WHERE k.merchant_id = c.merchant_id
			ORDER BY k.move DESC LIMIT 1), 0) / 1000000
		AND NOT (c.merchant_id = ANY($3::text[]))
		AND (c.released OR NOT EXISTS (SELECT 1 FROM callback_holds h WHERE h.merchant_id = c.merchant_id))
		AND NOT EXISTS (SELECT 1 FROM callbacks o WHERE o.session_id = c.session_id AND o.kind = c.kind AND o.revision <> c.revision
			AND (o.leased_until > $1 OR (o.state = 'waiting'
				AND (o.released > c.released OR (o.released = c.released AND o.revision < c.revision)))) OFFSET 0)
		ORDER BY c.due_at LIMIT $2`

	lookForCallbacks = `SELECT 1` + dueCallbacks

	// leaseCallbacks leases none when an earlier attempt of the same claim has
	// leased some. Rows that another claim has locked are skipped: it leases them.
	// Of each merchant it leases at most $6, less what $7 and $8 say is under way.
	leaseCallbacks = `WITH due AS MATERIALIZED (SELECT c.callback_id, c.merchant_id, c.due_at` + dueCallbacks + ` FOR UPDATE OF c SKIP LOCKED),
		placed AS (SELECT callback_id, merchant_id, row_number() OVER (PARTITION BY merchant_id ORDER BY due_at, callback_id) AS place FROM due)
		UPDATE callbacks c SET lease = $4, leased_until = $5
		FROM placed LEFT JOIN unnest($7::text[], $8::bigint[]) AS b (merchant_id, under_way) ON b.merchant_id = placed.merchant_id
		WHERE c.callback_id = placed.callback_id AND placed.place + coalesce(b.under_way, 0) <= $6
		AND NOT EXISTS (SELECT 1 FROM callbacks l WHERE l.lease = $4 AND l.leased_until = $5)`
)

// callbackSteps are idempotent: a callback that was changed by the step $2 is
// not changed by it again.
var callbackSteps = map[store.CallbackStep]string{
	store.CallbackRelease: `UPDATE callbacks SET changed_by = $2, released = true, due_at = $3
		WHERE callback_id = $1 AND state = 'waiting'`,
	store.CallbackReplay: `UPDATE callbacks SET changed_by = $2, state = 'waiting', released = true, due_at = $3, attempts = 0
		WHERE callback_id = $1 AND state <> 'waiting' AND changed_by IS DISTINCT FROM $2`,
	store.CallbackDrop: `UPDATE callbacks SET changed_by = $2, state = 'dropped'
		WHERE callback_id = $1 AND state = 'waiting' AND lease IS NULL`,
	store.CallbackDelay: `UPDATE callbacks SET changed_by = $2, due_at = $3
		WHERE callback_id = $1 AND state = 'waiting' AND lease IS NULL`,
}

// outbox are the parameters of addCallbacks.
func (w *wave) outbox() []any {
	id, names := newIdentity(w.callbacks), make(uuids, 0, w.callbacks)
	merchants, kinds, urls := make(texts, 0, w.callbacks), make(texts, 0, w.callbacks), make(texts, 0, w.callbacks)
	bodies, created := make(pgtype.FlatArray[[]byte], 0, w.callbacks), make(integers, 0, w.callbacks)
	due := make(integers, 0, w.callbacks)
	for i := range w.rows {
		r := &w.rows[i]
		c := r.change.Callback
		if c == nil {
			continue
		}
		id.add(r)
		names, merchants = append(names, uuid(r.callback, true)), append(merchants, text(r.change.Session.MerchantID, true))
		kinds, urls = append(kinds, text(string(c.Kind), true)), append(urls, text(c.URL, true))
		bodies, created = append(bodies, append([]byte{}, c.Body...)), append(created, integer(r.change.Event.At.UnixMilli(), true))
		at := c.DueAt
		if at.IsZero() {
			at = r.change.Event.At
		}
		due = append(due, integer(at.UnixMilli(), true))
	}
	return []any{id.sessions, id.revisions, id.changes, names, merchants, kinds, urls, bodies, created, due}
}

// ClaimCallbacks is store.Outbox's. Whether any is due is found by reading.
func (e *Engine) ClaimCallbacks(ctx context.Context, claim store.CallbackClaim) (claimed []store.Callback, err error) {
	var lease [16]byte
	if claim.Limit < 1 {
		return nil, errors.New("postgres: a limit must be positive")
	}
	if !identifier.Parse(claim.Lease, &lease) {
		return nil, errIdentifier
	}
	now, full := claim.Now.UnixMilli(), claim.Full()
	due, err := e.hasRow(ctx, lookForCallbacks, now, 1, full)
	if err != nil || !due {
		return nil, err
	}
	bound, merchants, underWay := int64(math.MaxInt32), []string{}, []int64{}
	if claim.PerMerchant > 0 {
		bound = int64(claim.PerMerchant)
		for merchant, n := range claim.UnderWay {
			merchants, underWay = append(merchants, merchant), append(underWay, int64(n))
		}
	}
	err = e.change(ctx, func(p *pipeline) {
		p.exec(endLeases, now)
		p.exec(leaseCallbacks, now, claim.Limit, full, lease, claim.Until.UnixMilli(), bound, merchants, underWay)
		p.query(func(rows pgx.Rows, err error) error {
			claimed = nil
			return eachRow(rows, err, func(rows pgx.Rows) error { return scanCallback(rows, &claimed) })
		}, leasedCallbacks, lease, claim.Until.UnixMilli())
	})
	if pgpool.Code(err) == uniqueViolation {
		return nil, nil // somebody leased another of a session and kind at the same moment
	}
	return claimed, err
}

// hasRow tells whether the query finds a row.
func (e *Engine) hasRow(ctx context.Context, query string, parameters ...any) (found bool, err error) {
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		found = false
		return each(ctx, conn, query, parameters, func(pgx.Rows) error { found = true; return nil })
	})
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return found, err
}

// FinishCallback is store.Outbox's.
func (e *Engine) FinishCallback(ctx context.Context, callbackID, lease string, end store.CallbackEnd) error {
	var id, name [16]byte
	if !identifier.Parse(callbackID, &id) || !identifier.Parse(lease, &name) {
		return store.ErrConflict
	}
	mine, err := e.changeCallback(ctx, finishCallback, id, name, string(end.State), optional(end.DueAt), end.Answer)
	if err == nil && !mine {
		return store.ErrConflict
	}
	return err
}

// changeCallback runs a statement whose first two parameters are a callback and
// what changes it, and tells whether that changed it, by whichever attempt.
func (e *Engine) changeCallback(ctx context.Context, statement string, parameters ...any) (mine bool, err error) {
	err = e.change(ctx, func(p *pipeline) {
		mine = false
		p.exec(statement, parameters...)
		p.query(func(rows pgx.Rows, err error) error {
			return eachRow(rows, err, func(rows pgx.Rows) error { return rows.Scan(&mine) })
		}, changedCallback, parameters[:2]...)
	})
	return mine, err
}

// Callbacks is store.Outbox's.
func (e *Engine) Callbacks(ctx context.Context, filter store.CallbackFilter) (found []store.Callback, err error) {
	var session, callback [16]byte
	if filter.Limit < 1 {
		return nil, errors.New("postgres: a limit must be positive")
	}
	known := (filter.SessionID == "" || identifier.Parse(filter.SessionID, &session)) &&
		(filter.CallbackID == "" || identifier.Parse(filter.CallbackID, &callback))
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		found = nil
		if !known || !storable(filter.MerchantID) || !storable(string(filter.State)) {
			return store.ErrNotFound
		}
		return each(ctx, conn, `SELECT `+callbackColumns+` FROM callbacks WHERE merchant_id = $1
			AND ($2::uuid IS NULL OR session_id = $2) AND ($3::text IS NULL OR state = $3) AND ($5::uuid IS NULL OR callback_id = $5)
			ORDER BY created_at DESC, session_id DESC, revision DESC LIMIT $4`,
			[]any{filter.MerchantID, uuid(session, filter.SessionID != ""), text(string(filter.State), filter.State != ""), filter.Limit,
				uuid(callback, filter.CallbackID != "")},
			func(rows pgx.Rows) error { return scanCallback(rows, &found) })
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return found, err
}

// CountWaitingCallbacks is store.Outbox's.
func (e *Engine) CountWaitingCallbacks(ctx context.Context) (waiting int, err error) {
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		return each(ctx, conn, `SELECT count(*) FROM callbacks WHERE state = 'waiting'`, nil,
			func(rows pgx.Rows) error { return rows.Scan(&waiting) })
	})
	return waiting, err
}

// HoldCallbacks is store.Outbox's.
func (e *Engine) HoldCallbacks(ctx context.Context, merchantID string, hold bool) error {
	if !storable(merchantID) {
		return errText
	}
	return e.change(ctx, func(p *pipeline) {
		if hold {
			p.exec(`INSERT INTO callback_holds (merchant_id) VALUES ($1) ON CONFLICT DO NOTHING`, merchantID)
		} else {
			p.exec(`DELETE FROM callback_holds WHERE merchant_id = $1`, merchantID)
		}
	})
}

// CallbacksHeld is store.Outbox's.
func (e *Engine) CallbacksHeld(ctx context.Context, merchantID string) (bool, error) {
	return e.hasRow(ctx, `SELECT 1 FROM callback_holds WHERE merchant_id = $1`, merchantID)
}

// StepCallback is store.Outbox's.
func (e *Engine) StepCallback(ctx context.Context, merchantID, callbackID string, step store.CallbackStep, at time.Time) error {
	statement, ok := callbackSteps[step]
	if !ok {
		return fmt.Errorf("postgres: no step of a callback is called %q", step)
	}
	if step == store.CallbackDrop {
		return e.changeByHand(ctx, merchantID, callbackID, statement)
	}
	return e.changeByHand(ctx, merchantID, callbackID, statement, at.UnixMilli())
}

// NoteCallback is store.Outbox's.
func (e *Engine) NoteCallback(ctx context.Context, merchantID, callbackID string, answer []byte) error {
	return e.changeByHand(ctx, merchantID, callbackID, noteCallback, answer)
}

// changeByHand runs a statement on a callback of the merchant; its first two
// parameters are the callback and the name of the change.
func (e *Engine) changeByHand(ctx context.Context, merchantID, callbackID, statement string, more ...any) error {
	var id [16]byte
	owned := identifier.Parse(callbackID, &id) && storable(merchantID)
	if owned {
		var err error
		if owned, err = e.hasRow(ctx, `SELECT 1 FROM callbacks WHERE callback_id = $1 AND merchant_id = $2`, id, merchantID); err != nil {
			return err
		}
	}
	if !owned {
		return store.ErrNotFound
	}
	mine, err := e.changeCallback(ctx, statement, append([]any{id, newChangeNames().at(0)}, more...)...)
	if err == nil && !mine {
		return store.ErrConflict
	}
	return err
}

func scanCallback(rows pgx.Rows, into *[]store.Callback) error {
	var c store.Callback
	var id, session pgtype.UUID
	var kind, state string
	var created, due int64
	err := rows.Scan(&id, &session, &c.Revision, &c.MerchantID, &kind, &c.URL, &c.Body, &created, &state, &due, &c.Attempts,
		&c.Released, &c.UnderWay, &c.Answer)
	if err != nil {
		return err
	}
	c.ID, c.SessionID = textOf(id), textOf(session)
	c.Kind, c.State = checkout.CallbackKind(kind), store.CallbackState(state)
	c.CreatedAt, c.DueAt = timeOf(created), timeOf(due)
	*into = append(*into, c)
	return nil
}
