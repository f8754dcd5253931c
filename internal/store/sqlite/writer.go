package sqlite

import (
	"context"
	"errors"
	"slices"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/record"
)

// writer is the one connection that changes the file, with the statements of a
// change. Whoever holds the engine's writing place owns it.
type writer struct {
	conn *connection

	// Where the head of a session is, the first that knows it: in the batch at
	// hand, in pending, remembered in heads, in the table.
	batch   map[identifier]head
	pending *pending
	heads   heads
	flush   flush

	begin, commit, rollback  *statement
	savepoint, undo, release *statement
	findHead, addSession     *statement
	addRevision              *statement
	setHead, setMarker       *statement
	addAuthorization         *statement
	addOrder, setOrder       *statement
	fillOrder                *statement
	addMerchant, setDisabled *statement
	addKey, revokeKey        *statement
	moveClock                *statement
	addSecret                *statement
	isExpired                *statement
	dropTokens, dropHead     *statement
	dropRevisions            *statement
	dropSession              *statement
	outbox                   outboxWriter
	people                   peopleWriter
	signIns                  signInWriter
	audit                    auditWriter
	subjects                 subjectWriter
	assessments              assessmentWriter
	putReview                *statement

	ids   changeIDs
	state []byte // scratch for states that come unwritten
}

// Changes that no state of the store could take.
var (
	errOrder  = errors.New("sqlite: the event names an order that the session does not have")
	errLedger = errors.New("sqlite: the ledger of the order does not add up")
)

// changeIDs are the parsed ids of the change at hand.
type changeIDs struct {
	session, token, order, orderToken, callback, assessment identifier
	hasToken, hasOrder                                      bool
}

// chain is all revisions of a session, by the row of the newest.
const chain = `WITH RECURSIVE chain (row_id) AS (
	SELECT ?1 UNION ALL SELECT r.previous FROM chain c JOIN revisions r ON r.row_id = c.row_id WHERE r.previous IS NOT NULL)`

// newWriter prepares the statements. pending must hold what readPending finds.
func newWriter(conn *connection, pending *pending, flush flush) (*writer, error) {
	w := &writer{conn: conn, batch: map[identifier]head{}, pending: pending, heads: newHeads(headsRemembered), flush: flush}
	for _, s := range slices.Concat([]preparation{
		{&w.begin, `BEGIN IMMEDIATE`},
		{&w.commit, `COMMIT`},
		{&w.rollback, `ROLLBACK`},
		{&w.savepoint, `SAVEPOINT change`},
		{&w.undo, `ROLLBACK TO change`},
		{&w.release, `RELEASE change`},
		{&w.findHead, `SELECT h.session, h.revision, h.row_id
			FROM sessions s JOIN heads h ON h.session = s.number WHERE s.session_id = ?`},
		{&w.addSession, `INSERT INTO sessions (session_id, merchant_id, client_token, created_at) VALUES (?, ?, ?, ?)
			ON CONFLICT DO NOTHING`},
		{&w.addRevision, `INSERT INTO revisions
			(session, revision, previous, at, kind, correlation_id, authorization_token, order_id, reason, state)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&w.setHead, `INSERT INTO heads (session, revision, row_id) VALUES (?, ?, ?)
			ON CONFLICT DO UPDATE SET revision = excluded.revision, row_id = excluded.row_id`},
		{&w.setMarker, `UPDATE heads_flushed SET row_id = ?`},
		{&w.addAuthorization, `INSERT INTO authorizations (token, session, issued_at) VALUES (?, ?, ?)`},
		{&w.addOrder, addOrder},
		{&w.setOrder, setOrder},
		{&w.fillOrder, fillOrder},
		{&w.addMerchant, `INSERT INTO merchants (merchant_id, name, created_at, disabled_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`},
		{&w.setDisabled, `UPDATE merchants SET disabled_at = ?2 WHERE merchant_id = ?1`},
		{&w.addKey, `INSERT INTO keys (username, merchant_id, hash, created_at, revoked_at)
			SELECT ?1, merchant_id, ?3, ?4, ?5 FROM merchants WHERE merchant_id = ?2 ON CONFLICT DO NOTHING`},
		{&w.revokeKey, `UPDATE keys SET revoked_at = coalesce(revoked_at, ?2) WHERE username = ?1`},
		{&w.moveClock, `INSERT INTO clocks (merchant_id, advance_ns) SELECT merchant_id, ?2 FROM merchants WHERE merchant_id = ?1
			ON CONFLICT DO UPDATE SET advance_ns = advance_ns + excluded.advance_ns RETURNING advance_ns`},
		{&w.addSecret, `INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING`},
		{&w.isExpired, `SELECT 1 FROM revisions r WHERE row_id = ? AND at < ?
			AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.session = r.session)`},
		{&w.dropTokens, chain + ` DELETE FROM authorizations WHERE session = ?2 AND token IN
			(SELECT r.authorization_token FROM chain c JOIN revisions r ON r.row_id = c.row_id)`},
		{&w.dropRevisions, chain + ` DELETE FROM revisions WHERE row_id IN (SELECT row_id FROM chain)`},
		{&w.dropHead, `DELETE FROM heads WHERE session = ?`},
		{&w.dropSession, `DELETE FROM sessions WHERE number = ?`},
		{&w.putReview, putReview},
	}, w.outbox.statements(), w.subjects.statements(), w.assessments.statements(), w.people.statements(), w.signIns.statements(), w.audit.statements()) {
		statement, err := conn.prepare(s.sql)
		if err != nil {
			return nil, err
		}
		*s.into = statement
	}
	return w, nil
}

// put writes one change inside the open transaction. clean tells whether an
// error left nothing behind; if not, the caller must undo.
func (w *writer) put(c *store.Change) (clean bool, err error) {
	if err := w.ids.read(c); err != nil {
		return true, err
	}
	if err := w.subjects.check(c.Subjects); err != nil {
		return true, err
	}
	next := head{revision: c.Session.Revision}
	var previous head
	if next.revision == 1 {
		next.number, err = w.createSession(&c.Session)
	} else {
		previous, err = w.headBefore(next.revision)
		next.number = previous.number
	}
	if err != nil {
		return true, err
	}
	if next.row, err = w.insertRevision(c, next.number, previous.row); err != nil {
		return false, err
	}
	if err := w.putFindable(c, next.number); err != nil {
		return false, err
	}
	if err := w.putBeside(c); err != nil {
		return false, err
	}
	w.batch[w.ids.session] = next
	return true, nil
}

// putBeside writes what a change carries beside its revision.
func (w *writer) putBeside(c *store.Change) error {
	if c.Callback != nil {
		if err := w.outbox.put(c, &w.ids); err != nil {
			return err
		}
	}
	if c.Assessment != nil {
		if err := w.putAssessmentOf(c); err != nil {
			return err
		}
	}
	return w.subjects.put(c.Subjects)
}

// read takes the ids from a change and refuses what cannot be written.
func (ids *changeIDs) read(c *store.Change) error {
	ids.hasToken = c.Event.AuthorizationToken != ""
	ids.hasOrder = c.Event.OrderID != ""
	if !parseIdentifier(c.Session.ID, &ids.session) ||
		ids.hasToken && !parseIdentifier(c.Event.AuthorizationToken, &ids.token) ||
		ids.hasOrder && !parseIdentifier(c.Event.OrderID, &ids.order) ||
		c.Callback != nil && !parseIdentifier(c.Callback.ID, &ids.callback) ||
		c.Assessment != nil && !parseIdentifier(c.Assessment.ID, &ids.assessment) {
		return errIdentifier
	}
	if c.Session.Order != nil && !c.Session.Order.Ledger.Holds() {
		return errLedger
	}
	if ids.hasOrder {
		if c.Session.Order == nil || c.Session.Order.ID != c.Event.OrderID {
			return errOrder
		}
		if !parseIdentifier(c.Session.Order.AuthorizationToken, &ids.orderToken) {
			return errIdentifier
		}
	}
	return nil
}

// createSession writes the header; an id that is taken is a conflict.
func (w *writer) createSession(s *checkout.Session) (number int64, err error) {
	err = w.addSession.blob(1, w.ids.session[:]).text(2, s.MerchantID).text(3, s.ClientToken).
		integer(4, s.CreatedAt.UnixMilli()).run()
	if err != nil {
		return 0, err
	}
	if w.conn.changed() == 0 {
		return 0, store.ErrConflict
	}
	return w.conn.lastRow(), nil
}

// headBefore is the head a change to the revision was decided on; any other
// head, or none, is a conflict. Most heads are known to this process only, so
// the condition holds because no other process can write: the lock on the file
// keeps every other one out, and the writing place every other writer of ours.
func (w *writer) headBefore(revision int64) (head, error) {
	found, ok := w.knownHead(&w.ids.session)
	if !ok {
		var err error
		if found, ok, err = w.storedHead(&w.ids.session); err != nil {
			return head{}, err
		}
	}
	if !ok || found.revision != revision-1 {
		return head{}, store.ErrConflict
	}
	return found, nil
}

// storedHead is the head as the table has it.
func (w *writer) storedHead(id *identifier) (found head, ok bool, err error) {
	ok, err = single(w.findHead.blob(1, id[:]), func(q *statement) {
		found = head{number: q.columnInteger(0), revision: q.columnInteger(1), row: q.columnInteger(2)}
	})
	return found, ok, err
}

// knownHead is the head if it takes no query to tell it.
func (w *writer) knownHead(id *identifier) (head, bool) {
	if found, ok := w.batch[*id]; ok {
		return found, true
	}
	if found, ok := w.pending.owned(id); ok {
		return found, true
	}
	return w.heads.get(id)
}

func (w *writer) insertRevision(c *store.Change, number, previous int64) (row int64, err error) {
	state := c.State
	if state == nil {
		w.state = record.Append(w.state[:0], &c.Session)
		state = w.state
	}
	q := w.addRevision.integer(1, number).integer(2, c.Session.Revision)
	if previous == 0 {
		q.null(3)
	} else {
		q.integer(3, previous)
	}
	err = q.integer(4, c.Event.At.UnixMilli()).text(5, string(c.Event.Kind)).optional(6, c.Event.CorrelationID).
		optionalID(7, &w.ids.token, w.ids.hasToken).optionalID(8, &w.ids.order, w.ids.hasOrder).
		optional(9, c.Event.Reason).blob(10, state).run()
	return w.conn.lastRow(), err
}

// putFindable writes the rows that tokens and orders are found by. Their keys
// are what keeps a token to one session and an order to one token and session.
func (w *writer) putFindable(c *store.Change, number int64) error {
	if w.ids.hasToken && (c.Event.Kind == checkout.EventAuthorized || c.Event.Kind == checkout.EventReferred) {
		err := w.addAuthorization.blob(1, w.ids.token[:]).integer(2, number).integer(3, c.Event.At.UnixMilli()).run()
		if err != nil {
			return err
		}
	}
	if err := w.putReviewOf(&c.Session); err != nil {
		return err
	}
	return w.putOrderOf(&c.Session, number)
}

// abandon ends whatever transaction is open.
func (w *writer) abandon() error {
	w.conn.bound(context.Background())
	if !w.conn.inTransaction() {
		return nil
	}
	return w.rollback.run()
}
