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
func (h *Home) List(ctx context.Context, below string, limit int) (keys []home.Key, err error) {
	if below == "" {
		below = aboveAll
	}
	return h.dayByDay(ctx, limit, func(ctx context.Context, conn *pgx.Conn, d day, limit int) ([]home.Key, error) {
		rows, err := conn.Query(ctx, `(SELECT first_id AS id, last_id, false FROM `+d.blocks()+` WHERE first_id < $1 ORDER BY first_id DESC LIMIT $2)
			UNION ALL (SELECT correlation_id, correlation_id, true FROM `+d.refusals()+` WHERE correlation_id < $1 ORDER BY correlation_id DESC LIMIT $2)
			ORDER BY id DESC LIMIT $2`, below, limit)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, func(row pgx.CollectableRow) (k home.Key, err error) {
			k.Place.Day = string(d)
			err = row.Scan(&k.FirstID, &k.LastID, &k.Refusal)
			return k, err
		})
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

func fetchPieces(ctx context.Context, conn *pgx.Conn, keys []home.Key) (map[home.Key]home.Piece, error) {
	pieces := make(map[home.Key]home.Piece, len(keys))
	sorted := slices.SortedFunc(slices.Values(keys), func(a, b home.Key) int { return strings.Compare(a.Place.Day, b.Place.Day) })
	for len(sorted) > 0 {
		place, of := sorted[0].Place, map[bool][]key{}
		for len(sorted) > 0 && sorted[0].Place == place {
			k := sorted[0]
			of[k.Refusal] = append(of[k.Refusal], key{day(place.Day), k.FirstID, k.LastID})
			sorted = sorted[1:]
		}
		blocks, err := fetched(ctx, conn, of[false], fetchBlocks)
		if err != nil {
			return nil, err
		}
		refusals, err := fetched(ctx, conn, of[true], fetchRefusals)
		if err != nil {
			return nil, err
		}
		for i := range blocks {
			pieces[home.Key{FirstID: blocks[i].FirstID, LastID: blocks[i].LastID, Place: place}] = home.Piece{Block: &blocks[i]}
		}
		for i := range refusals {
			id := refusals[i].CorrelationID
			pieces[home.Key{FirstID: id, LastID: id, Refusal: true, Place: place}] = home.Piece{Refusal: &refusals[i]}
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
