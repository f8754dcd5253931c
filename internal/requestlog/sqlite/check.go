package sqlite

import (
	"context"
	"errors"
	"os"

	"github.com/kvitto/kvitto/internal/migration"
)

// Check tells whether Open could use the file at path, as far as its schema
// goes, and changes nothing. *migration.NewerError, *migration.ChangedError.
func Check(ctx context.Context, path string) (err error) {
	if _, err := os.Stat(path); err != nil { // connect would make it
		return err
	}
	c, err := connect(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	known, err := steps()
	if err != nil {
		return err
	}
	applied, err := appliedMigrations(c)
	if err != nil {
		return err
	}
	_, err = migration.Pending(known, applied)
	return err
}
