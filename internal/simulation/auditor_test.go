package simulation_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/store"
)

// auditor predicts. It sees every change as the store applies it, so the order
// of events is known and each answer has exactly one truth, or as many as there
// were states while the call was under way.
type auditor struct {
	sessions map[string]*history
	names    []string // of the sessions, in the order of their creation
	tokens   map[string]*entry
	ids      map[string]bool // every id that was ever issued
	advanced map[string]time.Duration
	met      map[string]int // what happened how often
	truthful bool           // the store alone is the truth: several processes
}

// history is a session's life.
type history struct {
	name    string
	entries []*entry
}

// entry is a revision.
type entry struct {
	history *history
	place   int // in the history
	state   state
	call    *call
	// seen is the step since when nobody may be told an older state; 0 while
	// the process that made the change does not know that it was applied.
	seen int
}

func newAuditor(truthful bool) *auditor {
	return &auditor{sessions: map[string]*history{}, tokens: map[string]*entry{}, ids: map[string]bool{},
		advanced: map[string]time.Duration{}, met: map[string]int{}, truthful: truthful}
}

// change checks a change that the store applied at this step.
func (a *auditor) change(step int, c *call, change *store.Change) error {
	switch {
	case c == nil:
		return fmt.Errorf("session %s changed, and no call has the correlation id %q", change.Session.ID, change.Event.CorrelationID)
	case c.applied != nil:
		return fmt.Errorf("call #%d changed something twice: revision %d and now %d",
			c.number, c.applied.state.revision, change.Session.Revision)
	case c.finished && !c.faulted:
		return fmt.Errorf("call #%d was answered %d before its change was applied", c.number, c.response.Code)
	}
	ids := issuedBy(change)
	for _, id := range []string{ids.token, ids.order, ids.customer} {
		if id != "" && a.ids[id] {
			return fmt.Errorf("call #%d was given the id %s, which was issued before", c.number, id)
		}
		a.ids[id] = true
	}
	h := a.sessions[change.Session.ID]
	if h == nil {
		h = &history{name: change.Session.ID}
		a.sessions[h.name] = h
		a.names = append(a.names, h.name)
	}
	predicted := decide(h.newest(), c, ids)
	if predicted.next == nil {
		return fmt.Errorf("call #%d changed the session to revision %d, but must be told (%s)%s",
			c.number, change.Session.Revision, predicted.event, said(predicted.reply))
	}
	written, err := stateOf(&change.Session)
	if err != nil {
		return fmt.Errorf("call #%d wrote %w", c.number, err)
	}
	written.order.said = predicted.next.order.said
	if difference := cmp.Diff(*predicted.next, written, cmp.AllowUnexported(modelTypes...)); difference != "" {
		return fmt.Errorf("call #%d wrote another state than predicted (-predicted +written):\n%s", c.number, difference)
	}
	e := &entry{history: h, place: len(h.entries), state: written, call: c}
	h.entries = append(h.entries, e)
	if ids.token != "" {
		a.tokens[ids.token] = e
	}
	if a.truthful {
		e.seen = step
	}
	c.applied, c.expected = e, predicted.reply
	if c.request.kind == create {
		c.expected.Session = h.name
	}
	a.met[predicted.event]++
	if c.conflicts > 0 {
		a.met["changed after a conflict"]++
	}
	return nil
}

var modelTypes = []any{state{}, content{}, approval{}, placed{}, customer{}}

func (h *history) newest() *state {
	if h == nil || len(h.entries) == 0 {
		return nil
	}
	return &h.entries[len(h.entries)-1].state
}

// settle notes that whoever made the change has heard of its end.
func (a *auditor) settle(step int, c *call) {
	if c.applied != nil && c.applied.seen == 0 {
		c.applied.seen = step
	}
}

// candidates are the states a call may have met between its start and now.
func (a *auditor) candidates(step int, c *call) []*state {
	h, from := a.sessions[c.request.session], 0
	var possible []*state
	if c.request.token != "" {
		issued := a.tokens[c.request.token]
		if issued == nil {
			return []*state{nil}
		}
		h, from = issued.history, issued.place
	}
	if h == nil {
		return []*state{nil}
	}
	if first := h.entries[from]; first.seen == 0 || first.seen >= c.invoked {
		possible = append(possible, nil)
	}
	for i, e := range h.entries {
		begun := e.seen != 0 && e.seen <= step
		ended := i+1 < len(h.entries) && h.entries[i+1].seen != 0 && h.entries[i+1].seen < c.invoked
		if begun && !ended {
			possible = append(possible, &e.state)
		}
	}
	return possible
}

// conflictsMax is how often the service may decide anew before it gives up.
const conflictsMax = 16

// answer checks the answer of a call at this step.
func (a *auditor) answer(step int, c *call, got reply) error {
	if want := c.told.UTC().Truncate(time.Millisecond).Add(c.advanced); !c.now.IsZero() && !c.now.Equal(want) {
		return fmt.Errorf("call #%d was decided at %s, its merchant's time is %s", c.number, timestamp(c.now), timestamp(want))
	}
	switch {
	case got.Status == 499 && c.hungUp && c.applied == nil:
		a.met["499"]++
		return nil
	case got.Status == 503 && (c.faulted || c.conflicts >= conflictsMax):
		a.met["503"]++
		return nil
	case c.request.kind == advance:
		return a.answerOfClock(c, got)
	case c.applied == nil:
		return a.unchanged(step, c, got)
	}
	if difference := cmp.Diff(c.expected, got); difference != "" {
		return fmt.Errorf("call #%d changed the session as it should, but was told otherwise (-predicted +told):\n%s", c.number, difference)
	}
	return nil
}

// unchanged checks an answer without a change.
func (a *auditor) unchanged(step int, c *call, got reply) error {
	var predictions []string
	for _, s := range a.candidates(step, c) {
		predicted := decide(s, c, fresh{})
		if predicted.next == nil && predicted.reply == got {
			a.met[predicted.event]++
			if predicted.event == "order again" && a.ordering(s).faulted {
				a.met["order again after a lost answer"]++
			}
			return nil
		}
		must := fmt.Sprintf("be told (%s)%s", predicted.event, said(predicted.reply))
		if predicted.next != nil {
			must = "change it (" + predicted.event + ")"
		}
		predictions = append(predictions, must)
	}
	return fmt.Errorf("call #%d changed nothing and was told%s, but must\n  %s", c.number, said(got), strings.Join(predictions, "\nor\n  "))
}

// ordering is the call that placed the order of a state.
func (a *auditor) ordering(s *state) *call {
	h := a.tokens[s.order.token].history
	return h.entries[slices.IndexFunc(h.entries, func(e *entry) bool { return e.state.order.id != "" })].call
}

func (a *auditor) answerOfClock(c *call, got reply) error {
	sum := a.advanced[c.merchant]
	want := reply{Status: 200, Now: timestamp(c.told.Truncate(time.Millisecond).Add(sum)), Advanced: sum.String()}
	if difference := cmp.Diff(want, got); difference != "" {
		return fmt.Errorf("call #%d moved the clock (-predicted +told):\n%s", c.number, difference)
	}
	a.met["clock moved"]++
	return nil
}

// books reads what the store has at the end: every change that was applied is
// there, none more, and an order is the only one of its session and its token.
func (a *auditor) books(ctx context.Context, engine store.Engine) error {
	orders := map[string]string{}
	for _, name := range a.names {
		h := a.sessions[name]
		revisions, err := engine.Revisions(ctx, name, 0, 0)
		if err != nil || len(revisions) != len(h.entries) {
			return fmt.Errorf("session %s has %d revisions, applied were %d: %w", name, len(revisions), len(h.entries), err)
		}
		kept, err := stateOf(&revisions[len(revisions)-1].Session)
		if err != nil {
			return fmt.Errorf("session %s: %w", name, err)
		}
		newest := *h.newest()
		newest.order.said = ""
		if kept != newest {
			return fmt.Errorf("session %s is %+v at the end, not %+v", name, kept, newest)
		}
		placed := slices.DeleteFunc(revisions, func(r store.Revision) bool { return r.Event.OrderID == "" })
		if len(placed) > 1 {
			return fmt.Errorf("session %s has %d orders", name, len(placed))
		}
		for i := range placed {
			token := placed[i].Event.AuthorizationToken
			if other := orders[token]; other != "" {
				return fmt.Errorf("the token %s gave the orders %s and %s", token, other, placed[i].Event.OrderID)
			}
			orders[token] = placed[i].Event.OrderID
		}
	}
	return nil
}
