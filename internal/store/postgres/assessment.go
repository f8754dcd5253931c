package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/pgpool"
	"github.com/kvitto/kvitto/internal/store"
)

var _ store.Assessments = (*Engine)(nil)

const (
	assessmentColumns = `assessment_id, session_id, revision, at, merchant_id, correlation_id, call, outcome, subjects, document`

	addAssessments = `INSERT INTO assessments (change_id, ` + assessmentColumns + `)
		SELECT $1::uuid, a.* FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[],
			$10::bytea[], $11::bytea[]) AS a ON CONFLICT (assessment_id) DO NOTHING`

	// unlessAllAreMine divides by zero, which ends the transaction, when one of so
	// many assessments is another's.
	unlessAllAreMine = `SELECT 1 / (CASE WHEN count(DISTINCT wanted.assessment_id) = $3 THEN 1 ELSE 0 END) FROM unnest($2::uuid[]) AS wanted (assessment_id)
		WHERE $1::uuid = (SELECT a.change_id FROM assessments a WHERE a.assessment_id = wanted.assessment_id)`

	deleteAssessments = `DELETE FROM assessments WHERE session_id IN ` + closed
)

// divisionByZero is the code of what unlessAllAreMine does.
const divisionByZero = "22012"

// assessmentArrays are assessments as the columns of a parameter.
type assessmentArrays struct {
	changes, ids, sessions                   uuids
	revisions, at                            integers
	merchants, correlations, calls, outcomes texts
	subjects, documents                      pgtype.FlatArray[[]byte]
}

func (a *assessmentArrays) add(one *store.Assessment, id [16]byte, merchantID string) {
	a.ids, a.at = append(a.ids, uuid(id, true)), append(a.at, integer(one.At.UnixMilli(), true))
	a.merchants = append(a.merchants, text(merchantID, true))
	a.correlations = append(a.correlations, text(one.CorrelationID, true))
	a.calls, a.outcomes = append(a.calls, text(one.Call, true)), append(a.outcomes, text(one.Outcome, true))
	a.subjects = append(a.subjects, store.AppendKeys([]byte{}, one.Subjects))
	document := one.Document
	if document == nil {
		document = []byte{} // and not NULL
	}
	a.documents = append(a.documents, document)
}

// assessments are the parameters of addAssessed for assessments.
func (w *wave) assessments() []any {
	var a assessmentArrays
	for i := range w.rows {
		r := &w.rows[i]
		if one := r.change.Assessment; one != nil {
			a.changes, a.sessions = append(a.changes, uuid(r.id, true)), append(a.sessions, uuid(r.session, true))
			a.revisions = append(a.revisions, integer(r.change.Session.Revision, true))
			a.add(one, r.assessment, r.change.Session.MerchantID)
		}
	}
	return []any{a.changes, a.ids, a.at, a.merchants, a.correlations, a.calls, a.outcomes, a.subjects, a.documents,
		a.sessions, a.revisions}
}

// readAssessment takes the id of an assessment and refuses what cannot be
// written.
func readAssessment(a *store.Assessment, id *[16]byte) error {
	if !identifier.Parse(a.ID, id) {
		return errIdentifier
	}
	for _, text := range []string{a.MerchantID, a.CorrelationID, a.Call, a.Outcome} {
		if !storable(text) {
			return errText
		}
	}
	return nil
}

// AddAssessments is store.Assessments's.
func (e *Engine) AddAssessments(ctx context.Context, assessments []store.Assessment) error {
	var a assessmentArrays
	for i := range assessments {
		var id, session [16]byte
		if err := readAssessment(&assessments[i], &id); err != nil {
			return err
		}
		if !identifier.Parse(assessments[i].SessionID, &session) {
			return errIdentifier
		}
		a.add(&assessments[i], id, assessments[i].MerchantID)
		a.sessions = append(a.sessions, uuid(session, true))
		a.revisions = append(a.revisions, integer(assessments[i].Revision, true))
	}
	change := newChangeNames().at(0)
	err := e.change(ctx, func(p *pipeline) {
		p.exec(addAssessments, change, a.ids, a.sessions, a.revisions, a.at, a.merchants, a.correlations, a.calls, a.outcomes,
			a.subjects, a.documents)
		p.exec(unlessAllAreMine, change, a.ids, len(assessments))
	})
	if pgpool.Code(err) == divisionByZero {
		return store.ErrConflict
	}
	return err
}

// Assessment is store.Assessments's.
func (e *Engine) Assessment(ctx context.Context, merchantID, assessmentID string) (store.Assessment, error) {
	var id [16]byte
	known := identifier.Parse(assessmentID, &id) && storable(merchantID)
	found, err := e.listAssessments(ctx, known, `assessment_id = $1 AND merchant_id = $2`, id, merchantID)
	if err == nil && len(found) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Assessment{}, err
	}
	return found[0], nil
}

// AssessmentsOf is store.Assessments's.
func (e *Engine) AssessmentsOf(ctx context.Context, merchantID, sessionID string, limit int) ([]store.Assessment, error) {
	var session [16]byte
	if limit < 1 {
		return nil, errors.New("postgres: a limit must be positive")
	}
	known := identifier.Parse(sessionID, &session) && storable(merchantID)
	return e.listAssessments(ctx, known, `session_id = $1 AND merchant_id = $2 ORDER BY assessment_id DESC LIMIT $3`,
		session, merchantID, limit)
}

// AssessmentsAfter is store.Assessments's.
func (e *Engine) AssessmentsAfter(ctx context.Context, merchantID, after string, limit int) ([]store.Assessment, error) {
	from, err := placeAfter(after)
	if err != nil {
		return nil, err
	}
	if limit < 1 {
		return nil, errors.New("postgres: a limit must be positive")
	}
	if merchantID == "" {
		return e.listAssessments(ctx, true, `assessment_id > $1 ORDER BY assessment_id LIMIT $2`, from, limit)
	}
	return e.listAssessments(ctx, storable(merchantID), `assessment_id > $1 AND merchant_id = $2 ORDER BY assessment_id LIMIT $3`,
		from, merchantID, limit)
}

// placeAfter is the id that a reading goes on after; the zero id is before all.
func placeAfter(after string) (id [16]byte, err error) {
	if after != "" && !identifier.Parse(after, &id) {
		return id, errIdentifier
	}
	return id, nil
}

// listAssessments reads those that a condition meets; none when nothing stored
// can meet it.
func (e *Engine) listAssessments(ctx context.Context, known bool, where string, parameters ...any) (found []store.Assessment, err error) {
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		found = nil
		if !known {
			return nil
		}
		rows, err := conn.Query(ctx, `SELECT `+assessmentColumns+` FROM assessments WHERE `+where, parameters...)
		return eachRow(rows, err, func(rows pgx.Rows) error { return scanAssessment(rows, &found) })
	})
	return found, err
}

// CountAssessments is store.Assessments's, and exact: it reads an index only.
func (e *Engine) CountAssessments(ctx context.Context, merchantID, after string) (count int64, err error) {
	from, err := placeAfter(after)
	if err != nil || !storable(merchantID) {
		return 0, err
	}
	query, parameters := `SELECT count(*) FROM assessments WHERE assessment_id > $1`, []any{from}
	if merchantID != "" {
		query, parameters = query+` AND merchant_id = $2`, append(parameters, merchantID)
	}
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		return conn.QueryRow(ctx, query, parameters...).Scan(&count)
	})
	return count, err
}

func scanAssessment(rows pgx.Rows, into *[]store.Assessment) error {
	var a store.Assessment
	var id, session pgtype.UUID
	var at int64
	var subjects pgtype.DriverBytes // a view, valid until the next row
	err := rows.Scan(&id, &session, &a.Revision, &at, &a.MerchantID, &a.CorrelationID, &a.Call, &a.Outcome, &subjects, &a.Document)
	if err != nil {
		return err
	}
	a.ID, a.SessionID, a.At, a.Subjects = textOf(id), textOf(session), timeOf(at), store.KeysOf(subjects)
	*into = append(*into, a)
	return nil
}
