package credential

import (
	"context"
	"errors"
	"sync"
)

// errBusy: too many questions to the store wait already. It is no refusal.
var errBusy = errors.New("credential: too many sign-ins wait for the store")

// waitingMax bounds the questions of a lane that are under way or wait.
const waitingMax = 1024

// lane asks the store a bounded number of questions at the same time. Callers
// with the same question share one answer.
type lane struct {
	free chan struct{} // a place for each question under way

	mu     sync.Mutex
	flying map[string]*flight
}

// flight is a question that is under way.
type flight struct {
	done  chan struct{}
	found entry // set, with err, before done is closed
	err   error
}

func newLane(places int) *lane {
	return &lane{free: make(chan struct{}, places), flying: make(map[string]*flight)}
}

// share asks once for all callers that come while the answer is under way. A
// caller whose context ends goes away; the question is still answered.
func (l *lane) share(ctx context.Context, username string, ask func(context.Context) (entry, error)) (entry, error) {
	l.mu.Lock()
	own, ok := l.flying[username]
	if !ok {
		if len(l.flying) >= waitingMax {
			l.mu.Unlock()
			return entry{}, errBusy
		}
		own = &flight{done: make(chan struct{})}
		l.flying[username] = own
		go l.fly(context.WithoutCancel(ctx), username, own, ask)
	}
	l.mu.Unlock()
	select {
	case <-own.done:
		return own.found, own.err
	case <-ctx.Done():
		return entry{}, ctx.Err()
	}
}

func (l *lane) fly(ctx context.Context, username string, own *flight, ask func(context.Context) (entry, error)) {
	ctx, cancel := context.WithTimeout(ctx, lookupMax)
	defer cancel()
	select {
	case l.free <- struct{}{}:
		own.found, own.err = ask(ctx)
		<-l.free
	case <-ctx.Done():
		own.err = ctx.Err()
	}
	l.mu.Lock()
	delete(l.flying, username)
	l.mu.Unlock()
	close(own.done)
}
