package memstore

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

var (
	_ store.People  = (*Engine)(nil)
	_ store.SignIns = (*Engine)(nil)
	_ store.Audit   = (*Engine)(nil)
)

// signIns are the people and what they hold.
type signIns struct {
	people   map[string]store.Person
	tickets  map[store.SecretHash]store.Ticket
	attempts map[store.SecretHash]store.Attempts
	audit    map[string]store.AuditEntry
}

func newSignIns() signIns {
	return signIns{
		people: map[string]store.Person{}, tickets: map[store.SecretHash]store.Ticket{},
		attempts: map[store.SecretHash]store.Attempts{}, audit: map[string]store.AuditEntry{},
	}
}

func ownPerson(p store.Person) store.Person {
	p.CreatedAt, p.DisabledAt, p.Credentials = milliseconds(p.CreatedAt), milliseconds(p.DisabledAt), bytes.Clone(p.Credentials)
	return p
}

// AddPerson is store.People's.
func (e *Engine) AddPerson(ctx context.Context, person store.Person) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	if person.MerchantID != "" {
		if _, err := found(e.tenants.merchants, person.MerchantID); err != nil {
			return err
		}
	}
	for _, other := range e.signIns.people {
		if other.ID == person.ID || other.Email == person.Email {
			return store.ErrConflict
		}
	}
	e.signIns.people[person.ID] = ownPerson(person)
	return nil
}

// AddFirstPerson is store.People's.
func (e *Engine) AddFirstPerson(ctx context.Context, person store.Person) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	if len(e.signIns.people) > 0 {
		return store.ErrConflict
	}
	e.signIns.people[person.ID] = ownPerson(person)
	return nil
}

// ChangePerson is store.People's.
func (e *Engine) ChangePerson(ctx context.Context, person store.Person) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	before, err := found(e.signIns.people, person.ID)
	if err != nil {
		return err
	}
	if before.Version != person.Version-1 {
		return store.ErrConflict
	}
	after := ownPerson(person)
	after.MerchantID, after.Email, after.CreatedAt = before.MerchantID, before.Email, before.CreatedAt
	e.signIns.people[person.ID] = after
	return nil
}

// Person is store.People's.
func (e *Engine) Person(ctx context.Context, personID string) (store.Person, error) {
	if err := e.enter(ctx); err != nil {
		return store.Person{}, err
	}
	defer e.mu.Unlock()
	person, err := found(e.signIns.people, personID)
	return ownPerson(person), err
}

// PersonByEmail is store.People's.
func (e *Engine) PersonByEmail(ctx context.Context, email string) (store.Person, error) {
	if err := e.enter(ctx); err != nil {
		return store.Person{}, err
	}
	defer e.mu.Unlock()
	for _, person := range e.signIns.people {
		if person.Email == email {
			return ownPerson(person), nil
		}
	}
	return store.Person{}, store.ErrNotFound
}

// People is store.People's.
func (e *Engine) People(ctx context.Context, filter store.PeopleFilter) ([]store.Person, error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.mu.Unlock()
	var listed []store.Person
	for _, id := range slices.Sorted(maps.Keys(e.signIns.people)) {
		person := e.signIns.people[id]
		if id > filter.After && (filter.Everybody || person.MerchantID == filter.MerchantID) && len(listed) < filter.Limit {
			listed = append(listed, ownPerson(person))
		}
	}
	return listed, nil
}

func ownTicket(t store.Ticket) store.Ticket {
	t.CreatedAt, t.SeenAt, t.ExpiresAt = milliseconds(t.CreatedAt), milliseconds(t.SeenAt), milliseconds(t.ExpiresAt)
	t.Document = bytes.Clone(t.Document)
	return t
}

// AddTicket is store.SignIns's.
func (e *Engine) AddTicket(ctx context.Context, ticket store.Ticket) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	if _, taken := e.signIns.tickets[ticket.Hash]; taken {
		return store.ErrConflict
	}
	e.signIns.tickets[ticket.Hash] = ownTicket(ticket)
	return nil
}

// Ticket is store.SignIns's.
func (e *Engine) Ticket(ctx context.Context, hash store.SecretHash) (store.Ticket, error) {
	if err := e.enter(ctx); err != nil {
		return store.Ticket{}, err
	}
	defer e.mu.Unlock()
	return e.ticket(hash)
}

func (e *Engine) ticket(hash store.SecretHash) (store.Ticket, error) {
	ticket, known := e.signIns.tickets[hash]
	if !known {
		return store.Ticket{}, store.ErrNotFound
	}
	return ownTicket(ticket), nil
}

// TakeTicket is store.SignIns's.
func (e *Engine) TakeTicket(ctx context.Context, hash store.SecretHash) (store.Ticket, error) {
	if err := e.enter(ctx); err != nil {
		return store.Ticket{}, err
	}
	defer e.mu.Unlock()
	ticket, err := e.ticket(hash)
	delete(e.signIns.tickets, hash)
	return ticket, err
}

// TouchTicket is store.SignIns's.
func (e *Engine) TouchTicket(ctx context.Context, hash store.SecretHash, seenAt, expiresAt time.Time) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	ticket, err := e.ticket(hash)
	if err != nil {
		return err
	}
	ticket.SeenAt, ticket.ExpiresAt = seenAt, expiresAt
	e.signIns.tickets[hash] = ownTicket(ticket)
	return nil
}

// TicketsOf is store.SignIns's.
func (e *Engine) TicketsOf(ctx context.Context, personID, kind string, limit int) ([]store.Ticket, error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.mu.Unlock()
	var listed []store.Ticket
	for _, ticket := range e.signIns.tickets {
		if ticket.PersonID == personID && ticket.Kind == kind {
			listed = append(listed, ownTicket(ticket))
		}
	}
	slices.SortFunc(listed, func(a, b store.Ticket) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), bytes.Compare(a.Hash[:], b.Hash[:]))
	})
	return listed[:min(len(listed), limit)], nil
}

// DropTickets is store.SignIns's.
func (e *Engine) DropTickets(ctx context.Context, personID, kind string, keep store.SecretHash) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	maps.DeleteFunc(e.signIns.tickets, func(hash store.SecretHash, t store.Ticket) bool {
		return t.PersonID == personID && t.Kind == kind && hash != keep
	})
	return nil
}

// DeleteExpiredTickets is store.SignIns's.
func (e *Engine) DeleteExpiredTickets(ctx context.Context, before time.Time, limit int) (int, error) {
	if err := e.enter(ctx); err != nil {
		return 0, err
	}
	defer e.mu.Unlock()
	return deleteUpTo(e.signIns.tickets, limit, func(t store.Ticket) bool { return t.ExpiresAt.Before(before) }), nil
}

func deleteUpTo[K comparable, V any](from map[K]V, limit int, old func(V) bool) (deleted int) {
	maps.DeleteFunc(from, func(_ K, value V) bool {
		if deleted == limit || !old(value) {
			return false
		}
		deleted++
		return true
	})
	return deleted
}

// Attempts is store.SignIns's.
func (e *Engine) Attempts(ctx context.Context, key store.SecretHash) (store.Attempts, error) {
	if err := e.enter(ctx); err != nil {
		return store.Attempts{}, err
	}
	defer e.mu.Unlock()
	return e.signIns.attempts[key], nil
}

// SetAttempts is store.SignIns's.
func (e *Engine) SetAttempts(ctx context.Context, key store.SecretHash, expected int64, made store.Attempts) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	if e.signIns.attempts[key].Count != expected {
		return store.ErrConflict
	}
	e.signIns.attempts[key] = store.Attempts{Count: made.Count, At: milliseconds(made.At)}
	return nil
}

// ForgetAttempts is store.SignIns's.
func (e *Engine) ForgetAttempts(ctx context.Context, key store.SecretHash) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	delete(e.signIns.attempts, key)
	return nil
}

// DeleteAttempts is store.SignIns's.
func (e *Engine) DeleteAttempts(ctx context.Context, before time.Time, limit int) (int, error) {
	if err := e.enter(ctx); err != nil {
		return 0, err
	}
	defer e.mu.Unlock()
	return deleteUpTo(e.signIns.attempts, limit, func(a store.Attempts) bool { return a.At.Before(before) }), nil
}

// AddAudit is store.Audit's.
func (e *Engine) AddAudit(ctx context.Context, entry store.AuditEntry) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	if _, taken := e.signIns.audit[entry.ID]; taken {
		return store.ErrConflict
	}
	entry.At = milliseconds(entry.At)
	e.signIns.audit[entry.ID] = entry
	return nil
}

// AuditEntries is store.Audit's.
func (e *Engine) AuditEntries(ctx context.Context, filter store.AuditFilter) ([]store.AuditEntry, error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.mu.Unlock()
	newestFirst := func(a, b store.AuditEntry) int { return cmp.Or(b.At.Compare(a.At), strings.Compare(b.ID, a.ID)) }
	last := store.AuditEntry{At: milliseconds(filter.BeforeAt), ID: filter.BeforeID}
	var listed []store.AuditEntry
	for _, entry := range slices.SortedFunc(maps.Values(e.signIns.audit), newestFirst) {
		if (filter.Everything || entry.MerchantID == filter.MerchantID) && len(listed) < filter.Limit &&
			(last.At.IsZero() || newestFirst(last, entry) < 0) {
			listed = append(listed, entry)
		}
	}
	return listed, nil
}

// DeleteAudit is store.Audit's.
func (e *Engine) DeleteAudit(ctx context.Context, before time.Time, limit int) (int, error) {
	if err := e.enter(ctx); err != nil {
		return 0, err
	}
	defer e.mu.Unlock()
	return deleteUpTo(e.signIns.audit, limit, func(entry store.AuditEntry) bool { return entry.At.Before(before) }), nil
}
