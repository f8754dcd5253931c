package postgres

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/kvitto/kvitto/internal/pgpool"
	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// List gives the keys of blocks and refusals below an id, day by day.
func (h *Home) List(ctx context.Context, scope home.Scope, below string, limit int) ([]home.Key, error) {
	if below == "" {
		below = home.AboveAll
	}
	return h.dayByDay(ctx, limit, func(d indexedDay) (string, []any) {
		const bounds = " < $1 ORDER BY id DESC LIMIT $2"
		query := `(SELECT first_id AS id, last_id, 0::bigint AS number, false AS refusal FROM ` + d.blocks() + ` WHERE first_id` + bounds + `)
			UNION ALL (SELECT correlation_id AS id, correlation_id, 0, true FROM ` + d.refusals() + ` WHERE correlation_id` + bounds + `)
			ORDER BY id DESC LIMIT $2`
		if scope == home.Unindexed && d.indexed {
			query = `SELECT first_id AS id, last_id, 0::bigint, refusal FROM ` + d.pending() + ` WHERE first_id` + bounds
		}
		return query, []any{below, limit}
	}, func(row pgx.CollectableRow, k *home.Key) error {
		var refusal bool
		err := row.Scan(&k.FirstID, &k.LastID, &k.Place.Number, &refusal)
		if refusal {
			k.Kind = home.KindRefusal
		}
		return err
	})
}

// Segments gives the keys of segments that have the terms.
func (h *Home) Segments(ctx context.Context, wanted home.Wanted) ([]home.Key, error) {
	terms := wanted.Terms.Expression("", " & ", " | ")
	return h.dayByDay(ctx, wanted.Limit, func(d indexedDay) (string, []any) {
		if !d.indexed {
			return "", nil
		}
		return `WITH found AS MATERIALIZED (SELECT first_id, last_id, number FROM ` + d.segments() + ` WHERE terms @@ $1::text::tsquery)
			SELECT first_id, last_id, number FROM found WHERE number < $2 AND number >= $3 ORDER BY number DESC LIMIT $4`,
			[]any{terms, wanted.Below, wanted.From, wanted.Limit}
	}, func(row pgx.CollectableRow, k *home.Key) error {
		k.Kind = home.KindSegment
		return row.Scan(&k.FirstID, &k.LastID, &k.Place.Number)
	})
}

// byIndex makes the planner use indexes for the statements that are sent with it.
// It knows nothing of new tables, and that reading the terms of all segments
// takes a hundred times longer it never knows.
const byIndex = "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)"

// So many days are asked in one round trip at first, and then three times as
// many: what is everywhere is found on the newest, and what is rare needs all.
const (
	daysAsked  = 2
	daysGrowth = 3
)

// dayByDay gathers the keys of the days, the newest first, until the limit. A
// query that is empty is left out.
func (h *Home) dayByDay(ctx context.Context, limit int, query func(indexedDay) (string, []any),
	scan func(pgx.CollectableRow, *home.Key) error) (keys []home.Key, err error) {
	err = h.attempt(ctx, h.quick, func(ctx context.Context, conn *pgx.Conn) error {
		keys = nil
		days, err := indexedDays(ctx, conn)
		if err != nil {
			return err
		}
		for asked := daysAsked; len(days) > 0 && len(keys) < limit; asked *= daysGrowth {
			now := days[:min(asked, len(days))]
			days = days[len(now):]
			var batch pgx.Batch
			batch.Queue(byIndex)
			for _, d := range now {
				sql, arguments := query(d)
				if sql == "" {
					continue
				}
				batch.Queue(sql, arguments...).Query(func(rows pgx.Rows) error {
					found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (k home.Key, err error) {
						k.Place.Day = string(d.day)
						return k, scan(row, &k)
					})
					keys = append(keys, found...)
					return err
				})
			}
			if err := conn.SendBatch(ctx, &batch).Close(); err != nil {
				return err // a day that was swept is not among them the next time
			}
		}
		keys = keys[:min(limit, len(keys))]
		return nil
	})
	return keys, err
}

// indexedDay is a day, and whether it has an index. One from before there was an
// index gets one soon.
type indexedDay struct {
	day
	indexed bool
}

// indexedDays are the days there are, newest first.
func indexedDays(ctx context.Context, conn *pgx.Conn) ([]indexedDay, error) {
	rows, err := conn.Query(ctx, "SELECT day, to_regclass($1 || day) IS NOT NULL FROM requestlog_days ORDER BY day DESC", day("").pending())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (d indexedDay, err error) {
		err = row.Scan(&d.day, &d.indexed)
		return d, err
	})
}

// piecesOfFetch bounds what is loaded at once.
const piecesOfFetch = 64

// Load visits what has the keys.
func (h *Home) Load(ctx context.Context, keys []home.Key, visit func(home.Piece) (bool, error)) error {
	for len(keys) > 0 {
		some := keys[:min(piecesOfFetch, len(keys))]
		fetch := piecesOf
		if keys[0].Kind == home.KindSegment {
			fetch = membersOf
		}
		for n, k := range some {
			if (k.Kind == home.KindSegment) != (keys[0].Kind == home.KindSegment) {
				some = some[:n]
				break
			}
		}
		keys = keys[len(some):]
		var pieces []home.Piece
		err := h.attempt(ctx, h.quick, func(ctx context.Context, conn *pgx.Conn) (err error) {
			pieces, err = fetch(ctx, conn, some)
			return err
		})
		if err != nil {
			return err
		}
		for _, piece := range pieces {
			if more, err := visit(piece); err != nil || !more {
				return err
			}
		}
	}
	return nil
}

// membersOf are the blocks and refusals of segments, in one round trip.
func membersOf(ctx context.Context, conn *pgx.Conn, segments []home.Key) (pieces []home.Piece, err error) {
	if len(segments) == 0 {
		return nil, nil
	}
	numbers := map[day][]int64{}
	for _, k := range segments {
		numbers[day(k.Place.Day)] = append(numbers[day(k.Place.Day)], k.Place.Number)
	}
	var batch pgx.Batch
	batch.Queue(byIndex)
	for d, of := range numbers {
		batch.Queue(`SELECT `+blockColumnNames+` FROM (SELECT unnest(firsts) AS first_id, unnest(lasts) AS last_id FROM `+d.segments()+
			` WHERE number = ANY($1)) AS member JOIN `+d.blocks()+` USING (first_id, last_id)`, of).Query(func(rows pgx.Rows) error {
			found, err := pgx.CollectRows(rows, scanBlock)
			for i := range found {
				pieces = append(pieces, home.Piece{Block: &found[i]})
			}
			return err
		})
		batch.Queue(`SELECT `+refusalColumnNames+` FROM (SELECT unnest(refusals) AS correlation_id FROM `+d.segments()+
			` WHERE number = ANY($1)) AS member JOIN `+d.refusals()+` USING (correlation_id)`, of).Query(func(rows pgx.Rows) error {
			found, err := pgx.CollectRows(rows, scanRefusal)
			for i := range found {
				pieces = append(pieces, home.Piece{Refusal: &found[i]})
			}
			return err
		})
	}
	err = conn.SendBatch(ctx, &batch).Close()
	if pgpool.Code(err) != pgpool.MissingTable {
		return pieces, err
	}
	days, asking := indexedDays(ctx, conn)
	left := slices.DeleteFunc(slices.Clone(segments), func(k home.Key) bool { // it was swept
		return !slices.Contains(days, indexedDay{day(k.Place.Day), true})
	})
	if asking != nil || len(left) == len(segments) {
		return nil, errors.Join(err, asking)
	}
	return membersOf(ctx, conn, left)
}

// piecesOf are the blocks and refusals that have the keys, in their order.
func piecesOf(ctx context.Context, conn *pgx.Conn, keys []home.Key) (pieces []home.Piece, err error) {
	of, err := fetchPieces(ctx, conn, keys)
	for _, k := range keys {
		if piece, there := of[k]; there {
			pieces = append(pieces, piece)
		}
	}
	return pieces, err
}

func fetchPieces(ctx context.Context, conn *pgx.Conn, keys []home.Key) (map[home.Key]home.Piece, error) {
	pieces := make(map[home.Key]home.Piece, len(keys))
	sorted := slices.SortedFunc(slices.Values(keys), func(a, b home.Key) int { return strings.Compare(a.Place.Day, b.Place.Day) })
	for len(sorted) > 0 {
		place, of := sorted[0].Place, map[home.Kind][]key{}
		for len(sorted) > 0 && sorted[0].Place == place {
			k := sorted[0]
			of[k.Kind] = append(of[k.Kind], key{day(place.Day), k.FirstID, k.LastID})
			sorted = sorted[1:]
		}
		blocks, err := fetched(ctx, conn, of[home.KindBlock], fetchBlocks)
		if err != nil {
			return nil, err
		}
		refusals, err := fetched(ctx, conn, of[home.KindRefusal], fetchRefusals)
		if err != nil {
			return nil, err
		}
		for i := range blocks {
			pieces[home.Key{FirstID: blocks[i].FirstID, LastID: blocks[i].LastID, Place: place}] = home.Piece{Block: &blocks[i]}
		}
		for i := range refusals {
			id := refusals[i].CorrelationID
			pieces[home.Key{FirstID: id, LastID: id, Kind: home.KindRefusal, Place: place}] = home.Piece{Refusal: &refusals[i]}
		}
	}
	return pieces, nil
}

// fetched is what a day has of the keys; nothing when it was swept.
func fetched[T any](ctx context.Context, conn *pgx.Conn, keys []key, fetch func(context.Context, *pgx.Conn, []key) ([]T, error)) ([]T, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	rows, err := fetch(ctx, conn, keys)
	if pgpool.Code(err) == pgpool.MissingTable {
		return nil, nil
	}
	return rows, err
}
