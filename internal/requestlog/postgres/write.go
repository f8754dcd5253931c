package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// Write sends the batch in one round trip, which is one transaction. It tries
// for fifteen seconds; after an error the batch may be there nevertheless.
func (h *Home) Write(ctx context.Context, batch *home.Batch) error {
	parts := partsOf(batch)
	return h.attempt(ctx, h.quick, func(ctx context.Context, conn *pgx.Conn) error {
		var statements pgx.Batch
		for d, p := range parts {
			if err := h.ensure(ctx, conn, d); err != nil {
				return err
			}
			p.queue(&statements, d)
		}
		queueTallies(&statements, batch.Tallies)
		return conn.SendBatch(ctx, &statements).Close()
	})
}

// part is what goes to one day, a column for each array.
type part struct {
	refusals refusalColumns
	blocks   blockColumns
}

type refusalColumns struct {
	ids, merchants, operations, sessions, orders, tokens, explanations []string
	at                                                                 []int64
	statuses                                                           []int32
	packed                                                             []bool
	data                                                               [][]byte
}

type blockColumns struct {
	first, last, oldest, newest []string
	at                          []int64
	exchanges                   []int32
	packed                      []bool
	marks, data                 [][]byte
}

func partsOf(batch *home.Batch) map[day]*part {
	parts := map[day]*part{}
	of := func(d day) *part {
		p := parts[d]
		if p == nil {
			p = &part{}
			parts[d] = p
		}
		return p
	}
	for i := range batch.Refusals {
		r := &batch.Refusals[i]
		of(placeOf(r.CorrelationID, r.At)).refusals.add(r)
	}
	for i := range batch.Blocks {
		b := &batch.Blocks[i]
		of(placeOf(b.FirstID, b.At)).blocks.add(b)
	}
	return parts
}

func (c *refusalColumns) add(r *home.Refusal) {
	c.ids = append(c.ids, r.CorrelationID)
	c.merchants = append(c.merchants, r.MerchantID)
	c.at = append(c.at, home.Nanoseconds(r.At))
	c.statuses = append(c.statuses, int32(r.Status))
	c.operations = append(c.operations, r.Operation)
	c.sessions = append(c.sessions, r.SessionID)
	c.orders = append(c.orders, r.OrderID)
	c.tokens = append(c.tokens, r.AuthorizationToken)
	c.explanations = append(c.explanations, r.Explanation)
	c.packed = append(c.packed, r.Packed)
	c.data = append(c.data, r.Data)
}

func (c *blockColumns) add(b *home.Block) {
	c.first = append(c.first, b.FirstID)
	c.last = append(c.last, b.LastID)
	c.at = append(c.at, home.Nanoseconds(b.At))
	c.exchanges = append(c.exchanges, int32(b.Count))
	c.oldest = append(c.oldest, b.OldestName)
	c.newest = append(c.newest, b.NewestName)
	c.marks = append(c.marks, append([]byte{}, b.Marks...)) // nil would be NULL
	c.packed = append(c.packed, b.Packed)
	c.data = append(c.data, b.Data)
}

// queue adds the statements of a day. A conflict is a row that an earlier
// attempt has written, and what it wrote may be indexed by now.
func (p *part) queue(statements *pgx.Batch, d day) {
	if r := &p.refusals; len(r.ids) > 0 {
		statements.Queue(`WITH new AS (INSERT INTO `+d.refusals()+` (correlation_id, merchant_id, at_ns, status, operation, session_id, order_id,
				authorization_token, explanation, packed, data)
			SELECT id, merchant, at, status, operation, session, ord, token, explanation, packed, data
			FROM unnest($1::text[], $2::text[], $3::bigint[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::text[],
				$9::text[], $10::boolean[], $11::bytea[])
				AS r (id, merchant, at, status, operation, session, ord, token, explanation, packed, data)
			ON CONFLICT DO NOTHING RETURNING correlation_id)
			INSERT INTO `+d.pending()+` (first_id, last_id, refusal) SELECT correlation_id, correlation_id, true FROM new ON CONFLICT DO NOTHING`,
			r.ids, r.merchants, r.at, r.statuses, r.operations, r.sessions, r.orders, r.tokens, r.explanations, r.packed, r.data)
	}
	if b := &p.blocks; len(b.first) > 0 {
		statements.Queue(`WITH new AS (INSERT INTO `+d.blocks()+` (first_id, last_id, at_ns, exchanges, oldest_name, newest_name, marks, packed, data)
			SELECT first, last, at, exchanges, oldest, newest, marks, packed, data
			FROM unnest($1::text[], $2::text[], $3::bigint[], $4::integer[], $5::text[], $6::text[], $7::bytea[], $8::boolean[], $9::bytea[])
				AS b (first, last, at, exchanges, oldest, newest, marks, packed, data)
			ON CONFLICT DO NOTHING RETURNING first_id, last_id)
			INSERT INTO `+d.pending()+` (first_id, last_id, refusal) SELECT first_id, last_id, false FROM new ON CONFLICT DO NOTHING`,
			b.first, b.last, b.at, b.exchanges, b.oldest, b.newest, b.marks, b.packed, b.data)
	}
}
