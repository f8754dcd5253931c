package app

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/clienttoken"
	"github.com/kvitto/kvitto/internal/store"
)

// register is a store of merchants that answers when it is told to.
type register struct {
	asked   chan context.Context
	answers chan []store.Merchant // nil is a failure
}

func (r *register) Merchants(ctx context.Context) ([]store.Merchant, error) {
	r.asked <- ctx
	answer := <-r.answers
	if answer == nil {
		return nil, errors.New("away")
	}
	return answer, nil
}

func newNames() (*shopNames, *register, *atomic.Int64) {
	r, now := &register{make(chan context.Context, 64), make(chan []store.Merchant)}, &atomic.Int64{}
	return &shopNames{merchants: r, now: func() time.Time { return time.Unix(1_900_000_000+now.Load(), 0) }}, r, now
}

// TestAStoreIsAskedForNamesOnceForAll, and whoever goes away does not take the
// answer from the others.
func TestAStoreIsAskedForNamesOnceForAll(t *testing.T) {
	t.Parallel()
	names, register, _ := newNames()
	first, leave := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	told := make(chan string)
	go func() { told <- names.of(first, "m") }()
	asked := <-register.asked
	for range 20 {
		wait.Go(func() {
			if got := names.of(t.Context(), "m"); got != "Shoes" {
				t.Errorf("%q", got)
			}
		})
	}
	leave()
	if _, bounded := asked.Deadline(); asked.Err() != nil || !bounded {
		t.Error("the question ends with a request, or never")
	}
	// The first returns before the store answers: nobody waits with a lock.
	if got := <-told; got != clienttoken.MerchantName {
		t.Errorf("whoever left is told %q", got)
	}
	register.answers <- []store.Merchant{{ID: "m", Name: "Shoes"}}
	wait.Wait()
	if len(register.asked) != 0 {
		t.Errorf("the store was asked %d times more", len(register.asked))
	}
}

// TestOldNamesAreAskedForAgain, without anybody waiting for it.
func TestOldNamesAreAskedForAgain(t *testing.T) {
	t.Parallel()
	names, register, now := newNames()
	answer := func(merchants []store.Merchant) {
		<-register.asked
		names.mu.Lock()
		asking := names.asking
		names.mu.Unlock()
		register.answers <- merchants
		<-asking
	}
	go names.of(t.Context(), "m")
	answer([]store.Merchant{{ID: "m", Name: "Shoes"}})
	now.Store(59)
	if got := names.of(t.Context(), "m"); got != "Shoes" || len(register.asked) != 0 {
		t.Errorf("%q, asked %d times", got, len(register.asked))
	}
	now.Store(60)
	if got := names.of(t.Context(), "m"); got != "Shoes" {
		t.Errorf("the old name until the store answers: %q", got)
	}
	answer([]store.Merchant{{ID: "m", Name: "Boots"}})
	if got := names.of(t.Context(), "m"); got != "Boots" {
		t.Errorf("%q", got)
	}
	now.Store(120)
	names.of(t.Context(), "m")
	answer(nil)
	if got := names.of(t.Context(), "m"); got != "Boots" {
		t.Errorf("a store that is away: %q", got)
	}
	// An unknown merchant is asked for sooner.
	now.Store(122)
	done := make(chan string)
	go func() { done <- names.of(t.Context(), "new") }()
	answer([]store.Merchant{{ID: "new", Name: "Hats"}})
	if got := <-done; got != "Hats" {
		t.Errorf("%q", got)
	}
}
