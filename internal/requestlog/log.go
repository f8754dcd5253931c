package requestlog

import (
	"context"
	"sync"
	"time"

	"github.com/kvitto/kvitto/internal/requestlog/home"
)

// Log is an open request log. All methods may be called concurrently.
type Log struct {
	options Options
	home    home.Home
	reading sync.RWMutex // held for reading by all who use home besides the writer

	mu      sync.Mutex
	queue   queue
	counts  Stats   // without Queued and QueuedBytes
	drops   drops   // that are in no tally yet
	next    *ticket // of the transaction that will take what is queued
	running *ticket // of the transaction under way, nil when there is none
	closed  bool

	successes, refusals progress
	wanted              uint64 // somebody waits for the successes up to this one

	wake    chan struct{} // capacity 1: the writer has something new to look at
	stopped chan struct{} // closed when the writer has ended
	failure error         // of closing the home, set before stopped is closed
	giveUp  func()        // ends attempts to reach the home

	indexer  indexer
	searches chan struct{} // has one for each search under way
}

// progress counts exchanges in the order in which a queue takes them and gives
// them up. Those up to settled are written, or lost and counted.
type progress struct{ numbered, settled uint64 }

// ticket is the outcome of one transaction, for all who wait for it.
type ticket struct {
	done chan struct{}
	err  error // set before done is closed
}

func newTicket() *ticket { return &ticket{done: make(chan struct{})} }

// newLog starts a log above an open home.
func newLog(above home.Home, options Options) *Log {
	options = options.withDefaults()
	if options.wrapHome != nil {
		above = options.wrapHome(above)
	}
	ctx, giveUp := context.WithCancel(context.Background())
	l := &Log{
		options: options, home: above, giveUp: giveUp,
		queue:   queue{maxCount: options.MaxQueued, maxBytes: options.MaxQueuedBytes},
		next:    newTicket(),
		wake:    make(chan struct{}, 1),
		stopped: make(chan struct{}), searches: make(chan struct{}, searchesAtOnce),
	}
	w := &writer{log: l, encoder: encoder{redaction: newRedaction(&options)}, tallier: newTallier()}
	go w.run(ctx)
	l.startIndexer()
	return l
}

// Record keeps an exchange. For a refusal it returns when the exchange is in
// its home, where a kill of the process cannot take it away; for a success, and
// for a refusal that is expendable, at once. Those give only ErrClosed: without
// room they are shed or dropped, and counted. A refusal waits for room and for its transaction until ctx is done;
// handlers whose client may hang up pass context.WithoutCancel.
func (l *Log) Record(ctx context.Context, e Exchange) error {
	if e.Durable() {
		return l.recordRefusal(ctx, e)
	}
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return ErrClosed
	}
	result := l.queue.addSuccess(e)
	switch result {
	case dropped:
		l.counts.Dropped++
		l.drops.add(&e)
		l.mu.Unlock()
		return nil
	case admittedShed:
		l.counts.Shed++
	case admitted:
	}
	l.successes.numbered++
	waiting, pressing := len(l.queue.successes), l.queue.halfFull()
	l.mu.Unlock()
	if waiting == 1 || waiting == batchSize || pressing {
		l.signal()
	}
	return nil
}

func (l *Log) recordRefusal(ctx context.Context, e Exchange) error {
	l.mu.Lock()
	for {
		if l.closed {
			l.mu.Unlock()
			return ErrClosed
		}
		if l.queue.addRefusal(e) {
			break
		}
		// Room comes with the end of a transaction, whatever its outcome.
		if err, gaveUp := l.waitLocked(ctx); gaveUp {
			l.counts.Failed++
			l.mu.Unlock()
			return err
		}
	}
	l.refusals.numbered++
	written := l.next
	l.mu.Unlock()
	l.signal()
	select {
	case <-written.done:
		return written.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// flush returns when everything recorded before the call is settled.
func (l *Log) flush(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	successes, refusals := l.successes.numbered, l.refusals.numbered
	l.wanted = max(l.wanted, successes)
	for l.successes.settled < successes || l.refusals.settled < refusals {
		if err, gaveUp := l.waitLocked(ctx); gaveUp {
			return err
		}
	}
	return nil
}

// waitLocked gives up the lock until the transaction under way, or else the
// next one, has ended. It tells whether ctx was done first.
func (l *Log) waitLocked(ctx context.Context) (err error, gaveUp bool) {
	t := l.running
	if t == nil {
		t = l.next
	}
	l.mu.Unlock()
	defer l.mu.Lock()
	l.signal()
	select {
	case <-t.done:
		return nil, false
	case <-ctx.Done():
		return ctx.Err(), true
	}
}

func (l *Log) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Stats tells what was kept and what was not.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	stats := l.counts
	stats.Queued, stats.QueuedBytes = l.queue.count, l.queue.bytes
	return stats
}

// closePatience is how long Close tries to reach a database that is away.
const closePatience = 5 * time.Second

// Close writes what is queued and closes the home. Record, the finders and
// Sweep give ErrClosed from then on. It may be called again.
func (l *Log) Close() error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.indexer.stop()
	l.signal()
	impatience := time.AfterFunc(closePatience, l.giveUp)
	defer impatience.Stop()
	<-l.stopped
	return l.failure
}

// use lets use work with the home, which stays open until it returns.
func (l *Log) use(use func(home.Home) error) error {
	l.reading.RLock()
	defer l.reading.RUnlock()
	l.mu.Lock()
	closed := l.closed
	l.mu.Unlock()
	if closed {
		return ErrClosed
	}
	return use(l.home)
}
