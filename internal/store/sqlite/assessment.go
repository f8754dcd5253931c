package sqlite

import (
	"bytes"
	"context"
	"fmt"

	"github.com/kvitto/kvitto/internal/store"
)

var _ store.Assessments = (*Engine)(nil)

// assessmentColumns are what scanAssessment reads.
const assessmentColumns = `assessment_id, session_id, revision, at, merchant_id, correlation_id, call, outcome, subjects, document`

// assessmentWriter are the statements that change assessments.
type assessmentWriter struct {
	add, drop *statement
}

func (a *assessmentWriter) statements() []preparation {
	return []preparation{
		{&a.add, `INSERT INTO assessments (` + assessmentColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`},
		{&a.drop, `DELETE FROM assessments WHERE session_id = (SELECT session_id FROM sessions WHERE number = ?)`},
	}
}

// assessmentReader are the statements that read them.
type assessmentReader struct {
	one, ofSession, ofMerchant, all, countOfMerchant, countAll *statement
}

func (a *assessmentReader) statements() []preparation {
	const from = `SELECT ` + assessmentColumns + ` FROM assessments WHERE `
	return []preparation{
		{&a.one, from + `assessment_id = ?1 AND merchant_id = ?2`},
		{&a.ofSession, from + `session_id = ?1 AND merchant_id = ?2 ORDER BY assessment_id DESC LIMIT ?3`},
		{&a.ofMerchant, from + `assessment_id > ?1 AND merchant_id = ?3 ORDER BY assessment_id LIMIT ?2`},
		{&a.all, from + `assessment_id > ?1 ORDER BY assessment_id LIMIT ?2`},
		{&a.countOfMerchant, `SELECT count(*) FROM assessments WHERE assessment_id > ?1 AND merchant_id = ?2`},
		{&a.countAll, `SELECT count(*) FROM assessments WHERE assessment_id > ?1`},
	}
}

// assessmentIDs are the parsed ids of an assessment.
type assessmentIDs struct{ assessment, session identifier }

func (ids *assessmentIDs) read(a *store.Assessment) error {
	if !parseIdentifier(a.ID, &ids.assessment) || !parseIdentifier(a.SessionID, &ids.session) {
		return errIdentifier
	}
	return nil
}

// putAssessment writes an assessment, or is ErrConflict when its id is taken.
func (w *writer) putAssessment(a *store.Assessment, ids *assessmentIDs) error {
	document := a.Document
	if document == nil {
		document = []byte{}
	}
	err := w.assessments.add.blob(1, ids.assessment[:]).blob(2, ids.session[:]).integer(3, a.Revision).integer(4, a.At.UnixMilli()).
		text(5, a.MerchantID).text(6, a.CorrelationID).text(7, a.Call).text(8, a.Outcome).
		blob(9, store.AppendKeys([]byte{}, a.Subjects)).blob(10, document).run()
	if err == nil && w.conn.changed() == 0 {
		err = store.ErrConflict
	}
	return err
}

// putAssessmentOf writes the assessment of a change; the ids of the change are
// read.
func (w *writer) putAssessmentOf(c *store.Change) error {
	a := *c.Assessment
	a.MerchantID, a.Revision = c.Session.MerchantID, c.Session.Revision
	return w.putAssessment(&a, &assessmentIDs{w.ids.assessment, w.ids.session})
}

// AddAssessments is store.Assessments's.
func (e *Engine) AddAssessments(ctx context.Context, assessments []store.Assessment) error {
	if len(assessments) == 0 {
		return e.usable(ctx)
	}
	ids := make([]assessmentIDs, len(assessments))
	for i := range assessments {
		if err := ids[i].read(&assessments[i]); err != nil {
			return err
		}
	}
	var refusal error
	err := e.write(ctx, func(w *writer) error {
		if err := w.begin.run(); err != nil {
			return err
		}
		for i := range assessments {
			var err error
			if refusal, err = answerOf(w.putAssessment(&assessments[i], &ids[i])); err != nil {
				return err
			}
			if refusal != nil {
				return w.rollback.run()
			}
		}
		return w.commit.run()
	})
	if err != nil {
		return err
	}
	return refusal
}

// Assessment is store.Assessments's.
func (e *Engine) Assessment(ctx context.Context, merchantID, assessmentID string) (found store.Assessment, err error) {
	bind := func(r *reader, id *identifier) *statement {
		return r.assessments.one.blob(1, id[:]).text(2, merchantID)
	}
	err = e.find(ctx, assessmentID, bind, func(q *statement) error {
		found = scanAssessment(q)
		return nil
	})
	return found, err
}

// AssessmentsOf is store.Assessments's.
func (e *Engine) AssessmentsOf(ctx context.Context, merchantID, sessionID string, limit int) ([]store.Assessment, error) {
	var session identifier
	if limit < 1 {
		return nil, fmt.Errorf("sqlite: the limit %d is not positive", limit)
	}
	if !parseIdentifier(sessionID, &session) {
		return nil, e.usable(ctx)
	}
	return e.listAssessments(ctx, func(r *reader) *statement {
		return r.assessments.ofSession.blob(1, session[:]).text(2, merchantID).integer(3, int64(limit))
	})
}

// AssessmentsAfter is store.Assessments's.
func (e *Engine) AssessmentsAfter(ctx context.Context, merchantID, after string, limit int) ([]store.Assessment, error) {
	from, err := placeAfter(after)
	if err != nil {
		return nil, err
	}
	if limit < 1 {
		return nil, fmt.Errorf("sqlite: the limit %d is not positive", limit)
	}
	return e.listAssessments(ctx, func(r *reader) *statement {
		if merchantID == "" {
			return r.assessments.all.blob(1, from).integer(2, int64(limit))
		}
		return r.assessments.ofMerchant.blob(1, from).integer(2, int64(limit)).text(3, merchantID)
	})
}

// placeAfter is the id that a reading goes on after; no bytes are before all.
func placeAfter(after string) ([]byte, error) {
	if after == "" {
		return []byte{}, nil
	}
	var id identifier
	if !parseIdentifier(after, &id) {
		return nil, errIdentifier
	}
	return id[:], nil
}

func (e *Engine) listAssessments(ctx context.Context, bind func(*reader) *statement) (found []store.Assessment, err error) {
	err = e.read(ctx, func(r *reader) error {
		q := bind(r)
		for q.row() {
			found = append(found, scanAssessment(q))
		}
		return q.reset()
	})
	return found, err
}

// CountAssessments is store.Assessments's, and exact: an index of a million ids
// is counted in less than a tenth of a second.
func (e *Engine) CountAssessments(ctx context.Context, merchantID, after string) (count int64, err error) {
	from, err := placeAfter(after)
	if err != nil {
		return 0, err
	}
	err = e.read(ctx, func(r *reader) error {
		q := r.assessments.countAll
		if merchantID != "" {
			q = r.assessments.countOfMerchant.text(2, merchantID)
		}
		_, err := single(q.blob(1, from), func(q *statement) { count = q.columnInteger(0) })
		return err
	})
	return count, err
}

func scanAssessment(q *statement) store.Assessment {
	return store.Assessment{
		ID: identifierText(q.columnBlob(0)), SessionID: identifierText(q.columnBlob(1)), Revision: q.columnInteger(2), At: q.columnTime(3),
		MerchantID: q.columnText(4), CorrelationID: q.columnText(5), Call: q.columnText(6), Outcome: q.columnText(7),
		Subjects: store.KeysOf(q.columnBlob(8)), Document: bytes.Clone(q.columnBlob(9)),
	}
}
