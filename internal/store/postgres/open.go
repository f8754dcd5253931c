package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Defaults of Options.
const (
	DefaultMaxConnections = 16
	DefaultRetryFor       = 15 * time.Second
)

// Options may be left zero.
type Options struct {
	// MaxConnections of this engine; DefaultMaxConnections when neither this nor
	// the URL's pool_max_conns says anything. Every process has its own.
	MaxConnections int
	// RetryFor bounds how long a call is tried again while the server is away,
	// changes, or its answer was lost; DefaultRetryFor when not positive. It
	// should be longer than a failover takes.
	RetryFor time.Duration
	// Tracer is told of every statement; for tests and diagnosis.
	Tracer pgx.QueryTracer
}

// Open connects to the database of the URL, postgres://USER:PASSWORD@HOST/NAME.
// Several hosts, with commas between them, are tried in turn for the one that
// takes writes. Open does not change the schema; Migrate does.
//
// Statements are prepared once for each connection. Behind a pooler that hands
// out connections by the transaction and does not keep prepared statements,
// default_query_exec_mode=cache_describe must be in the URL; the modes exec and
// simple_protocol do not work.
//
// Errors to tell apart: ErrNoSchema, *SchemaOlderError, *migration.NewerError,
// *migration.ChangedError, ErrNotDurable.
func Open(ctx context.Context, url string, opts Options) (*Engine, error) {
	config, err := parse(url)
	if err != nil {
		return nil, err
	}
	switch {
	case opts.MaxConnections > 0:
		config.MaxConns = int32(min(opts.MaxConnections, 10_000))
	case !strings.Contains(url, "pool_max_conns"):
		config.MaxConns = DefaultMaxConnections
	}
	if opts.RetryFor <= 0 {
		opts.RetryFor = DefaultRetryFor
	}
	if opts.Tracer != nil {
		config.ConnConfig.Tracer = opts.Tracer
	}
	// A connection that died while idle is found out by using it, at no cost.
	config.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false }
	pool, err := pgxpool.NewWithConfig(context.WithoutCancel(ctx), config)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	e := &Engine{pool: pool, retryFor: opts.RetryFor}
	e.lookups.begin(e)
	err = e.check(ctx)
	if err == nil {
		err = e.noteOrders(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// ErrNotDurable: the server acknowledges commits that it may lose.
var ErrNotDurable = errors.New("postgres: the server does not write commits to the disk before it acknowledges them: " +
	"fsync and synchronous_commit must not be off")

// check refuses a database that this program must not work on.
func (e *Engine) check(ctx context.Context) error {
	return e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		var fsync, commit string
		err := conn.QueryRow(ctx, `SELECT coalesce(current_setting('fsync', true), ''),
			coalesce(current_setting('synchronous_commit', true), '')`).Scan(&fsync, &commit)
		if err != nil {
			return err
		}
		if fsync == "off" || commit == "off" {
			return ErrNotDurable
		}
		return checkSchema(ctx, conn.Conn())
	})
}
