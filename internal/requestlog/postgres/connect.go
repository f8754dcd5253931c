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
	return pgpool.Parse(url, "kvitto requestlog")
}
