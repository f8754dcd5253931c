package assessor

import (
	"sync"
	"time"
)

// A server that has failed failuresMax times in a row is not asked for pause, so
// that it does not add its timeout to every payment. Then it is asked once.
const (
	failuresMax = 5
	pause       = 5 * time.Second
)

// breaker counts failures in a row. The zero value lets everything through.
type breaker struct {
	mu       sync.Mutex
	failures int
	until    time.Time // of the pause
	probing  bool      // the one question after a pause is under way
}

// turn is what an end of a question led to.
type turn uint8

const (
	turnNone turn = iota
	turnFailing
	turnPaused
	turnWell
)

// admit tells whether the server may be asked, and whether that is the one
// question after a pause. What was admitted must end.
func (b *breaker) admit(now time.Time) (admitted, probe bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures < failuresMax {
		return true, false
	}
	if b.probing || now.Before(b.until) {
		return false, false
	}
	b.probing = true
	return true, true
}

// end takes what became of a question.
func (b *breaker) end(probe, answered bool, now time.Time) turn {
	b.mu.Lock()
	defer b.mu.Unlock()
	if probe {
		b.probing = false
	}
	if answered {
		failed := b.failures > 0
		b.failures = 0
		if failed {
			return turnWell
		}
		return turnNone
	}
	b.failures++
	switch {
	case b.failures == failuresMax || probe:
		b.until = now.Add(pause)
		return turnPaused
	case b.failures == 1:
		return turnFailing
	}
	return turnNone
}
