package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/record"
)

var _ store.Erasing = (*Engine)(nil)

const (
	rewriteRevisions = `UPDATE revisions r SET state = n.state, reason = n.reason
		FROM unnest($2::bigint[], $3::bytea[], $4::text[]) AS n (revision, state, reason)
		WHERE r.session_id = $1 AND r.revision = n.revision AND r.kind <> 'deleted'`

	rewriteReferences = `UPDATE orders SET reference1 = $2, reference2 = $3 WHERE session_id = $1`

	rewriteCallbacks = `UPDATE callbacks c SET url = n.url, body = n.body, answer = n.answer
		FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[]) AS n (callback_id, url, body, answer)
		WHERE c.callback_id = n.callback_id`

	rewriteAssessments = `UPDATE assessments a SET subjects = n.subjects, document = n.document
		FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS n (assessment_id, subjects, document)
		WHERE a.assessment_id = n.assessment_id`

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
func (e *Engine) RewriteRevisions(ctx context.Context, sessionID string, revisions []store.Revision) error {
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
	references, ordered := store.ReferencesIn(revisions)
	ordered = ordered && e.listsOrders.Load()
	return e.change(ctx, func(p *pipeline) {
		p.exec(rewriteRevisions, uuid(id, true), numbers, states, reasons)
		if ordered {
			p.exec(rewriteReferences, uuid(id, true), text(references[0], references[0] != ""), text(references[1], references[1] != ""))
		}
	})
}

// RewriteCallbacks is store.Erasing's.
func (e *Engine) RewriteCallbacks(ctx context.Context, callbacks []store.Callback) error {
	ids, urls := make(uuids, len(callbacks)), make(texts, len(callbacks))
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
	}
	return e.change(ctx, func(p *pipeline) { p.exec(rewriteCallbacks, ids, urls, bodies, answers) })
}

// RewriteAssessments is store.Erasing's.
func (e *Engine) RewriteAssessments(ctx context.Context, assessments []store.Assessment) error {
	ids := make(uuids, len(assessments))
	subjects, documents := make(pgtype.FlatArray[[]byte], len(assessments)), make(pgtype.FlatArray[[]byte], len(assessments))
	for i := range assessments {
		a := &assessments[i]
		var id [16]byte
		if !identifier.Parse(a.ID, &id) {
			return errIdentifier
		}
		ids[i], subjects[i], documents[i] = uuid(id, true), store.AppendKeys([]byte{}, a.Subjects), append([]byte{}, a.Document...)
	}
	return e.change(ctx, func(p *pipeline) { p.exec(rewriteAssessments, ids, subjects, documents) })
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
