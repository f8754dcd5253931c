package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// connectTimeout bounds the attempt to reach one host, unless the URL does.
const connectTimeout = 2 * time.Second

// configuration reads the URL.
func configuration(url string) (*pgxpool.Config, error) {
	if !strings.HasPrefix(url, "postgres://") && !strings.HasPrefix(url, "postgresql://") {
		return nil, errors.New("the URL must begin with postgres://")
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, unreadable(url, err)
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "kvitto requestlog"
	}
	config.BeforeConnect = prepare
	return config, nil
}

// unreadable is the error for a URL that cannot be read. The parser quotes what
// it stumbled over, which may be a piece of the password; it is only repeated
// where there is none.
func unreadable(url string, err error) error {
	if strings.Contains(url, "@") || strings.Contains(strings.ToLower(url), "password") {
		return errors.New("the URL cannot be read; write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE, " +
			"with %40 for @, %3A for :, %2F for / and %25 for % inside the password, and check the parameters behind ?")
	}
	return fmt.Errorf("the URL cannot be read; write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE: %w", err)
}

// prepare makes a connection insist on a server that takes writes: after a
// failover the old address may lead to a standby. And it keeps pgx from asking a
// server to cancel what was sent before the connection broke: a commit that
// waits for its standby would become visible without being safe.
func prepare(_ context.Context, config *pgx.ConnConfig) error {
	var made atomic.Bool
	dial := config.DialFunc
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		if made.Load() {
			return nil, errors.New("what was sent is not cancelled")
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
	return nil
}
