package lab

import (
	"errors"
	"slices"
	"sync"

	"github.com/kvitto/kvitto/internal/checkout"
)

// Primed is what a test wants to happen next.
type Primed struct {
	SessionID     string // empty is any session of the merchant
	Call          string // load, authorize, ...; empty is any but load
	Outcome       string // one of OutcomeNames; empty lets the test data decide
	InvalidFields []string
	AfterMinutes  int64       // when a later outcome comes; 0 is the default
	Interaction   Interaction // empty is full
	Standing      bool        // stays until it is replaced or taken back
}

// Interaction says whether a browser's call shows the customer anything.
type Interaction string

// The interactions.
const (
	InteractionNone Interaction = "none"
	InteractionFull Interaction = "full"
)

// Decision is the outcome as a decision, nil when nothing was said of it.
func (p *Primed) Decision() *checkout.Decision {
	if p == nil || p.Outcome == "" {
		return nil
	}
	decision, ok := Decide(p.Outcome, p.InvalidFields, p.AfterMinutes)
	if !ok {
		return nil
	}
	decision.Reason = "the outcome " + Name(p.Outcome) + " was primed with POST /kvitto/v1/next"
	return &decision
}

// Bounds of what is kept in memory. When all of it is taken, what is added takes
// the place of the oldest of whoever has most: nobody uses up the room of others.
const (
	PrimedOfMerchantMax = 256
	primedOfMerchant    = 128 << 10 // bytes
	primedOfAll         = 4 << 20   // bytes
	primedBare          = 256       // about what one takes without its texts
)

// Bounds of the paths of one outcome.
const (
	InvalidFieldsMax = 50
	InvalidFieldMax  = 200 // bytes
)

// size is about what it takes, in bytes.
func (p *Primed) size() int {
	size := primedBare + len(p.SessionID) + len(p.Call) + len(p.Outcome)
	for _, field := range p.InvalidFields {
		size += len(field)
	}
	return size
}

// ErrPrimedFull: too much is primed already.
var ErrPrimedFull = errors.New("too many outcomes are primed; take them back with DELETE /kvitto/v1/next")

// Queue holds what is primed, for each merchant, until a call takes it. It is
// safe for concurrent use. What is taken is with one call only: it comes back
// when that call ends without a result.
type Queue struct {
	mu        sync.Mutex
	merchants map[string][]*entry
	sizes     map[string]int // of each merchant, in bytes
	size      int            // of all
}

// entry is under the queue's mutex.
type entry struct {
	Primed
	taken int // calls that have it; more than one only when it is standing
}

// NewQueue returns an empty queue.
func NewQueue() *Queue {
	return &Queue{merchants: make(map[string][]*entry), sizes: make(map[string]int)}
}

// Prime adds to what is primed. It replaces what stands for the same session
// and call.
func (q *Queue) Prime(merchantID string, primed Primed) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.remove(merchantID, func(e *entry) bool {
		return e.Standing && e.SessionID == primed.SessionID && e.Call == primed.Call
	})
	size := primed.size()
	if len(q.merchants[merchantID]) >= PrimedOfMerchantMax || q.sizes[merchantID]+size > primedOfMerchant {
		return ErrPrimedFull
	}
	for q.size+size > primedOfAll {
		most := q.most()
		if q.sizes[most] <= q.sizes[merchantID]+size {
			return ErrPrimedFull
		}
		oldest := q.merchants[most][0]
		q.remove(most, func(e *entry) bool { return e == oldest })
	}
	primed.InvalidFields = slices.Clone(primed.InvalidFields)
	q.merchants[merchantID] = append(q.merchants[merchantID], &entry{Primed: primed})
	q.sizes[merchantID] += size
	q.size += size
	return nil
}

// most is the merchant who has most.
func (q *Queue) most() (merchantID string) {
	for id, size := range q.sizes {
		if merchantID == "" || size > q.sizes[merchantID] || size == q.sizes[merchantID] && id < merchantID {
			merchantID = id
		}
	}
	return merchantID
}

// List returns what is primed, in the order in which it was.
func (q *Queue) List(merchantID string) []Primed {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := make([]Primed, 0, len(q.merchants[merchantID]))
	for _, e := range q.merchants[merchantID] {
		list = append(list, e.Primed)
	}
	return list
}

// Clear takes everything back, also what a call has at the moment: it does not
// return.
func (q *Queue) Clear(merchantID string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.remove(merchantID, func(*entry) bool { return true })
}

// Taken is what a call has of the queue.
type Taken struct {
	queue      *Queue
	merchantID string
	entry      *entry
}

// Take finds what is primed for a call: what names its session before what does
// not, what happens once before what stands, and the older first. Nil is
// nothing. Done must follow.
func (q *Queue) Take(merchantID, sessionID, call string) *Taken {
	if q == nil {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	var best *entry
	for _, e := range q.merchants[merchantID] {
		if e.applies(sessionID, call) && (best == nil || e.rank() < best.rank()) {
			best = e
		}
	}
	if best == nil {
		return nil
	}
	best.taken++
	return &Taken{q, merchantID, best}
}

func (e *entry) applies(sessionID, call string) bool {
	free := e.taken == 0 || e.Standing
	ofSession := e.SessionID == "" || e.SessionID == sessionID
	ofCall := e.Call == call || e.Call == "" && call != "load"
	return free && ofSession && ofCall
}

func (e *entry) rank() int {
	rank := 0
	if e.SessionID == "" {
		rank += 2
	}
	if e.Standing {
		rank++
	}
	return rank
}

// Primed is what was taken; nil of nothing.
func (t *Taken) Primed() *Primed {
	if t == nil {
		return nil
	}
	return &t.entry.Primed
}

// Done ends the call. What happens once is used up by a result; without one it
// is there for the next call, where it was.
func (t *Taken) Done(result bool) {
	if t == nil {
		return
	}
	t.queue.mu.Lock()
	defer t.queue.mu.Unlock()
	t.entry.taken--
	if result && !t.entry.Standing {
		t.queue.remove(t.merchantID, func(e *entry) bool { return e == t.entry })
	}
}

// remove is called with the mutex held.
func (q *Queue) remove(merchantID string, which func(*entry) bool) {
	freed := 0
	left := slices.DeleteFunc(q.merchants[merchantID], func(e *entry) bool {
		gone := which(e)
		if gone {
			freed += e.size()
		}
		return gone
	})
	q.size -= freed
	if len(left) == 0 {
		delete(q.merchants, merchantID)
		delete(q.sizes, merchantID)
		return
	}
	q.merchants[merchantID] = left
	q.sizes[merchantID] -= freed
}
