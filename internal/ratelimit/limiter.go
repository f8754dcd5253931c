package ratelimit

import (
	"strings"
	"sync"
	"time"
)

// Class is a group of operations that share a limit.
type Class uint8

// The classes of the documented limits. Hosted payment pages have a fourth,
// which this API does not serve.
const (
	CreateSession      Class = iota // POST /payments/v1/sessions
	CreateTokenSession              // POST .../customer-token
	Other                           // every other operation of the API
	classes
)

// Classes is how many classes there are: they are 0 to Classes-1.
const Classes = int(classes)

// String is the name of the class in metrics and explanations.
func (c Class) String() string {
	switch c {
	case CreateSession:
		return "create_session"
	case CreateTokenSession:
		return "create_token_session"
	default:
		return "other"
	}
}

// ClassOf is the class whose limit an operation uses up. Paths and methods
// that do not exist count as well: asking for them is not free.
func ClassOf(operation string) Class {
	switch operation {
	case "create_session":
		return CreateSession
	case "create_customer_token":
		return CreateTokenSession
	default:
		return Other
	}
}

// Options are the limits in requests a second; 0 limits nothing.
type Options struct {
	CreateSession      int
	CreateTokenSession int
	Other              int
	// Merchants bounds how many merchants are remembered, and so the memory,
	// about 200 bytes each; DefaultMerchants when not positive. Only the
	// merchants seen within one second matter: one that was forgotten starts a
	// new window.
	Merchants int
}

// DefaultMerchants is the bound on remembered merchants.
const DefaultMerchants = 16384

// The limits that Klarna documents for its two environments.
var (
	Live       = Options{CreateSession: 40, CreateTokenSession: 40, Other: 200}
	Playground = Options{CreateSession: 5, CreateTokenSession: 5, Other: 50}
)

// On tells whether anything is limited.
func (o Options) On() bool { return o.CreateSession > 0 || o.CreateTokenSession > 0 || o.Other > 0 }

// Limit is the limit of a class; 0 is none.
func (o Options) Limit(class Class) int {
	limits := [...]int{o.CreateSession, o.CreateTokenSession, o.Other}
	return max(0, limits[class])
}

// ResetSeconds is when a window ends, in whole seconds counted from any moment
// in it, rounded up. Windows last a second, so it is always the recorded 1.
const ResetSeconds = 1

// Decision is the answer to one request.
type Decision struct {
	Limited   bool // the class has a limit: Limit and Remaining mean something
	Allowed   bool
	Limit     int
	Remaining int  // requests the window still takes after this one
	First     bool // the first request that the window refuses
}

// Limiter counts. It is safe for concurrent use; Take takes constant time and,
// for a merchant it remembers, no memory.
type Limiter struct {
	limits [classes]int

	mu        sync.Mutex
	merchants map[string]*windows
	order     windows // the ring of merchants: next is the newest, previous the oldest
	room      int
}

// windows are the current windows of one merchant, in the ring of use.
type windows struct {
	merchantID     string
	next, previous *windows
	second         [classes]int64
	seen           [classes]int // requests of that second, the refused ones included
}

// New returns a limiter.
func New(options Options) *Limiter {
	if options.Merchants <= 0 {
		options.Merchants = DefaultMerchants
	}
	l := &Limiter{merchants: make(map[string]*windows), room: options.Merchants}
	for class := range classes {
		l.limits[class] = options.Limit(class)
	}
	l.order.next, l.order.previous = &l.order, &l.order
	return l
}

// Take counts one request of a merchant at a time and decides about it.
func (l *Limiter) Take(now time.Time, merchantID string, class Class) Decision {
	limit := l.limits[class]
	if limit == 0 {
		return Decision{Allowed: true}
	}
	second := now.Unix()
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.find(merchantID)
	// Callers read the clock before they come here and may pass each other at
	// the turn of a second: one second back still belongs to the newer window.
	// A clock that was set back further starts anew, or its merchants would be
	// refused until the old time has come again.
	if second > w.second[class] || second < w.second[class]-1 {
		w.second[class], w.seen[class] = second, 0
	}
	if w.seen[class] <= limit {
		w.seen[class]++
	} else {
		return Decision{Limited: true, Limit: limit}
	}
	seen := w.seen[class]
	return Decision{Limited: true, Limit: limit, Allowed: seen <= limit, Remaining: max(0, limit-seen), First: seen == limit+1}
}

// find returns the merchant's windows as the newest of the ring. Without room
// for another merchant it takes over those of the oldest.
func (l *Limiter) find(merchantID string) *windows {
	w, ok := l.merchants[merchantID]
	switch {
	case ok:
		w.leave()
	case len(l.merchants) < l.room:
		w = &windows{}
	default:
		w = l.order.previous
		w.leave()
		delete(l.merchants, w.merchantID)
		*w = windows{}
	}
	if !ok {
		// A copy: the caller's string may be cut out of a header with a password.
		w.merchantID = strings.Clone(merchantID)
		l.merchants[w.merchantID] = w
	}
	w.previous, w.next = &l.order, l.order.next
	w.previous.next, w.next.previous = w, w
	return w
}

func (w *windows) leave() {
	w.previous.next, w.next.previous = w.next, w.previous
}

// Limit is the limit of a class in requests a second; 0 is none.
func (l *Limiter) Limit(class Class) int { return l.limits[class] }

// Len is how many merchants are remembered.
func (l *Limiter) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.merchants)
}
