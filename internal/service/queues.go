package service

import (
	"hash/maphash"
	"sync"
)

// queues lets the changes of one session follow each other, in the order in
// which they came, while different sessions proceed at the same time. A queue
// exists while somebody is in it.
type queues struct {
	shards [64]queueShard
}

type queueShard struct {
	mu     sync.Mutex
	queues map[string]*queue
}

// queue is under its shard's mutex. The turn is handed from one to the next:
// it is never free while somebody waits, so nobody can jump the queue.
type queue struct {
	turn    sync.Cond
	waiting int
}

var queueSeed = maphash.MakeSeed()

// enter waits for its turn and returns the function that ends it.
func (q *queues) enter(key string) (leave func()) {
	shard := &q.shards[maphash.String(queueSeed, key)%uint64(len(q.shards))]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if shard.queues == nil {
		shard.queues = make(map[string]*queue)
	}
	own := shard.queues[key]
	if own == nil {
		own = &queue{}
		own.turn.L = &shard.mu
		shard.queues[key] = own
	} else {
		own.waiting++
		own.turn.Wait() // a Cond wakes nobody without a Signal, and in order
	}
	return func() { shard.leave(key, own) }
}

func (shard *queueShard) leave(key string, own *queue) {
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if own.waiting == 0 {
		delete(shard.queues, key)
		return
	}
	own.waiting--
	own.turn.Signal()
}
