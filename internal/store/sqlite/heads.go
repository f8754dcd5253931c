package sqlite

// head is where the newest revision of a session lies.
type head struct {
	number   int64 // of the session
	revision int64
	row      int64 // of that revision
}

// headsRemembered bounds the memory of one generation: about 5 MB.
const headsRemembered = 1 << 16

// heads remembers heads that were written to the table, so that a change of a
// session that was busy lately needs no query. It is asked only for sessions
// that are not pending; the table then says the same. There are two
// generations: when the young one is full the old one is dropped, which keeps
// about the most recent ones without a list to maintain.
type heads struct {
	young, old map[identifier]head
	limit      int
}

func newHeads(limit int) heads {
	return heads{young: map[identifier]head{}, old: map[identifier]head{}, limit: limit}
}

func (h *heads) get(id *identifier) (head, bool) {
	if found, ok := h.young[*id]; ok {
		return found, true
	}
	found, ok := h.old[*id]
	return found, ok
}

func (h *heads) forget(id *identifier) {
	delete(h.young, *id)
	delete(h.old, *id)
}

func (h *heads) put(id *identifier, next head) {
	if len(h.young) >= h.limit {
		h.young, h.old = h.old, h.young
		clear(h.young)
	}
	h.young[*id] = next
}
