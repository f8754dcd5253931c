package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

var _ store.Subjects = (*Engine)(nil)

// errSubjectTwice: a change is decided on one version of a subject.
var errSubjectTwice = errors.New("sqlite: a change adds two facts to one subject")

// subjectWriter are the statements that change subjects.
type subjectWriter struct {
	version, add, dropOld *statement
}

// factsKept is how many bytes of facts a row has at most.
var factsKept = strconv.Itoa(store.FactBytes * store.FactsMax)

func (s *subjectWriter) statements() []preparation {
	return []preparation{
		{&s.version, `SELECT version FROM subjects WHERE key = ?`},
		// SQLite concatenates bytes as a text, byte by byte.
		{&s.add, `INSERT INTO subjects (key, version, first_at, last_at, orders, facts) VALUES (?1, 1, ?2, ?2, ?3, ?4)
			ON CONFLICT (key) DO UPDATE SET version = version + 1, last_at = excluded.last_at, orders = orders + excluded.orders,
			facts = substr(CAST(excluded.facts || facts AS BLOB), 1, ` + factsKept + `)`},
		{&s.dropOld, `DELETE FROM subjects WHERE number IN (SELECT number FROM subjects WHERE last_at < ? ORDER BY last_at LIMIT ?)`},
	}
}

// check holds what the change was decided on against what earlier changes of
// the batch have made of it. It writes nothing.
func (s *subjectWriter) check(changes []store.SubjectChange) error {
	for i := range changes {
		c := &changes[i]
		if slices.ContainsFunc(changes[:i], func(other store.SubjectChange) bool { return other.Key == c.Key }) {
			return errSubjectTwice
		}
		if c.Expected == store.AnyVersion {
			continue
		}
		version := int64(0)
		_, err := single(s.version.blob(1, c.Key[:]), func(q *statement) { version = q.columnInteger(0) })
		if err != nil {
			return err
		}
		if version != c.Expected {
			return store.ErrConflict
		}
	}
	return nil
}

// put adds the facts of a change that check accepted.
func (s *subjectWriter) put(changes []store.SubjectChange) error {
	for i := range changes {
		c := &changes[i]
		order := int64(0)
		if c.Order {
			order = 1
		}
		if err := s.add.blob(1, c.Key[:]).integer(2, c.At.UnixMilli()).integer(3, order).blob(4, c.Fact[:]).run(); err != nil {
			return err
		}
	}
	return nil
}

// Subjects is store.Subjects's.
func (e *Engine) Subjects(ctx context.Context, keys []store.SubjectKey) (found []store.Subject, err error) {
	found = make([]store.Subject, len(keys))
	err = e.read(ctx, func(r *reader) error {
		for i := range keys {
			subject := store.Subject{Key: keys[i]}
			_, err := single(r.subject.blob(1, keys[i][:]), func(q *statement) {
				subject.Version, subject.FirstAt, subject.LastAt = q.columnInteger(0), q.columnTime(1), q.columnTime(2)
				subject.Orders, subject.Facts = q.columnInteger(3), bytes.Clone(q.columnBlob(4))
			})
			if err != nil {
				return err
			}
			found[i] = subject
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// DeleteSubjects is store.Subjects's. The oldest go first.
func (e *Engine) DeleteSubjects(ctx context.Context, before time.Time, limit int) (deleted int, err error) {
	if limit < 1 {
		return 0, fmt.Errorf("sqlite: the limit %d is not positive", limit)
	}
	err = e.write(ctx, func(w *writer) error {
		if err := w.subjects.dropOld.integer(1, before.UnixMilli()).integer(2, int64(limit)).run(); err != nil {
			return err
		}
		deleted = int(w.conn.changed())
		return nil
	})
	return deleted, err
}
