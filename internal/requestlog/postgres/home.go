package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// Home is an open database.
type Home struct {
	pool            *pgxpool.Pool
	name            string // of this process, among those that share the database
	days            days
	quick, sweeping patience
}

var _ home.Home = (*Home)(nil)

// Open connects to the database at url and brings its schema up to date. The
// tables are in the first schema of the search path, which others may use too:
// their names begin with requestlog_. *migration.NewerError,
// *migration.ChangedError.
func Open(ctx context.Context, url string) (*Home, error) {
	return openWith(ctx, url, quickPatience)
}

func openWith(ctx context.Context, url string, quick patience) (*Home, error) {
	config, err := configuration(url)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	h := &Home{pool: pool, name: identifier.New(time.Now()), quick: quick, sweeping: sweepPatience}
	if err := h.attempt(ctx, quick, migrate); err != nil {
		pool.Close()
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return h, nil
}

// Close closes the connections.
func (h *Home) Close() error {
	h.yieldIndex()
	h.pool.Close()
	return nil
}
