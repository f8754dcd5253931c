package pgtest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// shared is the one cluster of the test process that URL uses.
var shared = sync.OnceValues(func() (*Cluster, error) {
	ctx := context.Background() // it serves all tests, whichever came first
	c, err := New(ctx, Options{Name: "kvitto_test"})
	if err != nil {
		return nil, err
	}
	return c, c.Start(ctx)
})

var databases atomic.Int64

// URL leads to a fresh, empty database in a cluster that all tests of the
// process share; do not stop it. Without PostgreSQL the test is skipped, or
// fails where CI is set.
func URL(t testing.TB) string {
	t.Helper()
	return Shared(t).URL(Database(t, Shared(t)))
}

// Shared is the cluster that URL uses. It belongs to all tests of the process.
func Shared(t testing.TB) *Cluster {
	t.Helper()
	c, err := shared()
	need(t, err)
	return c
}

// Database makes a fresh database in a running cluster and returns its name.
func Database(t testing.TB, c *Cluster) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("test_%d", databases.Add(1))
	_, err = conn.Exec(t.Context(), "CREATE DATABASE "+name)
	if closed := conn.Close(t.Context()); err == nil {
		err = closed
	}
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// Start makes and starts a cluster of the test's own, gone when it ends.
func Start(t testing.TB, opts Options) *Cluster {
	t.Helper()
	c, err := New(t.Context(), opts)
	need(t, err)
	t.Cleanup(func() {
		if err := c.Remove(); err != nil {
			t.Error(err)
		}
	})
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}
