package memstore

import (
	"fmt"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// books is what was committed, and the conditions on what may be added.
type books struct {
	histories      map[string][]store.Revision // by session; revision n is at n-1
	sessionOfToken map[string]string           // every authorization ever issued
	sessionOfOrder map[string]string
	orderOfSession map[string]string
	orderOfToken   map[string]string
}

func newBooks() books {
	return books{
		histories:      map[string][]store.Revision{},
		sessionOfToken: map[string]string{},
		sessionOfOrder: map[string]string{},
		orderOfSession: map[string]string{},
		orderOfToken:   map[string]string{},
	}
}

// check says why a change cannot be written: store.ErrConflict, or another
// error for a state that must never exist.
func (b *books) check(c *store.Change) error {
	session, event := &c.Session, &c.Event
	if session.Order != nil && !session.Order.Ledger.Holds() {
		return fmt.Errorf("memstore: the ledger of order %s does not hold: %+v", session.Order.ID, session.Order.Ledger)
	}
	newest := int64(len(b.histories[session.ID]))
	if session.Revision != newest+1 {
		return store.ErrConflict
	}
	if token := issued(event); token != "" && taken(b.sessionOfToken, token) {
		return store.ErrConflict
	}
	if event.OrderID == "" {
		return nil
	}
	if taken(b.sessionOfOrder, event.OrderID) || taken(b.orderOfSession, session.ID) || taken(b.orderOfToken, event.AuthorizationToken) {
		return store.ErrConflict
	}
	return nil
}

// write adds a change that check accepted.
func (b *books) write(c *store.Change) {
	session, event := &c.Session, &c.Event
	b.histories[session.ID] = append(b.histories[session.ID], store.Revision{Session: *session, Event: *event})
	if token := issued(event); token != "" {
		b.sessionOfToken[token] = session.ID
	}
	if event.OrderID != "" {
		b.sessionOfOrder[event.OrderID] = session.ID
		b.orderOfSession[session.ID] = event.OrderID
		b.orderOfToken[event.AuthorizationToken] = event.OrderID
	}
}

// issued is the token that the event makes findable: only an approval issues
// one, other events merely name it.
func issued(event *checkout.Event) string {
	if event.Kind == checkout.EventAuthorized || event.Kind == checkout.EventReferred {
		return event.AuthorizationToken
	}
	return ""
}

func taken(in map[string]string, key string) bool {
	_, ok := in[key]
	return ok
}
