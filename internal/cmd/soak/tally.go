package main

import (
	"fmt"
	"maps"
	"sync"
)

// answered is a kind of request and the status it was answered with.
type answered struct {
	class  string
	status int
}

// tally is what the clients of a system saw.
type tally struct {
	mu      sync.Mutex
	answers map[answered]int
	// aborted are requests whose client went away on purpose, or closed half of
	// its connection and heard nothing: the server may have counted them.
	aborted int
	// lost are requests that should have been answered and were not.
	lost int
	// wrong are answers that no promise allows.
	wrong int
	said  []string // about the first of the lost and the wrong
}

func newTally() *tally { return &tally{answers: map[answered]int{}} }

func (t *tally) answer(class string, status int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answers[answered{class, status}]++
}

func (t *tally) abort() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.aborted++
}

func (t *tally) lose(class string, cause error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lost++
	t.say("%s was not answered: %v", class, cause)
}

func (t *tally) mistake(format string, arguments ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wrong++
	t.say(format, arguments...)
}

// saidMax bounds what is kept for the report.
const saidMax = 10

// say is called with the lock held.
func (t *tally) say(format string, arguments ...any) {
	if len(t.said) < saidMax {
		t.said = append(t.said, fmt.Sprintf(format, arguments...))
	}
}

// sums is a moment of a tally.
type sums struct {
	answers              map[answered]int
	aborted, lost, wrong int
	said                 []string
}

func (t *tally) sums() sums {
	t.mu.Lock()
	defer t.mu.Unlock()
	return sums{maps.Clone(t.answers), t.aborted, t.lost, t.wrong, append([]string(nil), t.said...)}
}

func (s sums) byStatus() map[int]int {
	all := map[int]int{}
	for key, n := range s.answers {
		all[key.status] += n
	}
	return all
}

// of counts the answers of a class with a status; 0 is any.
func (s sums) of(class string, status int) int {
	n := 0
	for key, count := range s.answers {
		if key.class == class && (status == 0 || key.status == status) {
			n += count
		}
	}
	return n
}

func (s sums) total() int {
	n := 0
	for _, count := range s.answers {
		n += count
	}
	return n
}
