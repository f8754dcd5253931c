package postgres_test

import (
	"testing"

	"github.com/kvitto/kvitto/internal/pgtest"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/postgres"
	"github.com/kvitto/kvitto/internal/store/storetest"
)

// migrated is the URL of a fresh database with the newest schema.
func migrated(t testing.TB) string {
	t.Helper()
	url := pgtest.URL(t)
	if err := postgres.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	return url
}

func open(t testing.TB, url string, opts postgres.Options) *postgres.Engine {
	t.Helper()
	engine, err := postgres.Open(t.Context(), url, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() }) // the second time at the latest, which is harmless
	return engine
}

// opener gives engines that share a database.
func opener(url string) func(t *testing.T) store.Engine {
	return func(t *testing.T) store.Engine { return open(t, url, postgres.Options{MaxConnections: 4}) }
}

func TestPostgreSQLDeletesWhatHasExpired(t *testing.T) {
	t.Parallel()
	storetest.RunExpiring(t, func(t *testing.T) store.Engine { return opener(migrated(t))(t) })
}

func TestPostgreSQLIsAStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, opener(migrated(t)))
}

func TestOutbox(t *testing.T) {
	t.Parallel()
	storetest.RunOutbox(t, func(t *testing.T) store.Engine { return opener(migrated(t))(t) })
}

func TestPeople(t *testing.T) {
	t.Parallel()
	storetest.RunPeople(t, func(t *testing.T) store.Engine { return opener(migrated(t))(t) })
}

func TestPostgreSQLRemembersSubjects(t *testing.T) {
	t.Parallel()
	storetest.RunSubjects(t, func(t *testing.T) store.Engine { return opener(migrated(t))(t) })
}

func TestPostgreSQLKeepsAssessments(t *testing.T) {
	t.Parallel()
	storetest.RunAssessments(t, func(t *testing.T) store.Engine { return opener(migrated(t))(t) })
}

func TestReviews(t *testing.T) {
	t.Parallel()
	storetest.RunReviews(t, func(t *testing.T) store.Engine { return opener(migrated(t))(t) })
}

func TestPostgreSQLErasesPeople(t *testing.T) {
	t.Parallel()
	storetest.RunErasing(t, func(t *testing.T) store.Engine { return opener(migrated(t))(t) })
}

func TestOrders(t *testing.T) {
	t.Parallel()
	storetest.RunOrders(t, func(t *testing.T) store.Engine { return opener(migrated(t))(t) })
}
