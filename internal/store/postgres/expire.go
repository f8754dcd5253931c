package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/store"
)

// How a session is deleted while others may change it. A change that began
// before the deletion sees the revision it builds on, and would add its own
// behind rows that are gone. So the deletion first takes that place itself,
// with a row of the kind 'deleted': whoever comes later has a conflict, and the
// deletion has one when somebody was earlier. The row stays for closedFor, which
// is longer than any change that can have seen the session may take.
//
// The places before it are free again. A change that leads to one of them was
// decided on a revision that was not the newest, of a session that ended long
// ago; the domain makes no such change.
const (
	closedFor = time.Hour
	// expiredTogether is how many sessions one transaction deletes.
	expiredTogether = 50

	walkSessions = `SELECT first.session_id, newest.at, newest.revision,
			(SELECT true FROM orders o WHERE o.session_id = first.session_id)
		FROM revisions first CROSS JOIN LATERAL (SELECT r.at, r.revision FROM revisions r
			WHERE r.session_id = first.session_id AND r.kind <> 'deleted' ORDER BY r.revision DESC LIMIT 1) newest
		WHERE first.revision = 1 AND first.session_id > $1::uuid ORDER BY first.session_id LIMIT $2`

	closePlaces = `INSERT INTO revisions (session_id, revision, change_id, at, kind, state)
		SELECT c.session_id, c.revision, c.change_id, $4, 'deleted', ''
		FROM unnest($1::uuid[], $2::bigint[], $3::uuid[]) AS c (session_id, revision, change_id)
		WHERE (SELECT true FROM revisions p WHERE p.session_id = c.session_id AND p.revision = c.revision - 1 AND p.kind <> 'deleted')
		ON CONFLICT (session_id, revision) DO NOTHING`

	// closed are the sessions among $1 whose places were closed by the changes $2.
	closed = `(SELECT session_id FROM revisions WHERE session_id = ANY ($1::uuid[]) AND change_id = ANY ($2::uuid[]) AND kind = 'deleted')`

	deleteTokens = `DELETE FROM authorizations WHERE session_id IN ` + closed + ` AND token IN (SELECT authorization_token FROM revisions
		WHERE session_id IN ` + closed + ` AND kind IN ('authorized', 'referred'))`

	deleteCallbacks = `DELETE FROM callbacks WHERE session_id IN ` + closed

	deleteSessions = `DELETE FROM revisions WHERE session_id IN ` + closed + ` AND kind <> 'deleted' RETURNING revision`

	deleteClosed = `DELETE FROM revisions WHERE (session_id, revision) IN
		(SELECT session_id, revision FROM revisions WHERE kind = 'deleted' AND at < $1 LIMIT $2) AND kind = 'deleted'`
)

// walked is a session that retention looks at.
type walked struct {
	session [16]byte
	newest  int64 // revision
	at      int64 // of the newest
	ordered pgtype.Bool
}

// DeleteExpired deletes sessions that have had their time.
func (e *Engine) DeleteExpired(ctx context.Context, before time.Time, cursor string, limit int) (deleted int, next string, err error) {
	var from [16]byte // before all ids
	if cursor != "" && !identifier.Parse(cursor, &from) {
		return 0, "", fmt.Errorf("postgres: %q is no cursor: %w", cursor, errIdentifier)
	}
	if limit < 1 {
		return 0, "", errors.New("postgres: a limit must be positive")
	}
	if cursor == "" {
		if err := e.forgetDeleted(ctx); err != nil {
			return 0, "", err
		}
	}
	page, err := e.walk(ctx, from, limit)
	if err != nil {
		return 0, "", err
	}
	if len(page) == limit {
		next = identifier.Format(page[len(page)-1].session)
	}
	var expired []walked
	for _, w := range page {
		if !w.ordered.Bool && w.at < before.UnixMilli() {
			expired = append(expired, w)
		}
	}
	for len(expired) > 0 {
		n := min(len(expired), expiredTogether)
		gone, err := e.deleteSessions(ctx, expired[:n])
		if err != nil {
			return deleted, cursor, err
		}
		deleted, expired = deleted+gone, expired[n:]
	}
	return deleted, next, nil
}

// walk looks at the sessions after one.
func (e *Engine) walk(ctx context.Context, after [16]byte, limit int) (page []walked, err error) {
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		page = nil
		return each(ctx, conn, walkSessions, []any{after, limit}, func(rows pgx.Rows) error {
			var w walked
			if err := rows.Scan(&w.session, &w.at, &w.newest, &w.ordered); err != nil {
				return err
			}
			page = append(page, w)
			return nil
		})
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return page, err
}

// deleteSessions deletes those of the sessions that nobody changes.
func (e *Engine) deleteSessions(ctx context.Context, expired []walked) (deleted int, err error) {
	names, id := newChangeNames(), newIdentity(len(expired))
	for i, w := range expired {
		id.sessions = append(id.sessions, uuid(w.session, true))
		id.revisions = append(id.revisions, integer(w.newest+1, true))
		id.changes = append(id.changes, uuid(names.at(i), true))
	}
	now := time.Now().UnixMilli()
	err = e.change(ctx, func(p *pipeline) {
		p.exec(closePlaces, id.sessions, id.revisions, id.changes, now)
		p.exec(deleteTokens, id.sessions, id.changes)
		p.exec(deleteCallbacks, id.sessions, id.changes)
		p.exec(deleteAssessments, id.sessions, id.changes)
		p.query(func(rows pgx.Rows, err error) error {
			deleted = 0
			return eachRow(rows, err, func(rows pgx.Rows) error {
				var revision int64
				if err := rows.Scan(&revision); err != nil {
					return err
				}
				if revision == 1 { // every session has one
					deleted++
				}
				return nil
			})
		}, deleteSessions, id.sessions, id.changes)
	})
	return deleted, err
}

// forgetDeleted deletes the rows that closed the places of sessions long gone.
func (e *Engine) forgetDeleted(ctx context.Context) error {
	for {
		gone := int64(0)
		err := e.change(ctx, func(p *pipeline) {
			p.count(&gone, deleteClosed, time.Now().Add(-closedFor).UnixMilli(), expiredTogether)
		})
		if err != nil || gone < expiredTogether {
			return err
		}
	}
}
