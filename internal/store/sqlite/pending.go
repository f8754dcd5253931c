package sqlite

import (
	"cmp"
	"errors"
	"slices"
	"sync"
)

// pending holds the newest head of every session whose row in the table heads
// may be behind. It is looked at before that table, by readers and the writer.
//
// Only heads of committed revisions are in it, added before Commit answers,
// and they leave only after the transaction that wrote them to the table has
// been committed. So a read that looks here first and takes its snapshot of
// the file afterwards finds every acknowledged revision: a head that is here
// points at a row in the snapshot (rows never change), and one that is not is
// in the snapshot's table.
type pending struct {
	// changing is held by the owner of the writing place while it changes
	// heads, and shared by readers. The owner itself reads without it.
	changing sync.RWMutex
	heads    map[identifier]head
}

// rowOf is the newest revision's row for a reader.
func (p *pending) rowOf(id *identifier) (row int64, ok bool) {
	p.changing.RLock()
	defer p.changing.RUnlock()
	found, ok := p.heads[*id]
	return found.row, ok
}

// owned is the head for the owner of the writing place.
func (p *pending) owned(id *identifier) (head, bool) {
	found, ok := p.heads[*id]
	return found, ok
}

func (p *pending) replace(heads map[identifier]head) {
	p.changing.Lock()
	defer p.changing.Unlock()
	p.heads = heads
}

// settle takes in the heads of a committed batch and lets go those that the
// same transaction wrote to the table, unless they have moved on.
func (p *pending) settle(batch map[identifier]head, written []queuedHead) {
	p.changing.Lock()
	defer p.changing.Unlock()
	for id, next := range batch {
		p.heads[id] = next
	}
	for i := range written {
		if p.heads[written[i].id].row == written[i].row {
			delete(p.heads, written[i].id)
		}
	}
}

// forget lets go the heads of deleted sessions.
func (p *pending) forget(gone []identifier) {
	p.changing.Lock()
	defer p.changing.Unlock()
	for i := range gone {
		delete(p.heads, gone[i])
	}
}

// queuedHead is a head on its way to the table.
type queuedHead struct {
	id identifier
	head
}

// inOrder lists the heads by session number, the order of the table.
func (p *pending) inOrder() []queuedHead {
	queue := make([]queuedHead, 0, len(p.heads))
	for id, h := range p.heads {
		queue = append(queue, queuedHead{id: id, head: h})
	}
	slices.SortFunc(queue, func(a, b queuedHead) int { return cmp.Compare(a.number, b.number) })
	return queue
}

// readPending rebuilds the heads from the file: those of all revisions after
// the marker. newest is the row of the newest of them, or the marker.
func readPending(conn *connection) (heads map[identifier]head, marker, newest int64, err error) {
	marker, err = queryInteger(conn, `SELECT row_id FROM heads_flushed`)
	if err != nil {
		return nil, 0, 0, err
	}
	q, err := conn.prepare(`SELECT s.session_id, r.session, r.revision, r.row_id
		FROM revisions r JOIN sessions s ON s.number = r.session WHERE r.row_id > ? ORDER BY r.row_id`)
	if err != nil {
		return nil, 0, 0, err
	}
	heads, newest = map[identifier]head{}, marker
	q.integer(1, marker)
	for q.row() {
		id := q.columnBlob(0)
		if len(id) != len(identifier{}) {
			return nil, 0, 0, errors.Join(errIdentifier, q.reset())
		}
		newest = q.columnInteger(3)
		heads[identifier(id)] = head{number: q.columnInteger(1), revision: q.columnInteger(2), row: newest}
	}
	return heads, marker, newest, q.reset()
}
