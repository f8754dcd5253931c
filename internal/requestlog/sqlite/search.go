package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"math"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// searcher is the statements of a search.
type searcher struct {
	blocksBelow, refusalsBelow            *statement
	unindexedBlocks, unindexedRefusals    *statement
	oldestBlockToIndex, oldestToIndex     *statement
	blocksToIndex, refusalsToIndex        *statement
	segments, members, blockAt, refusalAt *statement
}

func (s *searcher) prepareSearch(c *connection) error {
	const (
		ofBlock   = "SELECT first_id, last_id, seq, at_ns FROM blocks"
		ofRefusal = "SELECT correlation_id, correlation_id, seq, at_ns FROM refusals"
	)
	return c.prepareAll([]query{
		{&s.blocksBelow, "SELECT first_id, last_id, seq FROM blocks WHERE first_id < ? ORDER BY first_id DESC"},
		{&s.refusalsBelow, "SELECT correlation_id, correlation_id, seq FROM refusals WHERE correlation_id < ? ORDER BY correlation_id DESC"},
		// The index has all columns and is walked where the unindexed ones are.
		{&s.unindexedBlocks, "SELECT first_id, last_id, seq FROM blocks INDEXED BY blocks_by_id WHERE first_id < ?1 AND first_id >= ?2 " +
			"AND seq > (SELECT block FROM indexed WHERE id = 1) ORDER BY first_id DESC"},
		{&s.unindexedRefusals, "SELECT correlation_id, correlation_id, seq FROM refusals INDEXED BY refusals_by_correlation_id " +
			"WHERE correlation_id < ?1 AND correlation_id >= ?2 AND seq > (SELECT refusal FROM indexed WHERE id = 1) ORDER BY correlation_id DESC"},
		{&s.oldestBlockToIndex, "SELECT min(first_id) FROM (SELECT first_id FROM blocks WHERE seq > (SELECT block FROM indexed WHERE id = 1) ORDER BY seq LIMIT ?)"},
		{&s.oldestToIndex, "SELECT min(correlation_id) FROM (SELECT correlation_id FROM refusals " +
			"WHERE seq > (SELECT refusal FROM indexed WHERE id = 1) ORDER BY seq LIMIT ?)"},
		{&s.blocksToIndex, ofBlock + " WHERE seq > (SELECT block FROM indexed WHERE id = 1) ORDER BY seq"},
		{&s.refusalsToIndex, ofRefusal + " WHERE seq > (SELECT refusal FROM indexed WHERE id = 1) ORDER BY seq"},
		{&s.segments, "SELECT s.first_id, s.last_id, s.number FROM segment_terms t JOIN segments s ON s.number = t.rowid " +
			"WHERE segment_terms MATCH ?1 AND t.rowid < ?2 AND t.rowid >= ?3 ORDER BY t.rowid DESC"},
		{&s.members, "SELECT members FROM segments WHERE number = ?"},
		{&s.blockAt, "SELECT " + blockColumns + " FROM blocks WHERE seq = ?"},
		{&s.refusalAt, "SELECT " + refusalColumns + " FROM refusals WHERE seq = ?"},
	})
}

// List gives the keys of blocks and refusals below an id.
func (h *Home) List(ctx context.Context, scope home.Scope, below string, limit int) (keys []home.Key, err error) {
	if below == "" {
		below = home.AboveAll
	}
	err = h.read(ctx, func(r *reader) error {
		blocks, refusals := r.blocksBelow, r.refusalsBelow
		if scope == home.Unindexed {
			blocks, refusals = r.unindexedBlocks, r.unindexedRefusals
			if err := errors.Join(bindOldest(blocks, r.oldestBlockToIndex), bindOldest(refusals, r.oldestToIndex)); err != nil {
				return err
			}
		}
		blocks.bindText(1, below)
		refusals.bindText(1, below)
		keys = newestOf(limit, keysOf(blocks, home.KindBlock), keysOf(refusals, home.KindRefusal))
		return errors.Join(blocks.reset(), refusals.reset())
	})
	return keys, err
}

// rowsOfOldest is how many of the rows that were written first are looked at for
// the lowest id that is not indexed. Later ones are no older: so many
// transactions take longer than any request.
const rowsOfOldest = 20_000

// bindOldest makes the lowest id of oldest the lower bound of a list.
func bindOldest(list, oldest *statement) error {
	from := home.AboveAll
	oldest.bindInteger(1, rowsOfOldest)
	err := each(oldest, func() (bool, error) {
		if !oldest.null(0) {
			from = oldest.text(0)
		}
		return true, nil
	})
	list.bindText(2, from)
	return err
}

// keysOf gives the keys of a query, one with each call.
func keysOf(s *statement, kind home.Kind) func() (home.Key, bool) {
	return func() (home.Key, bool) {
		if !s.next() {
			return home.Key{}, false
		}
		return home.Key{FirstID: s.text(0), LastID: s.text(1), Kind: kind, Place: home.Place{Number: s.integer(2)}}, true
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

// Segments gives the keys of segments that have the terms.
func (h *Home) Segments(ctx context.Context, wanted home.Wanted) (keys []home.Key, err error) {
	err = h.read(ctx, func(r *reader) error {
		s := r.segments
		s.bindText(1, wanted.Terms.Expression(`"`, " AND ", " OR "))
		s.bindInteger(2, wanted.Below)
		s.bindInteger(3, wanted.From)
		next := keysOf(s, home.KindSegment)
		for k, there := next(); there; k, there = next() {
			if keys = append(keys, k); len(keys) == wanted.Limit {
				break
			}
		}
		return s.reset()
	})
	return keys, err
}

// Load visits what has the keys.
func (h *Home) Load(ctx context.Context, keys []home.Key, visit func(home.Piece) (bool, error)) error {
	return h.read(ctx, func(r *reader) error {
		for _, k := range keys {
			pieces := []home.Key{k}
			if k.Kind == home.KindSegment {
				var err error
				if pieces, err = r.membersOf(k.Place.Number); err != nil {
					return err
				}
			}
			for _, piece := range pieces {
				if err := ctx.Err(); err != nil {
					return err
				}
				if more, err := r.load(piece, visit); err != nil || !more {
					return err
				}
			}
		}
		return nil
	})
}

func (r *reader) load(k home.Key, visit func(home.Piece) (bool, error)) (more bool, err error) {
	s, piece := r.blockAt, func() home.Piece { return home.Piece{Block: blockOf(r.blockAt)} }
	if k.Kind == home.KindRefusal {
		s, piece = r.refusalAt, func() home.Piece { return home.Piece{Refusal: refusalOf(r.refusalAt)} }
	}
	more = true
	s.bindInteger(1, k.Place.Number)
	err = each(s, func() (again bool, err error) {
		more, err = visit(piece())
		return more, err
	})
	return more, err
}

// membersOf are the blocks and refusals of a segment.
func (r *reader) membersOf(number int64) (keys []home.Key, err error) {
	r.members.bindInteger(1, number)
	err = each(r.members, func() (bool, error) {
		for rest := r.members.rawBlob(0); len(rest) > 0; {
			member, n := binary.Uvarint(rest)
			if n <= 0 || member > math.MaxInt64 {
				return false, errors.New("a segment is damaged")
			}
			keys = append(keys, home.Key{Kind: kinds[member&1], Place: home.Place{Number: int64(member >> 1)}})
			rest = rest[n:]
		}
		return true, nil
	})
	return keys, err
}

// kinds are those of members, by their lowest bit.
var kinds = [2]home.Kind{home.KindBlock, home.KindRefusal}
