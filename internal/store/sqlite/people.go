package sqlite

import (
	"bytes"
	"context"
	"fmt"

	"github.com/kvitto/kvitto/internal/store"
)

var _ store.People = (*Engine)(nil)

// personColumns are what scanPerson reads.
const personColumns = `person_id, merchant_id, email, name, role, created_at, disabled_at, version, credentials`

// peopleWriter are the statements that change people.
type peopleWriter struct{ add, addFirst, change *statement }

func (p *peopleWriter) statements() []preparation {
	return []preparation{
		{&p.add, `INSERT INTO people (` + personColumns + `) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
			WHERE ?2 = '' OR EXISTS (SELECT 1 FROM merchants WHERE merchant_id = ?2) ON CONFLICT DO NOTHING`},
		{&p.addFirst, `INSERT INTO people (` + personColumns + `) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
			WHERE NOT EXISTS (SELECT 1 FROM people)`},
		{&p.change, `UPDATE people SET name = ?3, role = ?4, disabled_at = ?5, credentials = ?6, version = ?2
			WHERE person_id = ?1 AND version = ?2 - 1`},
	}
}

// peopleReader are the statements that read them.
type peopleReader struct{ byID, byEmail, all, ofMerchant *statement }

func (p *peopleReader) statements() []preparation {
	const from = `SELECT ` + personColumns + ` FROM people WHERE `
	return []preparation{
		{&p.byID, from + `person_id = ?`},
		{&p.byEmail, from + `email = ?`},
		{&p.all, from + `person_id > ?1 ORDER BY person_id LIMIT ?2`},
		{&p.ofMerchant, from + `person_id > ?1 AND merchant_id = ?3 ORDER BY person_id LIMIT ?2`},
	}
}

// AddPerson is store.People's.
func (e *Engine) AddPerson(ctx context.Context, person store.Person) error {
	var id identifier
	if !parseIdentifier(person.ID, &id) {
		return errIdentifier
	}
	added, err := e.writeRow(ctx, func(w *writer) *statement {
		return bindPerson(w.people.add, &id, &person)
	})
	if err != nil || added {
		return err
	}
	// Merchants are never deleted, so asking afterwards tells why.
	known := person.MerchantID == ""
	if !known {
		known, err = e.knowsMerchant(ctx, person.MerchantID)
	}
	if err == nil && known {
		return store.ErrConflict
	}
	return orNotFound(known, err)
}

// bindPerson binds a new row.
func bindPerson(add *statement, id *identifier, person *store.Person) *statement {
	return add.blob(1, id[:]).text(2, person.MerchantID).text(3, person.Email).text(4, person.Name).text(5, person.Role).
		integer(6, person.CreatedAt.UnixMilli()).optionalTime(7, person.DisabledAt).integer(8, person.Version).blob(9, person.Credentials)
}

// AddFirstPerson is store.People's.
func (e *Engine) AddFirstPerson(ctx context.Context, person store.Person) error {
	var id identifier
	if !parseIdentifier(person.ID, &id) {
		return errIdentifier
	}
	added, err := e.writeRow(ctx, func(w *writer) *statement { return bindPerson(w.people.addFirst, &id, &person) })
	if err == nil && !added {
		return store.ErrConflict
	}
	return err
}

// ChangePerson is store.People's.
func (e *Engine) ChangePerson(ctx context.Context, person store.Person) error {
	var id identifier
	if !parseIdentifier(person.ID, &id) {
		return store.ErrNotFound
	}
	changed, err := e.writeRow(ctx, func(w *writer) *statement {
		return w.people.change.blob(1, id[:]).integer(2, person.Version).text(3, person.Name).text(4, person.Role).
			optionalTime(5, person.DisabledAt).blob(6, person.Credentials)
	})
	if err != nil || changed {
		return err
	}
	if _, err := e.Person(ctx, person.ID); err != nil { // people are never deleted
		return err
	}
	return store.ErrConflict
}

// Person is store.People's.
func (e *Engine) Person(ctx context.Context, personID string) (store.Person, error) {
	var person store.Person
	err := e.find(ctx, personID, func(r *reader, id *identifier) *statement { return r.people.byID.blob(1, id[:]) },
		func(q *statement) error { person = scanPerson(q); return nil })
	return person, err
}

// PersonByEmail is store.People's.
func (e *Engine) PersonByEmail(ctx context.Context, email string) (person store.Person, err error) {
	err = e.read(ctx, func(r *reader) error {
		found, err := single(r.people.byEmail.text(1, email), func(q *statement) { person = scanPerson(q) })
		return orNotFound(found, err)
	})
	return person, err
}

// People is store.People's.
func (e *Engine) People(ctx context.Context, filter store.PeopleFilter) (listed []store.Person, err error) {
	if filter.Limit < 1 {
		return nil, fmt.Errorf("sqlite: the limit %d is not positive", filter.Limit)
	}
	var after identifier // before all ids
	if filter.After != "" && !parseIdentifier(filter.After, &after) {
		return nil, errIdentifier
	}
	err = e.read(ctx, func(r *reader) error {
		q := r.people.all
		if !filter.Everybody {
			q = r.people.ofMerchant.text(3, filter.MerchantID)
		}
		for q.blob(1, after[:]).integer(2, int64(filter.Limit)); q.row(); {
			listed = append(listed, scanPerson(q))
		}
		return q.reset()
	})
	return listed, err
}

func scanPerson(q *statement) store.Person {
	return store.Person{
		ID: identifierText(q.columnBlob(0)), MerchantID: q.columnText(1), Email: q.columnText(2), Name: q.columnText(3),
		Role: q.columnText(4), CreatedAt: q.columnTime(5), DisabledAt: q.columnTime(6), Version: q.columnInteger(7),
		Credentials: bytes.Clone(q.columnBlob(8)),
	}
}
