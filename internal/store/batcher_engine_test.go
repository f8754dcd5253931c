package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/memstore"
	"github.com/kvitto/kvitto/internal/store/storetest"
)

// batched is an engine whose every change goes through a batcher.
type batched struct {
	*memstore.Engine
	batcher *store.Batcher
}

func openBatched(*testing.T) store.Engine {
	engine := memstore.New()
	return batched{engine, store.NewBatcher(engine, store.BatcherOptions{MaxBatch: 8})}
}

func (b batched) Commit(ctx context.Context, changes []store.Change) []error {
	answers := make([]error, len(changes))
	for i := range changes {
		answers[i] = b.batcher.Commit(ctx, changes[i])
	}
	return answers
}

func (b batched) Close() error {
	b.batcher.Close()
	return b.Engine.Close()
}

func openBatchedByThree(*testing.T) store.Engine {
	engine := memstore.New()
	return batched{engine, store.NewBatcher(engine, store.BatcherOptions{MaxBatch: 2, Writers: 3})}
}

func TestAnEngineBehindABatcherOfSeveralWritersIsStillAStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, openBatchedByThree)
}

func TestAnEngineBehindABatcherIsStillAStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, openBatched)
}

func TestAnEngineBehindABatcherAnswersLikeTheModel(t *testing.T) {
	t.Parallel()
	storetest.RunModel(t, openBatched)
}

// TestBatcherUnderContention lets many callers change few sessions, some of
// them leaving early: each session must have exactly the revisions that were
// acknowledged to somebody, and no caller another's answer.
func TestBatcherUnderContention(t *testing.T) {
	t.Parallel()
	for _, writers := range []int{1, 3} {
		t.Run(fmt.Sprintf("%d writers", writers), func(t *testing.T) {
			t.Parallel()
			contend(t, store.BatcherOptions{MaxBatch: 5, Queue: contenders, Writers: writers})
		})
	}
}

const contenders = 32

func contend(t *testing.T, opts store.BatcherOptions) {
	const callers, sessions, rounds = contenders, 4, 200
	engine := memstore.New()
	batcher := store.NewBatcher(engine, opts)
	var acknowledged [callers]map[string]bool // by the correlation id of the event
	var running sync.WaitGroup
	for caller := range callers {
		acknowledged[caller] = map[string]bool{}
		running.Go(func() {
			for round := range rounds {
				id := fmt.Sprintf("session %d", (caller+round)%sessions)
				name := fmt.Sprintf("%d/%d", caller, round)
				err := batcher.Commit(impatient(t, round), nextRevision(t, engine, id, name))
				switch {
				case err == nil:
					acknowledged[caller][name] = true
				case !errors.Is(err, store.ErrConflict) && !errors.Is(err, context.DeadlineExceeded):
					t.Errorf("caller %s: %v", name, err)
				}
			}
		})
	}
	running.Wait()
	batcher.Close()

	written := 0
	for i := range sessions {
		history, err := engine.Revisions(t.Context(), fmt.Sprintf("session %d", i), 0, 0)
		if err != nil {
			t.Fatalf("Revisions: %v", err)
		}
		for _, revision := range history {
			var caller int
			if _, err := fmt.Sscanf(revision.Event.CorrelationID, "%d/", &caller); err != nil {
				t.Fatalf("the event of %q: %v", revision.Event.CorrelationID, err)
			}
			if !acknowledged[caller][revision.Event.CorrelationID] {
				t.Errorf("revision %d of session %d was written but never acknowledged", revision.Session.Revision, i)
			}
			written++
		}
	}
	promised := 0
	for caller := range callers {
		promised += len(acknowledged[caller])
	}
	if written != promised || written < rounds {
		t.Errorf("%d revisions were written and %d acknowledged, want as many and at least %d", written, promised, rounds)
	}
}

// impatient is a context that in every third round may end at any moment.
func impatient(t *testing.T, round int) context.Context {
	if round%3 != 0 {
		return t.Context()
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(round)*time.Microsecond)
	t.Cleanup(cancel)
	return ctx
}

// nextRevision is a change decided on the newest state.
func nextRevision(t *testing.T, engine store.Engine, id, name string) store.Change {
	session, err := engine.Session(t.Context(), id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Session: %v", err)
	}
	session.ID = id
	session.Revision++
	return store.Change{Session: session, Event: checkout.Event{Kind: checkout.EventUpdated, CorrelationID: name}}
}
