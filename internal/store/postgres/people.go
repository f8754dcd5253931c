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

var _ store.People = (*Engine)(nil)

const (
	findPeople = `SELECT person_id, merchant_id, email, name, role, created_at, disabled_at, version, credentials FROM people WHERE `

	insertPerson = `INSERT INTO people (person_id, change_id, merchant_id, email, name, role, created_at, disabled_at, version, credentials)
		SELECT $1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::text, $7::bigint, $8::bigint, $9::bigint, $10::bytea`
	addPerson      = insertPerson + ` ON CONFLICT DO NOTHING`
	addFirstPerson = insertPerson + ` WHERE NOT EXISTS (SELECT 1 FROM people) ON CONFLICT DO NOTHING`

	changePerson = `UPDATE people SET change_id = $2, version = $3, name = $4, role = $5, disabled_at = $6, credentials = $7
		WHERE person_id = $1 AND version = $3 - 1`

	changedPerson = `SELECT change_id = $2 FROM people WHERE person_id = $1`
)

var errLimit = errors.New("postgres: a limit must be positive")

// AddPerson is store.People's.
func (e *Engine) AddPerson(ctx context.Context, person store.Person) error {
	if person.MerchantID != "" { // merchants are never deleted
		if err := e.mustKnow(ctx, person.MerchantID); err != nil {
			return err
		}
	}
	return e.addPerson(ctx, addPerson, person)
}

// AddFirstPerson is store.People's. Transactions at the same time do not see each
// other's people; of those under one id the key lets one in.
func (e *Engine) AddFirstPerson(ctx context.Context, person store.Person) error {
	return e.addPerson(ctx, addFirstPerson, person)
}

func (e *Engine) addPerson(ctx context.Context, insertion string, person store.Person) error {
	var id [16]byte
	if !identifier.Parse(person.ID, &id) {
		return errIdentifier
	}
	for _, text := range []string{person.Email, person.Name, person.Role} {
		if !storable(text) {
			return errText
		}
	}
	return e.insert(ctx, insertion, changedPerson,
		id, newChangeNames().at(0), person.MerchantID, person.Email, person.Name, person.Role, person.CreatedAt.UnixMilli(),
		optional(person.DisabledAt), person.Version, notNull(person.Credentials))
}

// notNull is the bytes for a column that takes no NULL.
func notNull(document []byte) []byte {
	if document == nil {
		return []byte{}
	}
	return document
}

// ChangePerson is store.People's.
func (e *Engine) ChangePerson(ctx context.Context, person store.Person) error {
	var id [16]byte
	if !identifier.Parse(person.ID, &id) {
		return store.ErrNotFound
	}
	if !storable(person.Name) || !storable(person.Role) {
		return errText
	}
	err := e.insert(ctx, changePerson, changedPerson, id, newChangeNames().at(0), person.Version, person.Name, person.Role,
		optional(person.DisabledAt), notNull(person.Credentials))
	if !errors.Is(err, store.ErrConflict) {
		return err
	}
	if _, err := e.Person(ctx, person.ID); err != nil { // people are never deleted
		return err
	}
	return err
}

// Person is store.People's.
func (e *Engine) Person(ctx context.Context, personID string) (store.Person, error) {
	var id [16]byte
	known := identifier.Parse(personID, &id)
	found, err := e.people(ctx, known, `person_id = $1`, id)
	return only(found, err)
}

// PersonByEmail is store.People's.
func (e *Engine) PersonByEmail(ctx context.Context, email string) (store.Person, error) {
	found, err := e.people(ctx, storable(email), `email = $1`, email)
	return only(found, err)
}

// only is the one row that a key finds.
func only[V any](found []V, err error) (V, error) {
	var none V
	if err == nil && len(found) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return none, err
	}
	return found[0], nil
}

// People is store.People's.
func (e *Engine) People(ctx context.Context, filter store.PeopleFilter) ([]store.Person, error) {
	if filter.Limit < 1 {
		return nil, errLimit
	}
	var after [16]byte // before all ids
	if filter.After != "" && !identifier.Parse(filter.After, &after) {
		return nil, errIdentifier
	}
	return e.people(ctx, storable(filter.MerchantID), `person_id > $1 AND ($2 OR merchant_id = $3) ORDER BY person_id LIMIT $4`,
		after, filter.Everybody, filter.MerchantID, filter.Limit)
}

// people reads the people of a condition; askable is false for one that no row
// can meet.
func (e *Engine) people(ctx context.Context, askable bool, condition string, parameters ...any) ([]store.Person, error) {
	return list(ctx, e, askable, findPeople+condition, parameters, func(rows pgx.Rows) (p store.Person, err error) {
		var id pgtype.UUID
		var created int64
		var disabled pgtype.Int8
		err = rows.Scan(&id, &p.MerchantID, &p.Email, &p.Name, &p.Role, &created, &disabled, &p.Version, &p.Credentials)
		p.ID, p.CreatedAt, p.DisabledAt = textOf(id), timeOf(created), optionalTime(disabled)
		return p, err
	})
}

// list reads the rows of a query of the tables for people. The schema before
// them has none: nobody is known until it is migrated.
func list[V any](ctx context.Context, e *Engine, askable bool, query string, parameters []any, scan func(pgx.Rows) (V, error)) (found []V, err error) {
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		found = nil
		if !askable {
			return nil
		}
		rows, err := conn.Query(ctx, query, parameters...)
		return eachRow(rows, err, func(rows pgx.Rows) error {
			row, err := scan(rows)
			found = append(found, row)
			return err
		})
	})
	if pgpool.Code(err) == pgpool.MissingTable {
		return nil, ErrNoPeople
	}
	return found, err
}

// ErrNoPeople: the schema is the one before people, which this program works on
// as well.
var ErrNoPeople = errors.New("postgres: the schema has no place for people yet: run `kvitto migrate` with the same store")
