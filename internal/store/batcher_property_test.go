package store_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/store"
)

// caller is one call of Commit in a run of the property below.
type caller struct {
	name   string
	cancel context.CancelFunc
	answer <-chan error
}

// batcherRun is a batcher and beside it what its queue must look like.
type batcherRun struct {
	batcher  *store.Batcher
	engine   *heldEngines
	maxBatch int
	limit    int
	writers  int
	calls    int
	taken    [][]caller // the transactions that are held
	queued   []caller
}

// TestBatcherIsAQueue compares the batcher with a list under random commits,
// withdrawals and transactions that end, one event at a time.
func TestBatcherIsAQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(timeless{t}, func(t *rapid.T) {
			run := &batcherRun{
				engine:   newHeldEngines(),
				maxBatch: rapid.IntRange(1, 4).Draw(t, "max batch"), limit: rapid.IntRange(1, 6).Draw(t, "queue"),
				writers: rapid.IntRange(1, 3).Draw(t, "writers"),
			}
			run.batcher = store.NewBatcher(run.engine,
				store.BatcherOptions{MaxBatch: run.maxBatch, Queue: run.limit, Writers: run.writers})
			t.Cleanup(func() {
				close(run.engine.released)
				run.batcher.Close()
			})
			t.Repeat(map[string]func(*rapid.T){
				"commit": run.commit, "commit again": run.commit, "leave": run.leave, "end the transaction": run.endTransaction,
			})
			for len(run.taken) > 0 {
				run.endTransaction(t)
			}
		})
	})
}

// timeless hides the deadline of a test, which a bubble must not ask for.
type timeless struct{ rapid.TB }

func (r *batcherRun) commit(t *rapid.T) {
	r.calls++
	ctx, cancel := context.WithCancel(t.Context())
	answer := make(chan error, 1)
	c := caller{name: strconv.Itoa(r.calls), cancel: cancel, answer: answer}
	go func() { answer <- r.batcher.Commit(ctx, named(c.name)) }()
	synctest.Wait()
	switch {
	case len(r.taken) < r.writers:
		r.queued = append(r.queued, c)
		r.takeNext(t)
	case len(r.queued) == r.limit:
		r.mustGet(t, c, store.ErrOverloaded)
	default:
		r.queued = append(r.queued, c)
	}
}

// leave ends the context of a caller: a queued one is withdrawn, a taken one
// waits on.
func (r *batcherRun) leave(t *rapid.T) {
	taken := slices.Concat(r.taken...)
	all := slices.Concat(taken, r.queued)
	if len(all) == 0 {
		t.Skip("nobody waits")
	}
	i := rapid.IntRange(0, len(all)-1).Draw(t, "caller")
	all[i].cancel()
	synctest.Wait()
	if queued := i - len(taken); queued >= 0 {
		r.mustGet(t, all[i], context.Canceled)
		r.queued = slices.Delete(r.queued, queued, queued+1)
	}
}

// endTransaction ends any of the transactions that are held.
func (r *batcherRun) endTransaction(t *rapid.T) {
	if len(r.taken) == 0 {
		t.Skip("no transaction is held")
	}
	i := rapid.IntRange(0, len(r.taken)-1).Draw(t, "transaction")
	ended := r.taken[i]
	r.taken = slices.Delete(r.taken, i, i+1)
	answers := make([]error, len(ended))
	for i := range answers {
		if rapid.Bool().Draw(t, "refuse") {
			answers[i] = errors.New("the answer for " + ended[i].name)
		}
	}
	r.engine.end(ended[0].name, answers)
	synctest.Wait()
	for i, c := range ended {
		r.mustGet(t, c, answers[i])
	}
	r.takeNext(t)
}

// takeNext expects the free writer to hold the oldest of the queue.
func (r *batcherRun) takeNext(t *rapid.T) {
	n := min(len(r.queued), r.maxBatch)
	var want, got []string
	for _, c := range r.queued[:n] {
		want = append(want, c.name)
	}
	if n > 0 {
		r.taken = append(r.taken, slices.Clone(r.queued[:n]))
		r.queued = slices.Clone(r.queued[n:])
	}
	select {
	case changes := <-r.engine.batches:
		for i := range changes {
			got = append(got, changes[i].Session.ID)
		}
	default:
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("the batch differs (-want +got):\n%s", diff)
	}
}

func (r *batcherRun) mustGet(t *rapid.T, c caller, want error) {
	c.cancel()
	select {
	case err := <-c.answer:
		if !errors.Is(err, want) {
			t.Fatalf("caller %s got %v, want %v", c.name, err, want)
		}
	default:
		t.Fatalf("caller %s has no answer, want %v", c.name, want)
	}
}

// heldEngines is a heldEngine with several transactions, each answered by the
// name of its first change.
type heldEngines struct {
	store.Engine
	batches  chan []store.Change
	released chan struct{}

	mu      sync.Mutex
	answers map[string]chan []error
}

func newHeldEngines() *heldEngines {
	return &heldEngines{batches: make(chan []store.Change), released: make(chan struct{}), answers: map[string]chan []error{}}
}

func (e *heldEngines) answersTo(name string) chan []error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.answers[name] == nil {
		e.answers[name] = make(chan []error)
	}
	return e.answers[name]
}

func (e *heldEngines) end(name string, answers []error) { e.answersTo(name) <- answers }

func (e *heldEngines) Commit(_ context.Context, changes []store.Change) []error {
	select {
	case e.batches <- slices.Clone(changes):
	case <-e.released:
		return make([]error, len(changes))
	}
	select {
	case answers := <-e.answersTo(changes[0].Session.ID):
		return answers
	case <-e.released:
		return make([]error, len(changes))
	}
}
