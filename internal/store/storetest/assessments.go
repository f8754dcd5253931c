package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/kvitto/kvitto/internal/store"
)

// RunAssessments checks the rules of store.Assessments, each on an engine of its
// own that holds nothing else: some are of all merchants. The suite closes what
// open returns.
func RunAssessments(t *testing.T, open func(t *testing.T) store.Engine) {
	t.Helper()
	for _, r := range assessmentRules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			engine := opened(t, open)
			assessments, ok := engine.(store.Assessments)
			if !ok {
				t.Fatalf("%T keeps no assessments", engine)
			}
			r.check(t, &ledger{t: t, engine: engine, assessments: assessments, merchant: newMerchant(t, engine)})
		})
	}
}

// ledger is an engine that keeps assessments, in a test.
type ledger struct {
	t           *testing.T
	engine      store.Engine
	assessments store.Assessments
	merchant    string
}

type assessmentRule struct {
	name  string
	check func(t *testing.T, l *ledger)
}

// newOrderedID is greater than those before it.
func newOrderedID() string { return uuid.Must(uuid.NewV7()).String() }

// assessmentOf is what a change carries. What follows from the change is wrong
// in it.
func assessmentOf(change *store.Change) *store.Assessment {
	return &store.Assessment{
		ID: newOrderedID(), MerchantID: "nobody", SessionID: newID(), Revision: 99, CorrelationID: change.Event.CorrelationID, At: change.Event.At,
		Call: "authorize", Outcome: "approve", Subjects: []store.SubjectKey{newKey(), newKey()}, Document: []byte("\x00\xff a document"),
	}
}

// keptOf is what is read of the assessment of a change.
func keptOf(change *store.Change) store.Assessment {
	a := *change.Assessment
	a.MerchantID, a.SessionID, a.Revision = change.Session.MerchantID, change.Session.ID, change.Session.Revision
	return a
}

// alone is an assessment that led to no change.
func alone(merchant, session string) store.Assessment {
	return store.Assessment{ID: newOrderedID(), MerchantID: merchant, SessionID: session, At: dawn, Call: "create", Outcome: "refer"}
}

func (l *ledger) add(assessments ...store.Assessment) {
	l.t.Helper()
	if err := l.assessments.AddAssessments(l.t.Context(), assessments); err != nil {
		l.t.Fatalf("AddAssessments: %v", err)
	}
}

func (l *ledger) mustKeep(want store.Assessment) {
	l.t.Helper()
	got, err := l.assessments.Assessment(l.t.Context(), want.MerchantID, want.ID)
	if err != nil {
		l.t.Fatalf("Assessment: %v", err)
	}
	if diff := cmp.Diff(want, got, exactly, cmpopts.EquateEmpty()); diff != "" {
		l.t.Errorf("assessment (-written +read):\n%s", diff)
	}
}

func (l *ledger) mustNotKeep(merchant, id string) {
	l.t.Helper()
	if got, err := l.assessments.Assessment(l.t.Context(), merchant, id); !errors.Is(err, store.ErrNotFound) {
		l.t.Errorf("the assessment %q of %q: %v, %v; want ErrNotFound", id, merchant, got, err)
	}
}

func (l *ledger) mustList(what string, got []store.Assessment, err error, want ...store.Assessment) {
	l.t.Helper()
	if err != nil {
		l.t.Fatalf("%s: %v", what, err)
	}
	if diff := cmp.Diff(want, got, exactly, cmpopts.EquateEmpty()); diff != "" {
		l.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func (l *ledger) mustListOf(merchant, session string, limit int, want ...store.Assessment) {
	l.t.Helper()
	got, err := l.assessments.AssessmentsOf(l.t.Context(), merchant, session, limit)
	l.mustList("AssessmentsOf", got, err, want...)
}

func (l *ledger) mustListAfter(merchant, after string, limit int, want ...store.Assessment) {
	l.t.Helper()
	got, err := l.assessments.AssessmentsAfter(l.t.Context(), merchant, after, limit)
	l.mustList("AssessmentsAfter", got, err, want...)
}

func (l *ledger) mustCount(merchant, after string, want int64) {
	l.t.Helper()
	if got, err := l.assessments.CountAssessments(l.t.Context(), merchant, after); err != nil || got != want {
		l.t.Errorf("CountAssessments = %d, %v; want %d", got, err, want)
	}
}

var assessmentRules = []assessmentRule{
	{"an assessment is kept with its change", func(t *testing.T, l *ledger) {
		s := begin(t, l.merchant)
		created, updated := s.created(), s.take(updating("again"))
		created.Assessment, updated.Assessment = assessmentOf(&created), assessmentOf(&updated)
		mustCommit(t, l.engine, created, updated)
		l.mustKeep(keptOf(&created))
		l.mustKeep(keptOf(&updated))
		l.mustListOf(l.merchant, s.session.ID, 9, keptOf(&updated), keptOf(&created))
		l.mustListOf(l.merchant, s.session.ID, 1, keptOf(&updated))
	}},
	{"assessments and facts of one change are kept together", func(t *testing.T, l *ledger) {
		m := newMemory(t, l.engine)
		change := m.adding(fact(newKey(), 0, 1, "fact"), fact(newKey(), store.AnyVersion, 1, "fact"))
		change.Assessment, change.Callback = assessmentOf(&change), callbackOf(&change)
		other := m.adding()
		mustCommit(t, l.engine, other, change)
		l.mustKeep(keptOf(&change))
		m.mustRemember(remembered(change.Subjects[0]), remembered(change.Subjects[1]))
		if n, err := l.engine.(store.Outbox).CountWaitingCallbacks(t.Context()); err != nil || n != 1 {
			t.Errorf("%d callbacks wait, %v", n, err)
		}
	}},
	{"one that led to no change is kept alone", func(_ *testing.T, l *ledger) {
		session := newID()
		first, second := alone(l.merchant, session), alone(l.merchant, session)
		second.Subjects, second.Document = []store.SubjectKey{newKey()}, []byte("document")
		l.add(first, second)
		l.mustKeep(first)
		l.mustKeep(second)
		l.add()
		l.mustListOf(l.merchant, session, 9, second, first)
		l.mustListOf(l.merchant, newID(), 9)
	}},
	{"an id is taken once, and nothing else of the call is kept", func(t *testing.T, l *ledger) {
		there, beside := alone(l.merchant, newID()), alone(l.merchant, newID())
		l.add(there)
		again := alone(l.merchant, newID())
		again.ID = there.ID
		if err := l.assessments.AddAssessments(t.Context(), []store.Assessment{beside, again}); !errors.Is(err, store.ErrConflict) {
			t.Errorf("AddAssessments: %v, want ErrConflict", err)
		}
		if err := l.assessments.AddAssessments(t.Context(), []store.Assessment{beside, beside}); !errors.Is(err, store.ErrConflict) {
			t.Errorf("AddAssessments: %v, want ErrConflict", err)
		}
		l.mustKeep(there)
		l.mustNotKeep(l.merchant, beside.ID)
		l.add(beside)
	}},
	{"a change whose assessment has a taken id leaves nothing behind", func(t *testing.T, l *ledger) {
		there := alone(l.merchant, newID())
		l.add(there)
		m := newMemory(t, l.engine)
		change := m.adding(fact(newKey(), 0, 1, "not kept"))
		change.Assessment = assessmentOf(&change)
		change.Assessment.ID = there.ID
		good := m.adding(fact(change.Subjects[0].Key, 0, 2, "kept"))
		mustAnswer(t, l.engine, []store.Change{change, good}, []error{store.ErrConflict, nil})
		mustHaveHistory(t, l.engine, change.Session.ID, nil)
		l.mustKeep(there)
		m.mustRemember(remembered(good.Subjects...))
	}},
	{"the assessment of a change that is a conflict is not kept", func(t *testing.T, l *ledger) {
		s := begin(t, l.merchant)
		mustCommit(t, l.engine, s.created(), s.fork().take(updating("first")))
		late := s.take(updating("late"))
		late.Assessment = assessmentOf(&late)
		mustConflict(t, l.engine, late)
		l.mustNotKeep(l.merchant, late.Assessment.ID)
		l.mustCount("", "", 0)
	}},
	{"another merchant's assessment is unknown", func(t *testing.T, l *ledger) {
		other, session := newMerchant(t, l.engine), newID()
		mine, others := alone(l.merchant, session), alone(other, session)
		l.add(mine, others)
		l.mustNotKeep(other, mine.ID)
		l.mustNotKeep("", mine.ID)
		l.mustListOf(l.merchant, session, 9, mine)
		l.mustListAfter(other, "", 9, others)
		l.mustListAfter("", "", 9, mine, others)
		l.mustCount(l.merchant, "", 1)
		l.mustCount("", "", 2)
		l.mustCount(newID(), "", 0)
	}},
	{"all are read in portions, in the order of their ids", func(t *testing.T, l *ledger) {
		var all []store.Assessment
		for i := range 7 {
			a := alone(l.merchant, newID())
			a.Document = fmt.Append(nil, i)
			all = append(all, a)
		}
		l.add(all[3:]...) // ids say the order, not the time of the writing
		l.add(all[:3]...)
		l.mustListAfter(l.merchant, "", 3, all[:3]...)
		l.mustListAfter(l.merchant, all[2].ID, 3, all[3:6]...)
		l.mustListAfter("", all[5].ID, 3, all[6])
		l.mustListAfter(l.merchant, all[6].ID, 3)
		l.mustCount(l.merchant, all[2].ID, 4)
		l.mustCount("", all[6].ID, 0)
	}},
	{"a malformed id is refused where it is written, and not found where it is read", func(t *testing.T, l *ledger) {
		a := alone(l.merchant, newID())
		a.ID = "assessment"
		if err := l.assessments.AddAssessments(t.Context(), []store.Assessment{a}); err == nil || errors.Is(err, store.ErrConflict) {
			t.Errorf("AddAssessments: %v, want an error of its own", err)
		}
		change := begin(t, l.merchant).created()
		change.Assessment = &a
		if err := commit(t, l.engine, change)[0]; err == nil || errors.Is(err, store.ErrConflict) {
			t.Errorf("Commit: %v, want an error of its own", err)
		}
		mustHaveHistory(t, l.engine, change.Session.ID, nil)
		l.mustNotKeep(l.merchant, "assessment")
		l.mustListOf(l.merchant, "session", 9)
		l.mustCount("", "", 0)
	}},
	{"a limit that is not positive is refused", func(t *testing.T, l *ledger) {
		if _, err := l.assessments.AssessmentsOf(t.Context(), l.merchant, newID(), 0); err == nil {
			t.Error("AssessmentsOf took the limit 0")
		}
		if _, err := l.assessments.AssessmentsAfter(t.Context(), l.merchant, "", -1); err == nil {
			t.Error("AssessmentsAfter took the limit -1")
		}
	}},
	{"assessments go with their session", func(t *testing.T, l *ledger) {
		e := fillExpiring(t, l.engine)
		gone, kept := alone(e.merchant, e.old.session.ID), alone(e.merchant, e.fresh.session.ID)
		withChange := e.old.take(updating("assessed"))
		withChange.Assessment = assessmentOf(&withChange)
		l.add(gone, kept)
		mustCommit(t, l.engine, withChange, e.at(e.fresh, e.noon.Add(time.Second), updating("newest")))
		mustDelete(t, l.engine, e.noon, 100, 2)
		l.mustNotKeep(e.merchant, gone.ID)
		l.mustNotKeep(e.merchant, withChange.Assessment.ID)
		l.mustKeep(kept)
	}},
	{"a closed engine tells nothing", func(t *testing.T, l *ledger) {
		shut(t, l.engine)
		_, errOne := l.assessments.Assessment(t.Context(), l.merchant, newID())
		_, errOf := l.assessments.AssessmentsOf(t.Context(), l.merchant, newID(), 1)
		_, errAfter := l.assessments.AssessmentsAfter(t.Context(), l.merchant, "", 1)
		_, errCount := l.assessments.CountAssessments(t.Context(), l.merchant, "")
		errAdd := l.assessments.AddAssessments(t.Context(), []store.Assessment{alone(l.merchant, newID())})
		for i, err := range []error{errOne, errOf, errAfter, errCount, errAdd} {
			if !errors.Is(err, store.ErrClosed) {
				t.Errorf("call %d: %v, want ErrClosed", i, err)
			}
		}
	}},
}
