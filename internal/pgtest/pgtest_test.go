package pgtest_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kvitto/kvitto/internal/pgtest"
)

func connect(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // the server may be gone
	return conn
}

func execute(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func text(t *testing.T, conn *pgx.Conn, sql string) string {
	t.Helper()
	var got string
	if err := conn.QueryRow(t.Context(), sql).Scan(&got); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return got
}

func TestEveryURLIsAnEmptyDatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	one, two := connect(t, pgtest.URL(t)), connect(t, pgtest.URL(t))
	execute(t, one, "CREATE TABLE here (x int)")
	for conn, want := range map[*pgx.Conn]string{one: "1", two: "0"} {
		if got := text(t, conn, "SELECT count(*)::text FROM pg_tables WHERE schemaname = 'public'"); got != want {
			t.Errorf("the database has %s tables, want %s", got, want)
		}
	}
	for setting, want := range map[string]string{"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"} {
		if got := text(t, one, "SHOW "+setting); got != want {
			t.Errorf("%s is %s, want %s", setting, got, want)
		}
	}
}

func TestStrangersAreNotLetIn(t *testing.T) {
	t.Parallel()
	address, err := url.Parse(pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	address.User = url.UserPassword("postgres", "guessed")
	if conn, err := pgx.Connect(t.Context(), address.String()); err == nil {
		_ = conn.Close(t.Context())
		t.Error("a wrong password was taken")
	}
}

func TestTheSocketNeedsNoPassword(t *testing.T) {
	t.Parallel()
	c := pgtest.Shared(t)
	conn := connect(t, fmt.Sprintf("host=%s port=%d user=postgres dbname=postgres", c.SocketDir(), c.Port()))
	if got := text(t, conn, "SHOW cluster_name"); got != "kvitto_test" {
		t.Errorf("the cluster is %q", got)
	}
}

// TestWhatWasCommittedOutlivesEveryEnd: also that each end is one, and that the
// address stays.
func TestWhatWasCommittedOutlivesEveryEnd(t *testing.T) {
	t.Parallel()
	c := pgtest.Start(t, pgtest.Options{})
	address := c.URL(pgtest.Database(t, c))
	execute(t, connect(t, address), "CREATE TABLE ends (name text)")
	for name, end := range map[string]func() error{"stop": c.Stop, "immediate": c.StopImmediately, "kill": c.Kill} {
		execute(t, connect(t, address), "INSERT INTO ends VALUES ('"+name+"')")
		if err := end(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := pgx.Connect(t.Context(), address); err == nil {
			t.Fatalf("%s: it still answers", name)
		}
		if err := c.Start(t.Context()); err != nil {
			t.Fatalf("after %s: %v", name, err)
		}
		if got := text(t, connect(t, address), "SELECT count(*)::text FROM ends WHERE name = '"+name+"'"); got != "1" {
			t.Errorf("after %s its row is there %s times", name, got)
		}
	}
}

// TestAStandbyFollowsAndIsPromoted: with synchronous replication nothing that
// was acknowledged is missing after the primary was killed.
func TestAStandbyFollowsAndIsPromoted(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t, pgtest.Options{Name: "first"})
	standby := pgtest.Start(t, pgtest.Options{Name: "second", StandbyOf: primary})
	conn := connect(t, primary.URL("postgres"))
	execute(t, conn, "CREATE TABLE acknowledged (x int)")
	if err := primary.Configure("synchronous_standby_names = 'second'"); err != nil {
		t.Fatal(err)
	}
	if err := primary.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	for text(t, conn, "SELECT count(*)::text FROM pg_stat_replication WHERE sync_state = 'sync'") != "1" {
		// asked again until the reload has arrived; the test's own time limit bounds it
	}
	execute(t, conn, "INSERT INTO acknowledged VALUES (1)")
	if err := primary.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := standby.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	promoted := connect(t, standby.URL("postgres"))
	if got := text(t, promoted, "SELECT count(*)::text FROM acknowledged"); got != "1" {
		t.Errorf("the row is there %s times", got)
	}
	execute(t, promoted, "INSERT INTO acknowledged VALUES (2)")
}

const ofChild = "KVITTO_PGTEST_CHILD"

// TestNothingIsLeftOfAKilledProcess starts this test again as a process that
// has a cluster, and kills it.
func TestNothingIsLeftOfAKilledProcess(t *testing.T) {
	t.Parallel()
	if os.Getenv(ofChild) != "" {
		fmt.Println(filepath.Dir(pgtest.Shared(t).DataDir()))
		<-t.Context().Done() // it is killed here
		return
	}
	pgtest.Shared(t)
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), ofChild+"=1")
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var dir string
	for !strings.Contains(dir, "kvitto-pg-") {
		if _, err := fmt.Fscanln(output, &dir); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(dir); err != nil {
		t.Fatal(err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed
	gone, deadline := time.NewTicker(10*time.Millisecond), time.After(time.Minute)
	defer gone.Stop()
	for {
		select {
		case <-deadline:
			t.Fatalf("%s is still there", dir)
		case <-gone.C:
			if _, err := os.Stat(dir); os.IsNotExist(err) {
				return
			}
		}
	}
}
