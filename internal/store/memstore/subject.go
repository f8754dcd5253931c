package memstore

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

var _ store.Subjects = (*Engine)(nil)

// subjects is what is remembered, by key.
type subjects map[store.SubjectKey]store.Subject

// check says why the facts of a change cannot be added.
func (s subjects) check(changes []store.SubjectChange) error {
	seen := map[store.SubjectKey]bool{}
	for i := range changes {
		c := &changes[i]
		if seen[c.Key] {
			return fmt.Errorf("memstore: the change adds two facts to the subject %x", c.Key)
		}
		seen[c.Key] = true
		if c.Expected != store.AnyVersion && c.Expected != s[c.Key].Version {
			return store.ErrConflict
		}
	}
	return nil
}

// add adds facts that check accepted.
func (s subjects) add(changes []store.SubjectChange) {
	for i := range changes {
		c := &changes[i]
		subject := s[c.Key]
		subject.Key = c.Key
		if subject.Version == 0 {
			subject.FirstAt = milliseconds(c.At)
		}
		subject.Version++
		subject.LastAt = milliseconds(c.At)
		if c.Order {
			subject.Orders++
		}
		facts := slices.Concat(c.Fact[:], subject.Facts)
		subject.Facts = facts[:min(len(facts), store.FactBytes*store.FactsMax)]
		s[c.Key] = subject
	}
}

// Subjects is store.Subjects's.
func (e *Engine) Subjects(ctx context.Context, keys []store.SubjectKey) ([]store.Subject, error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.mu.Unlock()
	found := make([]store.Subject, len(keys))
	for i, key := range keys {
		found[i] = e.subjects[key]
		found[i].Key = key
		found[i].Facts = bytes.Clone(found[i].Facts)
	}
	return found, nil
}

// DeleteSubjects is store.Subjects's. The oldest go first.
func (e *Engine) DeleteSubjects(ctx context.Context, before time.Time, limit int) (int, error) {
	if err := e.enter(ctx); err != nil {
		return 0, err
	}
	defer e.mu.Unlock()
	if limit < 1 {
		return 0, fmt.Errorf("memstore: the limit %d is not positive", limit)
	}
	byAge := slices.SortedFunc(maps.Values(e.subjects), func(a, b store.Subject) int { return a.LastAt.Compare(b.LastAt) })
	deleted := 0
	for _, subject := range byAge[:min(len(byAge), limit)] {
		if subject.LastAt.Before(before) {
			delete(e.subjects, subject.Key)
			deleted++
		}
	}
	return deleted, nil
}
