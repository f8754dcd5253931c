package service_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/memstore"
)

// processes are services over one store, each with a cache of its own.
func processes(t *testing.T, count int) []*service.Service {
	t.Helper()
	engine := memstore.New()
	return over(t, engine, &faulty{Engine: engine}, count)
}

func over(t *testing.T, engine store.Engine, committer service.Committer, count int) []*service.Service {
	t.Helper()
	all := make([]*service.Service, count)
	for i := range all {
		s, err := service.New(service.Options{
			Engine: engine, Committer: committer, Minter: fixedMinter{}, Assessor: risk.Playground{},
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

	answered, err := p[1].Browser(t.Context(), caller("m"), id, service.BrowserCall{Call: risk.CallAuthorize, AutoFinalize: true})
	if err != nil {
		t.Fatal(err)
	}
	// The cached state of p[0] has no authorization: decided on it the order is refused.
	placed, err := p[0].PlaceOrder(t.Context(), caller("m"), answered.Result.AuthorizationToken, cart(2), nil)
	if err != nil {
		t.Fatalf("an order on a token of the other process: %v", err)
	}
	// The cached state of p[1] has no order: decided on it a second one is placed.
	again, err := p[1].PlaceOrder(t.Context(), caller("m"), answered.Result.AuthorizationToken, cart(2), nil)
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

// reading counts the reads of an engine.
type reading struct {
	store.Engine
	reads int
}

func (r *reading) Session(ctx context.Context, id string) (checkout.Session, error) {
	r.reads++
	return r.Engine.Session(ctx, id)
}

// committing counts the commits that were in vain.
type committing struct {
	service.Committer
	conflicts int
}

func (c *committing) Commit(ctx context.Context, change store.Change) error {
	err := c.Committer.Commit(ctx, change)
	if errors.Is(err, store.ErrConflict) {
		c.conflicts++
	}
	return err
}

// TestOldStatesAreNotDecidedOnForLong: processes that take turns read before
// they decide, after a few decisions in vain. One that has its sessions to
// itself goes back to deciding on what it has cached.
func TestOldStatesAreNotDecidedOnForLong(t *testing.T) {
	t.Parallel()
	engine := &reading{Engine: memstore.New()}
	committer := &committing{Committer: &faulty{Engine: engine.Engine}}
	p := over(t, engine, committer, 2)
	sessions := make([]string, 10)
	for i := range sessions {
		sessions[i] = create(t, p[0])
	}
	update := func(process, i int) {
		t.Helper()
		if err := p[process].UpdateSession(t.Context(), caller("m"), sessions[i%len(sessions)], cart(int64(i+1)), nil); err != nil {
			t.Fatal(err)
		}
	}
	const updates = 400
	for i := range updates {
		update(i/len(sessions)%2, i)
	}
	if most := updates / 10; committer.conflicts > most {
		t.Errorf("%d of %d decisions were in vain, want at most %d", committer.conflicts, updates, most)
	}
	for i := range updates {
		update(0, i)
	}
	engine.reads, committer.conflicts = 0, 0
	for i := range updates {
		update(0, i)
	}
	if engine.reads != 0 || committer.conflicts != 0 {
		t.Errorf("alone: %d reads and %d conflicts, want none", engine.reads, committer.conflicts)
	}
}
