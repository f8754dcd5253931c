package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
)

// Callback is a message to a merchant's server. It is written with the change
// that causes it and waits in the outbox until it is delivered or given up.
type Callback struct {
	ID         string // a UUID; the receiver sees it, the same at every attempt
	MerchantID string
	SessionID  string
	Revision   int64 // of the session, that caused it; the order within the session
	Kind       checkout.CallbackKind
	URL        string
	Body       []byte
	CreatedAt  time.Time // on the merchant's clock, milliseconds, UTC

	State    CallbackState
	DueAt    time.Time // of the next attempt, on the merchant's clock
	Attempts int       // that ended since it was written, or since it was replayed
	Released bool      // goes although the merchant's callbacks are held, and before those that are not
	UnderWay bool      // somebody has a lease of it
	Answer   []byte    // to the newest attempt, in a form that the store does not know
}

// CallbackState is where a callback stands.
type CallbackState string

// The states of a callback. All but the first are final, but for a replay.
const (
	CallbackWaiting   CallbackState = "waiting"
	CallbackDelivered CallbackState = "delivered"
	CallbackFailed    CallbackState = "failed"
	CallbackDropped   CallbackState = "dropped"
)

// CallbackClaim asks for callbacks to deliver. Times of a claim are the
// system's; a callback is due when its merchant's clock says so.
type CallbackClaim struct {
	Lease string // a new UUID, the name of the leases
	Now   time.Time
	Until time.Time // when the leases end, whatever became of their holder
	Limit int       // at least 1
	// PerMerchant bounds the callbacks of a merchant that the claimer delivers at a
	// time; 0 does not. UnderWay is how many it is delivering now, by merchant.
	PerMerchant int
	UnderWay    map[string]int
}

// Room is how many callbacks of the merchant the claim may lease.
func (c *CallbackClaim) Room(merchantID string) int {
	if c.PerMerchant < 1 {
		return c.Limit
	}
	return min(c.Limit, max(0, c.PerMerchant-c.UnderWay[merchantID]))
}

// Full are the merchants of whom the claim leases nothing, in the order of the
// alphabet.
func (c *CallbackClaim) Full() []string {
	full := []string{}
	for _, merchantID := range slices.Sorted(maps.Keys(c.UnderWay)) {
		if c.Room(merchantID) == 0 {
			full = append(full, merchantID)
		}
	}
	return full
}

// CallbackEnd is what an attempt led to.
type CallbackEnd struct {
	State  CallbackState
	DueAt  time.Time // of the next attempt, when it waits again
	Answer []byte
}

// CallbackFilter says which callbacks of a merchant are listed. What is empty
// does not narrow.
type CallbackFilter struct {
	MerchantID string // always
	CallbackID string
	SessionID  string
	State      CallbackState
	Limit      int // at least 1; the newest are listed
}

// CallbackStep is what a person does with one callback.
type CallbackStep string

// The steps. One that the callback's state does not allow is ErrConflict.
const (
	// CallbackRelease lets a waiting callback go at once, held or not.
	CallbackRelease CallbackStep = "release"
	// CallbackReplay sends a callback that is in a final state again.
	CallbackReplay CallbackStep = "replay"
	// CallbackDrop ends a waiting callback that nobody is delivering.
	CallbackDrop CallbackStep = "drop"
	// CallbackDelay gives a waiting callback that nobody is delivering another time
	// at which it is due.
	CallbackDelay CallbackStep = "delay"
)

// Outbox stores callbacks; Change.Callback puts them there. Of the callbacks of
// one kind of a session that wait, only the first can be claimed, in the order of
// revisions with the released ones in front, and only while no other of them is
// under way. Those of another kind do not wait for them: one that a shop does not
// take for days must not hold up the others. The callbacks of a session that
// DeleteExpired deletes go with it.
type Outbox interface {
	// ClaimCallbacks leases callbacks that are due, the longest due first. A
	// lease that has ended is as if it had never been. It may lease fewer than
	// there are, but none only when there is none that it may lease, or another
	// claim was at it at the same moment.
	ClaimCallbacks(ctx context.Context, claim CallbackClaim) ([]Callback, error)
	// FinishCallback ends a lease with what became of the attempt. ErrConflict
	// when the callback has no lease of this name any more.
	FinishCallback(ctx context.Context, callbackID, lease string, end CallbackEnd) error
	// Callbacks lists callbacks, the newest first.
	Callbacks(ctx context.Context, filter CallbackFilter) ([]Callback, error)
	// CountWaitingCallbacks is how many wait, of all merchants.
	CountWaitingCallbacks(ctx context.Context) (int, error)
	// HoldCallbacks keeps the merchant's callbacks from being claimed, or ends
	// that. Those under way are not stopped.
	HoldCallbacks(ctx context.Context, merchantID string, hold bool) error
	// CallbacksHeld tells whether they are held.
	CallbacksHeld(ctx context.Context, merchantID string) (bool, error)
	// StepCallback does the step; at is the merchant's time, and of a delay the one
	// at which the callback is due then. ErrNotFound for a callback that is not the
	// merchant's, ErrConflict.
	StepCallback(ctx context.Context, merchantID, callbackID string, step CallbackStep, at time.Time) error
	// NoteCallback replaces the Answer of a callback that waits and that nobody is
	// delivering. ErrNotFound and ErrConflict as for a step.
	NoteCallback(ctx context.Context, merchantID, callbackID string, answer []byte) error
}
