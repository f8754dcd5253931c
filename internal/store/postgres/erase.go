package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/record"
)

var _ store.Erasing = (*Engine)(nil)

const (
	// What is stored is found as it was read, or as it is to be by an attempt before.
	statesStored = `SELECT revision, state FROM revisions WHERE session_id = $1 AND revision = ANY($2::bigint[]) AND kind <> 'deleted'`

	rewriteRevisions = `UPDATE revisions r SET state = n.state, reason = n.reason
		FROM unnest($2::bigint[], $3::bytea[], $4::text[], $5::bytea[]) AS n (revision, state, reason, old)
		WHERE r.session_id = $1 AND r.revision = n.revision AND r.kind <> 'deleted' AND r.state IN (n.old, n.state)`

	rewriteReferences = `UPDATE orders SET reference1 = $2, reference2 = $3 WHERE session_id = $1`

	rewriteCallbacks = `UPDATE callbacks c SET url = n.url, body = n.body, answer = n.answer
		FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::text[], $6::bytea[]) AS n (callback_id, url, body, answer, old_url, old_answer)
		WHERE c.callback_id = n.callback_id AND (c.url = n.old_url AND c.answer IS NOT DISTINCT FROM n.old_answer
			OR c.url = n.url AND c.answer IS NOT DISTINCT FROM n.answer)`
	countCallbacks = `SELECT count(*) FROM callbacks WHERE callback_id = ANY($1::uuid[])`

	rewriteAssessments = `UPDATE assessments a SET subjects = n.subjects, document = n.document
		FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[]) AS n (assessment_id, subjects, document, old)
		WHERE a.assessment_id = n.assessment_id AND a.document IN (n.old, n.document)`
	countAssessments = `SELECT count(*) FROM assessments WHERE assessment_id = ANY($1::uuid[])`

	// Rows of the version 0 are of keys that nothing is known of.
	forgetSubjects = `DELETE FROM subjects WHERE key = ANY($1::uuid[]) AND version > 0`
)

// SessionsAfter is store.Erasing's. The cursor is the last session listed.
func (e *Engine) SessionsAfter(ctx context.Context, cursor string, limit int) (sessionIDs []string, next string, err error) {
	var from [16]byte // before all ids
	if cursor != "" && !identifier.Parse(cursor, &from) {
		return nil, "", fmt.Errorf("postgres: %q is no cursor: %w", cursor, errIdentifier)
	}
	if limit < 1 {
		return nil, "", errors.New("postgres: a limit must be positive")
	}
	page, err := e.walk(ctx, from, limit)
	if err != nil {
		return nil, "", err
	}
	for _, w := range page {
		sessionIDs = append(sessionIDs, identifier.Format(w.session))
	}
	if len(page) == limit {
		next = sessionIDs[limit-1]
	}
	return sessionIDs, next, nil
}

// RewriteRevisions is store.Erasing's.
func (e *Engine) RewriteRevisions(ctx context.Context, sessionID string, read, revisions []store.Revision) error {
	var id [16]byte
	if !identifier.Parse(sessionID, &id) {
		return errIdentifier
	}
	numbers, reasons := make(integers, len(revisions)), make(texts, len(revisions))
	states := make(pgtype.FlatArray[[]byte], len(revisions))
	for i := range revisions {
		reason := revisions[i].Event.Reason
		if !storable(reason) {
			return errText
		}
		numbers[i], reasons[i] = integer(revisions[i].Session.Revision, true), text(reason, reason != "")
		states[i] = record.Append(nil, &revisions[i].Session)
	}
	stored, err := e.storedAs(ctx, uuid(id, true), numbers, read, revisions)
	if err != nil {
		return err
	}
	replaced, there := int64(0), int64(0)
	olds := make(pgtype.FlatArray[[]byte], len(revisions))
	for i := range olds {
		if olds[i] = stored[revisions[i].Session.Revision]; olds[i] != nil {
			there++
		}
	}
	references, ordered := store.ReferencesIn(revisions)
	ordered = ordered && e.listsOrders.Load()
	err = e.change(ctx, func(p *pipeline) {
		p.count(&replaced, rewriteRevisions, uuid(id, true), numbers, states, reasons, olds)
		if ordered {
			p.exec(rewriteReferences, uuid(id, true), text(references[0], references[0] != ""), text(references[1], references[1] != ""))
		}
	})
	return conflictOr(err, replaced < there)
}

// storedAs are the states as they are stored, by revision. It is ErrConflict where one
// is neither what was read nor what is to replace that.
func (e *Engine) storedAs(ctx context.Context, id pgtype.UUID, numbers integers, read, revisions []store.Revision) (map[int64][]byte, error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.leave()
	var stored map[int64][]byte
	err := e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		stored = map[int64][]byte{}
		rows, err := conn.Query(ctx, statesStored, id, numbers)
		return eachRow(rows, err, func(rows pgx.Rows) error {
			var number int64
			var state []byte
			err := rows.Scan(&number, &state)
			stored[number] = state
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	for i := range revisions {
		state := stored[revisions[i].Session.Revision]
		if state == nil {
			continue
		}
		same, err := record.Same(state, &read[i].Session)
		if err == nil && !same {
			same, err = record.Same(state, &revisions[i].Session)
		}
		if err != nil || !same {
			return nil, conflictOr(err, true)
		}
	}
	return stored, nil
}

func conflictOr(err error, conflict bool) error {
	if err == nil && conflict {
		return store.ErrConflict
	}
	return err
}

// RewriteCallbacks is store.Erasing's.
func (e *Engine) RewriteCallbacks(ctx context.Context, read, callbacks []store.Callback) error {
	ids, urls := make(uuids, len(callbacks)), make(texts, len(callbacks))
	oldURLs, oldAnswers := make(texts, len(callbacks)), make(pgtype.FlatArray[[]byte], len(callbacks))
	bodies, answers := make(pgtype.FlatArray[[]byte], len(callbacks)), make(pgtype.FlatArray[[]byte], len(callbacks))
	for i := range callbacks {
		c := &callbacks[i]
		var id [16]byte
		if !identifier.Parse(c.ID, &id) {
			return errIdentifier
		}
		if !storable(c.URL) {
			return errText
		}
		ids[i], urls[i], bodies[i], answers[i] = uuid(id, true), text(c.URL, true), append([]byte{}, c.Body...), c.Answer
		oldURLs[i], oldAnswers[i] = text(read[i].URL, true), read[i].Answer
	}
	return e.replace(ctx, countCallbacks, rewriteCallbacks, ids, urls, bodies, answers, oldURLs, oldAnswers)
}

// replace runs a replacement whose first parameter are the ids; counting counts those
// that are there.
func (e *Engine) replace(ctx context.Context, counting, replacement string, parameters ...any) error {
	replaced, there := int64(0), int64(0)
	err := e.change(ctx, func(p *pipeline) {
		p.count(&replaced, replacement, parameters...)
		p.query(func(rows pgx.Rows, err error) error {
			return eachRow(rows, err, func(rows pgx.Rows) error { return rows.Scan(&there) })
		}, counting, parameters[0])
	})
	return conflictOr(err, replaced < there)
}

// RewriteAssessments is store.Erasing's.
func (e *Engine) RewriteAssessments(ctx context.Context, read, assessments []store.Assessment) error {
	ids := make(uuids, len(assessments))
	olds := make(pgtype.FlatArray[[]byte], len(assessments))
	subjects, documents := make(pgtype.FlatArray[[]byte], len(assessments)), make(pgtype.FlatArray[[]byte], len(assessments))
	for i := range assessments {
		a := &assessments[i]
		var id [16]byte
		if !identifier.Parse(a.ID, &id) {
			return errIdentifier
		}
		ids[i], subjects[i], documents[i] = uuid(id, true), store.AppendKeys([]byte{}, a.Subjects), append([]byte{}, a.Document...)
		olds[i] = append([]byte{}, read[i].Document...)
	}
	return e.replace(ctx, countAssessments, rewriteAssessments, ids, subjects, documents, olds)
}

// ForgetSubjects is store.Erasing's.
func (e *Engine) ForgetSubjects(ctx context.Context, keys []store.SubjectKey) (forgotten int, err error) {
	ids := make(uuids, len(keys))
	for i := range keys {
		ids[i] = uuid(keys[i], true)
	}
	gone := int64(0)
	err = e.change(ctx, func(p *pipeline) { p.count(&gone, forgetSubjects, ids) })
	return int(gone), err
}

// erasedTables are those that Purge is about.
var erasedTables = []string{"revisions", "orders", "callbacks", "assessments", "subjects"}

// Purge is store.Erasing's. The rows from before are dead; VACUUM takes them off
// their pages as soon as no transaction can see them. What the files have of them
// then is free room that the server does not give out and writes over in time;
// whole is VACUUM FULL, which leaves none and locks a table while it is at it. The
// write-ahead log and replicas are the database's affair.
func (e *Engine) Purge(ctx context.Context, whole bool) error {
	verb := `VACUUM `
	if whole {
		verb = `VACUUM FULL `
	}
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.leave()
	for _, table := range erasedTables {
		if _, err := e.pool.Exec(ctx, verb+table); err != nil {
			return fmt.Errorf("postgres: %s%s: %w", verb, table, err)
		}
	}
	return nil
}
