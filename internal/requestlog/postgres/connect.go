package postgres

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kvitto/kvitto/internal/pgpool"
)

// configuration reads the URL.
func configuration(url string) (*pgxpool.Config, error) {
	if !strings.HasPrefix(url, "postgres://") && !strings.HasPrefix(url, "postgresql://") {
		return nil, errors.New("the URL must begin with postgres://")
	}
	config, err := pgpool.Parse(url, "kvitto requestlog")
	if err == nil && !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = maxConnections
	}
	return config, err
}

// maxConnections of a process, where the URL says nothing: one writes, the
// others search and sweep.
const maxConnections = 4
