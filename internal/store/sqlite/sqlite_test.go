package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/sqlite"
	"github.com/kvitto/kvitto/internal/store/storetest"
)

func open(t testing.TB, dir string) store.Engine {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), filepath.Join(dir, "kvitto.db"))
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

func TestSQLiteIsAStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Engine { return open(t, t.TempDir()) })
}

func TestSQLiteIsDurable(t *testing.T) {
	t.Parallel()
	storetest.RunDurable(t, func(t *testing.T, dir string) store.Engine { return open(t, dir) })
}

func TestSQLiteAnswersLikeTheModel(t *testing.T) {
	t.Parallel()
	storetest.RunModel(t, func(t *testing.T) store.Engine { return open(t, t.TempDir()) })
}

func TestSQLiteDeletesWhatHasExpired(t *testing.T) {
	t.Parallel()
	storetest.RunExpiring(t, func(t *testing.T) store.Engine { return open(t, t.TempDir()) })
}

func TestOutbox(t *testing.T) {
	t.Parallel()
	storetest.RunOutbox(t, func(t *testing.T) store.Engine { return open(t, t.TempDir()) })
}

func TestPeople(t *testing.T) {
	t.Parallel()
	storetest.RunPeople(t, func(t *testing.T) store.Engine { return open(t, t.TempDir()) })
}

func TestSQLiteRemembersSubjects(t *testing.T) {
	t.Parallel()
	storetest.RunSubjects(t, func(t *testing.T) store.Engine { return open(t, t.TempDir()) })
}

func TestSQLiteKeepsAssessments(t *testing.T) {
	t.Parallel()
	storetest.RunAssessments(t, func(t *testing.T) store.Engine { return open(t, t.TempDir()) })
}

func TestReviews(t *testing.T) {
	t.Parallel()
	storetest.RunReviews(t, func(t *testing.T) store.Engine { return open(t, t.TempDir()) })
}

func TestSQLiteErasesPeople(t *testing.T) {
	t.Parallel()
	storetest.RunErasing(t, func(t *testing.T) store.Engine { return open(t, t.TempDir()) })
}

func TestOrders(t *testing.T) {
	t.Parallel()
	storetest.RunOrders(t, func(t *testing.T) store.Engine { return open(t, t.TempDir()) })
}
