package service_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store/memstore"
)

// processes are services over one store, each with a cache of its own.
func processes(t *testing.T, count int) []*service.Service {
	t.Helper()
	engine := &faulty{Engine: memstore.New()}
	all := make([]*service.Service, count)
	for i := range all {
		s, err := service.New(service.Options{
			Engine: engine.Engine, Committer: engine, Minter: fixedMinter{}, Assessor: risk.Playground{},
			NewID: identifier.New, CacheBytes: 1 << 20, Shared: true})
		if err != nil {
			t.Fatal(err)
		}
		all[i] = s
	}
	return all
}

// TestAnotherProcessIsNeverAnsweredFromAnOldState: whatever one process has
// acknowledged holds for the next call of the other, whose cache is old.
func TestAnotherProcessIsNeverAnsweredFromAnOldState(t *testing.T) {
	t.Parallel()
	p := processes(t, 2)
	id := create(t, p[0])
	if err := p[1].UpdateSession(t.Context(), caller("m"), id, cart(2), nil); err != nil {
		t.Fatal(err)
	}
	session, err := p[0].ReadSession(t.Context(), caller("m"), id)
	if err != nil || session.Content.OrderAmount.Value != 2 {
		t.Fatalf("a read: amount %d (%v)", session.Content.OrderAmount.Value, err)
	}

	result, _, err := p[1].Browser(t.Context(), caller("m"), id, service.BrowserCall{Call: risk.CallAuthorize, AutoFinalize: true})
	if err != nil {
		t.Fatal(err)
	}
	// The cached state of p[0] has no authorization: decided on it the order is refused.
	placed, err := p[0].PlaceOrder(t.Context(), caller("m"), result.AuthorizationToken, cart(2), nil)
	if err != nil {
		t.Fatalf("an order on a token of the other process: %v", err)
	}
	// The cached state of p[1] has no order: decided on it a second one is placed.
	again, err := p[1].PlaceOrder(t.Context(), caller("m"), result.AuthorizationToken, cart(2), nil)
	if err != nil || again.Order.ID != placed.Order.ID {
		t.Fatalf("the repeat: %v", err)
	}
	if err := p[1].UpdateSession(t.Context(), caller("m"), id, cart(3), nil); kindOf(err) == 0 {
		t.Fatal("a complete session was updated")
	}
}

// TestProcessesLoseNoUpdateOfEachOther: every acknowledged update is one
// revision.
func TestProcessesLoseNoUpdateOfEachOther(t *testing.T) {
	t.Parallel()
	p := processes(t, 3)
	id := create(t, p[0])
	const each = 40
	var wait sync.WaitGroup
	for i := range len(p) * each {
		wait.Go(func() {
			patch := checkout.Content{MerchantReference1: checkout.TextOf(fmt.Sprint(i))}
			if err := p[i%len(p)].UpdateSession(t.Context(), caller("m"), id, patch, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	session, err := p[0].ReadSession(t.Context(), caller("m"), id)
	if want := int64(len(p)*each + 1); err != nil || session.Revision != want {
		t.Errorf("revision %d, want %d (%v)", session.Revision, want, err)
	}
}
