package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/kvitto/kvitto/internal/pgpool"
	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// Sweep drops the oldest day, if it is to be forgotten: when all of it is from
// before, or when the log takes more than it may. Today stays in any case. So
// exchanges are kept a day longer than the limit says, and a limit on bytes
// that is smaller than a day cannot hold.
func (h *Home) Sweep(ctx context.Context, limits home.Limits) (deleted int64, err error) {
	for dropped := true; dropped && deleted == 0 && err == nil; { // a day may have been empty
		err = h.attempt(ctx, h.sweeping, func(ctx context.Context, conn *pgx.Conn) (err error) {
			deleted, dropped, err = sweep(ctx, conn, limits)
			return err
		})
	}
	return deleted, err
}

func sweep(ctx context.Context, conn *pgx.Conn, limits home.Limits) (deleted int64, dropped bool, err error) {
	days, err := all(ctx, conn)
	if err != nil || len(days) == 0 {
		return 0, false, err
	}
	end, err := days[0].end()
	if err != nil {
		return 0, false, fmt.Errorf("requestlog_days has the day %q: %w", days[0], finalError{err})
	}
	end = end.Add(slack)
	if limits.Before.IsZero() || end.After(limits.Before) {
		if limits.MaxBytes == 0 || end.After(limits.Now) {
			return 0, false, nil
		}
		used, err := size(ctx, conn, days)
		if err != nil || used <= limits.MaxBytes {
			return 0, false, err
		}
	}
	return drop(ctx, conn, days[0])
}

// size is the bytes of all days, indexes included.
func size(ctx context.Context, conn *pgx.Conn, days []day) (used int64, err error) {
	tables := []string{"requestlog_tallies"}
	for _, d := range days {
		tables = append(tables, d.tables()...)
	}
	err = conn.QueryRow(ctx, "SELECT coalesce(sum(pg_total_relation_size(to_regclass(name))), 0)::bigint FROM unnest($1::text[]) AS t (name)",
		tables).Scan(&used)
	return used, err
}

// drop drops a day. Counting takes a while and locks nothing out. Dropping waits
// for those who read or write the day for a moment only, because all others
// would wait behind it. Whoever deletes the day's row drops its tables.
func drop(ctx context.Context, conn *pgx.Conn, d day) (deleted int64, dropped bool, err error) {
	err = conn.QueryRow(ctx,
		"SELECT (SELECT coalesce(sum(exchanges), 0) FROM "+d.blocks()+") + (SELECT count(*) FROM "+d.refusals()+")").Scan(&deleted)
	if err != nil && pgpool.Code(err) != pgpool.MissingTable { // another process may be ahead
		return 0, false, err
	}
	end, err := d.end()
	if err != nil {
		return 0, false, err
	}
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = '200ms'"); err != nil {
			return err
		}
		row, err := tx.Exec(ctx, "DELETE FROM requestlog_days WHERE day = $1", string(d))
		if err != nil {
			return err
		}
		if row.RowsAffected() == 0 {
			deleted = 0 // another process did it
			return nil
		}
		if _, err := tx.Exec(ctx, "DELETE FROM requestlog_tallies WHERE start_s < $1", end.Unix()); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "DROP TABLE IF EXISTS "+strings.Join(d.tables(), ", "))
		return err
	})
	if err != nil {
		return 0, false, err
	}
	return deleted, true, nil
}
