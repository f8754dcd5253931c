package postgres_test

import (
	"context"
	"errors"
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/postgres"
)

// TestAContextBoundsTheWaitAndNothingElse: a commit that was sent is waited
// for; one that waits for a connection is given up and never sent.
func TestAContextBoundsTheWaitAndNothingElse(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	engine := open(t, url, postgres.Options{MaxConnections: 1})
	s := newTale()
	created := s.next(checkout.EventCreated)
	mustCommit(t, engine, created)
	s.goOn(created)
	updated := s.next(checkout.EventUpdated)

	other, looking := observe(t, url), observe(t, url)
	execute(t, other, "BEGIN")
	execute(t, other, `INSERT INTO revisions (session_id, revision, change_id, at, kind, state)
		SELECT session_id, 2, session_id, at, 'of another', state FROM revisions`)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	sent, waits := make(chan error, 1), make(chan error, 1)
	go func() { sent <- engine.Commit(ctx, []store.Change{updated})[0] }()
	await(t, looking, `SELECT count(*) = 1 FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name = 'kvitto'`)
	unsent := newTale()
	go func() { waits <- engine.Commit(ctx, []store.Change{unsent.next(checkout.EventCreated)})[0] }()
	cancel()
	if err := <-waits; !errors.Is(err, context.Canceled) {
		t.Errorf("the commit that waited for a connection: %v, want context.Canceled", err)
	}
	execute(t, other, "ROLLBACK")
	if err := <-sent; err != nil {
		t.Errorf("the commit that was sent: %v", err)
	}
	mustHave(t, engine, s.session.ID, created, updated)
	mustHave(t, engine, unsent.session.ID)
}
