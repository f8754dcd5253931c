package requestlog

import (
	"context"
	"fmt"

	"github.com/kvitto/kvitto/internal/requestlog/postgres"
	"github.com/kvitto/kvitto/internal/requestlog/sqlite"
)

// OpenSQLite opens the log in the file at path, which it makes if there is
// none; its folder must exist. One process owns the file.
// *migration.NewerError, *migration.ChangedError.
func OpenSQLite(ctx context.Context, path string, options Options) (*Log, error) {
	home, err := sqlite.Open(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("requestlog: %w", err)
	}
	return newLog(home, options), nil
}

// OpenPostgres opens the log in the PostgreSQL database at url, such as
// postgres://USER:PASSWORD@HOST:PORT/DATABASE, which any number of processes
// may use. It reconnects by itself, and tries for fifteen seconds before exchanges
// count as failed; those may be in the database nevertheless.
// *migration.NewerError, *migration.ChangedError.
func OpenPostgres(ctx context.Context, url string, options Options) (*Log, error) {
	home, err := postgres.Open(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("requestlog: %w", err)
	}
	return newLog(home, options), nil
}
