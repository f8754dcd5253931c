package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kvitto/kvitto/internal/store"
)

// addRevisions adds those whose session is at the revision before.
const addRevisions = insertRevisions + onNewest + unlessThere

const (
	insertRevisions = `INSERT INTO revisions (session_id, revision, change_id, at, kind, correlation_id, authorization_token, order_id,
		reason, state, merchant_id, client_token, created_at, authorized, captured, released, refunded)
	SELECT c.session_id, c.revision, c.change_id, c.at, c.kind, c.correlation_id, c.authorization_token, c.order_id,
		c.reason, c.state, c.merchant_id, c.client_token, c.created_at, c.authorized, c.captured, c.released, c.refunded
	FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::uuid[], $8::uuid[],
		$9::text[], $10::bytea[], $11::text[], $12::text[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[])
		AS c (session_id, revision, change_id, at, kind, correlation_id, authorization_token, order_id,
		reason, state, merchant_id, client_token, created_at, authorized, captured, released, refunded)`

	onNewest = ` WHERE (c.revision = 1 OR (SELECT true FROM revisions p
		WHERE p.session_id = c.session_id AND p.revision = c.revision - 1 AND p.kind <> 'deleted'))`

	unlessThere = ` ON CONFLICT (session_id, revision) DO NOTHING RETURNING change_id`
)

// The rows below are added only for a change whose revision was, by whichever
// attempt; and not again. A token or an order that is another's is an error,
// which ends the transaction.
const (
	addAuthorizations = `INSERT INTO authorizations (token, session_id, change_id)
		SELECT c.token, c.session_id, c.change_id
		FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::uuid[]) AS c (session_id, revision, change_id, token)
		WHERE c.change_id = (SELECT r.change_id FROM revisions r WHERE r.session_id = c.session_id AND r.revision = c.revision)
		AND c.change_id IS DISTINCT FROM (SELECT a.change_id FROM authorizations a WHERE a.token = c.token)`

	addOrders = `INSERT INTO orders (order_id, session_id, authorization_token, change_id, merchant_id, created_at)
		SELECT c.order_id, c.session_id, c.authorization_token, c.change_id, c.merchant_id, c.created_at
		FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::bigint[])
			AS c (session_id, revision, change_id, order_id, authorization_token, merchant_id, created_at)
		WHERE c.change_id = (SELECT r.change_id FROM revisions r WHERE r.session_id = c.session_id AND r.revision = c.revision)
		AND c.change_id IS DISTINCT FROM (SELECT o.change_id FROM orders o WHERE o.order_id = c.order_id)`

	// findWritten tells which changes are there.
	findWritten = `SELECT c.change_id FROM unnest($1::uuid[], $2::bigint[], $3::uuid[]) AS c (session_id, revision, change_id)
		WHERE c.change_id = (SELECT r.change_id FROM revisions r WHERE r.session_id = c.session_id AND r.revision = c.revision)`
)

// Commit makes the changes durable.
func (e *Engine) Commit(ctx context.Context, changes []store.Change) []error {
	answers := make([]error, len(changes))
	batch := newBatch(changes, answers)
	batch.listsOrders = e.listsOrders.Load()
	err := e.enter(ctx)
	if err == nil {
		defer e.leave()
		err = e.commit(ctx, batch)
	}
	if err != nil {
		for i := range answers {
			answers[i] = err
		}
	}
	return answers
}

// commit fills in the answers of the batch. The error is what hit all of it.
func (e *Engine) commit(ctx context.Context, b *batch) error {
	if len(b.rows) == 0 {
		return nil
	}
	err := e.write(ctx, func(ctx context.Context, conn *pgxpool.Conn, again bool) error {
		err := b.together(ctx, conn.Conn(), again)
		if !refused(err) {
			return err
		}
		return b.apart(ctx, conn.Conn(), again)
	})
	if err != nil {
		return fmt.Errorf("postgres: commit: %w", err)
	}
	for i := range b.rows {
		if row := &b.rows[i]; !row.written && row.refusal == nil {
			row.refusal = store.ErrConflict
		}
		b.answers[b.rows[i].place] = b.rows[i].refusal
	}
	return nil
}

// together writes all changes in one transaction and one round trip. An error
// that refused understands means that nothing was written because of one of
// the changes.
func (b *batch) together(ctx context.Context, conn *pgx.Conn, again bool) error {
	b.forget()
	if len(b.waves) == 1 && !b.findable && !again {
		return b.note(conn.Query(ctx, addRevisions, b.waves[0].revisions()...))
	}
	return b.transact(ctx, conn, b.waves, again)
}

// transact writes waves in one transaction, from BEGIN to COMMIT without
// waiting for an answer: no server is left with half of it.
func (b *batch) transact(ctx context.Context, conn *pgx.Conn, waves []wave, again bool) error {
	p := &pipeline{}
	if keys := locked(waves); keys != nil {
		p.exec(lockSubjects, keys...)
	}
	for i := range waves {
		w := &waves[i]
		statement, parameters := addRevisions, w.revisions
		if w.isAssessed {
			statement, parameters = addAssessed, w.assessed
		}
		if again {
			p.exec(statement, parameters()...)
		} else {
			p.query(b.note, statement, parameters()...)
		}
		if w.tokens > 0 {
			p.exec(addAuthorizations, w.authorizations()...)
		}
		switch {
		case w.orders > 0 && b.listsOrders:
			p.exec(addListedOrders, w.placedListed()...)
		case w.orders > 0:
			p.exec(addOrders, w.placed()...)
		}
		if w.changed > 0 && b.listsOrders {
			p.exec(setOrders, w.changedOrders()...)
		}
		if w.callbacks > 0 {
			p.exec(addCallbacks, w.outbox()...)
		}
		if w.reviews > 0 {
			p.exec(putReviews, w.reviewed()...)
		}
	}
	if again {
		for i := range waves {
			p.query(b.note, findWritten, waves[i].keys()...)
		}
	}
	return p.commit(ctx, conn, again)
}

// note reads the ids of changes that were written.
func (b *batch) note(rows pgx.Rows, err error) error {
	var id [16]byte
	return eachRow(rows, err, func(rows pgx.Rows) error {
		if err := rows.Scan(&id); err != nil {
			return err
		}
		b.rows[placeOf(id)].written = true
		return nil
	})
}

// refused tells the errors by which the database refuses one of the changes:
// a token, an order or a place that is taken, or values it does not take.
func refused(err error) bool {
	var said *pgconn.PgError
	return errors.As(err, &said) && (strings.HasPrefix(said.Code, "23") || strings.HasPrefix(said.Code, "22"))
}
