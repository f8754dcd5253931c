package memstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

var _ store.Expiring = (*Engine)(nil)

// DeleteExpired is store.Expiring's. The cursor is the last session looked at.
func (e *Engine) DeleteExpired(ctx context.Context, before time.Time, cursor string, limit int) (deleted int, next string, err error) {
	if err := e.enter(ctx); err != nil {
		return 0, "", err
	}
	defer e.mu.Unlock()
	if limit < 1 {
		return 0, "", fmt.Errorf("memstore: the limit %d is not positive", limit)
	}
	if cursor != "" && !e.cursors[cursor] {
		return 0, "", fmt.Errorf("memstore: the cursor %q was never given", cursor)
	}
	looked := 0
	for _, id := range slices.Sorted(maps.Keys(e.books.histories)) {
		if id <= cursor {
			continue
		}
		if looked == limit {
			e.cursors[next] = true
			return deleted, next, nil
		}
		looked, next = looked+1, id
		if e.books.expired(id, before) {
			e.books.remove(id)
			e.outbox.entries = slices.DeleteFunc(e.outbox.entries, func(entry *entry) bool { return entry.SessionID == id })
			e.assessments.removeOf(id)
			deleted++
		}
	}
	return deleted, "", nil
}

func (b *books) expired(id string, before time.Time) bool {
	history := b.histories[id]
	_, ordered := b.orderOfSession[id]
	return !ordered && history[len(history)-1].Event.At.Before(before)
}

func (b *books) remove(id string) {
	delete(b.histories, id)
	maps.DeleteFunc(b.sessionOfToken, func(_, session string) bool { return session == id })
}
