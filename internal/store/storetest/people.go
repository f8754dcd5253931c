package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/store"
)

// peopled is an engine that stores who signs in.
type peopled interface {
	store.Engine
	store.People
	store.SignIns
	store.Audit
}

type peopleRule struct {
	name  string
	check func(t *testing.T, engine peopled)
}

// RunPeople checks the rules of store.People, store.SignIns and store.Audit, each
// on an engine of its own that holds nothing else. The suite closes what open
// returns.
func RunPeople(t *testing.T, open func(t *testing.T) store.Engine) {
	t.Helper()
	for _, r := range slices.Concat(peopleRules, ticketRules, attemptRules, auditRules) {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			engine, ok := opened(t, open).(peopled)
			if !ok {
				t.Fatal("the engine has no place for people")
			}
			r.check(t, engine)
		})
	}
}

var peopleRules = []peopleRule{
	{"a person is found by id and by e-mail address", func(t *testing.T, engine peopled) {
		want := addPerson(t, engine, "", 0)
		byID, err := engine.Person(t.Context(), want.ID)
		if diff := cmp.Diff(want, byID, exactly); err != nil || diff != "" {
			t.Errorf("by id: %v (-written +read):\n%s", err, diff)
		}
		byEmail, err := engine.PersonByEmail(t.Context(), want.Email)
		if diff := cmp.Diff(want, byEmail, exactly); err != nil || diff != "" {
			t.Errorf("by e-mail: %v (-written +read):\n%s", err, diff)
		}
		mustNotFind(t, "person", engine.Person, newID())
		mustNotFind(t, "person", engine.Person, "nobody")
		mustNotFind(t, "person by e-mail", engine.PersonByEmail, "")
		mustNotFind(t, "person by e-mail", engine.PersonByEmail, strings.ToUpper(want.Email))
	}},
	{"an id and an e-mail address are one person's", func(t *testing.T, engine peopled) {
		merchant := newMerchant(t, engine)
		first := addPerson(t, engine, "", 0)
		sameID, sameEmail := newPerson(merchant, 1), newPerson(merchant, 2)
		sameID.ID, sameEmail.Email = first.ID, first.Email
		for _, taken := range []store.Person{sameID, sameEmail} {
			if err := engine.AddPerson(t.Context(), taken); !errors.Is(err, store.ErrConflict) {
				t.Errorf("AddPerson of %s, %s: %v, want ErrConflict", taken.ID, taken.Email, err)
			}
		}
		mustListPeople(t, engine, store.PeopleFilter{Everybody: true, Limit: 10}, first)
	}},
	{"the first person comes while there is nobody, and once", func(t *testing.T, engine peopled) {
		id := newID()
		mustBeOne(t, "AddFirstPerson", func(i int) error {
			person := newPerson("", i)
			person.ID = id
			return engine.AddFirstPerson(t.Context(), person)
		}, store.ErrConflict)
		if err := engine.AddFirstPerson(t.Context(), newPerson("", 100)); !errors.Is(err, store.ErrConflict) {
			t.Errorf("another first person: %v, want ErrConflict", err)
		}
		if all, err := engine.People(t.Context(), store.PeopleFilter{Everybody: true, Limit: 10}); err != nil || len(all) != 1 || all[0].ID != id {
			t.Errorf("%+v, %v", all, err)
		}
	}},
	{"a person belongs to the operator or to a merchant that is known", func(t *testing.T, engine peopled) {
		if err := engine.AddPerson(t.Context(), newPerson(newID(), 0)); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a person of an unknown merchant: %v, want ErrNotFound", err)
		}
		one, two := newMerchant(t, engine), newMerchant(t, engine)
		a, b, c, d := addPerson(t, engine, one, 1), addPerson(t, engine, "", 2), addPerson(t, engine, one, 3), addPerson(t, engine, two, 4)
		mustListPeople(t, engine, store.PeopleFilter{MerchantID: one, Limit: 10}, a, c)
		mustListPeople(t, engine, store.PeopleFilter{MerchantID: two, Limit: 10}, d)
		mustListPeople(t, engine, store.PeopleFilter{Limit: 10}, b)
		mustListPeople(t, engine, store.PeopleFilter{MerchantID: newID(), Limit: 10})
		mustListPeople(t, engine, store.PeopleFilter{Everybody: true, Limit: 2}, a, b)
		mustListPeople(t, engine, store.PeopleFilter{Everybody: true, After: b.ID, Limit: 10}, c, d)
		mustListPeople(t, engine, store.PeopleFilter{MerchantID: one, After: a.ID, Limit: 1}, c)
	}},
	{"a change is of the version before, and keeps to whom the person belongs", func(t *testing.T, engine peopled) {
		merchant := newMerchant(t, engine)
		person := addPerson(t, engine, merchant, 0)
		changed := person
		changed.Version, changed.Name, changed.Role, changed.DisabledAt, changed.Credentials = 2, "Åsa", "viewer", dawn.Add(time.Hour), []byte{1}
		changed.MerchantID, changed.Email, changed.CreatedAt = "", "other@example.com", dawn.Add(time.Minute)
		for _, want := range []error{nil, store.ErrConflict} {
			if err := engine.ChangePerson(t.Context(), changed); !errors.Is(err, want) {
				t.Errorf("ChangePerson to version 2: %v, want %v", err, want)
			}
		}
		changed.MerchantID, changed.Email, changed.CreatedAt = person.MerchantID, person.Email, person.CreatedAt
		mustListPeople(t, engine, store.PeopleFilter{Everybody: true, Limit: 10}, changed)
		changed.ID = newID()
		if err := engine.ChangePerson(t.Context(), changed); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an unknown person: %v, want ErrNotFound", err)
		}
	}},
	{"of many who change a person at the same time one does", func(t *testing.T, engine peopled) {
		person := addPerson(t, engine, "", 0)
		mustBeOne(t, "ChangePerson", func(i int) error {
			mine := person
			mine.Version, mine.Name = 2, fmt.Sprint("number ", i)
			return engine.ChangePerson(t.Context(), mine)
		}, store.ErrConflict)
	}},
}

// newPerson is a person that sorts by its number.
func newPerson(merchantID string, number int) store.Person {
	id := newID()
	return store.Person{
		ID: fmt.Sprintf("%08x", number) + id[8:], MerchantID: merchantID, Email: fmt.Sprintf("person%d@example.com", number), Name: "Pär",
		Role: "admin", CreatedAt: dawn, Version: 1, Credentials: []byte{0, 255},
	}
}

func addPerson(t *testing.T, engine peopled, merchantID string, number int) store.Person {
	t.Helper()
	person := newPerson(merchantID, number)
	if err := engine.AddPerson(t.Context(), person); err != nil {
		t.Fatalf("AddPerson: %v", err)
	}
	return person
}

func mustListPeople(t *testing.T, engine peopled, filter store.PeopleFilter, want ...store.Person) {
	t.Helper()
	got, err := engine.People(t.Context(), filter)
	if diff := cmp.Diff(want, got, exactly); err != nil || len(want)+len(got) > 0 && diff != "" {
		t.Errorf("people %+v: %v (-written +read):\n%s", filter, err, diff)
	}
}

// mustBeOne does something many times at once and expects one to succeed and the
// others to be refused.
func mustBeOne(t *testing.T, what string, do func(i int) error, refused error) {
	t.Helper()
	var wait sync.WaitGroup
	var done atomic.Int64
	for i := range 8 {
		wait.Go(func() {
			switch err := do(i); {
			case err == nil:
				done.Add(1)
			case !errors.Is(err, refused):
				t.Errorf("%s: %v, want %v", what, err, refused)
			}
		})
	}
	wait.Wait()
	if done.Load() != 1 {
		t.Errorf("%s: %d did it at the same time", what, done.Load())
	}
}

func hashOf(text string) store.SecretHash { return sha256.Sum256([]byte(text)) }
