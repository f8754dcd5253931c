package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
)

// ErrOverloaded: the queue of commits is full and the change was not written.
// The caller may try again later; at once would only add to the load.
var ErrOverloaded = errors.New("store: overloaded")

// Defaults of BatcherOptions.
const (
	DefaultMaxBatch = 256
	DefaultQueue    = 4096
)

// BatcherOptions may be left zero.
type BatcherOptions struct {
	MaxBatch int // changes in one transaction; DefaultMaxBatch when not positive
	Queue    int // changes that wait for one; DefaultQueue when not positive
	// Writers is how many transactions may be under way at a time; one when not
	// positive. With several, changes of different transactions are written in
	// any order, so that only a caller who waits for its answer before its next
	// change, as the callers of a session must, knows the order of the two.
	Writers int
	// Patience is how long a transaction may be under way before another writer
	// begins one beside it. Without it they begin at once, in smaller batches.
	Patience time.Duration
	// Encode makes Change.State where it is nil, on the goroutine of the caller
	// of Commit: it appends the state to dst, which is empty. The session must
	// not be kept.
	Encode func(dst []byte, session *checkout.Session) []byte
	// Observe is told of every transaction after its callers were answered.
	Observe func(batchSize int, took time.Duration)
}

// Batcher gathers concurrent commits into one transaction and so into one
// fsync. A batch is whatever waits when a writer is free: no timer, so that
// a lone caller waits for nothing but its own transaction, and a busy writer
// finds the next batch gathered when it has finished the last. Two writers keep
// an engine busy that works on one transaction while another waits for the
// disk.
type Batcher struct {
	engine   Engine
	maxBatch int
	encode   func([]byte, *checkout.Session) []byte
	observe  func(batchSize int, took time.Duration)
	commits  sync.Pool      // of *pendingCommit
	writers  sync.WaitGroup // those that have not ended
	patience time.Duration
	late     *time.Timer // wakes writers when a transaction takes long; nil without patience

	mu     sync.Mutex
	work   sync.Cond // writers wait for a commit in the queue or for closed
	queue  commitQueue
	closed bool
	// The transactions under way, and when the newest of them began.
	running int
	began   time.Time
}

// stateKept is the largest room for a state that is kept for the next, in bytes.
const stateKept = 64 << 10

// pendingCommit is one call of Commit.
type pendingCommit struct {
	change Change
	state  []byte     // room for an encoded state
	answer chan error // holds one; empty whenever the commit is reused

	// Under Batcher.mu: the place in the queue.
	queued         bool
	older, younger *pendingCommit
}

// NewBatcher starts the writers. Close ends them; the engine stays open.
func NewBatcher(engine Engine, opts BatcherOptions) *Batcher {
	if opts.MaxBatch <= 0 {
		opts.MaxBatch = DefaultMaxBatch
	}
	if opts.Queue <= 0 {
		opts.Queue = DefaultQueue
	}
	b := &Batcher{
		engine: engine, maxBatch: opts.MaxBatch, encode: opts.Encode, observe: opts.Observe,
		commits: sync.Pool{New: func() any { return &pendingCommit{answer: make(chan error, 1)} }},
		queue:   commitQueue{limit: opts.Queue},
	}
	b.work.L = &b.mu
	if opts.Writers > 1 && opts.Patience > 0 {
		b.patience = opts.Patience
		b.late = time.AfterFunc(opts.Patience, b.wake)
	}
	for range max(1, opts.Writers) {
		b.writers.Go(b.write)
	}
	return b
}

// Commit makes the change durable, in one transaction with whatever else
// waits; changes are taken in the order in which they came. It answers as
// Engine.Commit does, and with ErrOverloaded or ErrClosed at once. When the
// context ends before the writer takes the change, it is not written and the
// context's error is the answer; after that Commit waits for the truth.
func (b *Batcher) Commit(ctx context.Context, change Change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c := b.commits.Get().(*pendingCommit)
	c.change = change
	if b.encode != nil && c.change.State == nil {
		c.state = b.encode(c.state[:0], &c.change.Session)
		c.change.State = c.state
	}
	err := b.enqueue(c)
	if err == nil {
		select {
		case err = <-c.answer:
		case <-ctx.Done():
			if b.withdraw(c) {
				err = ctx.Err()
			} else {
				err = <-c.answer
			}
		}
	}
	c.change = Change{} // the pool must not keep sessions alive
	if cap(c.state) > stateKept {
		c.state = nil
	}
	b.commits.Put(c)
	return err
}

// Close stops accepting, lets the writers finish what was accepted and waits
// for them. It may be called again.
func (b *Batcher) Close() {
	b.mu.Lock()
	b.closed = true
	b.work.Broadcast()
	b.mu.Unlock()
	b.writers.Wait()
	if b.late != nil {
		b.late.Stop()
	}
}

func (b *Batcher) wake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.work.Broadcast()
}

func (b *Batcher) enqueue(c *pendingCommit) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return ErrClosed
	}
	if !b.queue.push(c) {
		return ErrOverloaded
	}
	b.work.Signal()
	return nil
}

// withdraw takes the change back; it is false when the writer has taken it.
func (b *Batcher) withdraw(c *pendingCommit) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !c.queued {
		return false
	}
	b.queue.remove(c)
	return true
}

// write is a writer: it ends when the batcher is closed and nothing waits.
func (b *Batcher) write() {
	var batch []*pendingCommit
	var changes []Change
	for {
		batch = b.take(batch[:0])
		if len(batch) == 0 {
			return
		}
		for _, c := range batch {
			changes = append(changes, c.change)
		}
		began := time.Now()
		report(batch, began)
		answers := b.engine.Commit(context.Background(), changes)
		took := time.Since(began)
		b.ended()
		b.answer(batch, answers)
		if b.observe != nil {
			b.observe(len(batch), took)
		}
		clear(changes) // sessions must not live on in the writer's memory
		changes = changes[:0]
		// The callers just answered often come back at once. Let them: a writer
		// faster than they are would find one of them, and the rest a whole
		// transaction later.
		runtime.Gosched()
	}
}

// report tells those who asked about their transaction.
func report(batch []*pendingCommit, began time.Time) {
	for _, c := range batch {
		if r := c.change.Report; r != nil {
			r.Batch, r.Began = len(batch), began
		}
	}
}

// Waiting is how many changes wait for a transaction now.
func (b *Batcher) Waiting() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.queue.length
}

// take waits until there is a batch. It is empty only after Close.
func (b *Batcher) take(batch []*pendingCommit) []*pendingCommit {
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.closed && (b.queue.length == 0 || !b.another()) {
		b.work.Wait()
	}
	for b.queue.length > 0 && len(batch) < b.maxBatch {
		oldest := b.queue.oldest
		b.queue.remove(oldest)
		batch = append(batch, oldest)
	}
	if len(batch) > 0 {
		b.running++
		if b.late != nil {
			b.began = time.Now()
			b.late.Reset(b.patience)
		}
	}
	return batch
}

// another tells whether one more transaction may begin.
func (b *Batcher) another() bool {
	return b.running == 0 || b.patience == 0 || time.Since(b.began) >= b.patience
}

func (b *Batcher) ended() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running--
}

// answer gives each caller its own answer. A commit that was answered belongs
// to somebody else already.
func (b *Batcher) answer(batch []*pendingCommit, answers []error) {
	if len(answers) != len(batch) {
		err := fmt.Errorf("store: the engine answered %d of %d changes", len(answers), len(batch))
		for _, c := range batch {
			c.answer <- err
		}
		return
	}
	for i, c := range batch {
		c.answer <- answers[i]
	}
}

// commitQueue is first in, first out, with a way out from the middle; it
// links the commits themselves and allocates nothing.
type commitQueue struct {
	oldest, youngest *pendingCommit
	length, limit    int
}

// push is false when the queue is full.
func (q *commitQueue) push(c *pendingCommit) bool {
	if q.length == q.limit {
		return false
	}
	if q.length == 0 {
		q.oldest = c
	} else {
		q.youngest.younger, c.older = c, q.youngest
	}
	q.youngest = c
	c.queued = true
	q.length++
	return true
}

// remove takes out a commit that is queued.
func (q *commitQueue) remove(c *pendingCommit) {
	if c.older == nil {
		q.oldest = c.younger
	} else {
		c.older.younger = c.younger
	}
	if c.younger == nil {
		q.youngest = c.older
	} else {
		c.younger.older = c.older
	}
	c.queued, c.older, c.younger = false, nil, nil
	q.length--
}
