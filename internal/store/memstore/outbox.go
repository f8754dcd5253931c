package memstore

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

var _ store.Outbox = (*Engine)(nil)

// outbox is what was put there, in the order of commits.
type outbox struct {
	entries []*entry
	held    map[string]bool // merchants
}

// entry is a callback with its lease.
type entry struct {
	store.Callback
	lease string // empty without one
	until time.Time
}

func (o *outbox) add(c *store.Change) {
	callback := *c.Callback
	callback.MerchantID, callback.SessionID, callback.Revision = c.Session.MerchantID, c.Session.ID, c.Session.Revision
	callback.Body = bytes.Clone(callback.Body)
	callback.CreatedAt, callback.State = c.Event.At, store.CallbackWaiting
	if callback.DueAt.IsZero() {
		callback.DueAt = c.Event.At
	}
	o.entries = append(o.entries, &entry{Callback: callback})
}

func (o *outbox) check(callback *store.Callback) error {
	if len(callback.ID) != 36 {
		return fmt.Errorf("memstore: the id %q of a callback is no UUID", callback.ID)
	}
	if o.find(callback.ID) != nil {
		return store.ErrConflict
	}
	return nil
}

func (o *outbox) find(id string) *entry {
	for _, e := range o.entries {
		if e.ID == id {
			return e
		}
	}
	return nil
}

// before tells which of two callbacks of a session and kind goes first.
func (e *entry) before(other *entry) bool {
	if e.Released != other.Released {
		return e.Released
	}
	return e.Revision < other.Revision
}

// claimable tells whether the callback can be leased now, but for its time.
func (o *outbox) claimable(e *entry) bool {
	if e.State != store.CallbackWaiting || e.lease != "" || o.held[e.MerchantID] && !e.Released {
		return false
	}
	for _, other := range o.entries {
		if other.SessionID == e.SessionID && other.Kind == e.Kind && other != e && (other.lease != "" || other.State == store.CallbackWaiting && other.before(e)) {
			return false
		}
	}
	return true
}

// shown is a copy for a caller.
func (e *entry) shown() store.Callback {
	callback := e.Callback
	callback.UnderWay = e.lease != ""
	callback.Body, callback.Answer = bytes.Clone(e.Body), bytes.Clone(e.Answer)
	return callback
}

// ClaimCallbacks is store.Outbox's.
func (e *Engine) ClaimCallbacks(ctx context.Context, claim store.CallbackClaim) ([]store.Callback, error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.mu.Unlock()
	if claim.Limit < 1 {
		return nil, fmt.Errorf("memstore: the limit %d is not positive", claim.Limit)
	}
	var due []*entry
	for _, entry := range e.outbox.entries {
		if entry.lease != "" && !claim.Now.Before(entry.until) {
			entry.lease = ""
		}
	}
	for _, entry := range e.outbox.entries {
		if e.outbox.claimable(entry) && !entry.DueAt.After(claim.Now.Add(e.clocks[entry.MerchantID])) {
			due = append(due, entry)
		}
	}
	slices.SortStableFunc(due, func(a, b *entry) int { return a.DueAt.Compare(b.DueAt) })
	var claimed []store.Callback
	taken := map[string]int{}
	for _, entry := range due {
		if len(claimed) == claim.Limit || taken[entry.MerchantID] >= claim.Room(entry.MerchantID) {
			continue
		}
		taken[entry.MerchantID]++
		entry.lease, entry.until = claim.Lease, claim.Until
		claimed = append(claimed, entry.shown())
	}
	return claimed, nil
}

// FinishCallback is store.Outbox's.
func (e *Engine) FinishCallback(ctx context.Context, callbackID, lease string, end store.CallbackEnd) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	entry := e.outbox.find(callbackID)
	if entry == nil || lease == "" || entry.lease != lease {
		return store.ErrConflict
	}
	entry.lease = ""
	entry.State, entry.Answer = end.State, bytes.Clone(end.Answer)
	entry.Attempts++
	if end.State == store.CallbackWaiting {
		entry.DueAt = end.DueAt
	}
	return nil
}

// Callbacks is store.Outbox's.
func (e *Engine) Callbacks(ctx context.Context, filter store.CallbackFilter) ([]store.Callback, error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.mu.Unlock()
	if filter.Limit < 1 {
		return nil, fmt.Errorf("memstore: the limit %d is not positive", filter.Limit)
	}
	var found []store.Callback
	for _, entry := range e.outbox.entries {
		if entry.MerchantID == filter.MerchantID && (filter.CallbackID == "" || entry.ID == filter.CallbackID) && (filter.SessionID == "" || entry.SessionID == filter.SessionID) &&
			(filter.State == "" || entry.State == filter.State) {
			found = append(found, entry.shown())
		}
	}
	slices.SortFunc(found, func(a, b store.Callback) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.SessionID, a.SessionID), cmp.Compare(b.Revision, a.Revision))
	})
	return found[:min(len(found), filter.Limit)], nil
}

// CountWaitingCallbacks is store.Outbox's.
func (e *Engine) CountWaitingCallbacks(ctx context.Context) (int, error) {
	if err := e.enter(ctx); err != nil {
		return 0, err
	}
	defer e.mu.Unlock()
	waiting := 0
	for _, entry := range e.outbox.entries {
		if entry.State == store.CallbackWaiting {
			waiting++
		}
	}
	return waiting, nil
}

// HoldCallbacks is store.Outbox's.
func (e *Engine) HoldCallbacks(ctx context.Context, merchantID string, hold bool) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	e.outbox.held[merchantID] = hold
	return nil
}

// CallbacksHeld is store.Outbox's.
func (e *Engine) CallbacksHeld(ctx context.Context, merchantID string) (bool, error) {
	if err := e.enter(ctx); err != nil {
		return false, err
	}
	defer e.mu.Unlock()
	return e.outbox.held[merchantID], nil
}

// StepCallback is store.Outbox's.
func (e *Engine) StepCallback(ctx context.Context, merchantID, callbackID string, step store.CallbackStep, at time.Time) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	entry := e.outbox.find(callbackID)
	if entry == nil || entry.MerchantID != merchantID {
		return store.ErrNotFound
	}
	waits := entry.State == store.CallbackWaiting
	switch {
	case step == store.CallbackRelease && waits:
		entry.Released, entry.DueAt = true, at
	case step == store.CallbackReplay && !waits:
		entry.State, entry.Released, entry.DueAt, entry.Attempts = store.CallbackWaiting, true, at, 0
	case step == store.CallbackDrop && waits && entry.lease == "":
		entry.State = store.CallbackDropped
	case step == store.CallbackDelay && waits && entry.lease == "":
		entry.DueAt = at
	default:
		return store.ErrConflict
	}
	return nil
}

// NoteCallback is store.Outbox's.
func (e *Engine) NoteCallback(ctx context.Context, merchantID, callbackID string, answer []byte) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	entry := e.outbox.find(callbackID)
	switch {
	case entry == nil || entry.MerchantID != merchantID:
		return store.ErrNotFound
	case entry.State != store.CallbackWaiting || entry.lease != "":
		return store.ErrConflict
	}
	entry.Answer = bytes.Clone(answer)
	return nil
}
