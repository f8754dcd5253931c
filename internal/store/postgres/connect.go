package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// connectTimeout bounds the try of one host, where the URL says nothing.
const connectTimeout = 3 * time.Second

// parse reads the URL. Several hosts are tried in turn until one takes writes.
func parse(url string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, unreadable(url, err)
	}
	conn := config.ConnConfig
	if conn.ConnectTimeout == 0 {
		conn.ConnectTimeout = connectTimeout
	}
	if conn.RuntimeParams["application_name"] == "" {
		conn.RuntimeParams["application_name"] = "kvitto"
	}
	conn.OnNotice = func(c *pgconn.PgConn, notice *pgconn.Notice) {
		if doubtful(notice) {
			c.CustomData()[doubtMark] = true
		}
	}
	return config, nil
}

// prepare is called for each new connection with its own configuration.
//
// It keeps pgx from asking the server to cancel the query of a connection that
// broke: cancelling a commit that waits for its synchronous standby makes it
// visible without being safe. So a connection that was made dials no more. And
// it insists on a server that takes writes: a standby is behind.
func prepare(config *pgconn.Config) {
	var made atomic.Bool
	dial := config.DialFunc
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		if made.Load() {
			return nil, errors.New("postgres: queries are not cancelled")
		}
		return dial(ctx, network, address)
	}
	config.ValidateConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		if err := pgconn.ValidateConnectTargetSessionAttrsReadWrite(ctx, conn); err != nil {
			return err
		}
		made.Store(true)
		return nil
	}
}

// unreadable is the error for a URL. What the parser says may quote the URL, so
// with a password in it the parser is not heard.
func unreadable(url string, err error) error {
	const form = "postgres: the URL of the store cannot be read; it looks like " +
		"postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full, with % / : @ ? # in the password written as %25 %2F %3A %40 %3F %23"
	if strings.Contains(url, "@") || strings.Contains(url, "password") {
		return errors.New(form)
	}
	return fmt.Errorf("%s: %w", form, err)
}
