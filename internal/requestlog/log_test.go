package requestlog

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"weak"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/requestlog/home"
	"github.com/kvitto/kvitto/internal/requestlog/sqlite"
)

// A successful Record leaves the transaction to the writer, and Find waits for
// it: with the writer held it cannot answer.
func TestFindSeesWhatWasRecordedBefore(t *testing.T) {
	onEachHome(t, testFindSeesWhatWasRecordedBefore)
}

func testFindSeesWhatWasRecordedBefore(t *testing.T, open place) {
	g := newGate()
	l := open(t, g.options(Options{Gather: never}))
	record(t, l, success("c1"))
	if s := l.Stats(); s.Queued != 1 || s.Written != 0 {
		t.Fatalf("a success was not left to the writer: %+v", s)
	}
	if _, err := l.Find(canceled(), "m1", "c1"); !errors.Is(err, context.Canceled) {
		t.Fatalf("Find with a held writer and a done context: %v", err)
	}
	<-g.reached // the Find above asked for it
	record(t, l, success("c2"))
	found := make(chan error)
	go func() {
		_, err := l.Find(context.Background(), "m1", "c2")
		found <- err
	}()
	g.leaveOpen()
	if err := <-found; err != nil {
		t.Fatalf("Find of what was recorded during a transaction: %v", err)
	}
}

func TestRefusalReturnsWhenWritten(t *testing.T) { onEachHome(t, testRefusalReturnsWhenWritten) }

func testRefusalReturnsWhenWritten(t *testing.T, open place) {
	g := newGate()
	l := open(t, g.options(Options{Gather: never}))
	returned := make(chan error, 1)
	go func() { returned <- l.Record(context.Background(), refusal("c1")) }()
	<-g.reached
	select {
	case err := <-returned:
		t.Fatalf("Record returned %v before the transaction", err)
	default:
	}
	g.leaveOpen()
	if err := <-returned; err != nil {
		t.Fatal(err)
	}
	if s := l.Stats(); s.Written != 1 || s.Queued != 0 || s.QueuedBytes != 0 {
		t.Fatalf("after Record: %+v", s)
	}
}

// A caller that gives up waiting does not take its refusal back.
func TestRefusalIsWrittenAfterItsCallerLeft(t *testing.T) {
	onEachHome(t, testRefusalIsWrittenAfterItsCallerLeft)
}

func testRefusalIsWrittenAfterItsCallerLeft(t *testing.T, open place) {
	g := newGate()
	l := open(t, g.options(Options{Gather: never}))
	if err := l.Record(canceled(), refusal("c1")); !errors.Is(err, context.Canceled) {
		t.Fatalf("Record with a done context: %v", err)
	}
	g.leaveOpen()
	find(t, l, "m1", "c1")
}

func TestWaitingRefusalsShareATransaction(t *testing.T) {
	onEachHome(t, testWaitingRefusalsShareATransaction)
}

func testWaitingRefusalsShareATransaction(t *testing.T, open place) {
	const refusals = 50
	g := newGate()
	transactions := 0 // the writer's own until Close
	options := g.options(Options{Gather: never})
	held := options.beforeWrite
	options.beforeWrite = func() { transactions++; held() }
	l := open(t, options)
	var wg sync.WaitGroup
	for i := range refusals {
		wg.Go(func() {
			if err := l.Record(context.Background(), refusal(fmt.Sprint("c", i))); err != nil {
				t.Error(err)
			}
		})
	}
	until(t, func() bool { return l.Stats().Queued == refusals })
	g.leaveOpen()
	wg.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if transactions != 1 {
		t.Errorf("%d refusals took %d transactions", refusals, transactions)
	}
}

// A refusal does not wait for all the successes that came before it.
func TestRefusalOvertakesTheBacklog(t *testing.T) { onEachHome(t, testRefusalOvertakesTheBacklog) }

func testRefusalOvertakesTheBacklog(t *testing.T, open place) {
	g := newGate()
	l := open(t, g.options(Options{Gather: never, MaxQueued: 8 * batchSize}))
	for i := range 4 * batchSize {
		record(t, l, success(fmt.Sprint("s", i)))
	}
	<-g.reached
	returned := make(chan error, 1)
	go func() { returned <- l.Record(context.Background(), refusal("c1")) }()
	until(t, func() bool { return l.Stats().Queued == 4*batchSize+1 })
	g.open <- struct{}{} // exactly one transaction
	if err := <-returned; err != nil {
		t.Fatal(err)
	}
	if s := l.Stats(); s.Written != batchSize+1 {
		t.Errorf("written with the refusal: %d, want itself and one batch", s.Written)
	}
	g.leaveOpen()
	find(t, l, "m1", fmt.Sprint("s", 4*batchSize-1))
	if s := l.Stats(); s.Written != 4*batchSize+1 || s.Queued != 0 {
		t.Errorf("in the end: %+v", s)
	}
}

// What was written is not kept in memory.
func TestBodiesAreLetGo(t *testing.T) { onEachHome(t, testBodiesAreLetGo) }

func testBodiesAreLetGo(t *testing.T, open place) {
	l := open(t, Options{Gather: never})
	var bodies []weak.Pointer[byte]
	for _, e := range []Exchange{success("c1"), refusal("c2")} {
		e.RequestBody = make([]byte, 1<<16)
		bodies = append(bodies, weak.Make(&e.RequestBody[0]))
		record(t, l, e)
	}
	if err := l.flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool {
		runtime.GC()
		return bodies[0].Value() == nil && bodies[1].Value() == nil
	})
}

func TestFullBatchIsWrittenUnasked(t *testing.T) { onEachHome(t, testFullBatchIsWrittenUnasked) }

func testFullBatchIsWrittenUnasked(t *testing.T, open place) {
	l := open(t, Options{Gather: never})
	record(t, l, success("s0"))
	until(t, func() bool { return len(l.wake) == 0 }) // the writer is about to gather
	for i := range batchSize - 1 {
		record(t, l, success(fmt.Sprint("s", i+1)))
	}
	until(t, func() bool { return l.Stats().Written == batchSize })
}

// Blocks stay large when many exchanges are refused.
func TestRefusalsLeaveTheGatheringAlone(t *testing.T) {
	onEachHome(t, testRefusalsLeaveTheGatheringAlone)
}

func testRefusalsLeaveTheGatheringAlone(t *testing.T, open place) {
	l := open(t, Options{Gather: never})
	record(t, l, success("c1"), refusal("c2"), success("c3"), refusal("c4"))
	if s := l.Stats(); s.Written != 2 || s.Queued != 2 {
		t.Errorf("after two of each: %+v", s)
	}
	for _, id := range []string{"c1", "c2", "c3", "c4"} {
		find(t, l, "m1", id)
	}
}

// An expendable refusal is kept like a success, with its explanation and
// without its secrets.
func TestExpendableRefusalsAreExplained(t *testing.T) {
	onEachHome(t, testExpendableRefusalsAreExplained)
}

func testExpendableRefusalsAreExplained(t *testing.T, open place) {
	l := open(t, Options{Gather: never})
	e := fullRefusal()
	e.Expendable, e.RequestBody = true, []byte(`{"password":"x"}`)
	record(t, l, e)
	if s := l.Stats(); s.Queued != 1 || s.Written != 0 {
		t.Errorf("after it was recorded: %+v", s)
	}
	want := e
	want.Expendable, want.RequestBody = false, []byte(`{"password":"***"}`)
	if diff := cmp.Diff(want, find(t, l, e.MerchantID, e.CorrelationID)); diff != "" {
		t.Errorf("(-want +found):\n%s", diff)
	}
}

func TestHalfFullQueueIsWrittenUnasked(t *testing.T) {
	onEachHome(t, testHalfFullQueueIsWrittenUnasked)
}

func testHalfFullQueueIsWrittenUnasked(t *testing.T, open place) {
	l := open(t, Options{Gather: never, MaxQueuedBytes: 8 * bareSize})
	for n := range 5 {
		record(t, l, success(fmt.Sprint("c", n)))
	}
	until(t, func() bool { return l.Stats().Written == 5 })
}

func TestSuccessIsWrittenAfterTheGathering(t *testing.T) {
	onEachHome(t, testSuccessIsWrittenAfterTheGathering)
}

func testSuccessIsWrittenAfterTheGathering(t *testing.T, open place) {
	l := open(t, Options{Gather: 1})
	record(t, l, success("c1"))
	until(t, func() bool { return l.Stats().Written == 1 })
}

func TestCloseWritesWhatIsQueued(t *testing.T) { onEachHome(t, testCloseWritesWhatIsQueued) }

func testCloseWritesWhatIsQueued(t *testing.T, open place) {
	l := open(t, Options{Gather: never})
	record(t, l, success("c1"), success("c2"))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, Options{})
	find(t, again, "m1", "c1")
	find(t, again, "m1", "c2")
}

func TestClosed(t *testing.T) { onEachHome(t, testClosed) }

func testClosed(t *testing.T, open place) {
	ctx := context.Background()
	l := open(t, Options{})
	for range 2 {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, findErr := l.Find(ctx, "m1", "c1")
	_, sessionErr := l.OfSession(ctx, "m1", "s1", Bounds{})
	for name, err := range map[string]error{
		"success": l.Record(ctx, success("c1")), "refusal": l.Record(ctx, refusal("c1")),
		"Find": findErr, "OfSession": sessionErr,
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s after Close: %v", name, err)
		}
	}
}

// failing is a home that takes nothing while err is set.
type failing struct {
	home.Home
	err error
}

func (f *failing) Write(ctx context.Context, batch *home.Batch) error {
	if f.err != nil {
		return f.err
	}
	return f.Home.Write(ctx, batch)
}

// A home that takes nothing is an error for the refusals, a count and a call
// for the rest, and the writer goes on when it takes something again.
func TestFailureOfTheHome(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	file, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "requests.db"))
	if err != nil {
		t.Fatal(err)
	}
	full := errors.New("disk full")
	below := &failing{Home: file, err: full} // used while the writer waits
	var told []error                         // the writer's own until Close
	l := closing(t, newLog(below, Options{Gather: never, OnFailure: func(err error) { told = append(told, err) }}), nil)
	record(t, l, success("c1"))
	if err := l.flush(ctx); err != nil {
		t.Fatal(err)
	}
	if err := l.Record(ctx, refusal("c2")); !errors.Is(err, full) {
		t.Errorf("a refusal that was not written gave %v", err)
	}
	if s := l.Stats(); s.Failed != 2 || s.Written != 0 || s.Queued != 0 {
		t.Errorf("after the failure: %+v", s)
	}
	below.err = nil
	record(t, l, refusal("c3"))
	find(t, l, "m1", "c3")
	for _, id := range []string{"c1", "c2"} {
		if _, err := l.Find(ctx, "m1", id); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s, which was not taken, is in the home: %v", id, err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if len(told) != 2 {
		t.Errorf("OnFailure was told %v", told)
	}
}

// Everything at once, for the race detector; and nobody misses what they wrote.
func TestConcurrentUse(t *testing.T) { onEachHome(t, testConcurrentUse) }

func testConcurrentUse(t *testing.T, open place) {
	const workers, each = 8, 60
	l := open(t, Options{})
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				if err := recordAndFind(l, fmt.Sprint("s", w), i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if s := l.Stats(); s.Written != workers*each || s.Shed+s.Dropped+s.Failed != 0 {
		t.Errorf("stats %+v", s)
	}
}

// recordAndFind records the nth exchange of a session and reads it in both ways.
func recordAndFind(l *Log, sessionID string, n int) error {
	ctx := context.Background()
	e := success(fmt.Sprint(sessionID, "-", n))
	if n%3 == 0 {
		e = refusal(e.CorrelationID)
	}
	e.SessionID = sessionID
	if err := l.Record(ctx, e); err != nil {
		return err
	}
	found, err := l.Find(ctx, "m1", e.CorrelationID)
	if diff := cmp.Diff(e, found); err != nil || diff != "" {
		return fmt.Errorf("find %s: %w (-recorded +found):\n%s", e.CorrelationID, err, diff)
	}
	mine, err := l.OfSession(ctx, "m1", sessionID, Bounds{})
	if err != nil || len(mine) != n+1 {
		return fmt.Errorf("%d exchanges of session %s after %d: %w", len(mine), sessionID, n+1, err)
	}
	return nil
}
