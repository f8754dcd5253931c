package lab

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// FaultKind is what goes wrong with a call.
type FaultKind string

// The kinds of faults.
const (
	FaultLatency    FaultKind = "latency"     // the call waits before it is handled
	FaultError      FaultKind = "error"       // it is answered with a 5xx, and nothing was done
	FaultDrop       FaultKind = "drop"        // the connection is cut, and nothing was done
	FaultLoseAnswer FaultKind = "lose_answer" // it is carried out, then the connection is cut
)

// FaultKinds are all of them, the worst last.
var FaultKinds = []FaultKind{FaultLatency, FaultError, FaultDrop, FaultLoseAnswer}

// FaultOperations are the calls that a fault can befall: all of the Payments API.
var FaultOperations = []string{
	"create_session", "read_session", "update_session", "create_order", "cancel_authorization", "create_customer_token",
}

// FaultStatuses are what a fault can answer.
var FaultStatuses = []int{500, 502, 503, 504}

// Fault is what is to go wrong with the next calls of a merchant.
type Fault struct {
	Kind      FaultKind
	Operation string        // one of FaultOperations; empty is any of them
	Count     int           // calls that it is still to befall, 1 to FaultCountMax
	Wait      time.Duration // of FaultLatency, 1 ms to FaultWaitMax
	Status    int           // of FaultError, one of FaultStatuses
}

// Bounds of faults. When merchants are more, who was longest without a call loses
// what waits.
const (
	FaultsOfMerchantMax = 32
	FaultCountMax       = 1000
	FaultWaitMax        = time.Minute
	faultMerchantsMax   = 1024
)

// ErrFaultsFull: too many faults wait already.
var ErrFaultsFull = errors.New("too many faults wait; take them back with DELETE /kvitto/v1/faults")

// FaultProblem is the property of a fault that breaks a rule.
type FaultProblem struct{ Property, Sent, Expected string }

// Error says what is wrong.
func (p *FaultProblem) Error() string {
	return p.Property + " is " + p.Sent + ", expected " + p.Expected
}

// NewFault is a fault of which only the kind was said: it befalls one call, and an
// error is a 503.
func NewFault(kind FaultKind) Fault {
	fault := Fault{Kind: kind, Count: 1}
	if kind == FaultError {
		fault.Status = 503
	}
	return fault
}

// Check returns nil, or what is wrong. A wait and a status belong to one kind each.
func (f *Fault) Check() *FaultProblem {
	if !slices.Contains(FaultKinds, f.Kind) {
		return &FaultProblem{"kind", strconv.Quote(string(f.Kind)), "one of " + faultKindNames()}
	}
	if f.Operation != "" && !slices.Contains(FaultOperations, f.Operation) {
		return &FaultProblem{"operation", strconv.Quote(f.Operation), "one of " + strings.Join(FaultOperations, ", ")}
	}
	if f.Count < 1 || f.Count > FaultCountMax {
		return &FaultProblem{"count", strconv.Itoa(f.Count), "1 to " + strconv.Itoa(FaultCountMax)}
	}
	if wait := f.Wait.Milliseconds(); f.Kind == FaultLatency && (wait < 1 || f.Wait > FaultWaitMax) {
		return &FaultProblem{"milliseconds", strconv.FormatInt(wait, 10), "1 to " + strconv.FormatInt(FaultWaitMax.Milliseconds(), 10)}
	} else if f.Kind != FaultLatency && f.Wait != 0 {
		return &FaultProblem{"milliseconds", strconv.FormatInt(wait, 10), "nothing: only latency waits"}
	}
	if f.Kind == FaultError && !slices.Contains(FaultStatuses, f.Status) {
		return &FaultProblem{"status", strconv.Itoa(f.Status), "one of 500, 502, 503, 504"}
	} else if f.Kind != FaultError && f.Status != 0 {
		return &FaultProblem{"status", strconv.Itoa(f.Status), "nothing: only error answers with one"}
	}
	return nil
}

func faultKindNames() string {
	names := make([]string, len(FaultKinds))
	for i, kind := range FaultKinds {
		names[i] = string(kind)
	}
	return strings.Join(names, ", ")
}

// Story is what the fault did to a call, for those who wonder why.
func (f *Fault) Story() string {
	const by = "a fault of the playground ("
	switch f.Kind {
	case FaultLatency:
		return by + string(f.Kind) + ") let the call wait " + f.Wait.String() + " before it was handled"
	case FaultError:
		return by + string(f.Kind) + ") answered; nothing was changed"
	case FaultDrop:
		return by + string(f.Kind) + ") cut the connection before anything was done; nothing was changed"
	default:
		return by + string(f.Kind) + ") cut the connection after the call was carried out: this answer never arrived"
	}
}

// Cuts tells whether no answer arrives.
func (f *Fault) Cuts() bool { return f.Kind == FaultDrop || f.Kind == FaultLoseAnswer }

// Faults are those that wait, for each merchant, until calls meet them. They are
// safe for concurrent use, and end with the process.
type Faults struct {
	mu        sync.Mutex
	merchants *simplelru.LRU[string, []Fault]
	after     func(time.Duration) <-chan time.Time
	stopped   chan struct{}
	stop      sync.Once
}

// NewFaults returns a server's faults. after is time.After, or a test's.
func NewFaults(after func(time.Duration) <-chan time.Time) (*Faults, error) {
	merchants, err := simplelru.NewLRU[string, []Fault](faultMerchantsMax, nil)
	if err != nil {
		return nil, err
	}
	return &Faults{merchants: merchants, after: after, stopped: make(chan struct{})}, nil
}

// Add appends a fault that was checked. ErrFaultsFull.
func (f *Faults) Add(merchantID string, fault Fault) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	waiting, _ := f.merchants.Get(merchantID)
	if len(waiting) >= FaultsOfMerchantMax {
		return ErrFaultsFull
	}
	f.merchants.Add(merchantID, append(waiting, fault))
	return nil
}

// List returns what waits, in the order in which it was added.
func (f *Faults) List(merchantID string) []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	waiting, _ := f.merchants.Peek(merchantID)
	return slices.Clone(waiting)
}

// Clear takes back all that waits. A call that has met a fault keeps it.
func (f *Faults) Clear(merchantID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.merchants.Remove(merchantID)
}

// Take is the fault that a call meets: the oldest that waits for its operation or
// for any. It is nil for a call that meets none. A call meets one at most.
func (f *Faults) Take(merchantID, operation string) *Fault {
	if f == nil || !slices.Contains(FaultOperations, operation) {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	waiting, _ := f.merchants.Get(merchantID)
	at := slices.IndexFunc(waiting, func(w Fault) bool { return w.Operation == "" || w.Operation == operation })
	if at < 0 {
		return nil
	}
	met := waiting[at]
	if waiting[at].Count--; waiting[at].Count > 0 {
		return &met
	}
	if waiting = slices.Delete(waiting, at, at+1); len(waiting) == 0 {
		f.merchants.Remove(merchantID)
	} else {
		f.merchants.Add(merchantID, waiting)
	}
	return &met
}

// Hold waits as long as the fault says, or until the client goes away, which is the
// error of its context. It does not outlast the server: after Stop nothing waits.
func (f *Faults) Hold(ctx context.Context, fault *Fault) error {
	select {
	case <-f.after(fault.Wait):
		return nil
	case <-f.stopped:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stop ends all waiting; calls are handled at once.
func (f *Faults) Stop() { f.stop.Do(func() { close(f.stopped) }) }
