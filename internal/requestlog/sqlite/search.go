package sqlite

import (
	"context"
	"errors"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// searcher is the statements of a search.
type searcher struct {
	blocksBelow, refusalsBelow *statement
	blockAt, refusalAt         *statement
}

func (s *searcher) prepareSearch(c *connection) error {
	return c.prepareAll([]query{
		{&s.blocksBelow, "SELECT first_id, last_id, seq FROM blocks WHERE first_id < ? ORDER BY first_id DESC"},
		{&s.refusalsBelow, "SELECT correlation_id, correlation_id, seq FROM refusals WHERE correlation_id < ? ORDER BY correlation_id DESC"},
		{&s.blockAt, "SELECT " + blockColumns + " FROM blocks WHERE seq = ?"},
		{&s.refusalAt, "SELECT " + refusalColumns + " FROM refusals WHERE seq = ?"},
	})
}

// aboveAll is above every id.
const aboveAll = "\U0010ffff"

// List gives the keys of blocks and refusals below an id.
func (h *Home) List(ctx context.Context, below string, limit int) (keys []home.Key, err error) {
	if below == "" {
		below = aboveAll
	}
	err = h.read(ctx, func(r *reader) error {
		r.blocksBelow.bindText(1, below)
		r.refusalsBelow.bindText(1, below)
		keys = newestOf(limit, keysOf(r.blocksBelow, false), keysOf(r.refusalsBelow, true))
		return errors.Join(r.blocksBelow.reset(), r.refusalsBelow.reset())
	})
	return keys, err
}

// keysOf gives the keys of a query, one with each call.
func keysOf(s *statement, refusal bool) func() (home.Key, bool) {
	return func() (home.Key, bool) {
		if !s.next() {
			return home.Key{}, false
		}
		return home.Key{FirstID: s.text(0), LastID: s.text(1), Refusal: refusal, Place: home.Place{Seq: s.integer(2)}}, true
	}
}

// newestOf merges two lists of keys that fall.
func newestOf(limit int, one, other func() (home.Key, bool)) (keys []home.Key) {
	a, hasA := one()
	b, hasB := other()
	for len(keys) < limit && (hasA || hasB) {
		if hasA && (!hasB || a.FirstID >= b.FirstID) {
			keys = append(keys, a)
			a, hasA = one()
		} else {
			keys = append(keys, b)
			b, hasB = other()
		}
	}
	return keys
}

// Load visits what has the keys.
func (h *Home) Load(ctx context.Context, keys []home.Key, visit func(home.Piece) (bool, error)) error {
	return h.read(ctx, func(r *reader) error {
		more := true
		for _, k := range keys {
			if err := ctx.Err(); err != nil {
				return err
			}
			s, piece := r.blockAt, func() home.Piece { return home.Piece{Block: blockOf(r.blockAt)} }
			if k.Refusal {
				s, piece = r.refusalAt, func() home.Piece { return home.Piece{Refusal: refusalOf(r.refusalAt)} }
			}
			s.bindInteger(1, k.Place.Seq)
			err := each(s, func() (again bool, err error) {
				more, err = visit(piece())
				return more, err
			})
			if err != nil || !more {
				return err
			}
		}
		return nil
	})
}
