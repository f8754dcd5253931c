package requestlog

import (
	"context"
	"fmt"
	"time"
)

// batchSize bounds the successes of one transaction, and with it how long a
// refusal waits behind them. So many waiting successes end the gathering.
const batchSize = 512

// writer is the one goroutine that writes.
type writer struct {
	log     *Log
	encoder encoder

	// Two pairs of buffers: one is filled by the handlers while the other is
	// written.
	refusals  []Exchange
	successes []Exchange // taken from the queue
	unwritten []Exchange // the part of successes that is not written yet
}

func (w *writer) run(ctx context.Context) {
	l := w.log
	for {
		waiting, due := w.look()
		switch {
		case !waiting && due: // closed
			l.reading.Lock() // waits for the finders
			l.failure = l.home.Close()
			l.reading.Unlock()
			l.giveUp() // nothing: it lets go of ctx
			close(l.stopped)
			return
		case !waiting:
			<-l.wake
		default:
			if !due {
				w.gather()
			}
			w.transaction(ctx)
		}
	}
}

// look tells whether exchanges wait, and whether they must be written now.
func (w *writer) look() (waiting, due bool) {
	l := w.log
	l.mu.Lock()
	defer l.mu.Unlock()
	successes := len(w.unwritten) + len(l.queue.successes)
	waiting = successes+len(l.queue.refusals) > 0
	due = len(l.queue.refusals) > 0 || l.wanted > l.successes.settled || successes >= batchSize || l.closed
	return waiting, due
}

// gather lets successes wait for company: without it a busy server would spend
// most of its writing on transactions of two or three exchanges.
func (w *writer) gather() {
	timer := time.NewTimer(w.log.options.Gather)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return
		case <-w.log.wake:
			if _, due := w.look(); due {
				return
			}
		}
	}
}

// transaction writes every waiting refusal and some of the successes.
func (w *writer) transaction(ctx context.Context) {
	l := w.log
	if l.options.beforeWrite != nil {
		l.options.beforeWrite()
	}
	l.mu.Lock()
	w.refusals, l.queue.refusals = l.queue.refusals, w.refusals[:0]
	if len(w.unwritten) == 0 {
		w.successes, l.queue.successes = l.queue.successes, w.successes[:0]
		w.unwritten = w.successes
	}
	t := l.next
	l.running, l.next = t, newTicket()
	l.mu.Unlock()

	successes := w.unwritten[:min(batchSize, len(w.unwritten))]
	batch, err := w.encoder.encode(successes, w.refusals)
	if err == nil {
		err = l.home.Write(ctx, batch)
	}
	if err != nil {
		err = fmt.Errorf("requestlog: %w", err)
		if l.options.OnFailure != nil {
			l.options.OnFailure(err)
		}
	}

	l.mu.Lock()
	written := uint64(len(w.refusals) + len(successes))
	if err == nil {
		l.counts.Written += written
	} else {
		l.counts.Failed += written
	}
	l.refusals.settled += uint64(len(w.refusals))
	l.successes.settled += uint64(len(successes))
	l.queue.release(w.refusals)
	l.queue.release(successes)
	l.running = nil
	l.mu.Unlock()
	t.err = err
	close(t.done)

	// The buffers stay, the bodies they point to do not.
	clear(w.refusals)
	clear(successes)
	w.unwritten = w.unwritten[len(successes):]
}
