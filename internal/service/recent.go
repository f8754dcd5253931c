package service

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/kvitto/kvitto/internal/checkout"
)

// recent keeps the newest state of recently used sessions within a bound of
// memory. What a session takes is estimated: a cart of fifty lines counts for
// more than an empty one.
type recent struct {
	mu       sync.Mutex
	sessions *simplelru.LRU[string, *checkout.Session]
	bytes    int
	bytesMax int
}

// entriesMax bounds the number of entries; the bound of memory is reached
// first.
const entriesMax = 1 << 20

func newRecent(bytesMax int) (*recent, error) {
	r := &recent{bytesMax: bytesMax}
	sessions, err := simplelru.NewLRU(entriesMax, func(_ string, s *checkout.Session) { r.bytes -= weight(s) })
	r.sessions = sessions
	return r, err
}

// weight estimates the memory of a session in bytes: the structures, and the
// body that their strings were cut out of.
func weight(s *checkout.Session) int {
	const session, line = 2048, 640
	w := session + line*len(s.Content.OrderLines)
	if a := s.Authorization; a != nil && a.Content != nil {
		w += line * len(a.Content.OrderLines)
	}
	return w
}

func (r *recent) get(id string) (*checkout.Session, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sessions.Get(id)
}

func (r *recent) put(s *checkout.Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if old, ok := r.sessions.Peek(s.ID); ok {
		r.bytes -= weight(old)
	}
	r.sessions.Add(s.ID, s)
	r.bytes += weight(s)
	for r.bytes > r.bytesMax && r.sessions.Len() > 1 {
		r.sessions.RemoveOldest()
	}
}

func (r *recent) drop(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sessions.Remove(id)
}
