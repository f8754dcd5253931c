package memstore

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/kvitto/kvitto/internal/store"
)

var _ store.Erasing = (*Engine)(nil)

// SessionsAfter is store.Erasing's. The cursor is the last session listed.
func (e *Engine) SessionsAfter(ctx context.Context, cursor string, limit int) (sessionIDs []string, next string, err error) {
	if err := e.enter(ctx); err != nil {
		return nil, "", err
	}
	defer e.mu.Unlock()
	if limit < 1 {
		return nil, "", fmt.Errorf("memstore: the limit %d is not positive", limit)
	}
	for _, id := range slices.Sorted(maps.Keys(e.books.histories)) {
		if id <= cursor {
			continue
		}
		if len(sessionIDs) == limit {
			return sessionIDs, sessionIDs[limit-1], nil
		}
		sessionIDs = append(sessionIDs, id)
	}
	return sessionIDs, "", nil
}

// RewriteRevisions is store.Erasing's.
func (e *Engine) RewriteRevisions(ctx context.Context, sessionID string, read, revisions []store.Revision) (err error) {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	history := e.books.histories[sessionID]
	for i := range revisions {
		at := revisions[i].Session.Revision - 1
		if at < 0 || at >= int64(len(history)) {
			continue
		}
		switch stored := &history[at].Session; {
		case !reflect.DeepEqual(*stored, read[i].Session) && !reflect.DeepEqual(*stored, revisions[i].Session):
			err = store.ErrConflict
		default:
			history[at].Session, history[at].Event.Reason = revisions[i].Session, revisions[i].Event.Reason
		}
	}
	if references, ok := store.ReferencesIn(revisions); ok && err == nil {
		if order, listed := e.orders[e.books.orderOfSession[sessionID]]; listed {
			order.References = references
			e.orders[order.OrderID] = order
		}
	}
	return err
}

// RewriteCallbacks is store.Erasing's.
func (e *Engine) RewriteCallbacks(ctx context.Context, read, callbacks []store.Callback) (err error) {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	for i := range callbacks {
		entry := e.outbox.find(callbacks[i].ID)
		switch {
		case entry == nil:
		case (entry.URL != read[i].URL || !bytes.Equal(entry.Answer, read[i].Answer)) &&
			(entry.URL != callbacks[i].URL || !bytes.Equal(entry.Answer, callbacks[i].Answer)):
			err = store.ErrConflict
		default:
			entry.URL, entry.Body, entry.Answer = callbacks[i].URL, bytes.Clone(callbacks[i].Body), bytes.Clone(callbacks[i].Answer)
		}
	}
	return err
}

// RewriteAssessments is store.Erasing's.
func (e *Engine) RewriteAssessments(ctx context.Context, read, assessments []store.Assessment) (err error) {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	for i := range assessments {
		at, found := e.assessments.place(assessments[i].ID)
		if !found {
			continue
		}
		switch stored := e.assessments.all[at].Document; {
		case !bytes.Equal(stored, read[i].Document) && !bytes.Equal(stored, assessments[i].Document):
			err = store.ErrConflict
		default:
			one := cloneAssessment(assessments[i])
			e.assessments.all[at].Subjects, e.assessments.all[at].Document = one.Subjects, one.Document
		}
	}
	return err
}

// ForgetSubjects is store.Erasing's.
func (e *Engine) ForgetSubjects(ctx context.Context, keys []store.SubjectKey) (forgotten int, err error) {
	if err := e.enter(ctx); err != nil {
		return 0, err
	}
	defer e.mu.Unlock()
	for _, key := range keys {
		if _, known := e.subjects[key]; known {
			delete(e.subjects, key)
			forgotten++
		}
	}
	return forgotten, nil
}

// Purge is store.Erasing's: memory has nothing left over.
func (e *Engine) Purge(ctx context.Context, _ bool) error { return e.Ping(ctx) }
