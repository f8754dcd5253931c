package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kvitto/kvitto/internal/pgpool"
)

// parse reads the URL, and has connections tell of commits in doubt.
func parse(url string) (*pgxpool.Config, error) {
	config, err := pgpool.Parse(url, "kvitto")
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	config.ConnConfig.OnNotice = func(c *pgconn.PgConn, notice *pgconn.Notice) {
		if doubtful(notice) {
			c.CustomData()[doubtMark] = true
		}
	}
	return config, nil
}

// connect is one connection of its own, for what a pool is not needed for.
func connect(ctx context.Context, url string) (*pgx.Conn, error) {
	config, err := parse(url)
	if err != nil {
		return nil, err
	}
	pgpool.Prepare(&config.ConnConfig.Config)
	conn, err := pgx.ConnectConfig(ctx, config.ConnConfig)
	if err != nil {
		return nil, &unreachableError{err}
	}
	return conn, nil
}
