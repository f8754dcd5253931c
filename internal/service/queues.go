package service

import (
	"hash/maphash"
	"sync"
)

// queues lets the changes of one session follow each other while different
// sessions proceed at the same time. A queue exists while somebody is in it.
type queues struct {
	shards [64]queueShard
}

type queueShard struct {
	mu      sync.Mutex
	waiting map[string]*queue
}

type queue struct {
	mu    sync.Mutex
	users int
}

var queueSeed = maphash.MakeSeed()

// enter waits for its turn and returns the function that ends it.
func (q *queues) enter(key string) (leave func()) {
	shard := &q.shards[maphash.String(queueSeed, key)%uint64(len(q.shards))]
	shard.mu.Lock()
	if shard.waiting == nil {
		shard.waiting = make(map[string]*queue)
	}
	own := shard.waiting[key]
	if own == nil {
		own = &queue{}
		shard.waiting[key] = own
	}
	own.users++
	shard.mu.Unlock()

	own.mu.Lock()
	return func() {
		own.mu.Unlock()
		shard.mu.Lock()
		if own.users--; own.users == 0 {
			delete(shard.waiting, key)
		}
		shard.mu.Unlock()
	}
}
