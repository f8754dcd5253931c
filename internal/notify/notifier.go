package notify

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/kvitto/kvitto/internal/outbound"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store"
)

// Defaults of Options.
const (
	DefaultWorkers = 64
	// DefaultPerMerchant keeps a shop whose server hangs from taking all workers:
	// seven others still have as much.
	DefaultPerMerchant = 8
	DefaultEvery       = time.Second
)

const (
	// leaseTime is much longer than an attempt and the writing of its end, so
	// that nobody else begins one before, also when clocks differ by seconds.
	leaseTime = 30 * time.Second
	// wakeMax is the longest wait for which a timer is kept; what is due later is
	// found by looking.
	wakeMax = time.Minute
	// storeMax bounds each write about a delivery.
	storeMax = 8 * time.Second
)

// Clock tells a merchant's time.
type Clock interface {
	Now(ctx context.Context, merchantID string) (time.Time, error)
}

// Outbox is what the notifier wants of a store.
type Outbox interface {
	store.Outbox
	Secret(ctx context.Context, name string, proposed []byte) ([]byte, error)
}

// Result is what an attempt led to.
type Result string

// The results of an attempt.
const (
	ResultDelivered Result = "delivered"
	ResultAgain     Result = "again"  // it failed and is made again
	ResultFailed    Result = "failed" // it failed and was the last
)

// Options are what a Notifier is made of. All fields but the last seven are
// required.
type Options struct {
	Outbox Outbox
	Clock  Clock
	NewID  func(now time.Time) string
	Policy outbound.Policy
	Logger *slog.Logger

	System  func() time.Time // nil is time.Now
	Record  func(ctx context.Context, exchange requestlog.Exchange) error
	Observe func(Result)
	Workers int // deliveries at a time; DefaultWorkers when not positive
	// PerMerchant bounds those of a merchant; DefaultPerMerchant when not positive.
	PerMerchant int
	Every       time.Duration // between two looks at what others put there; DefaultEvery
	Trusted     *tls.Config   // nil trusts the system's authorities
}

// Notifier delivers what is due until it is closed. Any number of processes may
// have one on the same store.
type Notifier struct {
	options Options
	sender  *sender
	wake    chan struct{} // capacity 1: there is something new to look at
	free    chan struct{} // holds one value for each worker that has nothing to do
	stop    context.CancelFunc
	ended   chan struct{}
	workers sync.WaitGroup

	mu       sync.Mutex
	underWay map[string]int // deliveries by merchant
}

// Start begins to deliver.
func Start(options Options) *Notifier {
	if options.System == nil {
		options.System = time.Now
	}
	if options.Workers <= 0 {
		options.Workers = DefaultWorkers
	}
	if options.PerMerchant <= 0 {
		options.PerMerchant = DefaultPerMerchant
	}
	if options.Every <= 0 {
		options.Every = DefaultEvery
	}
	ctx, stop := context.WithCancel(context.Background())
	n := &Notifier{
		options: options, sender: newSender(options.Policy, options.Trusted), stop: stop,
		wake: make(chan struct{}, 1), free: make(chan struct{}, options.Workers), ended: make(chan struct{}), underWay: map[string]int{},
	}
	for range options.Workers {
		n.free <- struct{}{}
	}
	go n.run(ctx)
	return n
}

// Wake says that there may be something to deliver. It returns at once.
func (n *Notifier) Wake() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// Close begins no more deliveries and waits for those under way, which takes no
// longer than one attempt and the writing of its end. It may be called again.
func (n *Notifier) Close() {
	n.stop()
	<-n.ended
	n.workers.Wait()
}

func (n *Notifier) run(ctx context.Context) {
	defer close(n.ended)
	timer := time.NewTicker(n.options.Every)
	defer timer.Stop()
	for {
		n.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-n.wake:
		case <-timer.C:
		}
	}
}

// look begins deliveries until nothing is due, or no worker is free: the next
// one that is wakes the notifier.
func (n *Notifier) look(ctx context.Context) {
	for ctx.Err() == nil {
		free := n.take()
		if free == 0 {
			return
		}
		begun, err := n.claim(ctx, free)
		for range free - begun {
			n.free <- struct{}{}
		}
		if err != nil && ctx.Err() == nil {
			n.options.Logger.Error("cannot look for callbacks to deliver; the next look comes", "cause", err)
		}
		if err != nil || begun == 0 {
			return
		}
	}
}

// take takes all workers that are free.
func (n *Notifier) take() (free int) {
	for {
		select {
		case <-n.free:
			free++
		default:
			return free
		}
	}
}

// claim leases callbacks and begins to deliver them.
func (n *Notifier) claim(ctx context.Context, limit int) (begun int, err error) {
	now := n.options.System()
	claim := store.CallbackClaim{Lease: n.options.NewID(now), Now: now, Until: now.Add(leaseTime), Limit: limit,
		PerMerchant: n.options.PerMerchant, UnderWay: n.deliveries()}
	// A claim that the store has begun is waited for: its leases would hold up
	// the callbacks until they end.
	claimed, err := n.options.Outbox.ClaimCallbacks(context.WithoutCancel(ctx), claim)
	if len(claimed) > limit {
		return 0, errors.Join(err, fmt.Errorf("notify: the store leased %d callbacks, not %d", len(claimed), limit))
	}
	for i := range claimed {
		n.count(claimed[i].MerchantID, 1)
		n.workers.Go(func() {
			n.deliver(&claimed[i], claim)
			n.count(claimed[i].MerchantID, -1)
			n.free <- struct{}{}
			n.Wake()
		})
	}
	return len(claimed), err
}

// deliveries are those under way, by merchant.
func (n *Notifier) deliveries() map[string]int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return maps.Clone(n.underWay)
}

func (n *Notifier) count(merchantID string, by int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.underWay[merchantID] += by; n.underWay[merchantID] == 0 {
		delete(n.underWay, merchantID)
	}
}

// deliver makes one attempt and writes down what became of it. What cannot be
// written is found again when the lease ends: it is sent twice rather than
// never.
func (n *Notifier) deliver(c *store.Callback, claim store.CallbackClaim) {
	logger := n.options.Logger.With("callback_id", c.ID, "session_id", c.SessionID)
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(2*attemptMax+2*storeMax))
	defer cancel()
	secret, err := Secret(ctx, n.options.Outbox, c.MerchantID)
	if err != nil {
		logger.Error("a callback was not sent; it is tried again when its lease ends", "cause", err)
		return
	}
	at := n.options.System()
	if at.Add(2*attemptMax + storeMax).After(claim.Until) {
		logger.Warn("a callback was not sent: too much of its lease has passed")
		return
	}
	answer := n.send(ctx, c, secret, at)
	taken := delivered(c.Kind, answer.Status)
	twice := wantedTwice(c)
	answer.Twice = twice && !taken
	end, result, err := n.end(ctx, c, &answer)
	if err == nil && taken && twice {
		answer, result = n.sendAgain(ctx, c, secret, &answer)
		end.Answer, err = answer.encode()
	}
	if err == nil {
		n.record(ctx, c, &answer, result)
		err = n.options.Outbox.FinishCallback(ctx, c.ID, claim.Lease, end)
	}
	if errors.Is(err, store.ErrConflict) {
		logger.Warn("a callback was delivered after its lease had ended, or was deleted meanwhile")
		return
	}
	if err != nil {
		logger.Error("what became of a callback was not written; it is sent again when its lease ends", "cause", err)
		return
	}
	n.observe(result)
	if result != ResultAgain {
		return
	}
	if wait := end.DueAt.Sub(n.now(ctx, c)); wait < wakeMax {
		time.AfterFunc(wait, n.Wake)
	}
}

func (n *Notifier) observe(result Result) {
	if n.options.Observe != nil {
		n.options.Observe(result)
	}
}

// now is the merchant's time; without it, the time at which the callback was due.
func (n *Notifier) now(ctx context.Context, c *store.Callback) time.Time {
	now, err := n.options.Clock.Now(ctx, c.MerchantID)
	if err != nil {
		return c.DueAt
	}
	return now
}

// Secrets is where secrets are kept: the store.
type Secrets interface {
	Secret(ctx context.Context, name string, proposed []byte) ([]byte, error)
}

// SecretName is where the store keeps a merchant's secret.
func SecretName(merchantID string) string { return "callback_key/" + merchantID }

// Secret is what a merchant's callbacks are signed with, made when it is first
// asked for.
func Secret(ctx context.Context, secrets Secrets, merchantID string) ([]byte, error) {
	proposed := make([]byte, outbound.SecretBytes)
	_, _ = rand.Read(proposed) // documented never to fail
	return secrets.Secret(ctx, SecretName(merchantID), proposed)
}

func (n *Notifier) send(ctx context.Context, c *store.Callback, secret []byte, at time.Time) Answer {
	answer, began := Answer{}, time.Now()
	if to, err := outbound.Target(c.URL); err != nil {
		answer.Error = err.Error()
	} else {
		header := http.Header{"User-Agent": {"Kvitto"}}
		if len(c.Body) > 0 {
			header.Set("Content-Type", "application/json")
		}
		outbound.Sign(header, secret, c.ID, at, c.Body)
		answer = n.sender.send(ctx, to, header, c.Body)
	}
	answer.At, answer.Duration = at.UTC().Truncate(time.Millisecond), time.Since(began)
	return answer
}

// end is what the answer leads to.
func (n *Notifier) end(ctx context.Context, c *store.Callback, answer *Answer) (store.CallbackEnd, Result, error) {
	kept, err := answer.encode()
	end := store.CallbackEnd{State: store.CallbackDelivered, Answer: kept}
	if err != nil || delivered(c.Kind, answer.Status) {
		return end, ResultDelivered, err
	}
	now, err := n.options.Clock.Now(ctx, c.MerchantID)
	if err != nil {
		return end, "", err
	}
	if next, again := Next(c, now); again {
		end.State, end.DueAt = store.CallbackWaiting, next
		return end, ResultAgain, nil
	}
	end.State = store.CallbackFailed
	return end, ResultFailed, nil
}
