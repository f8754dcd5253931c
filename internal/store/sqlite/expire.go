package sqlite

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

var _ store.Expiring = (*Engine)(nil)

// What one transaction deletes at most, so that writers wait for milliseconds:
// about so many revisions (a session is deleted whole) of so many sessions.
const (
	expiredRevisions = 512
	expiredSessions  = 64
)

// candidate is a session that looked expired to a reader.
type candidate struct {
	id       identifier
	number   int64
	revision int64
}

// DeleteExpired looks at up to limit sessions from the cursor on, the number of
// a session, and deletes those that have no order and whose newest revision is
// older than before. They are found by reading, beside the writers, and checked
// again in the transaction that deletes them. The session with the newest
// revision of all is kept: row ids must only grow.
func (e *Engine) DeleteExpired(ctx context.Context, before time.Time, cursor string, limit int) (deleted int, next string, err error) {
	if limit < 1 {
		return 0, "", fmt.Errorf("sqlite: the limit %d is not positive", limit)
	}
	after := int64(0)
	if cursor != "" {
		if after, err = strconv.ParseInt(cursor, 10, 64); err != nil {
			return 0, "", fmt.Errorf("sqlite: the cursor %q is not one of this store: %w", cursor, err)
		}
	}
	var expired []candidate
	var looked int
	err = e.read(ctx, func(r *reader) (err error) {
		expired, looked, after, err = e.findExpired(r, before, after, limit)
		return err
	})
	for err == nil && len(expired) > 0 {
		n := portion(expired)
		var done int
		if done, err = e.deleteExpired(ctx, expired[:n], before); err == nil {
			deleted, expired = deleted+done, expired[n:]
		}
	}
	if err != nil || looked < limit {
		return deleted, "", err
	}
	return deleted, strconv.FormatInt(after, 10), nil
}

// portion is how many of the candidates one transaction takes.
func portion(expired []candidate) int {
	revisions := int64(0)
	for i := range expired {
		if revisions += expired[i].revision; i > 0 && (revisions > expiredRevisions || i == expiredSessions) {
			return i
		}
	}
	return len(expired)
}

// findExpired reads the sessions after a number. last is the number of the last
// one it looked at.
func (e *Engine) findExpired(r *reader, before time.Time, after int64, limit int) (expired []candidate, looked int, last int64, err error) {
	var all []candidate
	q := r.sessionsAfter.integer(1, after).integer(2, int64(limit))
	for q.row() {
		all = append(all, candidate{number: q.columnInteger(0), id: identifier(q.columnBlob(1))})
	}
	if err := q.reset(); err != nil {
		return nil, 0, after, err
	}
	for i := range all {
		c := &all[i]
		after = c.number
		q := r.lastChange.integer(1, c.number)
		if row, ok := e.pending.rowOf(&c.id); ok {
			q.integer(2, row)
		} else {
			q.null(2)
		}
		old := false
		_, err := single(q, func(q *statement) {
			old = q.columnInteger(0) < before.UnixMilli()
			c.revision = q.columnInteger(1)
		})
		if err != nil {
			return nil, 0, after, err
		}
		if old {
			expired = append(expired, *c)
		}
	}
	return expired, len(all), after, nil
}

func (e *Engine) deleteExpired(ctx context.Context, expired []candidate, before time.Time) (deleted int, err error) {
	err = e.write(ctx, func(w *writer) error {
		gone, err := w.deleteExpired(expired, before)
		deleted = len(gone)
		return err
	})
	return deleted, err
}

// deleteExpired deletes in one transaction those that are still expired.
func (w *writer) deleteExpired(expired []candidate, before time.Time) (gone []identifier, err error) {
	if err := w.begin.run(); err != nil {
		return nil, err
	}
	for i := range expired {
		c := &expired[i]
		newest, ok := w.knownHead(&c.id)
		if !ok {
			newest, ok, err = w.storedHead(&c.id)
		}
		if err != nil {
			return nil, err
		}
		if !ok || newest.row == w.flush.newest {
			continue
		}
		old, err := single(w.isExpired.integer(1, newest.row).integer(2, before.UnixMilli()), func(*statement) {})
		if err != nil {
			return nil, err
		}
		if !old {
			continue
		}
		if err := w.deleteSession(newest); err != nil {
			return nil, err
		}
		gone = append(gone, c.id)
	}
	if err := w.commit.run(); err != nil {
		return nil, err
	}
	w.forget(gone)
	return gone, nil
}

func (w *writer) deleteSession(newest head) error {
	for _, run := range []*statement{
		w.outbox.drop.integer(1, newest.number),
		w.assessments.drop.integer(1, newest.number),
		w.dropTokens.integer(1, newest.row).integer(2, newest.number),
		w.dropRevisions.integer(1, newest.row),
		w.dropHead.integer(1, newest.number),
		w.dropSession.integer(1, newest.number),
	} {
		if err := run.run(); err != nil {
			return err
		}
	}
	return nil
}

// forget follows the commit of a deletion.
func (w *writer) forget(gone []identifier) {
	w.pending.forget(gone)
	for i := range gone {
		w.heads.forget(&gone[i])
	}
}
