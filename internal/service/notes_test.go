package service_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/memstore"
)

// history counts the reads of histories; the first waits until it is released.
type history struct {
	store.Engine
	reads             atomic.Int32
	reached, released chan struct{}
}

func (h *history) Revisions(ctx context.Context, id string, limit int, upTo int64) ([]store.Revision, error) {
	if h.reads.Add(1) == 1 {
		close(h.reached)
		<-h.released
	}
	return h.Engine.Revisions(ctx, id, limit, upTo)
}

// TestACustomerDoesNotWaitForADevelopersNote: histories are read for notes in a
// playground only, for a result only, and never while another is read.
func TestACustomerDoesNotWaitForADevelopersNote(t *testing.T) {
	t.Parallel()
	engine := &faulty{Engine: memstore.New()}
	read := &history{Engine: engine.Engine, reached: make(chan struct{}), released: make(chan struct{})}
	s, err := service.New(service.Options{Engine: read, Committer: engine, Minter: fixedMinter{}, Assessor: risk.Playground{},
		NewID: identifier.New, CacheBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	outdated := func() string {
		id := create(t, s)
		if err := s.UpdateSession(t.Context(), caller("m"), id, checkout.Content{}, nil); err != nil {
			t.Fatal(err)
		}
		return id
	}
	authorize := func(id string, explain bool, flow *checkout.Flow) service.BrowserAnswer {
		answer, err := s.Browser(t.Context(), caller("m"), id,
			service.BrowserCall{Call: risk.CallAuthorize, Category: "pay_later", AutoFinalize: true, ShownRevision: 1, Explain: explain, Flow: flow})
		if err != nil {
			t.Error(err)
		}
		return answer
	}
	first, second := outdated(), outdated()
	if authorize(outdated(), false, nil); read.reads.Load() != 0 {
		t.Error("a history was read where nobody develops")
	}
	if answer := authorize(outdated(), true, &checkout.Flow{}); answer.Result.Ask == nil || read.reads.Load() != 0 {
		t.Error("a history was read for a question")
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		if notes := authorize(first, true, nil).Notes; len(notes) != 1 || !strings.Contains(notes[0], "load()") {
			t.Errorf("%q", notes)
		}
	})
	<-read.reached
	if notes := authorize(second, true, nil).Notes; len(notes) != 0 { // it would wait for ever
		t.Errorf("%q", notes)
	}
	close(read.released)
	wait.Wait()
}
