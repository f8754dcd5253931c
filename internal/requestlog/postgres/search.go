package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/kvitto/kvitto/internal/pgpool"
	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// aboveAll is above every id.
const aboveAll = "\U0010ffff"

// List gives the keys of blocks and refusals below an id, day by day.
func (h *Home) List(ctx context.Context, scope home.Scope, below string, limit int) ([]home.Key, error) {
	if below == "" {
		below = aboveAll
	}
	return h.dayByDay(ctx, limit, func(ctx context.Context, conn *pgx.Conn, d day, limit int) ([]home.Key, error) {
		const bounds = " < $1 ORDER BY id DESC LIMIT $2"
		blocks := `SELECT first_id AS id, last_id, false AS refusal FROM ` + d.blocks() + ` WHERE first_id` + bounds
		query := `SELECT correlation_id AS id, correlation_id, true FROM ` + d.refusals() + ` WHERE correlation_id` + bounds
		switch scope {
		case home.Everything:
			query = `(` + blocks + `) UNION ALL (` + query + `) ORDER BY id DESC LIMIT $2`
		case home.Unindexed:
			query = `SELECT first_id AS id, last_id, refusal FROM ` + d.pending() + ` WHERE first_id` + bounds
		case home.Refusals:
		}
		rows, err := conn.Query(ctx, query, below, limit)
		if err != nil {
			return nil, err
		}
		return collectKeys(rows, d)
	})
}

func collectKeys(rows pgx.Rows, d day) ([]home.Key, error) {
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (k home.Key, err error) {
		var refusal bool
		k.Place.Day = string(d)
		if err = row.Scan(&k.FirstID, &k.LastID, &refusal); refusal {
			k.Kind = home.KindRefusal
		}
		return k, err
	})
}

// Segments gives the keys of segments that have the terms.
func (h *Home) Segments(ctx context.Context, wanted home.Wanted) ([]home.Key, error) {
	terms := wanted.Terms.Expression("", " & ", " | ")
	return h.dayByDay(ctx, wanted.Limit, func(ctx context.Context, conn *pgx.Conn, d day, limit int) (keys []home.Key, err error) {
		err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			// The planner knows nothing of new tables, and that reading the terms of
			// all segments takes a hundred times longer it never knows.
			if _, err := tx.Exec(ctx, "SET LOCAL enable_seqscan = off"); err != nil {
				return err
			}
			rows, err := tx.Query(ctx, `WITH found AS MATERIALIZED (SELECT first_id, last_id, number FROM `+d.segments()+` WHERE terms @@ $1::text::tsquery)
				SELECT first_id, last_id, number FROM found WHERE number < $2 AND number >= $3 ORDER BY number DESC LIMIT $4`,
				terms, wanted.Below, wanted.From, limit)
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
		return keys, err
	})
}

// dayByDay gathers the keys of the days, the newest first, until the limit.
func (h *Home) dayByDay(ctx context.Context, limit int,
	of func(context.Context, *pgx.Conn, day, int) ([]home.Key, error)) (keys []home.Key, err error) {
	err = h.attempt(ctx, h.quick, func(ctx context.Context, conn *pgx.Conn) error {
		keys = nil
		days, err := all(ctx, conn)
		if err != nil {
			return err
		}
		for _, d := range slices.Backward(days) {
			if len(keys) >= limit {
				return nil
			}
			found, err := of(ctx, conn, d, limit-len(keys))
			if err != nil && pgpool.Code(err) != pgpool.MissingTable { // it was swept
				return err
			}
			keys = append(keys, found...)
		}
		return nil
	})
	return keys, err
}

// piecesOfFetch bounds what is loaded at once.
const piecesOfFetch = 16

// Load visits what has the keys.
func (h *Home) Load(ctx context.Context, keys []home.Key, visit func(home.Piece) (bool, error)) error {
	keys, err := h.withoutSegments(ctx, keys)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(keys, piecesOfFetch) {
		var pieces map[home.Key]home.Piece
		err := h.attempt(ctx, h.quick, func(ctx context.Context, conn *pgx.Conn) (err error) {
			pieces, err = fetchPieces(ctx, conn, some)
			return err
		})
		if err != nil {
			return err
		}
		for _, k := range some {
			piece, there := pieces[k]
			if !there {
				continue
			}
			if more, err := visit(piece); err != nil || !more {
				return err
			}
		}
	}
	return nil
}

// withoutSegments has the keys of blocks and refusals in the place of the
// segments that hold them.
func (h *Home) withoutSegments(ctx context.Context, keys []home.Key) (pieces []home.Key, err error) {
	if !slices.ContainsFunc(keys, func(k home.Key) bool { return k.Kind == home.KindSegment }) {
		return keys, nil
	}
	err = h.attempt(ctx, h.quick, func(ctx context.Context, conn *pgx.Conn) error {
		pieces = nil
		for _, k := range keys {
			if k.Kind != home.KindSegment {
				pieces = append(pieces, k)
				continue
			}
			d := day(k.Place.Day)
			rows, err := conn.Query(ctx, `SELECT f, l, false FROM `+d.segments()+`, unnest(firsts, lasts) AS b (f, l) WHERE number = $1
				UNION ALL SELECT r, r, true FROM `+d.segments()+`, unnest(refusals) AS r WHERE number = $1`, k.Place.Number)
			if err != nil {
				return err
			}
			members, err := collectKeys(rows, d)
			if err != nil && pgpool.Code(err) != pgpool.MissingTable {
				return err
			}
			pieces = append(pieces, members...)
		}
		return nil
	})
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
