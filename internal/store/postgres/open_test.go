package postgres_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/pgtest"
	"github.com/kvitto/kvitto/internal/store/postgres"
)

func mustKeepSecret(t testing.TB, address string, err error) {
	t.Helper()
	parsed, parseErr := url.Parse(address)
	if parseErr != nil {
		t.Fatal(parseErr)
	}
	password, _ := parsed.User.Password()
	if password == "" || strings.Contains(err.Error(), password) {
		t.Errorf("the password %q is in %q", password, err)
	}
}

func TestErrorsHaveNoPassword(t *testing.T) {
	t.Parallel()
	good := pgtest.URL(t)
	parsed, err := url.Parse(good)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := parsed.User.Password()
	for _, address := range []string{
		good + "_unknown",
		strings.Replace(good, ":"+password, ":"+password+"x", 1), // wrong
		good + "?sslmode=nonsense",
		good + "?port=x",
		strings.Replace(good, password, password+"%zz", 1),
		strings.Replace(good, "postgres://", "postgres:/", 1),
		"host=127.0.0.1 port=x password=" + password,
		strings.Replace(good, parsed.Host, "127.0.0.1:1", 1), // nobody there
	} {
		opts := postgres.Options{RetryFor: time.Millisecond}
		_, err := postgres.Open(t.Context(), address, opts)
		if err == nil {
			t.Errorf("%s was opened", address)
			continue
		}
		if strings.Contains(err.Error(), password) {
			t.Errorf("the password is in %q", err)
		}
	}
}

func TestAURLThatCannotBeReadIsExplained(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"postgres://localhost/x?sslmode=nonsense", "postgres://u:p%zz@localhost/x"} {
		_, err := postgres.Open(t.Context(), address, postgres.Options{})
		if err == nil || !strings.Contains(err.Error(), "postgres://USER:PASSWORD@HOST") {
			t.Errorf("got %v, want the form of a URL", err)
		}
	}
}

func TestAServerThatIsNotDurableIsRefused(t *testing.T) {
	t.Parallel()
	address := migrated(t)
	_, err := postgres.Open(t.Context(), address+"?synchronous_commit=off", postgres.Options{})
	if !errors.Is(err, postgres.ErrNotDurable) {
		t.Errorf("got %v, want ErrNotDurable", err)
	}
}

func TestTheServerIsToldWhoComes(t *testing.T) {
	t.Parallel()
	address := migrated(t)
	engine := open(t, address, postgres.Options{})
	if err := engine.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, observe(t, address), `SELECT count(*) > 0 FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = 'kvitto'`)
}

// TestAStandbyIsNotServedFrom: what it says may be old.
func TestAStandbyIsNotServedFrom(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t, pgtest.Options{Name: "first"})
	database := pgtest.Database(t, primary)
	if err := postgres.Migrate(t.Context(), primary.URL(database)); err != nil {
		t.Fatal(err)
	}
	standby := pgtest.Start(t, pgtest.Options{Name: "second", StandbyOf: primary})
	await(t, observe(t, standby.URL(database)), `SELECT pg_is_in_recovery()`)
	if _, err := postgres.Open(t.Context(), standby.URL(database), postgres.Options{RetryFor: 20 * time.Millisecond}); err == nil {
		t.Error("a standby was opened")
	}
	open(t, primary.URLThrough(standby.Address()+","+primary.Address(), database), postgres.Options{})
}
