package postgres_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/postgres"
)

// TestAChangeAndItsCallbackAreOneTransaction: PostgreSQL notes in every row which
// transaction has written it.
func TestAChangeAndItsCallbackAreOneTransaction(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	engine := open(t, url, postgres.Options{})
	const sessions, each = 3, 4
	for range sessions {
		story := newTale()
		for range each {
			change := story.next(checkout.EventUpdated)
			change.Callback = &store.Callback{ID: uuid.NewString(), Kind: checkout.CallbackAuthorization, URL: "https://shop.example/"}
			mustCommit(t, engine, change)
			story.goOn(change)
		}
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := conn.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	var together int
	err = conn.QueryRow(t.Context(), `SELECT count(*) FROM revisions r JOIN callbacks c ON c.session_id = r.session_id AND c.revision = r.revision
		WHERE c.xmin = r.xmin`).Scan(&together)
	if err != nil || together != sessions*each {
		t.Errorf("%d of %d callbacks were written with their change; %v", together, sessions*each, err)
	}
}
