package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// heldEngine shows the test every batch and waits for the test's answers,
// until it is released.
type heldEngine struct {
	store.Engine
	batches  chan []store.Change
	answers  chan []error
	released chan struct{}
}

func newHeldEngine() *heldEngine {
	return &heldEngine{batches: make(chan []store.Change), answers: make(chan []error), released: make(chan struct{})}
}

func (e *heldEngine) Commit(_ context.Context, changes []store.Change) []error {
	select {
	case e.batches <- slices.Clone(changes):
	case <-e.released:
		return make([]error, len(changes))
	}
	select {
	case answers := <-e.answers:
		return answers
	case <-e.released:
		return make([]error, len(changes))
	}
}

// bench is a batcher over a held engine inside a bubble of testing/synctest,
// where it is known when every goroutine has come to rest.
type bench struct {
	t       *testing.T
	batcher *store.Batcher
	engine  *heldEngine
}

func inBubble(t *testing.T, opts store.BatcherOptions, test func(t *testing.T, b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t: t, engine: newHeldEngine()}
		b.batcher = store.NewBatcher(b.engine, opts)
		t.Cleanup(func() { // also after a failure: a bubble ends when its goroutines have
			close(b.engine.released)
			b.batcher.Close()
		})
		test(t, b)
	})
}

// commit calls Commit on a goroutine of its own and lets it come to rest.
func (b *bench) commit(ctx context.Context, name string) <-chan error {
	return b.commitChange(ctx, named(name))
}

func (b *bench) commitChange(ctx context.Context, change store.Change) <-chan error {
	answer := make(chan error, 1)
	go func() { answer <- b.batcher.Commit(ctx, change) }()
	synctest.Wait()
	return answer
}

func named(id string) store.Change {
	return store.Change{Session: checkout.Session{ID: id, Revision: 1}}
}

// batch takes the writer's batch, which must have these changes in this order.
func (b *bench) batch(want ...string) {
	b.t.Helper()
	var got []string
	select {
	case changes := <-b.engine.batches:
		for i := range changes {
			got = append(got, changes[i].Session.ID)
		}
	default:
	}
	if diff := cmp.Diff(want, got); diff != "" {
		b.t.Fatalf("the batch differs (-want +got):\n%s", diff)
	}
}

// answer ends the transaction of the last batch.
func (b *bench) answer(answers ...error) {
	b.engine.answers <- answers
	synctest.Wait()
}

// mustRest expects that nothing waits any more.
func (b *bench) mustRest() {
	b.t.Helper()
	b.batch()
}

func mustGet(t *testing.T, what string, answer <-chan error, want error) {
	t.Helper()
	select {
	case err := <-answer:
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", what, err, want)
		}
	default:
		t.Errorf("%s: no answer yet, want %v", what, want)
	}
}

func mustWait(t *testing.T, what string, answer <-chan error) {
	t.Helper()
	select {
	case err := <-answer:
		t.Errorf("%s: got %v before the transaction ended", what, err)
	default:
	}
}

func TestBatcherGathersWhatWaits(t *testing.T) {
	t.Parallel()
	inBubble(t, store.BatcherOptions{}, func(t *testing.T, b *bench) {
		first := b.commit(t.Context(), "first")
		b.batch("first")
		waiting := []<-chan error{b.commit(t.Context(), "a"), b.commit(t.Context(), "b"), b.commit(t.Context(), "c")}
		mustWait(t, "first", first)
		b.answer(nil)
		mustGet(t, "first", first, nil)
		b.batch("a", "b", "c")
		for _, answer := range waiting {
			mustWait(t, "gathered", answer)
		}
		b.answer(nil, nil, nil)
		for _, answer := range waiting {
			mustGet(t, "gathered", answer, nil)
		}
		b.mustRest()
	})
}

func TestBatcherMakesALoneCallerWaitForNoTimer(t *testing.T) {
	t.Parallel()
	inBubble(t, store.BatcherOptions{}, func(t *testing.T, b *bench) {
		began := time.Now() // the bubble's clock moves only when everybody waits for time
		for range 3 {
			answer := b.commit(t.Context(), "lone")
			b.batch("lone")
			b.answer(nil)
			mustGet(t, "lone", answer, nil)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("the batcher let %v pass", took)
		}
		b.mustRest()
	})
}

func TestBatcherKeepsTheOrderAndTheBoundOfABatch(t *testing.T) {
	t.Parallel()
	inBubble(t, store.BatcherOptions{MaxBatch: 3}, func(t *testing.T, b *bench) {
		b.commit(t.Context(), "0")
		b.batch("0")
		for _, name := range []string{"1", "2", "3", "4", "5", "6", "7"} {
			b.commit(t.Context(), name)
		}
		b.answer(nil)
		b.batch("1", "2", "3")
		b.commit(t.Context(), "8")
		b.answer(nil, nil, nil)
		b.batch("4", "5", "6")
		b.answer(nil, nil, nil)
		b.batch("7", "8")
		b.answer(nil, nil)
		b.mustRest()
	})
}

func TestBatcherGivesEachCallerItsOwnAnswer(t *testing.T) {
	t.Parallel()
	diskFull := errors.New("disk full")
	inBubble(t, store.BatcherOptions{}, func(t *testing.T, b *bench) {
		first := b.commit(t.Context(), "first")
		b.batch("first")
		fine, conflicting, failing, last := b.commit(t.Context(), "fine"), b.commit(t.Context(), "conflicting"),
			b.commit(t.Context(), "failing"), b.commit(t.Context(), "last")
		b.answer(store.ErrConflict)
		mustGet(t, "first", first, store.ErrConflict)
		b.batch("fine", "conflicting", "failing", "last")
		b.answer(nil, store.ErrConflict, diskFull, nil)
		mustGet(t, "fine", fine, nil)
		mustGet(t, "conflicting", conflicting, store.ErrConflict)
		mustGet(t, "failing", failing, diskFull)
		mustGet(t, "last", last, nil)
		b.mustRest()
	})
}

func TestBatcherTellsEveryCallerWhenAnEngineForgetsSome(t *testing.T) {
	t.Parallel()
	inBubble(t, store.BatcherOptions{}, func(t *testing.T, b *bench) {
		b.commit(t.Context(), "first")
		b.batch("first")
		waiting := []<-chan error{b.commit(t.Context(), "a"), b.commit(t.Context(), "b")}
		b.answer(nil)
		b.batch("a", "b")
		b.answer(nil)
		for _, answer := range waiting {
			if err := <-answer; err == nil || !strings.Contains(err.Error(), "answered 1 of 2") {
				t.Errorf("got %v, want the engine's defect", err)
			}
		}
		b.mustRest()
	})
}

func TestBatcherRefusesAtOnceWhenItsQueueIsFull(t *testing.T) {
	t.Parallel()
	inBubble(t, store.BatcherOptions{Queue: 2}, func(t *testing.T, b *bench) {
		b.commit(t.Context(), "taken")
		b.batch("taken")
		queued := []<-chan error{b.commit(t.Context(), "a"), b.commit(t.Context(), "b")}
		mustGet(t, "one too many", b.commit(t.Context(), "shed"), store.ErrOverloaded)
		b.answer(nil)
		b.batch("a", "b")
		again := b.commit(t.Context(), "again")
		b.answer(nil, nil)
		for _, answer := range queued {
			mustGet(t, "queued", answer, nil)
		}
		b.batch("again")
		b.answer(nil)
		mustGet(t, "again", again, nil)
		b.mustRest()
	})
}

func TestBatcherDoesNotWriteWhatWasWithdrawn(t *testing.T) {
	t.Parallel()
	names := []string{"a", "b", "c"}
	for _, leaving := range names {
		t.Run(leaving, func(t *testing.T) {
			t.Parallel()
			inBubble(t, store.BatcherOptions{Queue: len(names)}, func(t *testing.T, b *bench) {
				b.commit(t.Context(), "taken")
				b.batch("taken")
				ctx, cancel := context.WithCancel(t.Context())
				staying := []string{}
				var left <-chan error
				for _, name := range names {
					if name == leaving {
						left = b.commit(ctx, name)
						continue
					}
					staying = append(staying, name)
					b.commit(t.Context(), name)
				}
				cancel()
				synctest.Wait()
				mustGet(t, "withdrawn", left, context.Canceled)
				b.commit(t.Context(), "in its room")
				b.answer(nil)
				b.batch(append(staying, "in its room")...)
				b.answer(nil, nil, nil)
				b.mustRest()
			})
		})
	}
}

func TestBatcherRestsWhenEverythingWasWithdrawn(t *testing.T) {
	t.Parallel()
	inBubble(t, store.BatcherOptions{}, func(t *testing.T, b *bench) {
		b.commit(t.Context(), "taken")
		b.batch("taken")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		left := b.commit(ctx, "left")
		<-time.After(time.Second) // the bubble's clock
		synctest.Wait()
		mustGet(t, "withdrawn", left, context.DeadlineExceeded)
		b.answer(nil)
		b.batch()
		later := b.commit(t.Context(), "later")
		b.batch("later")
		b.answer(nil)
		mustGet(t, "later", later, nil)
		b.mustRest()
	})
}

func TestBatcherWaitsForTheTruthOnceAChangeIsTaken(t *testing.T) {
	t.Parallel()
	for _, truth := range []error{nil, store.ErrConflict} {
		inBubble(t, store.BatcherOptions{}, func(t *testing.T, b *bench) {
			ctx, cancel := context.WithCancel(t.Context())
			answer := b.commit(ctx, "taken")
			b.batch("taken")
			cancel()
			synctest.Wait()
			mustWait(t, "taken", answer)
			b.answer(truth)
			mustGet(t, "taken", answer, truth)
			b.mustRest()
		})
	}
}

func TestBatcherDoesNotTakeAChangeOfAnEndedContext(t *testing.T) {
	t.Parallel()
	encode := func(_ []byte, s *checkout.Session) []byte {
		t.Errorf("session %q was encoded", s.ID)
		return nil
	}
	inBubble(t, store.BatcherOptions{Encode: encode}, func(t *testing.T, b *bench) {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		mustGet(t, "ended", b.commit(ended, "never"), context.Canceled)
		b.mustRest()
	})
}

func TestBatcherFinishesWhatItAcceptedBeforeItIsClosed(t *testing.T) {
	t.Parallel()
	inBubble(t, store.BatcherOptions{MaxBatch: 1}, func(t *testing.T, b *bench) {
		taken := b.commit(t.Context(), "taken")
		b.batch("taken")
		queued := []<-chan error{b.commit(t.Context(), "a"), b.commit(t.Context(), "b")}
		closed := make(chan error, 2)
		for range 2 {
			go func() {
				b.batcher.Close()
				closed <- nil
			}()
		}
		synctest.Wait()
		mustGet(t, "too late", b.commit(t.Context(), "too late"), store.ErrClosed)
		mustWait(t, "Close", closed)
		b.answer(nil)
		mustGet(t, "taken", taken, nil)
		for i, name := range []string{"a", "b"} {
			b.batch(name)
			mustWait(t, "Close", closed)
			b.answer(nil)
			mustGet(t, name, queued[i], nil)
		}
		mustGet(t, "Close", closed, nil)
		mustGet(t, "Close at the same time", closed, nil)
		b.mustRest()
		mustGet(t, "after Close", b.commit(t.Context(), "too late"), store.ErrClosed)
	})
}

func TestBatcherEncodesBeforeTheChangeIsQueued(t *testing.T) {
	t.Parallel()
	var encoded []string
	encode := func(dst []byte, s *checkout.Session) []byte {
		encoded = append(encoded, s.ID)
		return append(dst, "state of "+s.ID...)
	}
	inBubble(t, store.BatcherOptions{Encode: encode}, func(t *testing.T, b *bench) {
		b.commit(t.Context(), "taken")
		b.batch("taken")
		b.commit(t.Context(), "waiting")
		if diff := cmp.Diff([]string{"taken", "waiting"}, encoded); diff != "" {
			t.Errorf("encoded while the writer was busy (-want +got):\n%s", diff)
		}
		ready := named("ready")
		ready.State = []byte("made before")
		b.commitChange(t.Context(), ready)
		b.answer(nil)
		var states []string
		for _, change := range <-b.engine.batches {
			states = append(states, string(change.State))
		}
		if diff := cmp.Diff([]string{"state of waiting", "made before"}, states); diff != "" {
			t.Errorf("the states differ (-want +got):\n%s", diff)
		}
		b.answer(nil, nil)
		b.mustRest()
	})
}

func TestBatcherTellsTheSizeAndTheTimeOfEveryTransaction(t *testing.T) {
	t.Parallel()
	type transaction struct {
		Size int
		Took time.Duration
	}
	var seen []transaction
	observe := func(batchSize int, took time.Duration) { seen = append(seen, transaction{batchSize, took}) }
	inBubble(t, store.BatcherOptions{Observe: observe}, func(t *testing.T, b *bench) {
		b.commit(t.Context(), "first")
		b.batch("first")
		b.commit(t.Context(), "a")
		b.commit(t.Context(), "b")
		<-time.After(7 * time.Millisecond) // the bubble's clock
		b.answer(nil)
		b.batch("a", "b")
		b.answer(nil, nil)
		b.mustRest()
		if diff := cmp.Diff([]transaction{{1, 7 * time.Millisecond}, {2, 0}}, seen); diff != "" {
			t.Errorf("observed (-want +got):\n%s", diff)
		}
	})
}
