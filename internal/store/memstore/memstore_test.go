package memstore_test

import (
	"testing"

	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/memstore"
	"github.com/kvitto/kvitto/internal/store/storetest"
)

func TestMemstoreIsAStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) store.Engine { return memstore.New() })
}

func TestMemstoreDeletesWhatHasExpired(t *testing.T) {
	t.Parallel()
	storetest.RunExpiring(t, func(*testing.T) store.Engine { return memstore.New() })
}

func TestMemoryHasAnOutbox(t *testing.T) {
	t.Parallel()
	storetest.RunOutbox(t, func(*testing.T) store.Engine { return memstore.New() })
}

func TestMemoryKnowsPeople(t *testing.T) {
	t.Parallel()
	storetest.RunPeople(t, func(*testing.T) store.Engine { return memstore.New() })
}

func TestMemoryKeepsSubjectsAndAssessments(t *testing.T) {
	t.Parallel()
	storetest.RunSubjects(t, func(*testing.T) store.Engine { return memstore.New() })
	storetest.RunAssessments(t, func(*testing.T) store.Engine { return memstore.New() })
}

func TestMemoryHasReviews(t *testing.T) {
	t.Parallel()
	storetest.RunReviews(t, func(*testing.T) store.Engine { return memstore.New() })
}

func TestMemstoreErasesPeople(t *testing.T) {
	t.Parallel()
	storetest.RunErasing(t, func(*testing.T) store.Engine { return memstore.New() })
}

func TestMemoryListsOrders(t *testing.T) {
	t.Parallel()
	storetest.RunOrders(t, func(*testing.T) store.Engine { return memstore.New() })
}
