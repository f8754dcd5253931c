package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// queueTallies adds the statement that writes tallies. Each process has rows of
// its own, and each row is written whole: nobody waits for anybody, and it may be
// written twice.
func queueTallies(statements *pgx.Batch, tallies []home.Tally) {
	if len(tallies) == 0 {
		return
	}
	var (
		everybody      []bool
		merchants, ids []string
		starts         []int64
		data           [][]byte
	)
	for i := range tallies {
		t := &tallies[i]
		everybody, merchants, starts = append(everybody, t.Everybody), append(merchants, t.MerchantID), append(starts, t.Start)
		ids, data = append(ids, t.ID), append(data, t.Data)
	}
	statements.Queue(`INSERT INTO requestlog_tallies (everybody, merchant_id, start_s, id, data)
		SELECT everybody, merchant, start, id, data FROM unnest($1::boolean[], $2::text[], $3::bigint[], $4::text[], $5::bytea[])
			AS t (everybody, merchant, start, id, data)
		ON CONFLICT (everybody, merchant_id, start_s, id) DO UPDATE SET data = excluded.data`, everybody, merchants, starts, ids, data)
}

// talliesOfFetch bounds what is in memory at once: a busy shop's are a few
// kilobytes each.
const talliesOfFetch = 512

// Tallies visits the tallies of a range, in their order.
func (h *Home) Tallies(ctx context.Context, wanted home.TallyRange, visit func(*home.Tally) (bool, error)) error {
	from, after := wanted.From, ""
	for {
		var rows []home.Tally
		err := h.attempt(ctx, h.quick, func(ctx context.Context, conn *pgx.Conn) error {
			found, err := conn.Query(ctx, `SELECT start_s, id, data FROM requestlog_tallies
				WHERE everybody = $1 AND merchant_id = $2 AND (start_s, id) > ($3, $4) AND start_s < $5 ORDER BY start_s, id LIMIT $6`,
				wanted.Everybody, wanted.MerchantID, from, after, wanted.To, talliesOfFetch)
			if err != nil {
				return err
			}
			rows, err = pgx.CollectRows(found, func(row pgx.CollectableRow) (t home.Tally, err error) {
				t.Everybody, t.MerchantID = wanted.Everybody, wanted.MerchantID
				err = row.Scan(&t.Start, &t.ID, &t.Data)
				return t, err
			})
			return err
		})
		if err != nil {
			return err
		}
		for i := range rows {
			if more, err := visit(&rows[i]); err != nil || !more {
				return err
			}
		}
		if len(rows) < talliesOfFetch {
			return nil
		}
		from, after = rows[len(rows)-1].Start, rows[len(rows)-1].ID
	}
}
