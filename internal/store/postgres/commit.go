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

const addRevisions = `INSERT INTO revisions (session_id, revision, change_id, at, kind, correlation_id, authorization_token, order_id,
		reason, state, merchant_id, client_token, created_at, authorized, captured, released, refunded)
	SELECT c.session_id, c.revision, c.change_id, c.at, c.kind, c.correlation_id, c.authorization_token, c.order_id,
		c.reason, c.state, c.merchant_id, c.client_token, c.created_at, c.authorized, c.captured, c.released, c.refunded
	FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::uuid[], $8::uuid[],
		$9::text[], $10::bytea[], $11::text[], $12::text[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[])
		AS c (session_id, revision, change_id, at, kind, correlation_id, authorization_token, order_id,
		reason, state, merchant_id, client_token, created_at, authorized, captured, released, refunded)
	WHERE c.revision = 1 OR (SELECT true FROM revisions p
		WHERE p.session_id = c.session_id AND p.revision = c.revision - 1 AND p.kind <> 'deleted')
	ON CONFLICT (session_id, revision) DO NOTHING
	RETURNING change_id`

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

	// begin names the level, because a database may have another default. A
	// stricter one, as distributed engines have, is right as well.
	begin = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE`
)

// Commit makes the changes durable.
func (e *Engine) Commit(ctx context.Context, changes []store.Change) []error {
	answers := make([]error, len(changes))
	batch := newBatch(changes, answers)
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
		rows, err := conn.Query(ctx, addRevisions, b.waves[0].revisions()...)
		return b.note(rows, err)
	}
	pipeline := &pgx.Batch{}
	pipeline.Queue(begin)
	var reads []int // which of the queued statements tell of changes that were written
	for i := range b.waves {
		if at := b.queue(pipeline, &b.waves[i]); !again {
			reads = append(reads, at)
		}
	}
	if again {
		reads = append(reads, pipeline.Len())
		pipeline.Queue(findWritten, b.keys()...)
		queueConfirm(pipeline)
	}
	pipeline.Queue("COMMIT")
	return b.send(ctx, conn, pipeline, reads)
}

// queue adds the statements of a wave and returns the place of the one that
// tells which revisions were added.
func (b *batch) queue(pipeline *pgx.Batch, w *wave) (tells int) {
	tells = pipeline.Len()
	pipeline.Queue(addRevisions, w.revisions()...)
	if w.tokens > 0 {
		pipeline.Queue(addAuthorizations, w.authorizations()...)
	}
	if w.orders > 0 {
		pipeline.Queue(addOrders, w.placed()...)
	}
	return tells
}

// send runs a pipeline that ends with COMMIT.
func (b *batch) send(ctx context.Context, conn *pgx.Conn, pipeline *pgx.Batch, reads []int) error {
	results := conn.SendBatch(ctx, pipeline)
	err := b.receive(results, pipeline.Len(), reads)
	if closeErr := results.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		b.forget()
	}
	return err
}

func (b *batch) receive(results pgx.BatchResults, length int, reads []int) error {
	for at := range length {
		if len(reads) > 0 && reads[0] == at {
			reads = reads[1:]
			if err := b.note(results.Query()); err != nil {
				return err
			}
			continue
		}
		tag, err := results.Exec()
		if err != nil {
			return err
		}
		if at == length-1 && tag.String() != "COMMIT" {
			return fmt.Errorf("the server answered COMMIT with %s", tag)
		}
	}
	return nil
}

// note reads the ids of changes that were written.
func (b *batch) note(rows pgx.Rows, err error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	var id [16]byte
	for rows.Next() {
		if err := rows.Scan(&id); err != nil {
			return err
		}
		b.rows[placeOf(id)].written = true
	}
	rows.Close()
	return rows.Err()
}

// refused tells the errors by which the database refuses one of the changes:
// a token, an order or a place that is taken, or values it does not take.
func refused(err error) bool {
	var said *pgconn.PgError
	return errors.As(err, &said) && (strings.HasPrefix(said.Code, "23") || strings.HasPrefix(said.Code, "22"))
}
