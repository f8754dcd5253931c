package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

const (
	refusalColumnNames = "correlation_id, merchant_id, status, operation, session_id, order_id, authorization_token, explanation, packed, data"
	blockColumnNames   = "first_id, last_id, exchanges, packed, data"
)

// A search first asks every day for the keys of what it may have, in one round
// trip, and then fetches a few rows at a time: what was visited is not visited
// again when the connection breaks, and little is in memory.
const (
	blocksOfFetch   = 16
	refusalsOfFetch = 128
)

// key is the primary key of a row. Refusals have no last.
type key struct {
	day         day
	first, last string
}

// keysOf gathers the keys that a query finds on the days, in their order.
func (h *Home) keysOf(ctx context.Context, daysOf func(context.Context, *pgx.Conn) ([]day, error), query func(day) string,
	arguments []any, scan func(pgx.CollectableRow, day) (key, bool, error)) (keys []key, err error) {
	err = h.attempt(ctx, h.quick, func(ctx context.Context, conn *pgx.Conn) error {
		keys = nil
		days, err := daysOf(ctx, conn)
		if err != nil {
			return err
		}
		var batch pgx.Batch
		for _, d := range days {
			batch.Queue(query(d), arguments...).Query(func(rows pgx.Rows) error {
				for rows.Next() {
					k, wanted, err := scan(rows, d)
					if err != nil {
						return err
					}
					if wanted {
						keys = append(keys, k)
					}
				}
				return rows.Err()
			})
		}
		return conn.SendBatch(ctx, &batch).Close()
	})
	return keys, err
}

// visit fetches the rows of the keys and visits them in their order. A row that
// was swept in between is left out.
func visit[T any](ctx context.Context, h *Home, keys []key, size int, fetch func(context.Context, *pgx.Conn, []key) ([]T, error),
	visit func(*T) (bool, error)) error {
	for len(keys) > 0 {
		n := 1 // keys of the same day
		for n < len(keys) && n < size && keys[n].day == keys[0].day {
			n++
		}
		var rows []T
		err := h.attempt(ctx, h.quick, func(ctx context.Context, conn *pgx.Conn) (err error) {
			rows, err = fetched(ctx, conn, keys[:n], fetch)
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
		keys = keys[n:]
	}
	return nil
}

func firsts(keys []key) (ids []string) {
	for _, k := range keys {
		ids = append(ids, k.first)
	}
	return ids
}

func fetchRefusals(ctx context.Context, conn *pgx.Conn, keys []key) ([]home.Refusal, error) {
	rows, err := conn.Query(ctx, "SELECT "+refusalColumnNames+" FROM "+keys[0].day.refusals()+
		" WHERE correlation_id = ANY($1) ORDER BY at_ns, correlation_id", firsts(keys))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanRefusal)
}

func scanRefusal(row pgx.CollectableRow) (r home.Refusal, err error) {
	err = row.Scan(&r.CorrelationID, &r.MerchantID, &r.Status, &r.Operation, &r.SessionID, &r.OrderID, &r.AuthorizationToken,
		&r.Explanation, &r.Packed, &r.Data)
	return r, err
}

func fetchBlocks(ctx context.Context, conn *pgx.Conn, keys []key) ([]home.Block, error) {
	rows, err := conn.Query(ctx, "SELECT "+blockColumnNames+" FROM "+keys[0].day.blocks()+
		" WHERE first_id = ANY($1) ORDER BY at_ns, first_id", firsts(keys))
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, scanBlock)
	return slices.DeleteFunc(found, func(b home.Block) bool {
		return !slices.Contains(keys, key{keys[0].day, b.FirstID, b.LastID})
	}), err
}

func scanBlock(row pgx.CollectableRow) (b home.Block, err error) {
	err = row.Scan(&b.FirstID, &b.LastID, &b.Count, &b.Packed, &b.Data)
	return b, err
}

// Refusal visits the refusals with a correlation id.
func (h *Home) Refusal(ctx context.Context, correlationID string, found func(*home.Refusal) (bool, error)) error {
	return h.refusals(ctx, func(ctx context.Context, conn *pgx.Conn) ([]day, error) { return daysOf(ctx, conn, correlationID) },
		"correlation_id = $1", correlationID, found)
}

// RefusalsOf visits the refusals of a session.
func (h *Home) RefusalsOf(ctx context.Context, sessionID string, found func(*home.Refusal) (bool, error)) error {
	return h.refusals(ctx, all, "session_id = $1 AND session_id <> ''", sessionID, found)
}

func (h *Home) refusals(ctx context.Context, days func(context.Context, *pgx.Conn) ([]day, error), condition, argument string,
	found func(*home.Refusal) (bool, error)) error {
	keys, err := h.keysOf(ctx, days, func(d day) string {
		return "SELECT correlation_id FROM " + d.refusals() + " WHERE " + condition + " ORDER BY at_ns, correlation_id"
	}, []any{argument}, func(row pgx.CollectableRow, d day) (key, bool, error) {
		k := key{day: d}
		err := row.Scan(&k.first)
		return k, true, err
	})
	if err != nil {
		return err
	}
	return visit(ctx, h, keys, refusalsOfFetch, fetchRefusals, found)
}

// Covering visits the blocks that may hold a correlation id.
func (h *Home) Covering(ctx context.Context, bucket, correlationID string, found func(*home.Block) (bool, error)) error {
	keys, err := h.keysOf(ctx, func(ctx context.Context, conn *pgx.Conn) ([]day, error) { return daysOf(ctx, conn, correlationID) },
		func(d day) string {
			return "SELECT first_id, last_id FROM " + d.blocks() + " WHERE first_id BETWEEN $1 AND $2 AND last_id >= $2"
		}, []any{bucket, correlationID}, func(row pgx.CollectableRow, d day) (key, bool, error) {
			k := key{day: d}
			err := row.Scan(&k.first, &k.last)
			return k, true, err
		})
	if err != nil {
		return err
	}
	return visit(ctx, h, keys, blocksOfFetch, fetchBlocks, found)
}

// Marked visits the blocks that may hold a name.
func (h *Home) Marked(ctx context.Context, name string, found func(*home.Block) (bool, error)) error {
	keys, err := h.keysOf(ctx, all, func(d day) string {
		return "SELECT first_id, last_id, marks FROM " + d.blocks() + " WHERE newest_name >= $1 AND oldest_name <= $1 ORDER BY at_ns, first_id"
	}, []any{name}, func(row pgx.CollectableRow, d day) (key, bool, error) {
		k, marks := key{day: d}, []byte(nil)
		err := row.Scan(&k.first, &k.last, &marks)
		return k, err == nil && home.HasMark(marks, name), err
	})
	if err != nil {
		return err
	}
	return visit(ctx, h, keys, blocksOfFetch, fetchBlocks, found)
}
