package postgres

import (
	"context"
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
	d := day(segment.Keys[0].Place.Day)
	members := membersIn(segment)
	minute := home.Minute(segment.FirstID)
	err := h.attempt(ctx, h.quick, func(ctx context.Context, conn *pgx.Conn) error {
		var batch pgx.Batch
		batch.Queue(byIndex)
		// Where nothing waits, an attempt whose outcome was unknown has made the
		// segment.
		batch.Queue(`WITH gone AS (DELETE FROM `+d.pending()+` AS p USING unnest($1::text[], $2::text[], $3::boolean[]) AS m (f, l, r)
				WHERE p.first_id = m.f AND p.last_id = m.l AND p.refusal = m.r RETURNING true)
			INSERT INTO `+d.segments()+` (number, first_id, last_id, firsts, lasts, refusals, terms)
			SELECT number, $6, $7, $8, $9, $10, array_to_tsvector($11)
			FROM (SELECT coalesce(max(number) + 1, $4) AS number FROM `+d.segments()+` WHERE number >= $4 AND number < $5) AS next
			WHERE EXISTS (SELECT FROM gone)`,
			members.first, members.last, members.refused,
			home.SegmentNumber(minute), home.MinuteEnd(minute), segment.FirstID, segment.LastID, members.firsts, members.lasts, members.refusals,
			segment.Terms)
		err := conn.SendBatch(ctx, &batch).Close()
		if pgpool.Code(err) == pgpool.MissingTable {
			return finalError{err} // trying again would not bring it back
		}
		return err
	})
	if pgpool.Code(err) == pgpool.MissingTable { // the day was swept
		return nil
	}
	return err
}

// members are the keys of what is in a segment, all of them and each kind.
type members struct {
	first, last             []string
	refused                 []bool
	firsts, lasts, refusals []string
}

func membersIn(segment *home.Segment) (m members) {
	m.firsts, m.lasts, m.refusals = []string{}, []string{}, []string{} // nil would be NULL
	for _, k := range segment.Keys {
		refused := k.Kind == home.KindRefusal
		m.first, m.last, m.refused = append(m.first, k.FirstID), append(m.last, k.LastID), append(m.refused, refused)
		if refused {
			m.refusals = append(m.refusals, k.FirstID)
		} else {
			m.firsts, m.lasts = append(m.firsts, k.FirstID), append(m.lasts, k.LastID)
		}
	}
	return m
}
