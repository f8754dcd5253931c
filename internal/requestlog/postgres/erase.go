package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/kvitto/kvitto/internal/pgpool"
	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// SegmentsOf gives the keys of the segments that have a piece: they are of its
// minute.
func (h *Home) SegmentsOf(ctx context.Context, piece home.Key) (keys []home.Key, err error) {
	d := day(piece.Place.Day)
	has := "$3 = ANY(refusals) AND $4::text IS NOT NULL"
	if piece.Kind == home.KindBlock {
		has = "EXISTS (SELECT 1 FROM unnest(firsts, lasts) AS b (f, l) WHERE f = $3 AND l = $4)"
	}
	minute := home.Minute(piece.FirstID)
	err = h.attempt(ctx, h.quick, func(ctx context.Context, conn *pgx.Conn) error {
		keys = nil
		rows, err := conn.Query(ctx, "SELECT first_id, last_id, number FROM "+d.segments()+" WHERE number >= $1 AND number < $2 AND "+has,
			home.SegmentNumber(minute), home.MinuteEnd(minute), piece.FirstID, piece.LastID)
		if err != nil {
			return err
		}
		keys, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (k home.Key, err error) {
			k.Kind, k.Place.Day = home.KindSegment, string(d)
			err = row.Scan(&k.FirstID, &k.LastID, &k.Place.Number)
			return k, err
		})
		return err
	})
	if pgpool.Code(err) == pgpool.MissingTable { // the day has no index, or was swept
		return nil, nil
	}
	return keys, err
}

// Replace is home.Home's. Doing it twice is doing it once, so that it is tried
// again.
func (h *Home) Replace(ctx context.Context, r *home.Replacement) error {
	d := day(r.Key.Place.Day)
	err := h.attempt(ctx, h.quick, func(ctx context.Context, conn *pgx.Conn) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) (err error) {
			if r.Key.Kind == home.KindRefusal {
				_, err = tx.Exec(ctx, "UPDATE "+d.refusals()+" SET packed = $2, data = $3, explanation = $4 WHERE correlation_id = $1",
					r.Key.FirstID, r.Packed, r.Data, r.Explanation)
			} else {
				_, err = tx.Exec(ctx, "UPDATE "+d.blocks()+" SET packed = $3, data = $4 WHERE first_id = $1 AND last_id = $2",
					r.Key.FirstID, r.Key.LastID, r.Packed, r.Data)
			}
			for i := 0; err == nil && i < len(r.Segments); i++ {
				_, err = tx.Exec(ctx, "UPDATE "+d.segments()+" SET terms = array_to_tsvector($2) WHERE number = $1",
					r.Segments[i].Key.Place.Number, slices.Clone(r.Segments[i].Terms))
			}
			if pgpool.Code(err) == pgpool.MissingTable {
				return finalError{err}
			}
			return err
		})
	})
	if pgpool.Code(err) == pgpool.MissingTable { // the day was swept
		return nil
	}
	return err
}

// Purge is home.Home's: VACUUM takes the dead rows off their pages as soon as no
// transaction can see them. Whole is VACUUM FULL, which writes each table anew and
// locks it meanwhile.
func (h *Home) Purge(ctx context.Context, whole bool) error {
	verb := "VACUUM "
	if whole {
		verb = "VACUUM FULL "
	}
	conn, err := h.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	days, err := all(ctx, conn.Conn())
	if err != nil {
		return err
	}
	for _, d := range days {
		for _, table := range d.tables() {
			if _, err := conn.Exec(ctx, verb+table); err != nil && pgpool.Code(err) != pgpool.MissingTable {
				return fmt.Errorf("%s%s: %w", verb, table, err)
			}
		}
	}
	return nil
}
