package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// The statements of an erasure are rare, and prepared for it.
const (
	segmentsOfMinuteSQL = "SELECT first_id, last_id, number, members FROM segments WHERE number >= ? AND number < ?"
	replaceBlock        = "UPDATE blocks SET packed = ?2, data = ?3 WHERE seq = ?1"
	replaceRefusal      = "UPDATE refusals SET packed = ?2, data = ?3, explanation = ?4 WHERE seq = ?1"
	dropTerms           = "DELETE FROM segment_terms WHERE rowid = ?1"
	addTerms            = "INSERT INTO segment_terms (rowid, terms) SELECT number, ?2 FROM segments WHERE number = ?1"
)

// SegmentsOf gives the keys of the segments that have a piece: they are of its
// minute.
func (h *Home) SegmentsOf(ctx context.Context, piece home.Key) (keys []home.Key, err error) {
	member := membersOf([]home.Key{piece})
	wanted, _ := binary.Uvarint(member)
	minute := home.Minute(piece.FirstID)
	err = h.read(ctx, func(r *reader) error {
		return r.once(segmentsOfMinuteSQL, func(s *statement) error {
			s.bindInteger(1, home.SegmentNumber(minute))
			s.bindInteger(2, home.MinuteEnd(minute))
			return each(s, func() (bool, error) {
				for rest := s.rawBlob(3); len(rest) > 0; {
					one, n := binary.Uvarint(rest)
					if n <= 0 {
						return false, errors.New("a segment is damaged")
					}
					if rest = rest[n:]; one == wanted {
						keys = append(keys, home.Key{FirstID: s.text(0), LastID: s.text(1), Kind: home.KindSegment, Place: home.Place{Number: s.integer(2)}})
						break
					}
				}
				return true, nil
			})
		})
	})
	return keys, err
}

// Replace is home.Home's. SQLite overwrites what is replaced: it would mark the
// bytes as free and leave them otherwise.
func (h *Home) Replace(_ context.Context, replacement *home.Replacement) error {
	h.writing.Lock()
	defer h.writing.Unlock()
	if err := h.writer.exec("PRAGMA secure_delete = ON"); err != nil {
		return err
	}
	err := h.writer.transaction(func() error { return h.writer.replace(replacement) })
	return errors.Join(err, h.writer.exec("PRAGMA secure_delete = OFF"))
}

func (w *writer) replace(r *home.Replacement) error {
	sql := replaceBlock
	if r.Key.Kind == home.KindRefusal {
		sql = replaceRefusal
	}
	err := w.once(sql, func(s *statement) error {
		s.bindInteger(1, r.Key.Place.Number)
		s.bindBool(2, r.Packed)
		s.bindBlob(3, r.Data)
		if r.Key.Kind == home.KindRefusal {
			s.bindText(4, r.Explanation)
		}
		return s.run()
	})
	for i := 0; err == nil && i < len(r.Segments); i++ {
		number := r.Segments[i].Key.Place.Number
		err = w.once(dropTerms, func(s *statement) error {
			s.bindInteger(1, number)
			return s.run()
		})
		if err == nil {
			err = w.once(addTerms, func(s *statement) error {
				s.bindInteger(1, number)
				s.bindText(2, strings.Join(r.Segments[i].Terms, " "))
				return s.run()
			})
		}
	}
	return err
}

// How long Purge waits for somebody who reads the log, in all.
const (
	purgePatience = 10 * time.Second
	purgePause    = 50 * time.Millisecond
)

// Purge is home.Home's: the write-ahead log is copied back and emptied, for it has
// the pages from before. Whole first writes the file anew and merges the index into
// one: a row that SQLite moved to another page may still stand in the free room of
// the first, and the terms of segments that were replaced stay in the index until they
// are merged.
func (h *Home) Purge(ctx context.Context, whole bool) error {
	if whole {
		if err := h.rebuild(ctx); err != nil {
			return err
		}
	}
	for began := time.Now(); ; {
		emptied, err := h.emptyLog(ctx)
		if err != nil || emptied {
			return err
		}
		if time.Since(began) > purgePatience {
			return errors.New("a reader kept the log from being emptied; run the command again")
		}
		select {
		case <-time.After(purgePause): // others write meanwhile
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (h *Home) rebuild(ctx context.Context) error {
	h.writing.Lock()
	defer h.writing.Unlock()
	defer h.writer.bound(ctx)()
	return h.writer.exec("INSERT INTO segment_terms (segment_terms) VALUES ('optimize'); VACUUM")
}

func (h *Home) emptyLog(ctx context.Context) (emptied bool, err error) {
	h.writing.Lock()
	defer h.writing.Unlock()
	// A reader is waited for between attempts, where others can write.
	if err := h.writer.exec("PRAGMA busy_timeout = 0"); err != nil {
		return false, err
	}
	unbound := h.writer.bound(ctx)
	emptied, err = h.writer.emptyLog()
	unbound() // the setting comes back also when ctx is done
	return emptied, errors.Join(err, h.writer.exec(waiting))
}
