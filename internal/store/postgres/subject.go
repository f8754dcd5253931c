package postgres

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/kvitto/kvitto/internal/store"
)

var _ store.Subjects = (*Engine)(nil)

// errSubjectTwice: a change is decided on one version of a subject.
var errSubjectTwice = errors.New("postgres: a change adds two facts to one subject")

// Facts are added on condition of versions in two statements of a transaction.
// The first locks the subjects of all its changes, in the order of their keys,
// so that two transactions wait for each other in one direction only; a subject
// that is not there yet gets a row to lock. No subject is locked after that, and
// no revision is written before. The second, one for each wave, has a snapshot
// that began when the locks were held: the versions it compares cannot change
// until the transaction ends.
//
// A conflict locks a row also where the condition of DO UPDATE does not hold,
// and then writes nothing.
const lockSubjects = `INSERT INTO subjects AS s (key, version, first_at, last_at, day, orders, facts)
	SELECT k.key, 0, $2::bigint, $2::bigint, $2::bigint / ` + day + `, 0, ''::bytea FROM unnest($1::uuid[]) AS k (key) ORDER BY k.key
	ON CONFLICT (key) DO UPDATE SET version = s.version WHERE false`

// day is how long one is in milliseconds, as subjects.day counts.
const day = `86400000`

// factsKept is how many bytes of facts a row has at most.
var factsKept = strconv.Itoa(store.FactBytes * store.FactsMax)

// addAssessed is addRevisions for changes with facts or assessments. A change
// with a subject that has another version than expected is left out. Facts and
// assessments are added for the revisions that this statement added, so an
// attempt that finds its revisions there adds none again. IS TRUE keeps IN a
// look into a hash: the planner takes every list for a short one, and would
// compare each fact with each revision.
var addAssessed = `WITH written AS (` + insertRevisions + onNewest + `
		AND c.change_id NOT IN (SELECT f.change_id FROM unnest($18::uuid[], $19::uuid[], $20::bigint[]) AS f (change_id, key, expected)
			WHERE f.expected <> coalesce((SELECT s.version FROM subjects s WHERE s.key = f.key), 0))` + unlessThere + `),
	added AS (INSERT INTO subjects AS s (key, version, first_at, last_at, day, orders, facts)
		SELECT f.key, 1, f.at, f.at, f.at / ` + day + `, f.orders, f.fact
		FROM unnest($18::uuid[], $19::uuid[], $21::bigint[], $22::bigint[], $23::bytea[]) AS f (change_id, key, at, orders, fact)
		WHERE (f.change_id IN (SELECT w.change_id FROM written w)) IS TRUE
		ON CONFLICT (key) DO UPDATE SET version = s.version + 1,
			first_at = CASE WHEN s.version = 0 THEN excluded.first_at ELSE s.first_at END,
			last_at = excluded.last_at, day = excluded.day, orders = s.orders + excluded.orders,
			facts = substr(excluded.facts || s.facts, 1, ` + factsKept + `)),
	kept AS (INSERT INTO assessments (change_id, session_id, revision,
			assessment_id, at, merchant_id, correlation_id, call, outcome, subjects, document)
		SELECT a.change_id, a.session_id, a.revision,
			a.assessment_id, a.at, a.merchant_id, a.correlation_id, a.call, a.outcome, a.subjects, a.document
		FROM unnest($24::uuid[], $25::uuid[], $26::bigint[], $27::text[], $28::text[], $29::text[], $30::text[], $31::bytea[], $32::bytea[],
			$33::uuid[], $34::bigint[])
			AS a (change_id, assessment_id, at, merchant_id, correlation_id, call, outcome, subjects, document, session_id, revision)
		WHERE (a.change_id IN (SELECT w.change_id FROM written w)) IS TRUE)
	SELECT change_id FROM written`

const (
	findSubjects = `SELECT wanted.place, found.version, found.first_at, found.last_at, found.orders, found.facts
		FROM unnest($1::uuid[], $2::bigint[]) AS wanted (key, place)
		CROSS JOIN LATERAL (SELECT s.version, s.first_at, s.last_at, s.orders, s.facts FROM subjects s
			WHERE s.key = wanted.key AND s.version > 0 LIMIT 1) found`

	// deleteSubjects passes over rows that a change has locked: they get a fact.
	deleteSubjects = `WITH old AS MATERIALIZED (SELECT key FROM subjects WHERE day <= $1::bigint / ` + day + ` AND last_at < $1::bigint
			ORDER BY day LIMIT $2 FOR UPDATE SKIP LOCKED)
		DELETE FROM subjects s USING old WHERE s.key = old.key RETURNING s.version`
)

// readFacts refuses two facts for one subject.
func (r *row) readFacts() error {
	facts := r.change.Subjects
	for i := range facts {
		if slices.ContainsFunc(facts[:i], func(other store.SubjectChange) bool { return other.Key == facts[i].Key }) {
			return errSubjectTwice
		}
	}
	return nil
}

// locked are the parameters of lockSubjects, nil when there is nothing to lock.
func locked(waves []wave) []any {
	var keys [][16]byte
	at := int64(0)
	for i := range waves {
		for _, r := range waves[i].rows {
			for j := range r.change.Subjects {
				keys = append(keys, r.change.Subjects[j].Key)
				at = max(at, r.change.Subjects[j].At.UnixMilli())
			}
		}
	}
	if len(keys) == 0 {
		return nil
	}
	slices.SortFunc(keys, func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) })
	parameter := make(uuids, 0, len(keys))
	for _, key := range slices.Compact(keys) {
		parameter = append(parameter, uuid(key, true))
	}
	return []any{parameter, at}
}

// assessed are the parameters of addAssessed.
func (w *wave) assessed() []any { return slices.Concat(w.revisions(), w.facts(), w.assessments()) }

// facts are the parameters of addAssessed for subjects.
func (w *wave) facts() []any {
	var changes, keys uuids
	var expected, at, orders integers
	var facts pgtype.FlatArray[[]byte]
	for i := range w.rows {
		subjects := w.rows[i].change.Subjects
		for j := range subjects {
			s := &subjects[j]
			changes, keys = append(changes, uuid(w.rows[i].id, true)), append(keys, uuid(s.Key, true))
			expected = append(expected, integer(s.Expected, s.Expected != store.AnyVersion))
			at, facts = append(at, integer(s.At.UnixMilli(), true)), append(facts, s.Fact[:])
			order := int64(0)
			if s.Order {
				order = 1
			}
			orders = append(orders, integer(order, true))
		}
	}
	return []any{changes, keys, expected, at, orders, facts}
}

// subjectRow is a subject as it is stored.
type subjectRow struct {
	version, first, last, orders int64
	facts                        []byte
}

func (r *subjectRow) columns() []any {
	return []any{&r.version, &r.first, &r.last, &r.orders, &r.facts}
}

// Subjects is store.Subjects's.
func (e *Engine) Subjects(ctx context.Context, keys []store.SubjectKey) ([]store.Subject, error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	e.leave() // as in gathering.find
	from := &e.lookups.subjects
	asked := make([]*lookup[subjectRow], len(keys))
	for i := range keys {
		asked[i] = newLookup[subjectRow]()
		asked[i].key = keys[i]
	}
	from.ask(asked...)
	subjects := make([]store.Subject, len(keys))
	var failure error
	for i, l := range asked {
		r, err := from.wait(ctx, l)
		subjects[i].Key = keys[i]
		switch {
		case err == nil:
			subjects[i] = store.Subject{
				Key: keys[i], Version: r.version, FirstAt: timeOf(r.first), LastAt: timeOf(r.last), Orders: r.orders, Facts: r.facts,
			}
		case !errors.Is(err, store.ErrNotFound) && failure == nil:
			failure = err
		}
	}
	if failure != nil {
		return nil, failure
	}
	return subjects, nil
}

// DeleteSubjects is store.Subjects's.
func (e *Engine) DeleteSubjects(ctx context.Context, before time.Time, limit int) (deleted int, err error) {
	if limit < 1 {
		return 0, errors.New("postgres: a limit must be positive")
	}
	err = e.change(ctx, func(p *pipeline) {
		p.query(func(rows pgx.Rows, err error) error {
			deleted = 0
			return eachRow(rows, err, func(rows pgx.Rows) error {
				var version int64
				if err := rows.Scan(&version); err != nil {
					return err
				}
				if version > 0 { // otherwise nothing was known of it
					deleted++
				}
				return nil
			})
		}, deleteSubjects, before.UnixMilli(), limit)
	})
	return deleted, err
}
