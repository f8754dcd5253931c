package overload_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kvitto/kvitto/internal/overload"
)

// TestTheGateBoundsWorkAndWaiting: two work, three wait, the sixth is refused
// at once; who waits too long is refused, and room goes to the first waiter.
func TestTheGateBoundsWorkAndWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := overload.NewGate(overload.Options{InFlight: 2, Waiting: 3, Patience: time.Minute})
		for range 2 {
			if got := gate.Enter(t.Context()); got != overload.Entered {
				t.Fatalf("outcome %d with room", got)
			}
		}
		outcomes := make(chan overload.Outcome, 3)
		leaving, leave := context.WithCancel(t.Context())
		for _, ctx := range []context.Context{t.Context(), leaving, t.Context()} {
			go func() { outcomes <- gate.Enter(ctx) }()
			synctest.Wait()
		}
		if gate.InFlight() != 2 || gate.Waiting() != 3 {
			t.Errorf("%d work and %d wait", gate.InFlight(), gate.Waiting())
		}
		if got := gate.Enter(t.Context()); got != overload.QueueFull {
			t.Errorf("outcome %d without room", got)
		}
		gate.Leave()
		if got := <-outcomes; got != overload.Entered {
			t.Errorf("outcome %d after one left", got)
		}
		leave()
		if got := <-outcomes; got != overload.Gone {
			t.Errorf("outcome %d of a caller that left", got)
		}
		if got := <-outcomes; got != overload.TooLong { // the clock of the bubble moves when all wait
			t.Errorf("outcome %d after a minute", got)
		}
		if gate.InFlight() != 2 || gate.Waiting() != 0 {
			t.Errorf("%d work and %d wait at the end", gate.InFlight(), gate.Waiting())
		}
	})
}

// TestAGateWithoutBoundsCounts.
func TestAGateWithoutBoundsCounts(t *testing.T) {
	t.Parallel()
	gate := overload.NewGate(overload.Options{InFlight: -1})
	for range 3 * overload.DefaultInFlight {
		if gate.Enter(t.Context()) != overload.Entered {
			t.Fatal("refused")
		}
	}
	gate.Leave()
	if got := gate.InFlight(); got != 3*overload.DefaultInFlight-1 {
		t.Errorf("%d in flight", got)
	}
}

// TestNoMoreAreInsideThanTheGateLets while many come and go.
func TestNoMoreAreInsideThanTheGateLets(t *testing.T) {
	t.Parallel()
	gate := overload.NewGate(overload.Options{InFlight: 3, Waiting: -1, Patience: -1})
	inside := make(chan struct{}, 3)
	var callers sync.WaitGroup
	for range 16 {
		callers.Go(func() {
			for range 200 {
				if gate.Enter(t.Context()) != overload.Entered {
					t.Error("refused though all may wait")
					return
				}
				select {
				case inside <- struct{}{}:
				default:
					t.Error("a fourth is inside")
				}
				<-inside
				gate.Leave()
			}
		})
	}
	callers.Wait()
	if gate.InFlight() != 0 || gate.Waiting() != 0 {
		t.Errorf("%d work and %d wait at the end", gate.InFlight(), gate.Waiting())
	}
}

func TestTheBudgetIsNeverExceeded(t *testing.T) {
	t.Parallel()
	budget := overload.NewBudget(100)
	if !budget.Reserve(60) || budget.Reserve(41) || !budget.Reserve(40) || budget.Reserve(1) {
		t.Errorf("%d of 100 bytes are used", budget.Used())
	}
	budget.Release(60)
	if !budget.Reserve(60) || budget.Used() != 100 {
		t.Errorf("%d of 100 bytes are used", budget.Used())
	}
	if boundless := overload.NewBudget(-1); !boundless.Reserve(1<<60) || boundless.Used() != 0 {
		t.Error("a budget without a bound refuses")
	}
}

// endless is a listener at which a connection always waits.
type endless struct{ closed chan struct{} }

func (e endless) Accept() (net.Conn, error) {
	select {
	case <-e.closed:
		return nil, net.ErrClosed
	default:
	}
	near, _ := net.Pipe()
	return near, nil
}

func (e endless) Close() error   { close(e.closed); return nil }
func (e endless) Addr() net.Addr { return nil }

// TestTheListenerBoundsConnections: with two open the third is not accepted
// until one is closed, and Close ends the wait for room.
func TestTheListenerBoundsConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		listener := overload.NewListener(endless{make(chan struct{})}, 2)
		accepted := make(chan net.Conn, 10)
		ended := make(chan error, 1)
		go func() {
			for {
				connection, err := listener.Accept()
				if err != nil {
					ended <- err
					return
				}
				accepted <- connection
			}
		}()
		synctest.Wait()
		if len(accepted) != 2 || listener.Open() != 2 {
			t.Errorf("%d were accepted, %d are open, want 2", len(accepted), listener.Open())
		}
		first := <-accepted
		for range 2 { // closing twice gives one place back
			_ = first.Close()
		}
		synctest.Wait()
		if len(accepted) != 2 || listener.Open() != 2 {
			t.Errorf("after one was closed %d wait, %d are open, want 2", len(accepted), listener.Open())
		}
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Errorf("error %v", err)
		}
	})
}

// TestListenersShareTheirBound: neither starves the other, and what is open on
// both counts.
func TestListenersShareTheirBound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bound := overload.NewConnections(1, 2)
		endlessly, silent := bound.Listener(endless{make(chan struct{})}), bound.Listener(quiet{make(chan struct{})})
		accepted := make(chan net.Conn, 10)
		ended := make(chan error, 2)
		for _, listener := range []net.Listener{silent, endlessly} {
			go func() {
				for {
					connection, err := listener.Accept()
					if err != nil {
						ended <- err
						return
					}
					accepted <- connection
				}
			}()
			synctest.Wait()
		}
		if len(accepted) != 1 || bound.Open() != 1 {
			t.Errorf("beside a listener that waits %d were accepted, %d are open, want 1", len(accepted), bound.Open())
		}
		// The one that waits for room goes first: it would take what the other gives back.
		for _, listener := range []net.Listener{endlessly, silent} {
			if err := listener.Close(); err != nil {
				t.Error(err)
			}
			if err := <-ended; !errors.Is(err, net.ErrClosed) {
				t.Errorf("error %v", err)
			}
		}
		_ = (<-accepted).Close()
		if bound.Open() != 0 {
			t.Errorf("%d are open at the end", bound.Open())
		}
	})
}

// quiet is a listener to which nobody connects.
type quiet struct{ closed chan struct{} }

func (q quiet) Accept() (net.Conn, error) { <-q.closed; return nil, net.ErrClosed }
func (q quiet) Close() error              { close(q.closed); return nil }
func (q quiet) Addr() net.Addr            { return nil }

func BenchmarkEnterAndLeave(b *testing.B) {
	gate := overload.NewGate(overload.Options{})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if gate.Enter(context.Background()) == overload.Entered {
				gate.Leave()
			}
		}
	})
}
