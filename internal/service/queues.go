package service

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"
)

// queues lets changes that name the same key follow each other, in the order in
// which they came, while others proceed at the same time. A queue exists while
// somebody is in it.
type queues struct {
	shards [64]queueShard
}

type queueShard struct {
	mu     sync.Mutex
	queues map[string]*queue
}

// queue is those who wait, under the shard's mutex. The turn is handed from one
// to the next: it is never free while somebody waits, so nobody can jump the
// queue.
type queue struct{ waiting []chan struct{} }

var queueSeed = maphash.MakeSeed()

// enter waits for its turn and returns the function that ends it.
func (q *queues) enter(key string) (leave func()) {
	leave, _ = q.enterWithin(context.Background(), key) // nothing ends that context
	return leave
}

// enterWithin is enter for one who may go away: then the error is the context's
// and there is no turn to end.
func (q *queues) enterWithin(ctx context.Context, key string) (leave func(), err error) {
	shard := &q.shards[maphash.String(queueSeed, key)%uint64(len(q.shards))]
	turn := shard.join(key)
	if turn == nil {
		return func() { shard.leave(key) }, nil
	}
	select {
	case <-turn:
		return func() { shard.leave(key) }, nil
	case <-ctx.Done():
		if !shard.withdraw(key, turn) {
			shard.leave(key) // the turn had come
		}
		return nil, ctx.Err()
	}
}

// join enters the queue. The channel closes when its turn comes; nil is at once.
func (shard *queueShard) join(key string) (turn chan struct{}) {
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if shard.queues == nil {
		shard.queues = make(map[string]*queue)
	}
	own := shard.queues[key]
	if own == nil {
		shard.queues[key] = &queue{}
		return nil
	}
	turn = make(chan struct{})
	own.waiting = append(own.waiting, turn)
	return turn
}

func (shard *queueShard) leave(key string) {
	shard.mu.Lock()
	defer shard.mu.Unlock()
	own := shard.queues[key]
	if len(own.waiting) == 0 {
		delete(shard.queues, key)
		return
	}
	close(own.waiting[0])
	own.waiting = slices.Delete(own.waiting, 0, 1)
}

// withdraw leaves a queue before the turn has come; it is false when it has.
func (shard *queueShard) withdraw(key string, turn chan struct{}) bool {
	shard.mu.Lock()
	defer shard.mu.Unlock()
	own := shard.queues[key]
	if own == nil {
		return false
	}
	at := slices.Index(own.waiting, turn)
	if at < 0 {
		return false
	}
	own.waiting = slices.Delete(own.waiting, at, at+1)
	return true
}
