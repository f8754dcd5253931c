package postgres

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/record"
)

// Changes that no state of the store could take.
var (
	errIdentifier = errors.New("postgres: an id must be a UUID in lower case, like 0b1d9815-165e-42e2-8867-35bc03789e00")
	errOrder      = errors.New("postgres: the event names an order that the session does not have")
	errLedger     = errors.New("postgres: the ledger of the order does not add up")
	errText       = errors.New("postgres: a text must be UTF-8 without the character NUL")
)

// row is a change on its way into the database.
type row struct {
	place  int // in the batch
	change *store.Change
	state  []byte

	session, id, token, order, orderToken, callback, assessment [16]byte
	hasToken, hasOrder                                          bool
	issues                                                      bool     // makes the token findable
	reviewOf                                                    [16]byte // an order
	reviewed                                                    bool
	listed                                                      store.Order // the session's, when ordered
	ordered                                                     bool

	written bool
	refusal error
}

// batch is the changes of one Commit that can be written at all.
type batch struct {
	answers     []error
	rows        []row // row i has the change id that ends with i
	waves       []wave
	listsOrders bool // the schema has the columns of the list of orders
	findable    bool // a token, an order, a callback, an assessment or what is listed of an order is among them
}

// newBatch refuses what no state could take, and divides the rest.
func newBatch(changes []store.Change, answers []error) *batch {
	b := &batch{answers: answers, rows: make([]row, 0, len(changes))}
	names := newChangeNames()
	for i := range changes {
		r := row{place: i, change: &changes[i]}
		if answers[i] = r.read(); answers[i] != nil {
			continue
		}
		r.id = names.at(len(b.rows))
		r.state = r.change.State
		if r.state == nil {
			r.state = record.Append(nil, &r.change.Session)
		}
		b.findable = b.findable || r.issues || r.hasOrder || r.change.Callback != nil || r.isAssessed() || r.ordered
		b.rows = append(b.rows, r)
	}
	b.waves = divide(b.rows)
	return b
}

// forget takes back what an attempt noted.
func (b *batch) forget() {
	for i := range b.rows {
		b.rows[i].written, b.rows[i].refusal = false, nil
	}
}

// read takes the ids from the change and refuses what cannot be written.
func (r *row) read() error {
	session, event := &r.change.Session, &r.change.Event
	r.hasToken, r.hasOrder = event.AuthorizationToken != "", event.OrderID != ""
	r.issues = r.hasToken && (event.Kind == checkout.EventAuthorized || event.Kind == checkout.EventReferred)
	if !identifier.Parse(session.ID, &r.session) ||
		r.hasToken && !identifier.Parse(event.AuthorizationToken, &r.token) ||
		r.hasOrder && !identifier.Parse(event.OrderID, &r.order) ||
		r.change.Callback != nil && !identifier.Parse(r.change.Callback.ID, &r.callback) {
		return errIdentifier
	}
	if session.Revision < 1 {
		return store.ErrConflict
	}
	if session.Order != nil && !session.Order.Ledger.Holds() {
		return errLedger
	}
	if r.hasOrder {
		if session.Order == nil || session.Order.ID != event.OrderID {
			return errOrder
		}
		if !identifier.Parse(session.Order.AuthorizationToken, &r.orderToken) {
			return errIdentifier
		}
	}
	if c := r.change.Callback; c != nil && !storable(c.URL) {
		return errText
	}
	if a := r.change.Assessment; a != nil {
		if err := readAssessment(a, &r.assessment); err != nil {
			return err
		}
	}
	if err := r.readReview(); err != nil {
		return err
	}
	if err := r.readOrder(); err != nil {
		return err
	}
	for _, text := range []string{string(event.Kind), event.CorrelationID, event.Reason, session.MerchantID, session.ClientToken} {
		if !storable(text) {
			return errText
		}
	}
	return r.readFacts()
}

// isAssessed tells that addRevisions does not do.
func (r *row) isAssessed() bool { return r.change.Assessment != nil || len(r.change.Subjects) > 0 }

// storable tells what a column of text takes.
func storable(text string) bool { return utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 }

// divide puts changes that depend on an earlier one into a later wave: a
// statement does not see what it adds itself. The changes of a wave are sorted,
// so that two batches wait for each other in one direction only.
func divide(rows []row) []wave {
	var waves [][]row
	last := map[[16]byte]int{} // the wave after the last that has the session, token, order or subject
	for _, r := range rows {
		keys := [][16]byte{r.session}
		if r.issues {
			keys = append(keys, r.token)
		}
		if r.hasOrder {
			keys = append(keys, r.order, r.orderToken)
		}
		for i := range r.change.Subjects {
			keys = append(keys, r.change.Subjects[i].Key)
		}
		at := 0
		for _, key := range keys {
			at = max(at, last[key])
		}
		for _, key := range keys {
			last[key] = at + 1
		}
		if at == len(waves) {
			waves = append(waves, nil)
		}
		waves[at] = append(waves[at], r)
	}
	divided := make([]wave, len(waves))
	for i, rows := range waves {
		slices.SortFunc(rows, func(a, b row) int { return bytes.Compare(a.session[:], b.session[:]) })
		divided[i] = newWave(rows)
	}
	return divided
}
