package storetest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kvitto/kvitto/internal/store"
)

// RunSubjects checks the rules of store.Subjects, each on an engine of its own
// that holds nothing else: age is of whoever is remembered. The suite closes
// what open returns.
func RunSubjects(t *testing.T, open func(t *testing.T) store.Engine) {
	t.Helper()
	for _, r := range subjectRules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.check(t, newMemory(t, opened(t, open)))
		})
	}
}

// memory is an engine that remembers subjects, in a test.
type memory struct {
	t        *testing.T
	engine   store.Engine
	subjects store.Subjects
	merchant string
}

func newMemory(t *testing.T, engine store.Engine) *memory {
	t.Helper()
	subjects, ok := engine.(store.Subjects)
	if !ok {
		t.Fatalf("%T remembers no subjects", engine)
	}
	return &memory{t: t, engine: engine, subjects: subjects, merchant: newMerchant(t, engine)}
}

type subjectRule struct {
	name  string
	check func(t *testing.T, m *memory)
}

func newKey() (key store.SubjectKey) {
	_, _ = rand.Read(key[:]) // never fails
	return key
}

// factOf is a fact that its text tells from others.
func factOf(text string) (fact [store.FactBytes]byte) {
	copy(fact[:], text)
	return fact
}

// adding is a change of a new session that adds facts.
func (m *memory) adding(facts ...store.SubjectChange) store.Change {
	change := begin(m.t, m.merchant).created()
	change.Subjects = facts
	return change
}

// fact is one at so many seconds after dawn.
func fact(key store.SubjectKey, expected int64, seconds int, text string) store.SubjectChange {
	return store.SubjectChange{Key: key, Expected: expected, At: dawn.Add(time.Duration(seconds) * time.Second), Fact: factOf(text)}
}

func (m *memory) read(keys ...store.SubjectKey) []store.Subject {
	m.t.Helper()
	found, err := m.subjects.Subjects(m.t.Context(), keys)
	if err != nil {
		m.t.Fatalf("Subjects: %v", err)
	}
	return found
}

func (m *memory) mustRemember(want ...store.Subject) {
	m.t.Helper()
	var keys []store.SubjectKey
	for _, subject := range want {
		keys = append(keys, subject.Key)
	}
	if diff := cmp.Diff(want, m.read(keys...), exactly, cmpopts.EquateEmpty()); diff != "" {
		m.t.Errorf("subjects (-want +got):\n%s", diff)
	}
}

// remembered is the subject that facts make, the oldest of them first.
func remembered(facts ...store.SubjectChange) store.Subject {
	s := store.Subject{Key: facts[0].Key, Version: int64(len(facts)), FirstAt: facts[0].At, LastAt: facts[len(facts)-1].At}
	for _, f := range facts {
		s.Facts = slices.Concat(f.Fact[:], s.Facts)
		if f.Order {
			s.Orders++
		}
	}
	s.Facts = s.Facts[:min(len(s.Facts), store.FactBytes*store.FactsMax)]
	return s
}

func (m *memory) forget(before time.Time, limit, want int) {
	m.t.Helper()
	if deleted, err := m.subjects.DeleteSubjects(m.t.Context(), before, limit); err != nil || deleted != want {
		m.t.Errorf("DeleteSubjects = %d, %v; want %d", deleted, err, want)
	}
}

var subjectRules = []subjectRule{
	{"nothing is known of a key that has no facts", func(_ *testing.T, m *memory) {
		a, b := newKey(), newKey()
		m.mustRemember(store.Subject{Key: a}, store.Subject{Key: b}, store.Subject{Key: a})
		if got := m.read(); len(got) != 0 {
			m.t.Errorf("no keys lead to %v", got)
		}
	}},
	{"facts are kept with their change, the newest first", func(t *testing.T, m *memory) {
		a, b := newKey(), newKey()
		first, second := fact(a, 0, 1, "first"), fact(a, 1, 2, "second")
		beside := fact(b, store.AnyVersion, 2, "beside")
		mustCommit(t, m.engine, m.adding(first))
		mustCommit(t, m.engine, m.adding(second, beside))
		m.mustRemember(remembered(beside), remembered(first, second), store.Subject{Key: newKey()})
	}},
	{"orders are counted", func(t *testing.T, m *memory) {
		key := newKey()
		var facts []store.SubjectChange
		for i := range 5 {
			f := fact(key, int64(i), i, "fact")
			f.Order = i%2 == 0
			mustCommit(t, m.engine, m.adding(f))
			facts = append(facts, f)
		}
		m.mustRemember(remembered(facts...))
	}},
	{"only the newest facts are kept, and all are counted", func(t *testing.T, m *memory) {
		key := newKey()
		var facts []store.SubjectChange
		for i := range store.FactsMax + 3 {
			facts = append(facts, fact(key, int64(i), i, fmt.Sprint("fact ", i)))
		}
		for batch := range slices.Chunk(facts, 40) {
			var changes []store.Change
			for _, f := range batch {
				changes = append(changes, m.adding(f))
			}
			mustCommit(t, m.engine, changes...)
		}
		m.mustRemember(remembered(facts...))
	}},
	{"another version than expected is a conflict that leaves nothing behind", func(t *testing.T, m *memory) {
		mustLeaveNothing(t, m)
	}},
	{"an unconditional fact is added to any version", func(t *testing.T, m *memory) {
		key := newKey()
		facts := []store.SubjectChange{fact(key, store.AnyVersion, 1, "one"), fact(key, store.AnyVersion, 2, "two"), fact(key, 2, 3, "three")}
		mustCommit(t, m.engine, m.adding(facts[0]))
		mustCommit(t, m.engine, m.adding(facts[1]))
		mustCommit(t, m.engine, m.adding(facts[2]))
		m.mustRemember(remembered(facts...))
	}},
	{"changes of one batch for one subject apply in order", func(t *testing.T, m *memory) {
		key, other := newKey(), newKey()
		facts := []store.SubjectChange{fact(key, 0, 1, "one"), fact(key, 1, 2, "two"), fact(key, 2, 3, "three")}
		beside := fact(other, 0, 1, "beside")
		mustAnswer(t, m.engine,
			[]store.Change{m.adding(facts[0], beside), m.adding(fact(key, 0, 9, "stale")), m.adding(facts[1]), m.adding(facts[2]), m.adding(fact(key, 5, 9, "future"))},
			[]error{nil, store.ErrConflict, nil, nil, store.ErrConflict})
		m.mustRemember(remembered(facts...), remembered(beside))
	}},
	{"a change that conflicts for another reason adds no fact", func(t *testing.T, m *memory) {
		s, key := begin(t, m.merchant), newKey()
		mustCommit(t, m.engine, s.created(), s.fork().take(updating("first")))
		late, good := s.take(updating("late")), m.adding(fact(newKey(), 0, 1, "good"))
		late.Subjects = []store.SubjectChange{fact(key, store.AnyVersion, 1, "late")}
		mustAnswer(t, m.engine, []store.Change{good, late}, []error{nil, store.ErrConflict})
		m.mustRemember(store.Subject{Key: key}, remembered(good.Subjects...))
	}},
	{"a token that is taken takes the facts of its change with it", func(t *testing.T, m *memory) {
		token, key := newID(), newKey()
		one, two := begin(t, m.merchant), begin(t, m.merchant)
		mustCommit(t, m.engine, one.created(), two.created(), one.take(authorizing(token)))
		late, good := two.take(authorizing(token)), m.adding(fact(key, 0, 2, "good"))
		late.Subjects = []store.SubjectChange{fact(key, store.AnyVersion, 1, "late")}
		mustAnswer(t, m.engine, []store.Change{late, good}, []error{store.ErrConflict, nil})
		m.mustRemember(remembered(good.Subjects...))
	}},
	{"two facts for one subject in one change are refused", func(t *testing.T, m *memory) {
		key := newKey()
		change := m.adding(fact(key, 0, 1, "one"), fact(newKey(), 0, 1, "beside"), fact(key, 1, 2, "two"))
		if err := commit(t, m.engine, change)[0]; err == nil || errors.Is(err, store.ErrConflict) {
			t.Errorf("got %v, want an error of its own", err)
		}
		m.mustRemember(store.Subject{Key: key})
		mustHaveHistory(t, m.engine, change.Session.ID, nil)
	}},
	{"a hundred who add at the same time lose nothing", func(t *testing.T, m *memory) { mustAddAll(t, m, 100) }},
	{"what was read is the reader's own", func(t *testing.T, m *memory) {
		f := fact(newKey(), 0, 1, "kept")
		mustCommit(t, m.engine, m.adding(f))
		clear(m.read(f.Key)[0].Facts)
		m.mustRemember(remembered(f))
	}},
	{"the oldest subjects are deleted, some at a time", func(t *testing.T, m *memory) {
		var subjects []store.Subject
		for i := range 5 {
			f := fact(newKey(), 0, i*100_000, "fact")
			mustCommit(t, m.engine, m.adding(f))
			subjects = append(subjects, remembered(f))
		}
		before := subjects[3].LastAt
		m.forget(before, 2, 2)
		m.forget(before, 2, 1)
		m.forget(before, 2, 0)
		m.mustRemember(store.Subject{Key: subjects[0].Key}, store.Subject{Key: subjects[2].Key}, subjects[3], subjects[4])
		again := fact(subjects[0].Key, 0, 900_000, "again")
		mustCommit(t, m.engine, m.adding(again))
		m.mustRemember(remembered(again))
		if _, err := m.subjects.DeleteSubjects(t.Context(), before, 0); err == nil {
			t.Error("the limit 0 was taken")
		}
	}},
	{"a subject is as old as its newest fact", func(t *testing.T, m *memory) {
		key := newKey()
		facts := []store.SubjectChange{fact(key, 0, 1, "old"), fact(key, 1, 200_000, "new")}
		mustCommit(t, m.engine, m.adding(facts[0]))
		mustCommit(t, m.engine, m.adding(facts[1]))
		m.forget(facts[1].At, 10, 0)
		m.mustRemember(remembered(facts...))
		m.forget(facts[1].At.Add(time.Millisecond), 10, 1)
	}},
	{"a closed engine remembers nothing more", func(t *testing.T, m *memory) {
		shut(t, m.engine)
		if _, err := m.subjects.Subjects(t.Context(), []store.SubjectKey{newKey()}); !errors.Is(err, store.ErrClosed) {
			t.Errorf("Subjects: %v, want ErrClosed", err)
		}
		if _, err := m.subjects.DeleteSubjects(t.Context(), dawn, 1); !errors.Is(err, store.ErrClosed) {
			t.Errorf("DeleteSubjects: %v, want ErrClosed", err)
		}
	}},
}

// mustLeaveNothing lets the last of several conditions of a change fail that
// carries everything a change can carry.
func mustLeaveNothing(t *testing.T, m *memory) {
	held, stale := newKey(), newKey()
	there := []store.SubjectChange{fact(held, 0, 1, "held"), fact(stale, 0, 1, "stale")}
	s, token := begin(t, m.merchant), newID()
	mustCommit(t, m.engine, s.created(), m.adding(there...))
	history := historyOf(t, m.engine, s.session.ID)

	change := s.fork().take(authorizing(token))
	change.Callback, change.Assessment = callbackOf(&change), assessmentOf(&change)
	change.Subjects = []store.SubjectChange{
		fact(held, 1, 2, "not kept"), fact(newKey(), 0, 2, "not kept"), fact(newKey(), store.AnyVersion, 2, "not kept"), fact(stale, 0, 2, "not kept"),
	}
	before, after := m.adding(fact(newKey(), 0, 2, "before")), m.adding(fact(newKey(), 0, 2, "after"))
	mustAnswer(t, m.engine, []store.Change{before, change, after}, []error{nil, store.ErrConflict, nil})

	mustHaveHistory(t, m.engine, s.session.ID, history)
	mustNotFind(t, "token", m.engine.SessionOfAuthorization, token)
	m.mustRemember(remembered(there[0]), remembered(there[1]), remembered(before.Subjects...), remembered(after.Subjects...),
		store.Subject{Key: change.Subjects[1].Key}, store.Subject{Key: change.Subjects[2].Key})
	if n, err := m.engine.(store.Outbox).CountWaitingCallbacks(t.Context()); err != nil || n != 0 {
		t.Errorf("%d callbacks wait, %v", n, err)
	}
	_, err := m.engine.(store.Assessments).Assessment(t.Context(), m.merchant, change.Assessment.ID)
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the assessment: %v, want ErrNotFound", err)
	}

	// Decided again on what is there, all of it is kept.
	change.Subjects[3].Expected = 1
	mustCommit(t, m.engine, change)
	mustFind(t, "token", m.engine.SessionOfAuthorization, token, s.session.ID)
	m.mustRemember(remembered(there[0], change.Subjects[0]), remembered(change.Subjects[1]), remembered(change.Subjects[2]),
		remembered(there[1], change.Subjects[3]))
}

// mustAddAll lets many add a fact to one subject on condition of the version
// they read, until it is added; each with one of a few subjects beside it.
func mustAddAll(t *testing.T, m *memory, adders int) {
	key := newKey()
	beside := []store.SubjectKey{newKey(), newKey(), newKey()}
	changes := make([]store.Change, adders)
	for i := range changes {
		changes[i] = m.adding()
	}
	var all sync.WaitGroup
	for i := range adders {
		all.Go(func() { addFact(t, m.engine, changes[i], key, beside[i%len(beside)], fmt.Sprint("adder ", i)) })
	}
	all.Wait()
	mustHaveAll(t, m.read(key)[0], adders)
	total := int64(0)
	for _, subject := range m.read(beside...) {
		total += subject.Version
	}
	if total != int64(adders) {
		t.Errorf("%d facts beside, want %d", total, adders)
	}
}

// addFact commits the change with a fact on condition that the subject did not
// change since it was read, and one beside it on no condition, until it is
// written. The fact begins with the version it was decided on.
func addFact(t *testing.T, engine store.Engine, change store.Change, key, beside store.SubjectKey, text string) {
	t.Helper()
	for {
		found, err := engine.(store.Subjects).Subjects(t.Context(), []store.SubjectKey{key})
		if err != nil {
			t.Errorf("Subjects: %v", err)
			return
		}
		version := found[0].Version
		change.Subjects = []store.SubjectChange{fact(key, version, 1, fmt.Sprint(version, " ", text)), fact(beside, store.AnyVersion, 1, text)}
		if err = engine.Commit(t.Context(), []store.Change{change})[0]; err == nil {
			return
		}
		if !errors.Is(err, store.ErrConflict) {
			t.Errorf("%s: %v", text, err)
			return
		}
	}
}

// mustHaveAll expects so many facts of addFact, each decided on what the one
// before it left, and each adder's once.
func mustHaveAll(t *testing.T, subject store.Subject, want int) {
	t.Helper()
	if subject.Version != int64(want) {
		t.Errorf("version %d, want %d", subject.Version, want)
	}
	adders, before := map[string]bool{}, want
	for one := range slices.Chunk(subject.Facts, store.FactBytes) {
		before--
		version, adder, _ := strings.Cut(strings.TrimRight(string(one), "\x00"), " ")
		if version != strconv.Itoa(before) || adders[adder] {
			t.Errorf("the fact of %s after version %d was decided on version %s", adder, before, version)
		}
		adders[adder] = true
	}
}
