package postgres_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/pgtest"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/postgres"
	"github.com/kvitto/kvitto/internal/store/storetest"
)

// TestPostgreSQLIsDurable: a folder of the suite holds the name of a database.
// Opening it again takes the server down at once, as a crash would, while the
// other rules use it; they must not notice.
func TestPostgreSQLIsDurable(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t, pgtest.Options{})
	var one sync.Mutex // the server goes down once at a time, and not while a database is made
	storetest.RunDurable(t, func(t *testing.T, dir string) store.Engine {
		one.Lock()
		defer one.Unlock()
		file := filepath.Join(dir, "database")
		name, err := os.ReadFile(file)
		if err == nil {
			restart(t, cluster)
			return open(t, cluster.URL(string(name)), postgres.Options{MaxConnections: 2})
		}
		name = []byte(pgtest.Database(t, cluster))
		if err := os.WriteFile(file, name, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := postgres.Migrate(t.Context(), cluster.URL(string(name))); err != nil {
			t.Fatal(err)
		}
		return open(t, cluster.URL(string(name)), postgres.Options{MaxConnections: 2})
	})
}

func restart(t testing.TB, cluster *pgtest.Cluster) {
	t.Helper()
	if err := cluster.StopImmediately(); err != nil {
		t.Fatal(err)
	}
	if err := cluster.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestWhatWasAcknowledgedIsOnThePromotedStandby: the primary is killed under
// load; the engine finds the standby by itself.
func TestWhatWasAcknowledgedIsOnThePromotedStandby(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t, pgtest.Options{Name: "first"})
	database := pgtest.Database(t, primary)
	if err := postgres.Migrate(t.Context(), primary.URL(database)); err != nil {
		t.Fatal(err)
	}
	standby := pgtest.Start(t, pgtest.Options{Name: "second", StandbyOf: primary})
	synchronous(t, primary, "second", database)
	engine := open(t, primary.URLThrough(standby.Address()+","+primary.Address(), database), postgres.Options{
		MaxConnections: 4, RetryFor: time.Minute,
	})
	const writers = 4
	tales := make([][]store.Change, writers)
	reached := make(chan bool, writers)
	stop := make(chan struct{})
	var all sync.WaitGroup
	for i := range tales {
		all.Go(func() {
			s := newTale()
			kind := checkout.EventCreated
			for {
				change := s.next(kind)
				if err := commit(t, engine, change); err != nil {
					t.Errorf("revision %d: %v", change.Session.Revision, err)
					return
				}
				s.goOn(change)
				tales[i] = append(tales[i], change)
				kind = checkout.EventUpdated
				if len(tales[i]) == 20 {
					reached <- true
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for range writers {
		<-reached
	}
	if err := primary.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := standby.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Whoever is answered now was answered by the new primary.
	after := newTale()
	mustCommit(t, engine, after.next(checkout.EventCreated))
	close(stop)
	all.Wait()
	promoted := open(t, standby.URL(database), postgres.Options{MaxConnections: 1})
	for _, written := range tales {
		mustHave(t, promoted, written[0].Session.ID, written...)
	}
}

// synchronous makes commits of the primary wait for the standby.
func synchronous(t testing.TB, primary *pgtest.Cluster, standby, database string) {
	t.Helper()
	if err := primary.Configure("synchronous_standby_names = '" + standby + "'"); err != nil {
		t.Fatal(err)
	}
	if err := primary.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	looking := observe(t, primary.URL(database))
	await(t, looking, `SELECT current_setting('synchronous_standby_names') = $1`, standby)
	if standby == "second" {
		await(t, looking, `SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'`)
	}
}

// TestACommitThatIsOnlyLocalIsNotAcknowledged: somebody cancels the wait for
// the standby, or the server is restarted in it. The rows are there then, and
// would be lost with the server.
func TestACommitThatIsOnlyLocalIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	for name, disturb := range map[string]string{
		"cancelled":  `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`,
		"terminated": `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`,
		"restarted":  "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			primary := pgtest.Start(t, pgtest.Options{})
			url := primary.URL(pgtest.Database(t, primary))
			if err := postgres.Migrate(t.Context(), url); err != nil {
				t.Fatal(err)
			}
			engine := open(t, url, postgres.Options{MaxConnections: 2, RetryFor: 2 * time.Minute})
			s := newTale()
			created := s.next(checkout.EventCreated)
			mustCommit(t, engine, created)
			s.goOn(created)
			synchronous(t, primary, "nobody", "postgres")

			updated := s.next(checkout.EventUpdated)
			answer := make(chan error, 1)
			go func() { answer <- engine.Commit(t.Context(), []store.Change{updated})[0] }()
			looking := observe(t, url)
			const waiting = `SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query LIKE $1`
			await(t, looking, waiting, "INSERT INTO revisions%")
			if disturb == "" {
				restart(t, primary)
				looking = observe(t, url)
			} else {
				execute(t, looking, disturb)
			}
			await(t, looking, `SELECT count(*) = 2 FROM revisions`) // it is visible
			await(t, looking, waiting, "COMMIT%")                   // and not acknowledged: it is being confirmed
			select {
			case err := <-answer:
				t.Fatalf("answered with %v while no standby has it", err)
			default:
			}
			synchronous(t, primary, "", "postgres")
			if err := <-answer; err != nil {
				t.Fatal(err)
			}
			mustHave(t, engine, s.session.ID, created, updated)
		})
	}
}

// TestAnOutageLongerThanTheRetryIsAnError: which says what is known, and has no
// password in it.
func TestAnOutageLongerThanTheRetryIsAnError(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	indirect, proxy := through(t, url)
	engine := open(t, indirect, postgres.Options{MaxConnections: 1})
	s := newTale()
	mustCommit(t, engine, s.next(checkout.EventCreated))
	postgres.SetRetryFor(engine, time.Second)
	s.session.Revision = 1
	proxy.Lead("127.0.0.1:1")
	proxy.CutAll()
	unknown := commit(t, engine, s.next(checkout.EventUpdated))
	unwritten := commit(t, engine, s.next(checkout.EventUpdated))
	_, unread := engine.Session(t.Context(), s.session.ID)
	for want, err := range map[string]error{"not known": unknown, "commit: nothing was done": unwritten, "read: nothing was done": unread} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		} else {
			mustKeepSecret(t, url, err)
		}
	}
	if err := engine.Ping(t.Context()); err == nil {
		t.Error("a store without a server answered a ping")
	}
}
