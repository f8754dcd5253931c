package store_test

import (
	"testing"
	"testing/synctest"

	"github.com/kvitto/kvitto/internal/store"
)

func TestSeveralWritersHaveTransactionsUnderWayAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		engine := newHeldEngines()
		batcher := store.NewBatcher(engine, store.BatcherOptions{Writers: 2})
		t.Cleanup(func() {
			close(engine.released)
			batcher.Close()
		})
		answers := map[string]<-chan error{}
		for _, name := range []string{"a", "b", "c", "d"} {
			answer := make(chan error, 1)
			go func() { answer <- batcher.Commit(t.Context(), named(name)) }()
			synctest.Wait()
			answers[name] = answer
			if name < "c" {
				<-engine.batches // so each has a transaction of its own
				synctest.Wait()
			}
		}
		engine.end("b", []error{store.ErrConflict}) // the younger ends first
		synctest.Wait()
		mustGet(t, "b", answers["b"], store.ErrConflict)
		for _, name := range []string{"a", "c", "d"} {
			mustWait(t, name, answers[name])
		}
		if gathered := <-engine.batches; len(gathered) != 2 || gathered[0].Session.ID != "c" {
			t.Errorf("the free writer took %d changes from %s on, want c and d", len(gathered), gathered[0].Session.ID)
		}
	})
}
