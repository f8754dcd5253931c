package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

// steppingRules are about what people do with callbacks.
var steppingRules = []outboxRule{
	{"held callbacks wait, those of others do not", func(t *testing.T, p *post) {
		held, free := newMerchant(t, p.engine), newMerchant(t, p.engine)
		p.hold(free, false)
		p.hold(held, true)
		p.hold(held, true)
		_, waits := p.authorized(held, 1)
		_, goes := p.authorized(free, 1)
		p.mustClaim(later, 10, goes[0])
		p.hold(held, false)
		p.mustClaim(later, 10, waits[0])
	}},
	{"a released callback goes before those that are held", func(t *testing.T, p *post) {
		merchant := newMerchant(t, p.engine)
		p.hold(merchant, true)
		_, told := p.authorized(merchant, 3)
		p.step(nil, merchant, told[1], store.CallbackRelease, later)
		lease := p.mustClaim(later, 10, told[1])
		p.hold(merchant, false)
		p.mustClaim(later, 10) // one of the session is under way
		p.finish(told[1], lease, store.CallbackEnd{State: store.CallbackDelivered})
		lease = p.mustClaim(later, 10, told[0])
		p.finish(told[0], lease, store.CallbackEnd{State: store.CallbackDelivered})
		p.mustClaim(later, 10, told[2])
	}},
	{"a release ends the wait for the next attempt", func(t *testing.T, p *post) {
		merchant := newMerchant(t, p.engine)
		_, told := p.authorized(merchant, 1)
		lease := p.mustClaim(later, 10, told[0])
		p.finish(told[0], lease, store.CallbackEnd{State: store.CallbackWaiting, DueAt: later.Add(time.Hour)})
		p.mustClaim(later, 10)
		p.step(nil, merchant, told[0], store.CallbackRelease, later)
		p.mustClaim(later, 10, told[0])
	}},
	{"a replay sends again what has ended", func(t *testing.T, p *post) {
		merchant := newMerchant(t, p.engine)
		_, told := p.authorized(merchant, 1)
		p.step(store.ErrConflict, merchant, told[0], store.CallbackReplay, later)
		for _, end := range []store.CallbackState{store.CallbackDelivered, store.CallbackFailed} {
			lease := p.mustClaim(later, 10, told[0])
			p.finish(told[0], lease, store.CallbackEnd{State: end})
			p.step(store.ErrConflict, merchant, told[0], store.CallbackRelease, later)
			p.step(nil, merchant, told[0], store.CallbackReplay, later)
			if got := p.list(store.CallbackFilter{MerchantID: merchant}); got[0].Attempts != 0 || got[0].State != store.CallbackWaiting {
				t.Errorf("after a replay: %+v", got[0])
			}
		}
		p.mustWait(1)
	}},
	{"a dropped callback is not sent, and lets the next go", func(t *testing.T, p *post) {
		merchant := newMerchant(t, p.engine)
		_, told := p.authorized(merchant, 2)
		lease := p.mustClaim(later, 10, told[0])
		p.step(store.ErrConflict, merchant, told[0], store.CallbackDrop, later)
		p.finish(told[0], lease, store.CallbackEnd{State: store.CallbackWaiting, DueAt: later})
		p.step(nil, merchant, told[0], store.CallbackDrop, later)
		p.step(store.ErrConflict, merchant, told[0], store.CallbackDrop, later)
		p.mustClaim(later, 10, told[1])
	}},
	{"a delay gives a waiting callback another time", func(t *testing.T, p *post) {
		merchant := newMerchant(t, p.engine)
		_, told := p.authorized(merchant, 2)
		p.step(nil, merchant, told[0], store.CallbackDelay, later.Add(time.Hour))
		p.mustClaim(later, 10) // the second waits for the first
		if got := p.list(store.CallbackFilter{MerchantID: merchant, CallbackID: told[0].Callback.ID}); len(got) != 1 || !got[0].DueAt.Equal(later.Add(time.Hour)) || got[0].Released {
			t.Errorf("delayed: %+v", got)
		}
		lease := p.mustClaim(later.Add(time.Hour), 10, told[0])
		p.step(store.ErrConflict, merchant, told[0], store.CallbackDelay, later)
		p.finish(told[0], lease, store.CallbackEnd{State: store.CallbackDelivered})
		p.step(store.ErrConflict, merchant, told[0], store.CallbackDelay, later)
	}},
	{"a note is kept until an attempt ends", func(t *testing.T, p *post) {
		merchant := newMerchant(t, p.engine)
		_, told := p.authorized(merchant, 1)
		id := told[0].Callback.ID
		note := func(want error, merchant, id, text string) {
			t.Helper()
			if err := p.outbox.NoteCallback(t.Context(), merchant, id, []byte(text)); !errors.Is(err, want) {
				t.Errorf("note %q: %v, want %v", text, err, want)
			}
		}
		note(nil, merchant, id, "a note \x00\xff")
		note(store.ErrNotFound, newMerchant(t, p.engine), id, "of a stranger")
		note(store.ErrNotFound, merchant, newID(), "of nothing")
		note(store.ErrNotFound, merchant, "no uuid", "of nothing")
		lease, claimed := p.claim(later, 10)
		if len(claimed) != 1 || string(claimed[0].Answer) != "a note \x00\xff" || claimed[0].Attempts != 0 {
			t.Fatalf("claimed %+v", claimed)
		}
		note(store.ErrConflict, merchant, id, "while it is delivered")
		p.finish(told[0], lease, store.CallbackEnd{State: store.CallbackDelivered, Answer: []byte("204")})
		note(store.ErrConflict, merchant, id, "after its end")
		if got := p.list(store.CallbackFilter{MerchantID: merchant}); string(got[0].Answer) != "204" {
			t.Errorf("kept %q", got[0].Answer)
		}
	}},
	{"callbacks are their merchant's own", func(t *testing.T, p *post) {
		owner, other := newMerchant(t, p.engine), newMerchant(t, p.engine)
		_, told := p.authorized(owner, 1)
		for _, step := range []store.CallbackStep{store.CallbackRelease, store.CallbackReplay, store.CallbackDrop, store.CallbackDelay} {
			p.step(store.ErrNotFound, other, told[0], step, later)
			for _, id := range []string{newID(), "", "no uuid"} {
				if err := p.outbox.StepCallback(t.Context(), owner, id, step, later); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("%s of %q: %v, want ErrNotFound", step, id, err)
				}
			}
		}
		if got := p.list(store.CallbackFilter{MerchantID: other}); len(got) != 0 {
			t.Errorf("another merchant sees %+v", got)
		}
		p.mustClaim(later, 10, told[0])
	}},
	{"a list is of a session, of a state, and bounded", func(t *testing.T, p *post) {
		merchant := newMerchant(t, p.engine)
		s, told := p.authorized(merchant, 3)
		p.authorized(merchant, 1)
		p.step(nil, merchant, told[1], store.CallbackDrop, later)
		for _, c := range []struct {
			filter store.CallbackFilter
			want   int
		}{
			{store.CallbackFilter{}, 4},
			{store.CallbackFilter{Limit: 2}, 2},
			{store.CallbackFilter{SessionID: s.session.ID}, 3},
			{store.CallbackFilter{SessionID: s.session.ID, State: store.CallbackWaiting}, 2},
			{store.CallbackFilter{State: store.CallbackDropped}, 1},
			{store.CallbackFilter{State: store.CallbackFailed}, 0},
			{store.CallbackFilter{SessionID: newID()}, 0},
			{store.CallbackFilter{CallbackID: told[2].Callback.ID}, 1},
			{store.CallbackFilter{CallbackID: told[2].Callback.ID, State: store.CallbackDropped}, 0},
			{store.CallbackFilter{CallbackID: newID()}, 0},
			{store.CallbackFilter{CallbackID: "no uuid"}, 0},
			{store.CallbackFilter{SessionID: "no uuid"}, 0},
		} {
			c.filter.MerchantID = merchant
			if got := p.list(c.filter); len(got) != c.want {
				t.Errorf("%+v: %d callbacks, want %d", c.filter, len(got), c.want)
			}
		}
	}},
	{"the callbacks of a deleted session go with it", func(t *testing.T, p *post) {
		expiring, ok := p.engine.(store.Expiring)
		if !ok {
			t.Fatalf("%T deletes nothing", p.engine)
		}
		merchant := newMerchant(t, p.engine)
		p.authorized(merchant, 2)
		kept := begin(t, merchant)
		mustCommit(t, p.engine, kept.created(), kept.telling(authorizing(newID())), kept.take(ordering(newID())))
		if n, _, err := expiring.DeleteExpired(t.Context(), dawn.AddDate(1, 0, 0), "", 100); err != nil || n != 1 {
			t.Fatalf("DeleteExpired: %d, %v", n, err)
		}
		if got := p.list(store.CallbackFilter{MerchantID: merchant}); len(got) != 1 || got[0].SessionID != kept.session.ID {
			t.Errorf("left: %+v", got)
		}
	}},
}
