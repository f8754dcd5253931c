package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kvitto/kvitto/internal/pgpool"
	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// Unindexed gives the keys of what no segment has, the oldest day first. One
// process is at it at a time; another takes over half a minute after its end.
func (h *Home) Unindexed(ctx context.Context, limit int) (keys []home.Key, err error) {
	err = h.attempt(ctx, h.quick, func(ctx context.Context, conn *pgx.Conn) error {
		keys = nil
		if mine, err := h.claim(ctx, conn); err != nil || !mine {
			return err
		}
		days, err := all(ctx, conn)
		if err != nil {
			return err
		}
		for _, d := range days {
			if len(keys) >= limit {
				return nil
			}
			found, err := pendingOf(ctx, conn, d, limit-len(keys))
			if pgpool.Code(err) == pgpool.MissingTable {
				// It is from before there was an index, or was swept.
				err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return makeIndex(ctx, tx, d) })
			}
			if err != nil && pgpool.Code(err) != pgpool.MissingTable {
				return err
			}
			keys = append(keys, found...)
		}
		return nil
	})
	return keys, err
}

// claim tells whether this process makes the index, and says so to the others
// from time to time.
func (h *Home) claim(ctx context.Context, conn *pgx.Conn) (mine bool, err error) {
	var fresh bool
	err = conn.QueryRow(ctx, `SELECT holder = $1, until > now() + interval '10 seconds' FROM requestlog_indexer WHERE id = 1`, h.name).Scan(&mine, &fresh)
	if err != nil || mine && fresh {
		return mine, err
	}
	claimed, err := conn.Exec(ctx, `UPDATE requestlog_indexer SET holder = $1, until = now() + interval '30 seconds'
		WHERE id = 1 AND (holder = $1 OR until < now())`, h.name)
	return claimed.RowsAffected() > 0, err
}

func pendingOf(ctx context.Context, conn *pgx.Conn, d day, limit int) ([]home.Key, error) {
	rows, err := conn.Query(ctx, "SELECT first_id, last_id, refusal FROM "+d.pending()+" ORDER BY first_id LIMIT $1", limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (k home.Key, err error) {
		var refusal bool
		k.Place.Day = string(d)
		if err = row.Scan(&k.FirstID, &k.LastID, &refusal); refusal {
			k.Kind = home.KindRefusal
		}
		return k, err
	})
}

// yieldIndex lets another process go on at once.
func (h *Home) yieldIndex() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	// Without it the others wait until the claim has ended.
	_, _ = h.pool.Exec(ctx, "UPDATE requestlog_indexer SET until = now() WHERE id = 1 AND holder = $1", h.name)
}

// Index keeps a segment and ends the waiting of what is in it.
func (h *Home) Index(ctx context.Context, segment *home.Segment) error {
	err := h.attempt(ctx, h.quick, func(ctx context.Context, conn *pgx.Conn) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return index(ctx, tx, segment) })
	})
	if pgpool.Code(err) == pgpool.MissingTable { // the day was swept
		return nil
	}
	return err
}

// index does nothing when the segment is there, from an attempt whose outcome
// was unknown.
func index(ctx context.Context, tx pgx.Tx, segment *home.Segment) error {
	d := day(segment.Keys[0].Place.Day)
	firsts, lasts, refusals := []string{}, []string{}, []string{} // nil would be NULL
	for _, k := range segment.Keys {
		if k.Kind == home.KindRefusal {
			refusals = append(refusals, k.FirstID)
		} else {
			firsts, lasts = append(firsts, k.FirstID), append(lasts, k.LastID)
		}
	}
	deleted, err := tx.Exec(ctx, `DELETE FROM `+d.pending()+` WHERE refusal AND first_id = ANY($1)
		OR NOT refusal AND (first_id, last_id) IN (SELECT f, l FROM unnest($2::text[], $3::text[]) AS b (f, l))`, refusals, firsts, lasts)
	if pgpool.Code(err) == pgpool.MissingTable {
		return finalError{err} // trying again would not bring it back
	}
	if err != nil || deleted.RowsAffected() == 0 {
		return err
	}
	minute := home.Minute(segment.FirstID)
	_, err = tx.Exec(ctx, `INSERT INTO `+d.segments()+` (number, first_id, last_id, firsts, lasts, refusals, terms)
		SELECT coalesce(max(number) + 1, $1), $3, $4, $5, $6, $7, array_to_tsvector($8) FROM `+d.segments()+` WHERE number >= $1 AND number < $2`,
		home.SegmentNumber(minute), home.MinuteEnd(minute), segment.FirstID, segment.LastID, firsts, lasts, refusals, slices.Clone(segment.Terms))
	return err
}
