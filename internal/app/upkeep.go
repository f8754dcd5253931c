package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/backup"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store/postgres"
	"github.com/kvitto/kvitto/internal/store/sqlite"
)

// Migrated is what a migration did.
type Migrated struct {
	Applied []string // steps that were run, by name
	Schema  int      // the number of the newest step afterwards
}

// Migrate brings the schema of a store up to date. It may run in many
// processes at the same time, and beside servers of this version and the one
// before.
func Migrate(ctx context.Context, url string) (Migrated, error) {
	path, embedded := strings.CutPrefix(url, "sqlite:")
	if !embedded {
		return migratePostgres(ctx, url)
	}
	database, err := makeDirectory(path)
	if err != nil {
		return Migrated{}, err
	}
	if err := OwnDirectory(filepath.Dir(database)); err != nil {
		return Migrated{}, err
	}
	before, _, err := sqlite.Schema(ctx, database)
	if _, missing := os.Stat(database); errors.Is(missing, fs.ErrNotExist) {
		before, err = nil, nil
	}
	if err != nil {
		return Migrated{}, err
	}
	opened, err := openStores(ctx, url, storeOptions{migrate: true})
	if err == nil {
		err = opened.close()
	}
	if err != nil && !errors.Is(err, sqlite.ErrLocked) {
		return Migrated{}, err
	}
	after, pending, checked := sqlite.Schema(ctx, database)
	if checked != nil {
		return Migrated{}, checked
	}
	if len(pending) > 0 {
		return Migrated{}, fmt.Errorf("%w\nit has an older schema; stop it, migrate, and start this version", err)
	}
	return Migrated{Applied: after[len(before):], Schema: len(after)}, nil
}

// migratePostgres also makes the tables of the request log, which has a schema
// of its own.
func migratePostgres(ctx context.Context, url string) (Migrated, error) {
	before, _, err := postgres.Schema(ctx, url)
	if err != nil {
		return Migrated{}, err
	}
	if err := postgres.Migrate(ctx, url); err != nil {
		return Migrated{}, err
	}
	log, err := requestlog.OpenPostgres(ctx, url, requestlog.Options{})
	if err == nil {
		err = log.Close()
	}
	if err != nil {
		return Migrated{}, err
	}
	after, _, err := postgres.Schema(ctx, url)
	if err != nil {
		return Migrated{}, err
	}
	return Migrated{Applied: after[min(len(before), len(after)):], Schema: len(after)}, nil
}

// Backup writes an embedded store into one file, also while a server runs.
func Backup(ctx context.Context, url, path, version string) (backup.Manifest, error) {
	location, embedded := strings.CutPrefix(url, "sqlite:")
	if !embedded {
		return backup.Manifest{}, errors.New("kvitto backup is for SQLite; for PostgreSQL use pg_basebackup or pg_dump, see docs/operations.md")
	}
	if _, err := existing(location); err != nil {
		return backup.Manifest{}, err
	}
	files := filesOf(location)
	return backup.Write(ctx, backup.Source{Database: files.database, Requests: files.requests, Version: version, Now: time.Now()}, path)
}
