package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// RunOutbox checks the rules of store.Outbox, each on an engine of its own that
// holds nothing else: a claim is of whoever waits. The suite closes what open
// returns.
func RunOutbox(t *testing.T, open func(t *testing.T) store.Engine) {
	t.Helper()
	for _, r := range slices.Concat(outboxRules, steppingRules) {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			engine := opened(t, open)
			outbox, ok := engine.(store.Outbox)
			if !ok {
				t.Fatalf("%T has no outbox", engine)
			}
			r.check(t, &post{t: t, engine: engine, outbox: outbox})
		})
	}
}

// post is an engine with an outbox in a test.
type post struct {
	t      *testing.T
	engine store.Engine
	outbox store.Outbox
}

type outboxRule struct {
	name  string
	check func(t *testing.T, p *post)
}

// telling is the change that the story takes next, with a callback.
func (s *story) telling(next step) store.Change {
	change := s.take(next)
	change.Callback = callbackOf(&change)
	return change
}

func callbackOf(change *store.Change) *store.Callback {
	return &store.Callback{ID: newID(), Kind: checkout.CallbackAuthorization, URL: "https://shop.example/callbacks?key=ö",
		Body: fmt.Appendf(nil, `{"revision":%d}`, change.Session.Revision)}
}

// authorized commits a session that tells so many approvals. They are due a
// second after each other.
func (p *post) authorized(merchant string, approvals int) (s *story, told []store.Change) {
	p.t.Helper()
	s = begin(p.t, merchant)
	mustCommit(p.t, p.engine, s.created())
	for range approvals {
		change := s.telling(authorizing(newID()))
		mustCommit(p.t, p.engine, change)
		told = append(told, change)
	}
	return s, told
}

const leaseTime = 30 * time.Second

// claim leases at a time.
func (p *post) claim(at time.Time, limit int) (lease string, claimed []store.Callback) {
	p.t.Helper()
	lease = newID()
	claimed, err := p.outbox.ClaimCallbacks(p.t.Context(), store.CallbackClaim{Lease: lease, Now: at, Until: at.Add(leaseTime), Limit: limit})
	if err != nil {
		p.t.Fatalf("ClaimCallbacks: %v", err)
	}
	return lease, claimed
}

// mustClaim expects the callbacks of these changes, in this order.
func (p *post) mustClaim(at time.Time, limit int, want ...store.Change) (lease string) {
	p.t.Helper()
	lease, claimed := p.claim(at, limit)
	ids := []string{}
	for _, c := range claimed {
		ids = append(ids, c.ID)
	}
	wanted := []string{}
	for _, change := range want {
		wanted = append(wanted, change.Callback.ID)
	}
	if diff := cmp.Diff(wanted, ids); diff != "" {
		p.t.Fatalf("claimed (-want +got):\n%s", diff)
	}
	return lease
}

func (p *post) finish(change store.Change, lease string, end store.CallbackEnd) {
	p.t.Helper()
	if err := p.outbox.FinishCallback(p.t.Context(), change.Callback.ID, lease, end); err != nil {
		p.t.Fatalf("FinishCallback: %v", err)
	}
}

func (p *post) step(want error, merchant string, change store.Change, step store.CallbackStep, now time.Time) {
	p.t.Helper()
	if err := p.outbox.StepCallback(p.t.Context(), merchant, change.Callback.ID, step, now); !errors.Is(err, want) {
		p.t.Fatalf("%s: %v, want %v", step, err, want)
	}
}

// list is what the merchant has, the newest first.
func (p *post) list(filter store.CallbackFilter) []store.Callback {
	p.t.Helper()
	if filter.Limit == 0 {
		filter.Limit = 100
	}
	found, err := p.outbox.Callbacks(p.t.Context(), filter)
	if err != nil {
		p.t.Fatalf("Callbacks: %v", err)
	}
	return found
}

func (p *post) mustWait(want int) {
	p.t.Helper()
	if waiting, err := p.outbox.CountWaitingCallbacks(p.t.Context()); err != nil || waiting != want {
		p.t.Errorf("%d callbacks wait, %v; want %d", waiting, err, want)
	}
}

func (p *post) hold(merchant string, hold bool) {
	p.t.Helper()
	if err := p.outbox.HoldCallbacks(p.t.Context(), merchant, hold); err != nil {
		p.t.Fatalf("HoldCallbacks: %v", err)
	}
	if held, err := p.outbox.CallbacksHeld(p.t.Context(), merchant); err != nil || held != hold {
		p.t.Errorf("held %v, %v; want %v", held, err, hold)
	}
}

// stored is what is read of a callback that was just written.
func stored(change *store.Change) store.Callback {
	c := *change.Callback
	c.MerchantID, c.SessionID, c.Revision = change.Session.MerchantID, change.Session.ID, change.Session.Revision
	c.CreatedAt, c.DueAt, c.State = change.Event.At, change.Event.At, store.CallbackWaiting
	return c
}

var later = dawn.Add(time.Hour)

var outboxRules = []outboxRule{
	{"a callback is written with its change", func(t *testing.T, p *post) {
		s, told := p.authorized(newMerchant(t, p.engine), 2)
		got := p.list(store.CallbackFilter{MerchantID: s.session.MerchantID})
		if diff := cmp.Diff([]store.Callback{stored(&told[1]), stored(&told[0])}, got, exactly); diff != "" {
			t.Errorf("(-written +read):\n%s", diff)
		}
		p.mustWait(2)
	}},
	{"a callback of a refused change is not there", refusedCallbacks},
	{"an id of a callback is used once", func(t *testing.T, p *post) {
		merchant := newMerchant(t, p.engine)
		_, told := p.authorized(merchant, 1)
		s := begin(t, merchant)
		mustCommit(t, p.engine, s.created())
		change := s.fork().telling(authorizing(newID()))
		change.Callback.ID = told[0].Callback.ID
		mustConflict(t, p.engine, change)
		mustCommit(t, p.engine, s.telling(authorizing(newID())))
		p.mustWait(2)
	}},
	{"a claim has what is to be delivered, the longest due first, once", func(t *testing.T, p *post) {
		merchant := newMerchant(t, p.engine)
		late := begin(t, merchant)
		mustCommit(t, p.engine, late.created())
		late.now = late.now.Add(time.Minute)
		second := late.telling(authorizing(newID()))
		mustCommit(t, p.engine, second)
		_, told := p.authorized(newMerchant(t, p.engine), 1)
		_, claimed := p.claim(later, 1)
		want := stored(&told[0])
		want.UnderWay = true
		if diff := cmp.Diff([]store.Callback{want}, claimed, exactly); diff != "" {
			t.Errorf("claimed (-want +got):\n%s", diff)
		}
		p.mustClaim(later, 10, second)
		p.mustClaim(later, 10)
	}},
	{"a callback is due by its merchant's clock", func(t *testing.T, p *post) {
		merchant := newMerchant(t, p.engine)
		_, told := p.authorized(merchant, 1)
		early := told[0].Event.At.Add(-time.Hour)
		p.mustClaim(early, 10)
		mustAdvance(t, p.engine, newMerchant(t, p.engine), time.Hour, time.Hour)
		mustAdvance(t, p.engine, merchant, time.Minute, time.Minute)
		p.mustClaim(early, 10)
		mustAdvance(t, p.engine, merchant, 59*time.Minute, time.Hour)
		p.mustClaim(early, 10, told[0])
	}},
	{"the callbacks of a session go in order, one at a time", func(t *testing.T, p *post) {
		_, told := p.authorized(newMerchant(t, p.engine), 3)
		lease := p.mustClaim(later, 10, told[0])
		p.mustClaim(later, 10)
		retry := later.Add(time.Second)
		p.finish(told[0], lease, store.CallbackEnd{State: store.CallbackWaiting, DueAt: retry})
		p.mustClaim(later, 10) // the second waits for the first to try again
		lease = p.mustClaim(retry, 10, told[0])
		p.finish(told[0], lease, store.CallbackEnd{State: store.CallbackFailed})
		lease = p.mustClaim(retry, 10, told[1])
		p.finish(told[1], lease, store.CallbackEnd{State: store.CallbackDelivered})
		p.mustClaim(retry, 10, told[2])
	}},
	{"an attempt ends as it is said to", func(t *testing.T, p *post) {
		s, told := p.authorized(newMerchant(t, p.engine), 1)
		want := stored(&told[0])
		for attempt, end := range []store.CallbackEnd{
			{State: store.CallbackWaiting, DueAt: later.Add(time.Minute), Answer: []byte("500")},
			{State: store.CallbackWaiting, DueAt: later.Add(2 * time.Minute)},
			{State: store.CallbackDelivered, Answer: []byte("204 \x00\xff")},
		} {
			lease := p.mustClaim(later.Add(time.Duration(attempt)*time.Minute), 10, told[0])
			p.finish(told[0], lease, end)
			want.State, want.Answer, want.Attempts = end.State, end.Answer, attempt+1
			if end.State == store.CallbackWaiting {
				want.DueAt = end.DueAt
			}
			if diff := cmp.Diff([]store.Callback{want}, p.list(store.CallbackFilter{MerchantID: s.session.MerchantID}), exactly); diff != "" {
				t.Fatalf("after attempt %d (-want +got):\n%s", attempt, diff)
			}
		}
		p.mustWait(0)
		p.mustClaim(later.Add(time.Hour), 10)
	}},
	{"a lease ends by itself, and its holder is told", func(t *testing.T, p *post) {
		_, told := p.authorized(newMerchant(t, p.engine), 2)
		crashed := p.mustClaim(later, 10, told[0])
		p.mustClaim(later.Add(leaseTime-time.Millisecond), 10)
		lease := p.mustClaim(later.Add(leaseTime), 10, told[0])
		for _, wrong := range []string{crashed, newID(), "", "no uuid"} {
			if err := p.outbox.FinishCallback(t.Context(), told[0].Callback.ID, wrong, store.CallbackEnd{State: store.CallbackFailed}); !errors.Is(err, store.ErrConflict) {
				t.Errorf("the lease %q: %v, want ErrConflict", wrong, err)
			}
		}
		p.finish(told[0], lease, store.CallbackEnd{State: store.CallbackDelivered})
		if err := p.outbox.FinishCallback(t.Context(), newID(), lease, store.CallbackEnd{State: store.CallbackFailed}); !errors.Is(err, store.ErrConflict) {
			t.Errorf("an unknown callback: %v", err)
		}
		p.mustClaim(later.Add(leaseTime), 10, told[1])
	}},
	{"callbacks of another kind do not wait, those of the same kind do", func(t *testing.T, p *post) {
		s := begin(t, newMerchant(t, p.engine))
		mustCommit(t, p.engine, s.created())
		var told []store.Change
		for _, kind := range []checkout.CallbackKind{checkout.CallbackPush, checkout.CallbackNotification, checkout.CallbackPush} {
			change := s.telling(authorizing(newID()))
			change.Callback.Kind = kind
			mustCommit(t, p.engine, change)
			told = append(told, change)
		}
		lease := p.mustClaim(later, 10, told[0], told[1])
		p.mustClaim(later, 10)
		p.finish(told[1], lease, store.CallbackEnd{State: store.CallbackDelivered})
		p.finish(told[0], lease, store.CallbackEnd{State: store.CallbackWaiting, DueAt: later.Add(time.Hour)})
		p.mustClaim(later, 10)
		lease = p.mustClaim(later.Add(time.Hour), 10, told[0])
		p.finish(told[0], lease, store.CallbackEnd{State: store.CallbackFailed})
		p.mustClaim(later.Add(time.Hour), 10, told[2])
	}},
	{"a callback may be due later than its change, and have no body", func(t *testing.T, p *post) {
		s := begin(t, newMerchant(t, p.engine))
		mustCommit(t, p.engine, s.created())
		change := s.telling(authorizing(newID()))
		change.Callback.DueAt, change.Callback.Body = change.Event.At.Add(2*time.Minute), nil
		mustCommit(t, p.engine, change)
		due := change.Callback.DueAt
		if got := p.list(store.CallbackFilter{MerchantID: s.session.MerchantID})[0]; !got.DueAt.Equal(due) || !got.CreatedAt.Equal(change.Event.At) || len(got.Body) > 0 {
			t.Errorf("due at %v, written at %v with the body %q", got.DueAt, got.CreatedAt, got.Body)
		}
		p.mustClaim(due.Add(-time.Millisecond), 10)
		p.mustClaim(due, 10, change)
	}},
	{"claims at the same time share what is due", claimsTogether},
	{"a claim leaves what a merchant has no room for", func(t *testing.T, p *post) {
		busy, free := newMerchant(t, p.engine), newMerchant(t, p.engine)
		for range 5 {
			p.authorized(busy, 1)
		}
		_, late := p.authorized(free, 1)
		claim := func(limit int, underWay map[string]int) (ofBusy, ofFree int) {
			t.Helper()
			claimed, err := p.outbox.ClaimCallbacks(t.Context(), store.CallbackClaim{Lease: newID(), Now: later, Until: later.Add(leaseTime),
				Limit: limit, PerMerchant: 3, UnderWay: underWay})
			if err != nil {
				t.Fatal(err)
			}
			for i := range claimed {
				if claimed[i].MerchantID == busy {
					ofBusy++
				} else if claimed[i].ID == late[0].Callback.ID {
					ofFree++
				}
			}
			return ofBusy, ofFree
		}
		for _, c := range []struct {
			limit          int
			underWay       map[string]int
			ofBusy, ofFree int
		}{
			{10, map[string]int{busy: 3, free: 3}, 0, 0}, // nobody has room
			{10, map[string]int{busy: 4}, 0, 1},          // who has too many does not stand before the others
			{2, map[string]int{busy: 2}, 1, 0},
			{10, nil, 3, 0},
			{10, map[string]int{busy: 2}, 1, 0},
			{10, map[string]int{busy: 2}, 0, 0}, // nothing is left
		} {
			if ofBusy, ofFree := claim(c.limit, c.underWay); ofBusy != c.ofBusy || ofFree != c.ofFree {
				t.Errorf("up to %d with %v under way: claimed %d and %d, want %d and %d", c.limit, c.underWay, ofBusy, ofFree, c.ofBusy, c.ofFree)
			}
		}
	}},
	{"a limit must be positive", func(t *testing.T, p *post) {
		if _, err := p.outbox.ClaimCallbacks(t.Context(), store.CallbackClaim{Lease: newID(), Now: later, Until: later}); err == nil {
			t.Error("a claim of none was taken")
		}
		if _, err := p.outbox.Callbacks(t.Context(), store.CallbackFilter{MerchantID: "m"}); err == nil {
			t.Error("a list of none was taken")
		}
	}},
}

// refusedCallbacks: whatever makes a batch refuse a change, also after it was
// written in part, takes its callback along and no other.
func refusedCallbacks(t *testing.T, p *post) {
	merchant := newMerchant(t, p.engine)
	one, two := begin(t, merchant), begin(t, merchant)
	mustCommit(t, p.engine, one.created(), two.created())
	token := newID()
	stale := one.fork()
	first := one.telling(authorizing(token))
	taken := two.fork().telling(authorizing(token))
	last := two.telling(authorizing(newID()))
	mustAnswer(t, p.engine, []store.Change{first, stale.telling(authorizing(newID())), taken, last},
		[]error{nil, store.ErrConflict, store.ErrConflict, nil})
	broken := two.telling(authorizing(newID()))
	broken.Callback.ID = "no uuid"
	if err := commit(t, p.engine, broken)[0]; err == nil {
		t.Error("a callback whose id is none was taken")
	}
	ids := []string{}
	for _, c := range p.list(store.CallbackFilter{MerchantID: merchant}) {
		ids = append(ids, c.ID)
	}
	want := []string{first.Callback.ID, last.Callback.ID}
	slices.Sort(ids)
	slices.Sort(want)
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("in the outbox (-want +got):\n%s", diff)
	}
}

// claimsTogether: many claim at once until nothing is left. Nobody gets what
// another has, and of no session are two under way.
func claimsTogether(t *testing.T, p *post) {
	const sessions, approvals, claimers = 12, 3, 6
	merchant := newMerchant(t, p.engine)
	for range sessions {
		p.authorized(merchant, approvals)
	}
	var mu sync.Mutex
	var delivered []store.Callback
	underWay := map[string]string{}
	var all sync.WaitGroup
	for range claimers {
		all.Go(func() {
			for {
				lease := newID()
				claimed, err := p.outbox.ClaimCallbacks(t.Context(), store.CallbackClaim{Lease: lease, Now: later, Until: later.Add(leaseTime), Limit: 2})
				if err != nil {
					t.Errorf("ClaimCallbacks: %v", err)
					return
				}
				mu.Lock()
				for _, c := range claimed {
					if other := underWay[c.SessionID]; other != "" {
						t.Errorf("%s and %s of session %s are under way", other, c.ID, c.SessionID)
					}
					underWay[c.SessionID] = c.ID
					delivered = append(delivered, c)
				}
				done := len(delivered) >= sessions*approvals
				mu.Unlock()
				for _, c := range claimed {
					mu.Lock()
					delete(underWay, c.SessionID)
					mu.Unlock()
					if err := p.outbox.FinishCallback(t.Context(), c.ID, lease, store.CallbackEnd{State: store.CallbackDelivered}); err != nil {
						t.Errorf("FinishCallback: %v", err)
						return
					}
				}
				if done || t.Failed() {
					return
				}
			}
		})
	}
	all.Wait()
	newest := map[string]int64{}
	for _, c := range delivered {
		if c.Revision <= newest[c.SessionID] {
			t.Errorf("session %s: revision %d after %d", c.SessionID, c.Revision, newest[c.SessionID])
		}
		newest[c.SessionID] = c.Revision
	}
	if len(delivered) != sessions*approvals {
		t.Errorf("%d were claimed, want %d", len(delivered), sessions*approvals)
	}
	p.mustWait(0)
}
