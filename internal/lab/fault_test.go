package lab_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/lab"
)

func faults(t *testing.T, after func(time.Duration) <-chan time.Time, waiting ...lab.Fault) *lab.Faults {
	t.Helper()
	f, err := lab.NewFaults(after)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range waiting {
		fault.Count = max(fault.Count, 1)
		if err := f.Add("m", fault); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func TestWhichFaultACallMeets(t *testing.T) {
	t.Parallel()
	f := faults(t, nil,
		lab.Fault{Kind: lab.FaultDrop, Operation: "create_order", Count: 2},
		lab.Fault{Kind: lab.FaultError},
		lab.Fault{Kind: lab.FaultLoseAnswer, Operation: "create_order"})
	for i, want := range []struct {
		merchant, operation string
		kind                lab.FaultKind // empty for none
	}{
		{"other", "create_order", ""}, {"m", "read_clock", ""}, {"m", "", ""},
		{"m", "create_order", lab.FaultDrop}, {"m", "update_session", lab.FaultError}, {"m", "update_session", ""},
		{"m", "create_order", lab.FaultDrop}, {"m", "create_order", lab.FaultLoseAnswer}, {"m", "create_order", ""},
	} {
		var kind lab.FaultKind
		if met := f.Take(want.merchant, want.operation); met != nil {
			kind = met.Kind
		}
		if kind != want.kind {
			t.Errorf("call %d: %q, want %q", i, kind, want.kind)
		}
	}
	if left := f.List("m"); len(left) != 0 {
		t.Errorf("left: %+v", left)
	}
	if (*lab.Faults)(nil).Take("m", "create_order") != nil {
		t.Error("a server without faults has one")
	}
}

func TestAFaultBefallsExactlyItsCount(t *testing.T) {
	t.Parallel()
	f := faults(t, nil, lab.Fault{Kind: lab.FaultDrop, Count: 20}, lab.Fault{Kind: lab.FaultError, Count: 13})
	var dropped, failed, spared atomic.Int64
	var calls sync.WaitGroup
	for range 50 {
		calls.Go(func() {
			switch met := f.Take("m", "create_order"); {
			case met == nil:
				spared.Add(1)
			case met.Kind == lab.FaultDrop:
				dropped.Add(1)
			default:
				failed.Add(1)
			}
		})
	}
	calls.Wait()
	if dropped.Load() != 20 || failed.Load() != 13 || spared.Load() != 17 {
		t.Errorf("%d dropped, %d failed, %d spared", dropped.Load(), failed.Load(), spared.Load())
	}
}

func TestFaultsAreBounded(t *testing.T) {
	t.Parallel()
	f := faults(t, nil)
	for range lab.FaultsOfMerchantMax {
		if err := f.Add("m", lab.Fault{Kind: lab.FaultDrop, Count: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Add("m", lab.Fault{}); !errors.Is(err, lab.ErrFaultsFull) {
		t.Errorf("one too many: %v", err)
	}
	for n := range 1024 {
		if err := f.Add(fmt.Sprint("another ", n), lab.Fault{Kind: lab.FaultDrop, Count: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if len(f.List("m")) != 0 || len(f.List("another 1023")) != 1 {
		t.Error("memory is not bounded by merchants")
	}
	f.Clear("another 1023")
	if len(f.List("another 1023")) != 0 || len(f.List("another 1022")) != 1 {
		t.Error("clearing is for one merchant")
	}
}

func TestFaultsAreChecked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault    lab.Fault
		property string // that is wrong
	}{
		{lab.NewFault(""), "kind"}, {lab.NewFault("fire"), "kind"},
		{lab.Fault{Kind: lab.FaultDrop, Count: 1, Operation: "read_clock"}, "operation"},
		{lab.Fault{Kind: lab.FaultDrop}, "count"}, {lab.Fault{Kind: lab.FaultDrop, Count: -1}, "count"}, {lab.Fault{Kind: lab.FaultDrop, Count: lab.FaultCountMax + 1}, "count"},
		{lab.NewFault(lab.FaultLatency), "milliseconds"}, {lab.Fault{Kind: lab.FaultLatency, Count: 1, Wait: -time.Second}, "milliseconds"},
		{lab.Fault{Kind: lab.FaultLatency, Count: 1, Wait: lab.FaultWaitMax + 1}, "milliseconds"}, {lab.Fault{Kind: lab.FaultDrop, Count: 1, Wait: time.Second}, "milliseconds"},
		{lab.Fault{Kind: lab.FaultError, Count: 1, Status: 404}, "status"}, {lab.Fault{Kind: lab.FaultDrop, Count: 1, Status: 500}, "status"},
		{lab.Fault{Kind: lab.FaultLatency, Wait: lab.FaultWaitMax, Count: lab.FaultCountMax}, ""}, {lab.NewFault(lab.FaultLoseAnswer), ""}, {lab.NewFault(lab.FaultError), ""},
	} {
		problem := c.fault.Check()
		if got := ""; problem != nil {
			if got = problem.Property; got != c.property || problem.Expected == "" {
				t.Errorf("%+v: %v", c.fault, problem)
			}
		} else if c.property != "" {
			t.Errorf("%+v is taken", c.fault)
		}
	}
	for _, kind := range lab.FaultKinds {
		fault := lab.NewFault(kind)
		if problem := fault.Check(); (problem != nil) != (kind == lab.FaultLatency) { // how long is for whoever asks
			t.Errorf("%+v, %v", fault, problem)
		}
	}
}

// TestWaitingEnds when its time is over, when the client goes away, when the server
// stops.
func TestWaitingEnds(t *testing.T) {
	t.Parallel()
	slow := &lab.Fault{Kind: lab.FaultLatency, Wait: lab.FaultWaitMax}
	over := make(chan time.Time, 1)
	f := faults(t, func(d time.Duration) <-chan time.Time {
		if d != slow.Wait {
			t.Errorf("it waits %s", d)
		}
		return over
	})
	over <- time.Time{}
	if err := f.Hold(t.Context(), slow); err != nil {
		t.Errorf("the time is over: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Hold(gone, slow); !errors.Is(err, context.Canceled) {
		t.Errorf("the client is gone: %v", err)
	}
	f.Stop()
	f.Stop()
	if err := f.Hold(t.Context(), slow); err != nil {
		t.Errorf("the server stops: %v", err)
	}
}
