package requestlog

import (
	"context"
	"fmt"

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
