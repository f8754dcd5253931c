package memstore

import (
	"bytes"
	"context"
	"fmt"
	"maps"
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
func (e *Engine) RewriteRevisions(ctx context.Context, sessionID string, revisions []store.Revision) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	history := e.books.histories[sessionID]
	for i := range revisions {
		if at := revisions[i].Session.Revision - 1; at >= 0 && at < int64(len(history)) {
			history[at].Session, history[at].Event.Reason = revisions[i].Session, revisions[i].Event.Reason
		}
	}
	if references, ok := store.ReferencesIn(revisions); ok {
		if order, listed := e.orders[e.books.orderOfSession[sessionID]]; listed {
			order.References = references
			e.orders[order.OrderID] = order
		}
	}
	return nil
}

// RewriteCallbacks is store.Erasing's.
func (e *Engine) RewriteCallbacks(ctx context.Context, callbacks []store.Callback) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	for i := range callbacks {
		if entry := e.outbox.find(callbacks[i].ID); entry != nil {
			entry.URL, entry.Body, entry.Answer = callbacks[i].URL, bytes.Clone(callbacks[i].Body), bytes.Clone(callbacks[i].Answer)
		}
	}
	return nil
}

// RewriteAssessments is store.Erasing's.
func (e *Engine) RewriteAssessments(ctx context.Context, assessments []store.Assessment) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	for i := range assessments {
		if at, found := e.assessments.place(assessments[i].ID); found {
			one := cloneAssessment(assessments[i])
			e.assessments.all[at].Subjects, e.assessments.all[at].Document = one.Subjects, one.Document
		}
	}
	return nil
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
