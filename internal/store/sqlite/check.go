package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strconv"

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

// HasNamedMerchants tells whether an operator has added merchants to a store;
// those of a playground have no name. It changes nothing, and also looks at a
// store that a server owns. A file that Open would refuse has none.
func HasNamedMerchants(ctx context.Context, path string) (bool, error) {
	conn, err := connect(path, "")
	if err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	conn.bound(ctx)
	named, err := namedMerchants(conn)
	conn.bound(context.Background())
	if isUnusable(err) {
		err = nil
	}
	if err != nil {
		err = fmt.Errorf("%s: merchants: %w", path, err)
	}
	return named > 0, errors.Join(err, conn.close())
}

func namedMerchants(conn *connection) (int64, error) {
	if err := conn.busyTimeout(busyTimeout); err != nil {
		return 0, err
	}
	ours, err := queryInteger(conn, `SELECT count(*) FROM pragma_application_id AS a, sqlite_schema AS s
		WHERE a.application_id = `+strconv.Itoa(applicationID)+` AND s.type = 'table' AND s.name = 'merchants'`)
	if err != nil || ours == 0 {
		return 0, err
	}
	return queryInteger(conn, `SELECT count(*) FROM merchants WHERE name <> ''`)
}
