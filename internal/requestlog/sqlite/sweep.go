package sqlite

import (
	"context"
	"math"
	"time"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// A portion is deleted in one transaction, between two of the writer's. Both
// sizes take a few milliseconds.
const (
	blocksOfPortion   = 32
	refusalsOfPortion = 256
	segmentsOfPortion = 64
)

// sweeper is the statements of a sweep.
type sweeper struct {
	oldBlocks, oldRefusals                 *statement
	deleteMark, deleteBlock, deleteRefusal *statement
	oldestBlock, oldestRefusal             *statement
	oldSegments, deleteTerms               *statement
	deleteSegment, lowerIndexed            *statement
	deleteTallies                          *statement
	allPages, freePages, pageSize          *statement
}

func (s *sweeper) prepareSweep(c *connection) error {
	return c.prepareAll([]query{
		{&s.oldBlocks, "SELECT seq, exchanges FROM blocks WHERE at_ns < ? ORDER BY at_ns LIMIT ?"},
		{&s.oldRefusals, "SELECT seq, 1 FROM refusals WHERE at_ns < ? ORDER BY at_ns LIMIT ?"},
		{&s.deleteMark, "DELETE FROM marks WHERE seq = ?"},
		{&s.deleteBlock, "DELETE FROM blocks WHERE seq = ?"},
		{&s.deleteRefusal, "DELETE FROM refusals WHERE seq = ?"},
		{&s.oldestBlock, "SELECT min(at_ns) FROM blocks"},
		{&s.oldestRefusal, "SELECT min(at_ns) FROM refusals"},
		{&s.oldSegments, "SELECT number, 1 FROM segments WHERE at_ns < ? ORDER BY at_ns LIMIT ?"},
		{&s.deleteTerms, "DELETE FROM segment_terms WHERE rowid = ?"},
		{&s.deleteSegment, "DELETE FROM segments WHERE number = ?"},
		// An empty table counts from 1 again.
		{&s.lowerIndexed, "UPDATE indexed SET block = min(block, (SELECT coalesce(max(seq), 0) FROM blocks)), " +
			"refusal = min(refusal, (SELECT coalesce(max(seq), 0) FROM refusals)) WHERE id = 1"},
		{&s.deleteTallies, "DELETE FROM tallies WHERE start_s < ?"},
		{&s.allPages, "PRAGMA page_count"},
		{&s.freePages, "PRAGMA freelist_count"},
		{&s.pageSize, "PRAGMA page_size"},
	})
}

// Sweep deletes a portion of blocks or refusals. The pages become free for what
// is written next; the file keeps its size and grows no more.
func (h *Home) Sweep(_ context.Context, limits home.Limits) (deleted int64, err error) {
	err = h.change(func(w *writer) error {
		var err error
		deleted, err = w.sweep(limits)
		if err == nil && deleted > 0 {
			err = w.follow(limits.Now)
		}
		return err
	})
	return deleted, err
}

func (w *writer) sweep(limits home.Limits) (deleted int64, err error) {
	if !limits.Before.IsZero() {
		deleted, err = w.forget(home.Nanoseconds(limits.Before))
	}
	if deleted > 0 || err != nil || limits.MaxBytes == 0 {
		return deleted, err
	}
	used, err := w.used()
	if err != nil || used <= limits.MaxBytes {
		return 0, err
	}
	return w.forget(math.MaxInt64)
}

// used is how many bytes of the file are in use.
func (w *writer) used() (int64, error) {
	var numbers [3]int64
	for i, s := range [...]*statement{w.allPages, w.freePages, w.pageSize} {
		err := each(s, func() (bool, error) {
			numbers[i] = s.integer(0)
			return true, nil
		})
		if err != nil {
			return 0, err
		}
	}
	return (numbers[0] - numbers[1]) * numbers[2], nil
}

// forget deletes a portion of what began before, from where the oldest is.
func (w *writer) forget(before int64) (deleted int64, err error) {
	block, err := oldest(w.oldestBlock)
	if err != nil {
		return 0, err
	}
	refusal, err := oldest(w.oldestRefusal)
	if err != nil {
		return 0, err
	}
	if block <= refusal {
		return w.portion(w.oldBlocks, before, blocksOfPortion, w.deleteMark, w.deleteBlock)
	}
	return w.portion(w.oldRefusals, before, refusalsOfPortion, w.deleteRefusal)
}

// follow deletes a portion of the segments, and the tallies, whose exchanges are all
// gone: those that are older than the oldest that is left.
func (w *writer) follow(now time.Time) error {
	block, err := oldest(w.oldestBlock)
	if err != nil {
		return err
	}
	refusal, err := oldest(w.oldestRefusal)
	if err != nil {
		return err
	}
	left := min(block, refusal)
	if _, err := w.portion(w.oldSegments, left, segmentsOfPortion, w.deleteTerms, w.deleteSegment); err != nil {
		return err
	}
	if err := w.forgetTallies(min(left, home.Nanoseconds(now))); err != nil {
		return err
	}
	return w.lowerIndexed.run()
}

// oldest is the result of a min(), the end of time where there is no row.
func oldest(s *statement) (at int64, err error) {
	at = math.MaxInt64
	err = each(s, func() (bool, error) {
		if !s.null(0) {
			at = s.integer(0)
		}
		return true, nil
	})
	return at, err
}

// portion runs the deletions for the first rows of a query.
func (w *writer) portion(old *statement, before, size int64, deletions ...*statement) (deleted int64, err error) {
	var rows []int64
	old.bindInteger(1, before)
	old.bindInteger(2, size)
	err = each(old, func() (bool, error) {
		rows = append(rows, old.integer(0))
		deleted += old.integer(1)
		return true, nil
	})
	for _, seq := range rows {
		for _, s := range deletions {
			if err != nil {
				return 0, err
			}
			s.bindInteger(1, seq)
			err = s.run()
		}
	}
	return deleted, err
}
