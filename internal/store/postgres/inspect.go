package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/kvitto/kvitto/internal/pgpool"
)

// Schema tells which migrations a database has and which this program would
// add, by name, and changes nothing. A database without any has none.
// *migration.NewerError, *migration.ChangedError.
func Schema(ctx context.Context, url string) (applied, lacking []string, err error) {
	known, err := ownSteps()
	if err != nil {
		return nil, nil, err
	}
	conn, err := connect(ctx, url)
	if err != nil {
		return nil, nil, fmt.Errorf("postgres: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it has read only
	found, err := readRecorded(ctx, conn)
	if err != nil {
		return nil, nil, fmt.Errorf("postgres: schema: %w", err)
	}
	rest, err := pending(known, found)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range found {
		applied = append(applied, r.Name)
	}
	for _, s := range rest {
		lacking = append(lacking, s.Name)
	}
	return applied, lacking, nil
}

// HasNamedMerchants tells whether an operator has added merchants to a
// database; those of a playground have no name. A database without a schema has
// none. It changes nothing, and tries again for a while when the server is away.
func HasNamedMerchants(ctx context.Context, url string) (named bool, err error) {
	err = patiently(ctx, url, "merchants", func(ctx context.Context, conn *pgx.Conn) error {
		err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM merchants WHERE name <> '')`).Scan(&named)
		if pgpool.Code(err) == pgpool.MissingTable {
			return nil
		}
		return err
	})
	return named, err
}
