package pgpool

import (
	"context"
	"errors"
	"net"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"
)

// keepalives make the server give up a client whose machine or network vanished
// after 11 s. Where it does not, a transaction that had begun keeps its locks
// for as long as TCP is patient, two hours by default. The probes are for a
// connection at rest; the timeout is for one on which an answer is under way,
// since then there are no probes.
const keepalives = `SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;
	SET tcp_user_timeout = 11000`

// Prepare makes a configuration one for a single new connection, and is called
// for each with a copy of its own.
//
// It keeps pgx from asking the server to cancel what was sent before the
// connection broke: cancelling a commit that waits for its synchronous standby
// makes it visible without being safe. So a connection that was made dials no
// more. And it insists on a server that takes writes: after a failover the old
// address may lead to a standby, which is behind.
func Prepare(config *pgconn.Config) {
	var made atomic.Bool
	dial := config.DialFunc
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		if made.Load() {
			return nil, errors.New("what was sent is not cancelled")
		}
		return dial(ctx, network, address)
	}
	config.ValidateConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		err := pgconn.ValidateConnectTargetSessionAttrsReadWrite(ctx, conn)
		if err == nil {
			err = set(ctx, conn, keepalives)
		}
		if err == nil {
			made.Store(true)
		}
		return err
	}
}

// set is a best effort in one round trip: a server that refuses, because it
// knows no such settings or a pooler stands before it, is as good without.
func set(ctx context.Context, conn *pgconn.PgConn, settings string) error {
	_, err := conn.Exec(ctx, settings).ReadAll()
	if _, said := errors.AsType[*pgconn.PgError](err); said && !conn.IsClosed() {
		return nil
	}
	return err
}
