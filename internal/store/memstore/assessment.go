package memstore

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kvitto/kvitto/internal/store"
)

var _ store.Assessments = (*Engine)(nil)

// assessments are kept in the order of their ids.
type assessments struct{ all []store.Assessment }

// place is where an id stands, or would stand.
func (a *assessments) place(id string) (int, bool) {
	return slices.BinarySearchFunc(a.all, id, func(one store.Assessment, id string) int { return strings.Compare(one.ID, id) })
}

func (a *assessments) check(id string) error {
	if len(id) != 36 {
		return fmt.Errorf("memstore: the id %q of an assessment is no UUID", id)
	}
	if _, taken := a.place(id); taken {
		return store.ErrConflict
	}
	return nil
}

// add adds an assessment that check accepted.
func (a *assessments) add(one store.Assessment) {
	at, _ := a.place(one.ID)
	one.At = milliseconds(one.At)
	a.all = slices.Insert(a.all, at, cloneAssessment(one))
}

// addOf adds the assessment of a change.
func (a *assessments) addOf(c *store.Change) {
	one := *c.Assessment
	one.MerchantID, one.SessionID, one.Revision = c.Session.MerchantID, c.Session.ID, c.Session.Revision
	a.add(one)
}

// removeOf forgets those of a session.
func (a *assessments) removeOf(sessionID string) {
	a.all = slices.DeleteFunc(a.all, func(one store.Assessment) bool { return one.SessionID == sessionID })
}

// after are the assessments of a merchant, or of all, that come after an id.
func (a *assessments) after(merchantID, after string) func(yield func(store.Assessment) bool) {
	at, found := a.place(after)
	if found {
		at++
	}
	return func(yield func(store.Assessment) bool) {
		for _, one := range a.all[at:] {
			if (merchantID == "" || one.MerchantID == merchantID) && !yield(one) {
				return
			}
		}
	}
}

func cloneAssessment(one store.Assessment) store.Assessment {
	// No keys are nil, as engines give them back.
	one.Subjects, one.Document = append([]store.SubjectKey(nil), one.Subjects...), bytes.Clone(one.Document)
	return one
}

// AddAssessments is store.Assessments's.
func (e *Engine) AddAssessments(ctx context.Context, assessments []store.Assessment) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	seen := map[string]bool{}
	for i := range assessments {
		id := assessments[i].ID
		if seen[id] {
			return store.ErrConflict
		}
		seen[id] = true
		if err := e.assessments.check(id); err != nil {
			return err
		}
	}
	for _, one := range assessments {
		e.assessments.add(one)
	}
	return nil
}

// Assessment is store.Assessments's.
func (e *Engine) Assessment(ctx context.Context, merchantID, assessmentID string) (store.Assessment, error) {
	if err := e.enter(ctx); err != nil {
		return store.Assessment{}, err
	}
	defer e.mu.Unlock()
	at, found := e.assessments.place(assessmentID)
	if !found || e.assessments.all[at].MerchantID != merchantID {
		return store.Assessment{}, store.ErrNotFound
	}
	return cloneAssessment(e.assessments.all[at]), nil
}

// AssessmentsOf is store.Assessments's.
func (e *Engine) AssessmentsOf(ctx context.Context, merchantID, sessionID string, limit int) ([]store.Assessment, error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.mu.Unlock()
	if limit < 1 {
		return nil, fmt.Errorf("memstore: the limit %d is not positive", limit)
	}
	var found []store.Assessment
	for _, one := range slices.Backward(e.assessments.all) {
		if len(found) < limit && one.MerchantID == merchantID && one.SessionID == sessionID {
			found = append(found, cloneAssessment(one))
		}
	}
	return found, nil
}

// AssessmentsAfter is store.Assessments's.
func (e *Engine) AssessmentsAfter(ctx context.Context, merchantID, after string, limit int) ([]store.Assessment, error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.mu.Unlock()
	if limit < 1 {
		return nil, fmt.Errorf("memstore: the limit %d is not positive", limit)
	}
	var found []store.Assessment
	for one := range e.assessments.after(merchantID, after) {
		if found = append(found, cloneAssessment(one)); len(found) == limit {
			break
		}
	}
	return found, nil
}

// CountAssessments is store.Assessments's, and exact.
func (e *Engine) CountAssessments(ctx context.Context, merchantID, after string) (int64, error) {
	if err := e.enter(ctx); err != nil {
		return 0, err
	}
	defer e.mu.Unlock()
	var count int64
	for range e.assessments.after(merchantID, after) {
		count++
	}
	return count, nil
}
