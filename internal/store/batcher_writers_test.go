package store_test

import (
	"testing"
	"testing/synctest"
	"time"

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

// TestAnotherWriterBeginsWhenATransactionTakesLong: until then what comes is
// gathered for the next.
func TestAnotherWriterBeginsWhenATransactionTakesLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		engine := newHeldEngine()
		batcher := store.NewBatcher(engine, store.BatcherOptions{Writers: 2, Patience: time.Minute})
		t.Cleanup(func() {
			close(engine.released)
			batcher.Close()
		})
		commit := func(name string) { _ = batcher.Commit(t.Context(), named(name)) } // the engine's release answers
		go commit("a")
		<-engine.batches
		for _, name := range []string{"b", "c"} {
			go commit(name)
			synctest.Wait()
		}
		select {
		case early := <-engine.batches:
			t.Errorf("%d changes are written beside a transaction that just began", len(early))
		case <-time.After(time.Minute - 1):
		}
		if gathered := <-engine.batches; len(gathered) != 2 {
			t.Errorf("the other writer took %d changes, want both that waited", len(gathered))
		}
	})
}
