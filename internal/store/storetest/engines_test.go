package storetest_test

import (
	"path/filepath"
	"testing"

	"github.com/kvitto/kvitto/internal/pgtest"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/memstore"
	"github.com/kvitto/kvitto/internal/store/postgres"
	"github.com/kvitto/kvitto/internal/store/sqlite"
	"github.com/kvitto/kvitto/internal/store/storetest"
)

// TestAllEnginesAnswerAlike gives memory, SQLite and PostgreSQL the same random
// commands side by side.
func TestAllEnginesAnswerAlike(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	if err := postgres.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	storetest.RunModel(t,
		func(*testing.T) store.Engine { return memstore.New() },
		func(t *testing.T) store.Engine {
			engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "kvitto.db"))
			if err != nil {
				t.Fatal(err)
			}
			return engine
		},
		func(t *testing.T) store.Engine {
			engine, err := postgres.Open(t.Context(), url, postgres.Options{MaxConnections: 2})
			if err != nil {
				t.Fatal(err)
			}
			return engine
		})
}
