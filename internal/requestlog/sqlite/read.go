package sqlite

import (
	"context"
	"errors"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

const (
	refusalColumns = `correlation_id, merchant_id, status, operation, session_id, order_id, authorization_token, explanation, packed, data`
	blockColumns   = `first_id, last_id, exchanges, packed, data`
)

// reader is the connection that only reads.
type reader struct {
	*connection
	refusal, refusalsOf, covering, marked, tallies *statement
	searcher
}

func openReader(ctx context.Context, path string) (*reader, error) {
	c, err := connect(ctx, path)
	if err != nil {
		return nil, err
	}
	r := &reader{connection: c}
	err = c.prepareAll([]query{
		{&r.refusal, "SELECT " + refusalColumns + " FROM refusals WHERE correlation_id = ? ORDER BY seq DESC"},
		{&r.refusalsOf, "SELECT " + refusalColumns + " FROM refusals WHERE session_id = ? AND session_id <> '' ORDER BY seq"},
		// The index answers all of it but the data.
		{&r.covering, "SELECT " + blockColumns + " FROM blocks WHERE first_id BETWEEN ?1 AND ?2 AND last_id >= ?2 ORDER BY first_id DESC"},
		{&r.marked, "SELECT seq, marks FROM marks INDEXED BY marks_by_name WHERE newest_name >= ?1 AND oldest_name <= ?1 ORDER BY seq"},
		{&r.tallies, "SELECT start_s, id, data FROM tallies WHERE everybody = ? AND merchant_id = ? AND start_s >= ? AND start_s < ?"},
	})
	if err == nil {
		err = r.searcher.prepareSearch(c)
	}
	if err != nil {
		return nil, joinClose(err, c.close)
	}
	return r, nil
}

// read lets a query use the connection until ctx is done.
func (h *Home) read(ctx context.Context, query func(*reader) error) error {
	h.reading.Lock()
	defer h.reading.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	defer h.reader.bound(ctx)()
	err := query(h.reader)
	if interrupted(err) && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// each visits the rows of a query and ends it.
func each(s *statement, visit func() (bool, error)) (err error) {
	more := true
	for more && err == nil && s.next() {
		more, err = visit()
	}
	return errors.Join(err, s.reset())
}

// Refusal visits the refusals with a correlation id.
func (h *Home) Refusal(ctx context.Context, correlationID string, visit func(*home.Refusal) (bool, error)) error {
	return h.read(ctx, func(r *reader) error {
		r.refusal.bindText(1, correlationID)
		return each(r.refusal, func() (bool, error) { return visit(refusalOf(r.refusal)) })
	})
}

// RefusalsOf visits the refusals of a session.
func (h *Home) RefusalsOf(ctx context.Context, sessionID string, visit func(*home.Refusal) (bool, error)) error {
	return h.read(ctx, func(r *reader) error {
		r.refusalsOf.bindText(1, sessionID)
		return each(r.refusalsOf, func() (bool, error) { return visit(refusalOf(r.refusalsOf)) })
	})
}

// Covering visits the blocks that may hold a correlation id.
func (h *Home) Covering(ctx context.Context, bucket, correlationID string, visit func(*home.Block) (bool, error)) error {
	return h.read(ctx, func(r *reader) error {
		r.covering.bindText(1, bucket)
		r.covering.bindText(2, correlationID)
		return each(r.covering, func() (bool, error) { return visit(blockOf(r.covering)) })
	})
}

// Marked visits the blocks that may hold a name.
func (h *Home) Marked(ctx context.Context, name string, visit func(*home.Block) (bool, error)) error {
	return h.read(ctx, func(r *reader) error {
		r.marked.bindText(1, name)
		return each(r.marked, func() (bool, error) {
			if !home.HasMark(r.marked.rawBlob(1), name) {
				return true, nil
			}
			more := true
			r.blockAt.bindInteger(1, r.marked.integer(0))
			err := each(r.blockAt, func() (again bool, err error) {
				more, err = visit(blockOf(r.blockAt))
				return more, err
			})
			return more, err
		})
	})
}

// refusalOf and blockOf read the current row. Their data is valid until the
// next one.

func refusalOf(s *statement) *home.Refusal {
	return &home.Refusal{
		CorrelationID: s.text(0), MerchantID: s.text(1), Status: int(s.integer(2)), Operation: s.text(3),
		SessionID: s.text(4), OrderID: s.text(5), AuthorizationToken: s.text(6), Explanation: s.text(7),
		Packed: s.integer(8) != 0, Data: s.rawBlob(9),
	}
}

func blockOf(s *statement) *home.Block {
	return &home.Block{
		FirstID: s.text(0), LastID: s.text(1), Count: int(s.integer(2)), Packed: s.integer(3) != 0, Data: s.rawBlob(4),
	}
}
