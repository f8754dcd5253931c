package sqlite

import (
	"context"
	"errors"
)

// flushPolicy says when heads are written to their table and in what portions.
type flushPolicy struct {
	// tail is how many revisions may be newer than the marker before a round
	// begins. It bounds the memory of pending (a session has at least one
	// revision in the tail), what is read again after a crash, and how long the
	// commit that begins a round sorts: about 10 ms for so many sessions. The
	// longer it is, the more heads of a page are written at once.
	tail int64
	// slice is how many heads a commit writes at least, perChange how many for
	// each of its changes. The second keeps a round from falling behind: the
	// tail grows by a change for every four heads written.
	slice, perChange int
}

var defaultFlushPolicy = flushPolicy{tail: 1 << 15, slice: 256, perChange: 4}

// flush is a round of writing heads to their table. A round begins with a list
// of all pending heads. Every commit takes a slice of the list along, so that
// a flush costs no transaction and no fsync of its own and nobody waits for
// more than a slice. Only the transaction with the last slice moves the marker
// in heads_flushed, to the revision that was the newest when the round began:
// until then a crash finds the old marker, reads everything after it again, and
// the heads that were already written are at most newer than they need to be.
// A head that moved on during the round is written as it then is and stays
// pending if it moves again.
type flush struct {
	policy *flushPolicy
	marker int64 // heads_flushed.row_id
	newest int64 // row of the newest committed revision
	target int64 // the marker after this round
	queue  []queuedHead
	taken  int // how many of the queue the open transaction has written
}

// begin starts a round.
func (f *flush) begin(p *pending) {
	f.target = f.newest
	f.queue = p.inOrder()
}

// done follows the commit of a transaction.
func (f *flush) done() {
	if f.taken == 0 {
		return
	}
	f.queue = f.queue[f.taken:]
	f.taken = 0
	if len(f.queue) == 0 {
		f.queue, f.marker = nil, f.target
	}
}

// writeHeads writes a slice of the round inside the open transaction, and
// begins a round when it is time. A failure fails the transaction, and with it
// this writer: the next one starts from the file.
func (w *writer) writeHeads(most int) error {
	f := &w.flush
	if len(f.queue) == 0 && f.newest-f.marker >= f.policy.tail {
		f.begin(w.pending)
	}
	slice := f.queue[:min(most, len(f.queue))]
	for i := range slice {
		var ok bool
		if slice[i].head, ok = w.pending.owned(&slice[i].id); !ok {
			continue // the session was deleted during the round
		}
		h := &slice[i].head
		if err := w.setHead.integer(1, h.number).integer(2, h.revision).integer(3, h.row).run(); err != nil {
			return err
		}
	}
	f.taken = len(slice)
	if f.taken > 0 && f.taken == len(f.queue) {
		return w.setMarker.integer(1, f.target).run()
	}
	return nil
}

// finish commits a batch of so many changes. What the commit made true is
// noted before anybody is answered.
func (w *writer) finish(changes int) error {
	policy := w.flush.policy
	if err := w.writeHeads(max(policy.slice, policy.perChange*changes)); err != nil {
		return err
	}
	if err := w.commit.run(); err != nil {
		return err
	}
	w.settle()
	return nil
}

// settle follows a commit.
func (w *writer) settle() {
	written := w.flush.queue[:w.flush.taken]
	w.pending.settle(w.batch, written)
	for i := range written { // those that are still pending are asked for there
		if written[i].revision > 0 {
			w.heads.put(&written[i].id, written[i].head)
		}
	}
	for _, h := range w.batch {
		w.flush.newest = max(w.flush.newest, h.row)
	}
	clear(w.batch)
	w.flush.done()
}

// flushAll writes all pending heads, so that the next start has nothing to
// read again.
func (w *writer) flushAll() error {
	if w.flush.newest == w.flush.marker {
		return nil
	}
	if err := w.begin.run(); err != nil {
		return err
	}
	w.flush.begin(w.pending)
	if err := w.writeHeads(len(w.flush.queue)); err != nil {
		return err
	}
	if err := w.commit.run(); err != nil {
		return err
	}
	w.settle()
	return nil
}

// flushAndClose ends the writer. A flush that fails loses nothing: the next
// start reads the revisions instead.
func (e *Engine) flushAndClose(w *writer) error {
	if e.broken.err() != nil {
		return e.disconnect(w.conn)
	}
	bounded, cancel := context.WithTimeout(context.Background(), e.writeTimeout)
	defer cancel()
	w.conn.bound(bounded)
	err := w.flushAll()
	w.conn.bound(context.Background())
	e.broken.note(err)
	return errors.Join(err, e.disconnect(w.conn))
}
