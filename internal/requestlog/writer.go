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
	tallier tallier

	// Two pairs of buffers: one is filled by the handlers while the other is
	// written.
	refusals  []Exchange
	successes []Exchange // taken from the queue
	unwritten []Exchange // the part of successes that is not written yet
}

func (w *writer) run(ctx context.Context) {
	l := w.log
	timer := time.NewTimer(0)
	defer timer.Stop()
	var until time.Time // when the waiting successes have had time to gather; zero when none waits
	for {
		waiting := w.look()
		switch {
		case waiting.successes == 0:
			until = time.Time{}
		case until.IsZero():
			until = time.Now().Add(l.options.Gather)
		}
		due := waiting.due || !until.IsZero() && !time.Now().Before(until)
		switch {
		case due && waiting.successes > 0, waiting.refusals > 0:
			w.transaction(ctx, due)
			if due {
				until = time.Time{}
			}
		case waiting.closed:
			w.end()
			return
		case waiting.successes > 0:
			// Without company a busy server would spend most of its writing on
			// blocks of two or three exchanges.
			timer.Reset(time.Until(until))
			select {
			case <-timer.C:
			case <-l.wake:
			}
		default:
			<-l.wake
		}
	}
}

func (w *writer) end() {
	l := w.log
	l.reading.Lock() // waits for the finders
	l.failure = l.home.Close()
	l.reading.Unlock()
	l.giveUp() // nothing is under way: it lets go of the context
	close(l.stopped)
}

// waiting is what waits for the writer.
type waiting struct {
	successes, refusals int
	due                 bool // the successes gather no longer
	closed              bool
}

func (w *writer) look() waiting {
	l := w.log
	l.mu.Lock()
	defer l.mu.Unlock()
	successes := len(w.unwritten) + len(l.queue.successes)
	return waiting{
		successes: successes, refusals: len(l.queue.refusals), closed: l.closed,
		due: successes >= batchSize || l.wanted > l.successes.settled || l.closed || l.queue.halfFull(),
	}
}

// transaction writes every waiting refusal, and some of the successes if they
// are due.
func (w *writer) transaction(ctx context.Context, due bool) {
	l := w.log
	if l.options.beforeWrite != nil {
		l.options.beforeWrite()
	}
	l.mu.Lock()
	w.refusals, l.queue.refusals = l.queue.refusals, w.refusals[:0]
	if due && len(w.unwritten) == 0 {
		w.successes, l.queue.successes = l.queue.successes, w.successes[:0]
		w.unwritten = w.successes
	}
	dropped := l.drops.take()
	t := l.next
	l.running, l.next = t, newTicket()
	l.mu.Unlock()

	successes := w.unwritten[:min(batchSize, len(w.unwritten))]
	if !due {
		successes = nil
	}
	batch, err := w.encoder.encode(successes, w.refusals)
	if err == nil {
		batch.Tallies = w.tallier.count(successes, w.refusals, dropped)
		err = l.home.Write(ctx, batch)
	}
	if err != nil {
		w.tallier.forget()
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
		l.drops.putBack(dropped)
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
