package main

import (
	"math/rand/v2"
	"sync"
)

// receipt is what a shop knows of a session it is done with.
type receipt struct {
	merchant, session string
	token, order      string // "" where nothing was ordered
	cart              cart
	version           int64 // of the cart that was acknowledged last
}

// sold is what the shops of a system have done: all orders, and a random
// sample of the sessions, each as likely as every other.
type sold struct {
	mu     sync.Mutex
	random *rand.Rand
	orders map[string]struct{}
	seen   int
	sample []receipt
}

// sampleSize is how many sessions of a system are looked at again at the end.
const sampleSize = 200

func newSold(seed uint64) *sold {
	return &sold{random: rand.New(rand.NewPCG(seed, 99)), orders: map[string]struct{}{}}
}

func (s *sold) keep(r receipt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen++
	if len(s.sample) < sampleSize {
		s.sample = append(s.sample, r)
	} else if i := s.random.IntN(s.seen); i < sampleSize {
		s.sample[i] = r
	}
}

// order notes an order of one session; it is false when another has it.
func (s *sold) order(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, taken := s.orders[id]
	s.orders[id] = struct{}{}
	return !taken
}
