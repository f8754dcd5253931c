package postgres_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/postgres"
)

// reads counts the queries that look sessions up, and holds the answer of the
// first of them until it is released.
type reads struct {
	count    atomic.Int64
	answered chan struct{} // closed when the first answer is held
	release  chan struct{}
}

func newReads() *reads { return &reads{answered: make(chan struct{}), release: make(chan struct{})} }

type firstRead struct{}

func (r *reads) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if strings.HasPrefix(data.SQL, "SELECT wanted.place") && r.count.Add(1) == 1 {
		return context.WithValue(ctx, firstRead{}, true)
	}
	return ctx
}

func (r *reads) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	if ctx.Value(firstRead{}) != nil {
		close(r.answered)
		<-r.release
	}
}

// TestAReadJoinsNoQueryThatWasSent: what was written before a read began is in
// its answer, although a query for the same session is under way.
func TestAReadJoinsNoQueryThatWasSent(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	held := newReads()
	engine, other := open(t, url, postgres.Options{Tracer: held}), open(t, url, postgres.Options{})
	s := newTale()
	created := s.next(checkout.EventCreated)
	mustCommit(t, other, created)
	s.goOn(created)

	first := make(chan int64)
	go func() {
		session, err := engine.Session(t.Context(), s.session.ID)
		if err != nil {
			t.Error(err)
		}
		first <- session.Revision
	}()
	<-held.answered
	mustCommit(t, other, s.next(checkout.EventUpdated))
	// It waits behind the first for a while and then goes beside it.
	if session, err := engine.Session(t.Context(), s.session.ID); err != nil || session.Revision != 2 {
		t.Errorf("revision %d, %v; want 2", session.Revision, err)
	}
	close(held.release)
	if revision := <-first; revision != 1 {
		t.Errorf("the first read saw revision %d, want 1", revision)
	}
}

// TestReadsThatWaitGoTogether: each gets its own answer.
func TestReadsThatWaitGoTogether(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	counted := newReads()
	engine := open(t, url, postgres.Options{MaxConnections: 1, Tracer: counted})
	close(counted.release)
	tales := make([]*tale, 40)
	for i := range tales {
		tales[i] = newTale()
		tales[i].session.Content.OrderAmount = checkout.IntegerOf(int64(i))
		if i%4 != 3 { // the others are not there
			mustCommit(t, engine, tales[i].next(checkout.EventCreated))
		}
	}

	// Nothing is sent while a commit holds the only connection.
	looking, other := observe(t, url), observe(t, url)
	execute(t, other, `BEGIN; LOCK TABLE revisions IN EXCLUSIVE MODE`)
	var all sync.WaitGroup
	all.Go(func() { mustCommit(t, engine, newTale().next(checkout.EventCreated)) })
	await(t, looking, `SELECT count(*) = 1 FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name = 'kvitto'`)
	const asked = 300 // more than one query takes
	ids := make([]string, asked)
	for i := range ids {
		ids[i] = tales[i%len(tales)].session.ID
	}
	wait := postgres.Ask(engine, ids)
	execute(t, other, `ROLLBACK`)
	sessions, errs := wait(t.Context())
	for i, id := range ids {
		switch there := i%len(tales)%4 != 3; {
		case !there && !errors.Is(errs[i], store.ErrNotFound):
			t.Errorf("a session that is not there: %v, want ErrNotFound", errs[i])
		case there && (errs[i] != nil || sessions[i].ID != id || sessions[i].Content.OrderAmount != tales[i%len(tales)].session.Content.OrderAmount):
			t.Errorf("session %s: %+v, %v", id, sessions[i], errs[i])
		}
	}
	all.Wait()
	if n := counted.count.Load(); n > 3 {
		t.Errorf("%d queries for %d reads, want at most 3", n, asked)
	}
}

// TestOneCallerGivesUpAnotherDoesNot: a context ends the wait of its caller, and
// the query when there is no other.
func TestOneCallerGivesUpAnotherDoesNot(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	engine := open(t, url, postgres.Options{RetryFor: time.Hour})
	s := newTale()
	mustCommit(t, engine, s.next(checkout.EventCreated))
	looking, other := observe(t, url), observe(t, url)
	read := func(ctx context.Context) <-chan error {
		answer := make(chan error, 1)
		go func() {
			_, err := engine.Session(ctx, s.session.ID)
			answer <- err
		}()
		return answer
	}
	const waiting = `SELECT count(*) = $1 FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name = 'kvitto'`

	execute(t, other, `BEGIN; LOCK TABLE revisions IN ACCESS EXCLUSIVE MODE`)
	impatient, giveUp := context.WithCancel(t.Context())
	given, patient := read(impatient), read(t.Context())
	await(t, looking, `SELECT count(*) > 0 FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name = 'kvitto'`)
	giveUp()
	if err := <-given; !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up: %v, want context.Canceled", err)
	}
	execute(t, other, `ROLLBACK`)
	if err := <-patient; err != nil {
		t.Errorf("who did not: %v", err)
	}
	await(t, looking, waiting, 0)

	execute(t, other, `BEGIN; LOCK TABLE revisions IN ACCESS EXCLUSIVE MODE`)
	impatient, giveUp = context.WithCancel(t.Context())
	given = read(impatient)
	await(t, looking, waiting, 1)
	giveUp()
	if err := <-given; !errors.Is(err, context.Canceled) {
		t.Errorf("who was alone: %v, want context.Canceled", err)
	}
	if err := engine.Close(); err != nil { // waits for the query, which has an hour
		t.Error(err)
	}
}
