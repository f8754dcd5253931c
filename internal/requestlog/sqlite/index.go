package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// indexer is the statements that make segments.
type indexer struct {
	lastNumber, insertSegment, insertTerms *statement
	indexedBlock, indexedRefusal           *statement
	merge                                  *statement
}

func (x *indexer) prepareIndex(c *connection) error {
	return c.prepareAll([]query{
		{&x.lastNumber, "SELECT max(number) FROM segments WHERE number >= ? AND number < ?"},
		{&x.insertSegment, "INSERT INTO segments (number, first_id, last_id, at_ns, members) VALUES (?, ?, ?, ?, ?)"},
		{&x.insertTerms, "INSERT INTO segment_terms (rowid, terms) VALUES (?, ?)"},
		{&x.indexedBlock, "UPDATE indexed SET block = max(block, ?) WHERE id = 1"},
		{&x.indexedRefusal, "UPDATE indexed SET refusal = max(refusal, ?) WHERE id = 1"},
		{&x.merge, "INSERT INTO segment_terms (segment_terms, rank) VALUES ('merge', ?)"},
	})
}

// Unindexed gives the keys of what was written after everything indexed, about
// in the order of time.
func (h *Home) Unindexed(ctx context.Context, limit int) (keys []home.Key, err error) {
	err = h.read(ctx, func(r *reader) error {
		blocks, refusals := r.blocksToIndex, r.refusalsToIndex
		moreBlocks, moreRefusals := blocks.next(), refusals.next()
		for len(keys) < limit && (moreBlocks || moreRefusals) {
			s, kind, more := blocks, home.KindBlock, &moreBlocks
			if !moreBlocks || moreRefusals && refusals.integer(3) < blocks.integer(3) {
				s, kind, more = refusals, home.KindRefusal, &moreRefusals
			}
			keys = append(keys, home.Key{FirstID: s.text(0), LastID: s.text(1), Kind: kind, Place: home.Place{Number: s.integer(2)}})
			*more = s.next()
		}
		return errors.Join(blocks.reset(), refusals.reset())
	})
	return keys, err
}

// pagesOfMerge is how many pages of terms are merged at a time, which takes
// a few milliseconds.
const pagesOfMerge = 64

// Index keeps a segment, and merges some of the terms of earlier ones in a
// transaction of its own, so that nobody waits for long.
func (h *Home) Index(_ context.Context, segment *home.Segment) error {
	if err := h.change(func(w *writer) error { return w.index(segment) }); err != nil {
		return err
	}
	return h.change(func(w *writer) error {
		w.merge.bindInteger(1, pagesOfMerge)
		return w.merge.run()
	})
}

// change lets a transaction take its turn.
func (h *Home) change(change func(*writer) error) error {
	h.writing.Lock()
	defer h.writing.Unlock()
	return h.writer.transaction(func() error { return change(h.writer) })
}

func (w *writer) index(segment *home.Segment) error {
	number, err := w.freeNumber(home.Minute(segment.FirstID))
	if err != nil {
		return err
	}
	s := w.insertSegment
	s.bindInteger(1, number)
	s.bindText(2, segment.FirstID)
	s.bindText(3, segment.LastID)
	s.bindInteger(4, home.Nanoseconds(segment.At))
	s.bindBlob(5, membersOf(segment.Keys))
	if err := s.run(); err != nil {
		return err
	}
	w.insertTerms.bindInteger(1, number)
	w.insertTerms.bindText(2, strings.Join(segment.Terms, " "))
	if err := w.insertTerms.run(); err != nil {
		return err
	}
	for _, k := range segment.Keys {
		s := w.indexedBlock
		if k.Kind == home.KindRefusal {
			s = w.indexedRefusal
		}
		s.bindInteger(1, k.Place.Number)
		if err := s.run(); err != nil {
			return err
		}
	}
	return nil
}

// freeNumber is the next number of the minute.
func (w *writer) freeNumber(minute uint32) (int64, error) {
	number := home.SegmentNumber(minute)
	w.lastNumber.bindInteger(1, number)
	w.lastNumber.bindInteger(2, home.MinuteEnd(minute))
	err := each(w.lastNumber, func() (bool, error) {
		if !w.lastNumber.null(0) {
			number = w.lastNumber.integer(0) + 1
		}
		return true, nil
	})
	if err == nil && number >= home.MinuteEnd(minute) {
		err = errors.New("a minute has too many segments")
	}
	return number, err
}

func membersOf(keys []home.Key) (members []byte) {
	for _, k := range keys {
		member := uint64(k.Place.Number) << 1
		if k.Kind == home.KindRefusal {
			member++
		}
		members = binary.AppendUvarint(members, member)
	}
	return members
}
