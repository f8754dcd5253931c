package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/record"
)

var _ store.Erasing = (*Engine)(nil)

// The statements that replace what is stored are rare, so that no connection keeps
// them prepared.
const (
	listChain        = chain + ` SELECT r.row_id, r.revision FROM chain c JOIN revisions r ON r.row_id = c.row_id`
	stateOfRow       = `SELECT state FROM revisions WHERE row_id = ?1`
	rewriteRevision  = `UPDATE revisions SET state = ?2, reason = ?3 WHERE row_id = ?1`
	rewriteReference = `UPDATE orders SET reference1 = ?2, reference2 = ?3 WHERE session = (SELECT number FROM sessions WHERE session_id = ?1)`
	rewriteCallback  = `UPDATE callbacks SET url = ?2, body = ?3, answer = ?4 WHERE callback_id = ?1 AND (url = ?5 AND answer IS ?6 OR url = ?2 AND answer IS ?4)`
	haveCallback     = `SELECT 1 FROM callbacks WHERE callback_id = ?1`
	rewriteAssessing = `UPDATE assessments SET subjects = ?2, document = ?3 WHERE assessment_id = ?1 AND document IN (?3, ?4)`
	haveAssessment   = `SELECT 1 FROM assessments WHERE assessment_id = ?1`
	forgetSubject    = `DELETE FROM subjects WHERE key = ?1`
)

// SessionsAfter is store.Erasing's. The cursor is the number of a session.
func (e *Engine) SessionsAfter(ctx context.Context, cursor string, limit int) (sessionIDs []string, next string, err error) {
	after := int64(0)
	if limit < 1 {
		return nil, "", fmt.Errorf("sqlite: the limit %d is not positive", limit)
	}
	if cursor != "" {
		if after, err = strconv.ParseInt(cursor, 10, 64); err != nil {
			return nil, "", fmt.Errorf("sqlite: the cursor %q is not one of this store: %w", cursor, err)
		}
	}
	err = e.read(ctx, func(r *reader) error {
		q := r.sessionsAfter.integer(1, after).integer(2, int64(limit))
		for q.row() {
			after = q.columnInteger(0)
			sessionIDs = append(sessionIDs, identifierText(q.columnBlob(1)))
		}
		return q.reset()
	})
	if err != nil || len(sessionIDs) < limit {
		return sessionIDs, "", err
	}
	return sessionIDs, strconv.FormatInt(after, 10), nil
}

// erase runs a transaction that overwrites what it replaces and deletes: SQLite
// marks such bytes as free and leaves them otherwise.
func (e *Engine) erase(ctx context.Context, change func(*writer) error) error {
	return e.write(ctx, func(w *writer) error {
		if err := w.conn.exec(`PRAGMA secure_delete = ON`); err != nil {
			return err
		}
		err := w.begin.run()
		if err == nil {
			err = change(w)
		}
		if err == nil {
			err = w.commit.run()
		}
		return errors.Join(err, w.conn.exec(`PRAGMA secure_delete = OFF`))
	})
}

// once runs a statement that is prepared for the occasion for each of n rows.
func (w *writer) once(sql string, n int, each func(q *statement, i int) error) error {
	q, err := w.conn.prepareOnce(sql)
	if err != nil {
		return err
	}
	for i := 0; i < n && err == nil; i++ {
		err = each(q, i)
	}
	return errors.Join(err, q.stmt.Close())
}

// RewriteRevisions is store.Erasing's.
func (e *Engine) RewriteRevisions(ctx context.Context, sessionID string, read, revisions []store.Revision) error {
	var id identifier
	if !parseIdentifier(sessionID, &id) {
		return errIdentifier
	}
	conflict := false
	err := e.erase(ctx, func(w *writer) error {
		rows, err := w.rowsOf(&id)
		if err != nil || len(rows) == 0 {
			return err
		}
		if conflict, err = w.changed(rows, read, revisions); err != nil || conflict {
			return err
		}
		err = w.once(rewriteRevision, len(revisions), func(q *statement, i int) error {
			row, there := rows[revisions[i].Session.Revision]
			if !there {
				return nil
			}
			w.state = record.Append(w.state[:0], &revisions[i].Session)
			return q.integer(1, row).blob(2, w.state).optional(3, revisions[i].Event.Reason).run()
		})
		references, ok := store.ReferencesIn(revisions)
		if err != nil || !ok {
			return err
		}
		return w.once(rewriteReference, 1, func(q *statement, _ int) error {
			return q.blob(1, id[:]).optional(2, references[0]).optional(3, references[1]).run()
		})
	})
	return conflictOr(err, conflict)
}

// conflictOr is what a transaction ended as. A conflict is no failure of it, which
// would cost the connection.
func conflictOr(err error, conflict bool) error {
	if err == nil && conflict {
		return store.ErrConflict
	}
	return err
}

// changed tells whether a row has neither what was read of it nor what is to replace
// that.
func (w *writer) changed(rows map[int64]int64, read, revisions []store.Revision) (conflict bool, err error) {
	err = w.once(stateOfRow, len(revisions), func(q *statement, i int) error {
		row, there := rows[revisions[i].Session.Revision]
		if !there || !q.integer(1, row).row() {
			return q.reset()
		}
		state := append([]byte{}, q.columnBlob(0)...)
		if err := q.reset(); err != nil {
			return err
		}
		for _, expected := range []*store.Revision{&read[i], &revisions[i]} {
			if same, err := record.Same(state, &expected.Session); err != nil || same {
				return err
			}
		}
		conflict = true
		return nil
	})
	return conflict, err
}

// areThere tells whether a row of the ids is there.
func (w *writer) areThere(have string, ids []identifier) (there bool, err error) {
	err = w.once(have, len(ids), func(q *statement, i int) error {
		there = q.blob(1, ids[i][:]).row() || there
		return q.reset()
	})
	return there, err
}

// rowsOf are the rows of a session's revisions; none where there is no session.
func (w *writer) rowsOf(id *identifier) (rows map[int64]int64, err error) {
	newest, ok := w.knownHead(id)
	if !ok {
		if newest, ok, err = w.storedHead(id); err != nil || !ok {
			return nil, err
		}
	}
	rows = map[int64]int64{}
	err = w.once(listChain, 1, func(q *statement, _ int) error {
		for q.integer(1, newest.row); q.row(); {
			rows[q.columnInteger(1)] = q.columnInteger(0)
		}
		return q.reset()
	})
	return rows, err
}

// RewriteCallbacks is store.Erasing's.
func (e *Engine) RewriteCallbacks(ctx context.Context, read, callbacks []store.Callback) error {
	return e.rewriteRead(ctx, rewriteCallback, haveCallback, len(callbacks), func(i int) string { return callbacks[i].ID },
		func(q *statement, i int) {
			c := &callbacks[i]
			q.text(2, c.URL).blob(3, append([]byte{}, c.Body...)).text(5, read[i].URL)
			for at, answer := range map[int][]byte{4: c.Answer, 6: read[i].Answer} {
				if answer == nil {
					q.null(at)
				} else {
					q.blob(at, answer)
				}
			}
		})
}

// RewriteAssessments is store.Erasing's.
func (e *Engine) RewriteAssessments(ctx context.Context, read, assessments []store.Assessment) error {
	return e.rewriteRead(ctx, rewriteAssessing, haveAssessment, len(assessments), func(i int) string { return assessments[i].ID },
		func(q *statement, i int) {
			a := &assessments[i]
			q.blob(2, store.AppendKeys([]byte{}, a.Subjects)).blob(3, append([]byte{}, a.Document...)).blob(4, append([]byte{}, read[i].Document...))
		})
}

// rewriteRead rewrites rows that are as they were read: bind gives a row's new values
// and those that were read, beside its id at 1. store.ErrConflict where one of them is
// there and is another by now.
func (e *Engine) rewriteRead(ctx context.Context, rewrite, have string, n int, idOf func(int) string, bind func(*statement, int)) error {
	ids := make([]identifier, n)
	for i := range ids {
		if !parseIdentifier(idOf(i), &ids[i]) {
			return errIdentifier
		}
	}
	conflict := false
	err := e.erase(ctx, func(w *writer) error {
		var left []identifier
		err := w.once(rewrite, n, func(q *statement, i int) error {
			bind(q.blob(1, ids[i][:]), i)
			err := q.run()
			if w.conn.changed() == 0 {
				left = append(left, ids[i])
			}
			return err
		})
		if err == nil {
			conflict, err = w.areThere(have, left)
		}
		return err
	})
	return conflictOr(err, conflict)
}

// ForgetSubjects is store.Erasing's.
func (e *Engine) ForgetSubjects(ctx context.Context, keys []store.SubjectKey) (forgotten int, err error) {
	err = e.erase(ctx, func(w *writer) error {
		return w.once(forgetSubject, len(keys), func(q *statement, i int) error {
			err := q.blob(1, keys[i][:]).run()
			forgotten += int(w.conn.changed())
			return err
		})
	})
	return forgotten, err
}

// How long Purge waits for readers that still need the log, in all.
const (
	purgePatience = 10 * time.Second
	purgePause    = 50 * time.Millisecond
)

// Purge is store.Erasing's: the log is copied back and emptied, for it has the pages
// from before. Whole first writes the file anew: where SQLite moved a row from one
// page to another, the first may still have it in its free room, which nothing but
// that overwrites.
func (e *Engine) Purge(ctx context.Context, whole bool) error {
	if whole {
		if err := e.rebuild(ctx); err != nil {
			return err
		}
	}
	for began := time.Now(); ; {
		emptied := false
		err := e.write(ctx, func(w *writer) (err error) {
			emptied, err = w.conn.emptyLog()
			return err
		})
		if err != nil || emptied {
			return err
		}
		if time.Since(began) > purgePatience {
			return errors.New("sqlite: a reader kept the log from being emptied; run the command again")
		}
		select {
		case <-time.After(purgePause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// rebuild is VACUUM, which takes as long as it takes: it is not bounded by the time
// of a transaction, only by its caller. The copy it makes may be larger than the
// memory.
func (e *Engine) rebuild(ctx context.Context) error {
	return e.write(ctx, func(w *writer) error {
		w.conn.bound(ctx)
		return w.conn.exec(`PRAGMA temp_store = FILE; VACUUM; PRAGMA temp_store = MEMORY`)
	})
}
