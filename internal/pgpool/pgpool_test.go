package pgpool_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kvitto/kvitto/internal/pgpool"
	"github.com/kvitto/kvitto/internal/pgtest"
)

// TestAServerGivesUpAVanishedClientSoon: the settings are those of the
// connection, over TCP.
func TestAServerGivesUpAVanishedClientSoon(t *testing.T) {
	t.Parallel()
	want := map[string]string{"tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3", "tcp_user_timeout": "11000"}
	pool := dial(t, pgtest.URL(t))
	got := map[string]string{}
	for name := range want {
		var value string
		if err := pool.QueryRow(t.Context(), "SELECT setting FROM pg_settings WHERE name = $1", name).Scan(&value); err != nil {
			t.Fatal(err)
		}
		got[name] = value
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestTheSettingsAreABestEffort: a server that does not know one is served, a
// connection that broke is not.
func TestTheSettingsAreABestEffort(t *testing.T) {
	t.Parallel()
	conn, err := pgconn.Connect(t.Context(), pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := pgpool.Set(t.Context(), conn, "SET no_such_setting = 1"); err != nil {
		t.Errorf("a setting that the server does not know: %v", err)
	}
	if _, err := conn.Exec(t.Context(), "SELECT 1").ReadAll(); err != nil {
		t.Errorf("the connection after it: %v", err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := pgpool.Set(t.Context(), conn, "SET no_such_setting = 1"); err == nil {
		t.Error("a connection that is closed passed")
	}
}

func TestTheServerIsToldTheName(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	for address, want := range map[string]string{url: "the name", url + "?application_name=another": "another"} {
		var got string
		if err := dial(t, address).QueryRow(t.Context(), "SHOW application_name").Scan(&got); err != nil || got != want {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
}

func TestAnErrorOfAURLKeepsThePassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"postgres://kvitto:s3cret@127.0.0.1:1/kvitto?sslmode=s3cret",
		"postgres://kvitto:pass%s3cret@127.0.0.1/kvitto",
		"postgres://127.0.0.1:port/kvitto?PASSWORD=s3cret",
	} {
		_, err := pgpool.Parse(url, "test")
		if err == nil || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "postgres://USER:PASSWORD@HOST") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func dial(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	config, err := pgpool.Parse(url, "the name")
	if err != nil {
		t.Fatal(err)
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}
