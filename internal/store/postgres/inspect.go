package postgres

import (
	"context"
	"fmt"
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
