package service

import (
	"sync"
	"sync/atomic"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/kvitto/kvitto/internal/checkout"
)

// recent keeps the newest state of recently used sessions within a bound of
// memory.
type recent struct {
	mu       sync.Mutex
	sessions *simplelru.LRU[string, weighed]
	bytes    int
	bytesMax int

	hits   uint64
	misses atomic.Uint64 // counted where the store is asked
}

// weighed is a session and about the memory it takes, in bytes.
type weighed struct {
	session *checkout.Session
	bytes   int
}

// entriesMax bounds the number of entries; the bound of memory is reached
// first.
const entriesMax = 1 << 20

func newRecent(bytesMax int) (*recent, error) {
	r := &recent{bytesMax: bytesMax}
	sessions, err := simplelru.NewLRU(entriesMax, func(_ string, old weighed) { r.bytes -= old.bytes })
	r.sessions = sessions
	return r, err
}

// weight estimates the memory of a session. Contents that it shares with
// itself are counted twice: the estimate is on the safe side.
func weight(s *checkout.Session) int {
	const structures = 2048
	w := structures + s.Content.Size()
	if s.Collected != nil {
		w += s.Collected.Size()
	}
	if a := s.Authorization; a != nil && a.Content != nil {
		w += a.Content.Size()
	}
	if o := s.Order; o != nil {
		w += o.Content.Size() + o.Request.Size()
	}
	return w
}

func (r *recent) get(id string) (*checkout.Session, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	found, ok := r.sessions.Get(id)
	if ok {
		r.hits++
	}
	return found.session, ok
}

// peek is get for who reads the store whatever is cached.
func (r *recent) peek(id string) (*checkout.Session, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	found, ok := r.sessions.Peek(id)
	return found.session, ok
}

// put keeps the session unless a newer state of it is there: a read of a shared
// store may end after a commit that began later.
func (r *recent) put(s *checkout.Session) {
	next := weighed{s, weight(s)}
	r.mu.Lock()
	defer r.mu.Unlock()
	if old, ok := r.sessions.Peek(s.ID); ok {
		if old.session.Revision > s.Revision {
			return
		}
		r.bytes -= old.bytes
	}
	r.sessions.Add(s.ID, next)
	r.bytes += next.bytes
	for r.bytes > r.bytesMax && r.sessions.Len() > 1 {
		r.sessions.RemoveOldest()
	}
}

func (r *recent) drop(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sessions.Remove(id)
}

// CacheStats are the counts of the cache of recent sessions.
type CacheStats struct {
	Sessions int
	Bytes    int // estimated
	Hits     uint64
	Misses   uint64 // each asked the store
}

// Cache tells how the cache of recent sessions is doing.
func (s *Service) Cache() CacheStats {
	r := s.recent
	r.mu.Lock()
	defer r.mu.Unlock()
	return CacheStats{Sessions: r.sessions.Len(), Bytes: r.bytes, Hits: r.hits, Misses: r.misses.Load()}
}
