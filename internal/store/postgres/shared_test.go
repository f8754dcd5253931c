package postgres_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/pgtest"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/postgres"
)

// TestEnginesOnOneDatabaseRace: of changes to the same revision, made by two
// engines whose connections are cut now and then, exactly one is written, and
// it is the one that was told so.
func TestEnginesOnOneDatabaseRace(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	direct := open(t, url, postgres.Options{MaxConnections: 2})
	engines := make([]store.Engine, 2)
	proxies := make([]*pgtest.Proxy, 2)
	for i := range engines {
		var indirect string
		indirect, proxies[i] = through(t, url)
		engines[i] = open(t, indirect, postgres.Options{MaxConnections: 3})
	}
	const sessions, rounds = 8, 25
	var all sync.WaitGroup
	for n := range sessions {
		all.Go(func() {
			draw := rand.New(rand.NewPCG(1, uint64(n)))
			s := newTale()
			var written []store.Change
			for round := range rounds {
				kind := checkout.EventUpdated
				switch {
				case round == 0:
					kind = checkout.EventCreated
				case round == rounds-1:
					kind = checkout.EventOrdered
				case draw.IntN(3) == 0:
					kind = checkout.EventAuthorized
				}
				if draw.IntN(3) == 0 {
					proxies[draw.IntN(2)].Cut(pgtest.Points()[draw.IntN(len(pgtest.Points()))], draw.IntN(100))
				}
				winner, ok := race(t, engines, s, kind)
				if !ok {
					return
				}
				s.goOn(winner)
				written = append(written, winner)
			}
			mustHave(t, direct, s.session.ID, written...)
		})
	}
	all.Wait()
	if made := proxies[0].Made() + proxies[1].Made(); made < sessions {
		t.Errorf("only %d cuts were made", made)
	}
}

// race lets two changes of each engine meet, and returns the one that won.
func race(t *testing.T, engines []store.Engine, s *tale, kind checkout.EventKind) (winner store.Change, ok bool) {
	changes := make([]store.Change, 2*len(engines))
	answers := make([]error, len(changes))
	var all sync.WaitGroup
	for i := range changes {
		changes[i] = s.next(kind)
		all.Go(func() { answers[i] = engines[i%len(engines)].Commit(t.Context(), changes[i:i+1])[0] })
	}
	all.Wait()
	winners := 0
	for i, err := range answers {
		switch {
		case err == nil:
			winners++
			winner = changes[i]
		case !errors.Is(err, store.ErrConflict):
			t.Errorf("revision %d: %v", changes[i].Session.Revision, err)
		}
	}
	if winners != 1 {
		t.Errorf("revision %d of %s has %d winners", changes[0].Session.Revision, s.session.ID, winners)
	}
	return winner, winners == 1
}

// observe is a connection that looks on from outside.
func observe(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // the server may be gone
	return conn
}

// await asks until the answer to the query is true.
func await(t testing.TB, conn *pgx.Conn, query string, parameters ...any) {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for deadline := time.After(30 * time.Second); ; {
		var yes bool
		if err := conn.QueryRow(t.Context(), query, parameters...).Scan(&yes); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		if yes {
			return
		}
		select {
		case <-look.C:
		case <-deadline:
			t.Fatalf("%s: never true", query)
		}
	}
}

// TestARetryWaitsForTheAttemptBefore: the connection breaks while the server
// still works on the first attempt, which waits for a change of somebody else.
func TestARetryWaitsForTheAttemptBefore(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end  string
		want error
	}{"who gives up": {"ROLLBACK", nil}, "who is first": {"COMMIT", store.ErrConflict}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := migrated(t)
			direct := open(t, url, postgres.Options{MaxConnections: 1})
			indirect, proxy := through(t, url)
			engine := open(t, indirect, postgres.Options{MaxConnections: 2})
			s := newTale()
			created := s.next(checkout.EventCreated)
			mustCommit(t, engine, created)
			s.goOn(created)
			updated := s.next(checkout.EventUpdated)

			other, looking := observe(t, url), observe(t, url)
			execute(t, other, "BEGIN")
			execute(t, other, `INSERT INTO revisions (session_id, revision, change_id, at, kind, state)
				SELECT session_id, 2, session_id, at, 'of another', state FROM revisions WHERE session_id = '`+s.session.ID+`'`)
			answer := make(chan error, 1)
			go func() { answer <- engine.Commit(t.Context(), []store.Change{updated})[0] }()
			const waiting = `SELECT count(*) = $1 FROM pg_stat_activity
				WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name = 'kvitto'`
			await(t, looking, waiting, 1)
			proxy.CutAll()
			await(t, looking, waiting, 2) // the old attempt and the new one
			execute(t, other, test.end)
			if err := <-answer; !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			await(t, looking, waiting, 0)
			if test.want == nil {
				mustHave(t, direct, s.session.ID, created, updated)
			}
			var changes int
			if err := looking.QueryRow(t.Context(), `SELECT count(*) FROM revisions`).Scan(&changes); err != nil || changes != 2 {
				t.Errorf("%d revisions, %v; want 2", changes, err)
			}
		})
	}
}

func execute(t testing.TB, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}
