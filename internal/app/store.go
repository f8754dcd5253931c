package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/postgres"
	"github.com/kvitto/kvitto/internal/store/sqlite"
)

// engine is what a server wants of a store.
type engine interface {
	store.Engine
	store.Expiring
	store.Outbox
	store.People
	store.SignIns
	store.Audit
	store.Subjects
	store.Assessments
	store.Reviews
	store.Erasing
	store.Orders
}

// stores are where a server keeps what it knows.
type stores struct {
	engine
	log    *requestlog.Log
	shared bool // other processes may change the store
	// writers is how many transactions may be under way at a time, and patience
	// how long one is alone: one for ever where there is one writer, several
	// where each waits for a server.
	writers  int
	patience time.Duration
	file     string // the SQLite file; empty when there is none
}

// close frees both, the newest first.
func (s stores) close() error { return errors.Join(s.log.Close(), s.engine.Close()) }

// storeOptions are how a store is opened.
type storeOptions struct {
	// migrate brings a shared store's schema up to date; without it one that is
	// not is refused. A file has one owner and is always brought up to date.
	migrate bool
	log     requestlog.Options
}

// openStores opens the store of a URL.
func openStores(ctx context.Context, url string, options storeOptions) (stores, error) {
	scheme, rest, _ := strings.Cut(url, ":")
	switch scheme {
	case "sqlite":
		return openSQLite(ctx, rest, options)
	case "postgres", "postgresql":
		return openPostgres(ctx, url, options)
	default:
		return stores{}, errors.New("the store is neither sqlite:PATH nor postgres://...")
	}
}

func openSQLite(ctx context.Context, path string, options storeOptions) (stores, error) {
	database, err := makeDirectory(path)
	if err != nil {
		return stores{}, err
	}
	opened, err := sqlite.Open(ctx, database)
	if err != nil {
		return stores{}, err
	}
	if options.log.SearchKey, err = secretOf(ctx, opened, searchSecret, searchSecretBytes); err != nil {
		return stores{}, errors.Join(err, opened.Close())
	}
	log, err := requestlog.OpenSQLite(ctx, filesOf(path).requests, options.log)
	if err != nil {
		return stores{}, errors.Join(err, opened.Close())
	}
	return stores{engine: opened, log: log, file: database}, nil
}

// searchSecret is the secret under which the request log finds whole e-mail
// addresses and the like.
const (
	searchSecret      = "request_log_key"
	searchSecretBytes = 32
)

// secretOf is the same for every process of a store, and after a restart.
func secretOf(ctx context.Context, opened store.Engine, name string, size int) ([]byte, error) {
	proposed := make([]byte, size)
	if _, err := rand.Read(proposed); err != nil {
		return nil, err
	}
	key, err := opened.Secret(ctx, name, proposed)
	if err != nil {
		return nil, fmt.Errorf("secret %s: %w", name, err)
	}
	return key, nil
}

// makeDirectory makes the directory of the database at a path, for its owner
// alone, and returns the database's name.
func makeDirectory(path string) (database string, err error) {
	database = filesOf(path).database
	if err := os.MkdirAll(filepath.Dir(database), 0o700); err != nil {
		return "", fmt.Errorf("data directory: %w (choose another with --data)", err)
	}
	return database, nil
}

// A second writer begins when a transaction takes this long, so that one whose
// end is unknown does not hold up everybody. Usually there is one, with all that
// waits: two at a time halve the batches, and a machine of two cores did a tenth
// less.
const (
	postgresWriters  = 4
	postgresPatience = 20 * time.Millisecond
)

func openPostgres(ctx context.Context, url string, options storeOptions) (stores, error) {
	if options.migrate {
		if err := postgres.Migrate(ctx, url); err != nil {
			return stores{}, err
		}
	}
	opened, err := postgres.Open(ctx, url, postgres.Options{})
	if errors.Is(err, postgres.ErrNoSchema) {
		// An empty database has no servers of another version to wait for.
		if err = postgres.Migrate(ctx, url); err == nil {
			opened, err = postgres.Open(ctx, url, postgres.Options{})
		}
	}
	if err != nil {
		return stores{}, err
	}
	if options.log.SearchKey, err = secretOf(ctx, opened, searchSecret, searchSecretBytes); err != nil {
		return stores{}, errors.Join(err, opened.Close())
	}
	log, err := requestlog.OpenPostgres(ctx, url, options.log)
	if err != nil {
		return stores{}, errors.Join(err, opened.Close())
	}
	return stores{engine: opened, log: log, shared: true, writers: postgresWriters, patience: postgresPatience}, nil
}

// databaseName is the file of a store that is named by its directory.
const databaseName = "kvitto.db"

// files are the two files of an embedded store.
type files struct{ database, requests string }

// filesOf are the files at a path: kvitto.db and requests.db in a directory,
// or NAME.db and NAME-requests.db beside it. Two slashes before the path are
// how URLs of other programs are written.
func filesOf(path string) files {
	path = strings.TrimPrefix(path, "//")
	if info, err := os.Stat(path); strings.HasSuffix(path, "/") || (err == nil && info.IsDir()) {
		path = filepath.Join(path, databaseName)
	}
	// One file has one lock and one socket, by whatever link it is reached.
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	directory, name := filepath.Split(path)
	if name == databaseName {
		return files{path, filepath.Join(directory, "requests.db")}
	}
	return files{path, filepath.Join(directory, strings.TrimSuffix(name, ".db")+"-requests.db")}
}
