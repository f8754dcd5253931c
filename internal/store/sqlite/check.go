package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/kvitto/kvitto/internal/migration"
)

// Schema tells which migrations a store has and which this program would add,
// by name, and changes nothing. It also looks at a store that a server owns.
// Errors as of Open: ErrForeign, *migration.NewerError, *migration.ChangedError.
func Schema(ctx context.Context, path string) (applied, pending []string, err error) {
	conn, err := connect(path, "")
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	conn.bound(ctx)
	applied, pending, err = schemaOf(conn)
	conn.bound(context.Background())
	if isUnusable(err) {
		err = fmt.Errorf("%w: the file is damaged or is not a SQLite database (%w)", ErrForeign, err)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return applied, pending, errors.Join(err, conn.close())
}

func schemaOf(conn *connection) (applied, pending []string, err error) {
	if err := conn.busyTimeout(busyTimeout); err != nil {
		return nil, nil, err
	}
	id, err := queryInteger(conn, `PRAGMA application_id`)
	if err != nil {
		return nil, nil, err
	}
	if id != applicationID {
		return nil, nil, ErrForeign
	}
	known, err := migration.Load(migrationFiles)
	if err != nil {
		return nil, nil, err
	}
	stored, err := appliedMigrations(conn)
	if err != nil {
		return nil, nil, err
	}
	missing, err := migration.Pending(known, stored)
	if err != nil {
		return nil, nil, err
	}
	for _, step := range stored {
		applied = append(applied, step.Name)
	}
	for _, step := range missing {
		pending = append(pending, step.Name)
	}
	return applied, pending, nil
}
