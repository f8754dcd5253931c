package service_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/memstore"
)

// limited approves a customer so often and denies after that. It is what a rule
// such as email_history.approvals >= 3 does.
type limited struct {
	approvals int
	mu        sync.Mutex
	seen      []risk.Input
}

func (l *limited) Reads(string) []risk.SubjectKind { return []risk.SubjectKind{risk.SubjectEmail} }

func (l *limited) Assess(_ context.Context, in risk.Input) risk.Assessment {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = append(l.seen, in)
	made := risk.Assessment{Decision: checkout.Decision{Outcome: checkout.OutcomeApprove, Reason: "few"}, Reads: l.Reads("")}
	if countOf(in, risk.FactApproved) >= l.approvals {
		made.Decision = checkout.Decision{Outcome: checkout.OutcomeDeny, Reason: "many"}
	}
	return made
}

// newest is the input of the last assessment.
func (l *limited) newest() risk.Input {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen[len(l.seen)-1]
}

// countOf counts what is remembered of the e-mail address.
func countOf(in risk.Input, kind risk.FactKind) int {
	count := 0
	for _, fact := range in.History[risk.SubjectEmail].Facts {
		if fact.Kind == kind {
			count++
		}
	}
	return count
}

// remembering are services over one store that keep assessments.
func remembering(t *testing.T, engine *memstore.Engine, memory service.Memory, assessor risk.Assessor, count int) []*service.Service {
	t.Helper()
	all := make([]*service.Service, count)
	for i := range all {
		s, err := service.New(service.Options{
			Engine: engine, Committer: &faulty{Engine: engine}, Minter: fixedMinter{}, Assessor: assessor, NewID: identifier.New, CacheBytes: 1 << 20,
			Shared: count > 1, Memory: memory, SubjectSecret: []byte("secret"), Backoff: func(context.Context) error { return nil },
			AssessmentDocument: func(in *risk.Input, made *risk.Assessment) []byte {
				return fmt.Appendf(nil, "%s %s", in.Call, made.Decision.Reason)
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		all[i] = s
	}
	return all
}

// buyer is a cart of somebody.
func buyer(email string) checkout.Content {
	content := cart(100)
	content.BillingAddress = &checkout.Address{Email: checkout.TextOf(email)}
	return content
}

// authorize makes a session of the merchant for the customer and authorizes it.
func authorize(t *testing.T, s *service.Service, merchant, email string) service.BrowserAnswer {
	t.Helper()
	session, err := s.CreateSession(t.Context(), caller(merchant), buyer(email), nil)
	if err != nil {
		t.Fatal(err)
	}
	answered, err := s.Browser(t.Context(), caller(merchant), session.ID, service.BrowserCall{Call: risk.CallAuthorize, AutoFinalize: true, DeviceID: "d"})
	if err != nil {
		t.Fatal(err)
	}
	return answered
}

// TestWhatHappenedIsRememberedOfACustomer: an approval, a denial and an order
// are seen by the next session of the same customer, of this merchant alone.
func TestWhatHappenedIsRememberedOfACustomer(t *testing.T) {
	t.Parallel()
	engine, rules := memstore.New(), &limited{approvals: 1}
	s := remembering(t, engine, engine, rules, 1)[0]
	expect := func(when string, approved, denied, ordered int) {
		t.Helper()
		in := rules.newest()
		got := [3]int{countOf(in, risk.FactApproved), countOf(in, risk.FactDenied), countOf(in, risk.FactOrdered)}
		if want := [3]int{approved, denied, ordered}; got != want || in.History[risk.SubjectEmail].Orders != int64(ordered) {
			t.Errorf("%s: %v approvals, denials and orders are known, and %d orders, want %v", when, got, in.History[risk.SubjectEmail].Orders, want)
		}
	}
	first := authorize(t, s, "m", "a@b.se")
	expect("at first", 0, 0, 0)
	if past := rules.newest().History[risk.SubjectEmail]; past.Known {
		t.Errorf("an unknown customer is known: %+v", past)
	}
	if answered := authorize(t, s, "m", "A@B.se"); answered.Result.Approved {
		t.Error("the second session of the customer was approved")
	}
	expect("after an approval", 1, 0, 0)
	if _, err := s.PlaceOrder(t.Context(), caller("m"), first.Result.AuthorizationToken, cart(100), nil); err != nil {
		t.Fatal(err)
	}
	authorize(t, s, "m", "a@b.se")
	expect("after a denial and an order", 1, 1, 1)
	if past := rules.newest().History[risk.SubjectDevice]; past.Orders != 1 || len(past.Facts) != 3 {
		t.Errorf("of the device is remembered %+v: an order's facts are for those of the assessment", past)
	}
	authorize(t, s, "m", "other@b.se")
	expect("another customer", 0, 0, 0)
	if answered := authorize(t, s, "another", "a@b.se"); !answered.Result.Approved {
		t.Error("another merchant's customer was denied for this one's")
	}
	expect("at another merchant", 0, 0, 0)
}

// TestARepeatedOrderCountsOnce.
func TestARepeatedOrderCountsOnce(t *testing.T) {
	t.Parallel()
	engine, rules := memstore.New(), &limited{approvals: 9}
	s := remembering(t, engine, engine, rules, 1)[0]
	token := authorize(t, s, "m", "a@b.se").Result.AuthorizationToken
	for range 2 {
		if _, err := s.PlaceOrder(t.Context(), caller("m"), token, cart(100), nil); err != nil {
			t.Fatal(err)
		}
	}
	authorize(t, s, "m", "a@b.se")
	if orders := rules.newest().History[risk.SubjectEmail].Orders; orders != 1 {
		t.Errorf("%d orders", orders)
	}
}

// TestAnAssessmentIsKeptWithWhatItLedTo, and is named by the authorization.
func TestAnAssessmentIsKeptWithWhatItLedTo(t *testing.T) {
	t.Parallel()
	engine := memstore.New()
	s := remembering(t, engine, engine, &limited{approvals: 1}, 1)[0]
	for _, want := range []string{"approve", "deny"} {
		answered := authorize(t, s, "m", "a@b.se")
		kept, err := engine.Assessment(t.Context(), "m", answered.AssessmentID)
		if err != nil {
			t.Fatal(err)
		}
		if kept.Outcome != want || kept.SessionID != answered.Session.ID || kept.Revision != answered.Session.Revision || kept.Call != "authorize" ||
			len(kept.Subjects) != 2 || kept.CorrelationID == "" || !kept.At.Equal(start) {
			t.Errorf("%+v", kept)
		}
		if answered.Session.Authorization.AssessmentID != kept.ID {
			t.Errorf("the authorization names the assessment %q, not %q", answered.Session.Authorization.AssessmentID, kept.ID)
		}
	}
}

// TestWhatChangesNothingIsKeptToo, once, and leaves no fact.
func TestWhatChangesNothingIsKeptToo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		call    service.BrowserCall
		kept    string // its outcome
		decides bool   // whether a fact is left
	}{
		"invalid fields":   {call: primed(risk.CallAuthorize, checkout.OutcomeInvalidFields), kept: "invalid_fields"},
		"an error":         {call: primed(risk.CallAuthorize, checkout.OutcomeError), kept: "error"},
		"left":             {call: primed(risk.CallAuthorize, checkout.OutcomeCancel), kept: "cancel"},
		"a primed denial":  {call: primed(risk.CallAuthorize, checkout.OutcomeDeny), kept: "deny", decides: true},
		"a load":           {call: primed(risk.CallLoad, checkout.OutcomeDeny)},
		"nothing to do":    {call: service.BrowserCall{Call: risk.CallFinalize}},
		"a question first": {call: service.BrowserCall{Call: risk.CallAuthorize, Flow: &checkout.Flow{}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine := memstore.New()
			rules := &limited{approvals: 1}
			s := remembering(t, engine, engine, rules, 1)[0]
			session, err := s.CreateSession(t.Context(), caller("m"), buyer("a@b.se"), nil)
			if err != nil {
				t.Fatal(err)
			}
			answered, err := s.Browser(t.Context(), caller("m"), session.ID, c.call)
			if err != nil {
				t.Fatal(err)
			}
			kept, err := engine.AssessmentsOf(t.Context(), "m", session.ID, 10)
			if err != nil {
				t.Fatal(err)
			}
			var outcomes []string
			for _, one := range kept {
				outcomes = append(outcomes, one.Outcome)
			}
			want := []string{c.kept}
			if c.kept == "" {
				want = nil
			}
			if !slices.Equal(outcomes, want) || (answered.AssessmentID == "") != (c.kept == "") {
				t.Errorf("kept %v, want %v; the answer names %q", outcomes, want, answered.AssessmentID)
			}
			authorize(t, s, "m", "a@b.se")
			if known := rules.newest().History[risk.SubjectEmail].Known; known != c.decides {
				t.Errorf("something is remembered: %t, want %t", known, c.decides)
			}
		})
	}
}

func primed(call risk.Call, outcome checkout.Outcome) service.BrowserCall {
	return service.BrowserCall{Call: call, AutoFinalize: true, Decided: &checkout.Decision{Outcome: outcome, Reason: "primed"}}
}

// TestARepeatedCallIsNotAssessedAgain.
func TestARepeatedCallIsNotAssessedAgain(t *testing.T) {
	t.Parallel()
	engine := memstore.New()
	s := remembering(t, engine, engine, &limited{approvals: 1}, 1)[0]
	session, err := s.CreateSession(t.Context(), caller("m"), buyer("a@b.se"), nil)
	if err != nil {
		t.Fatal(err)
	}
	call := service.BrowserCall{Call: risk.CallAuthorize, AutoFinalize: true, CallID: "one"}
	for again := range 2 {
		answered, err := s.Browser(t.Context(), caller("m"), session.ID, call)
		if err != nil || !answered.Result.Approved {
			t.Fatalf("%+v %v", answered.Result, err)
		}
		if (answered.AssessmentID == "") != (again == 1) {
			t.Errorf("call %d names the assessment %q", again, answered.AssessmentID)
		}
	}
	if kept, err := engine.AssessmentsOf(t.Context(), "m", session.ID, 10); err != nil || len(kept) != 1 {
		t.Errorf("%d are kept (%v)", len(kept), err)
	}
}

// TestCallsOfACustomerAreDecidedOneAfterTheOther, in one process without a
// conflict: a hundred at once, of whom as many are approved as may be.
func TestCallsOfACustomerAreDecidedOneAfterTheOther(t *testing.T) {
	t.Parallel()
	engine := memstore.New()
	counting := &committing{Committer: &faulty{Engine: engine}}
	s := remembering(t, engine, engine, &limited{approvals: 3}, 1)[0]
	s.Committer = counting
	if approved := atOnce(t, []*service.Service{s}, 100); approved != 3 {
		t.Errorf("%d were approved, want 3", approved)
	}
	if counting.conflicts > 0 {
		t.Errorf("%d decisions were in vain", counting.conflicts)
	}
}

// atOnce authorizes sessions of one customer at the same time and counts the
// approvals.
func atOnce(t *testing.T, services []*service.Service, calls int) (approved int) {
	t.Helper()
	var wait sync.WaitGroup
	results := make(chan bool, calls)
	for i := range calls {
		wait.Go(func() {
			s := services[i%len(services)]
			session, err := s.CreateSession(t.Context(), caller("m"), buyer("a@b.se"), nil)
			if err != nil {
				t.Error(err)
				return
			}
			answered, err := s.Browser(t.Context(), caller("m"), session.ID, service.BrowserCall{Call: risk.CallAuthorize, AutoFinalize: true})
			if err != nil {
				t.Error(err)
			}
			results <- answered.Result.Approved
		})
	}
	wait.Wait()
	close(results)
	for one := range results {
		if one {
			approved++
		}
	}
	return approved
}

// meeting lets the first readers of the past go on together, so that all decide
// on the same.
type meeting struct {
	service.Memory
	mu      sync.Mutex
	missing int
	all     chan struct{}
}

func (m *meeting) Subjects(ctx context.Context, keys []store.SubjectKey) ([]store.Subject, error) {
	found, err := m.Memory.Subjects(ctx, keys)
	m.mu.Lock()
	m.missing--
	if m.missing == 0 {
		close(m.all)
	}
	m.mu.Unlock()
	<-m.all
	return found, err
}

// TestProcessesDoNotDecideOnTheSamePast: three processes have read that the
// customer was never approved. One approval is made; the others see it.
func TestProcessesDoNotDecideOnTheSamePast(t *testing.T) {
	t.Parallel()
	engine := memstore.New()
	memory := &meeting{Memory: engine, missing: 3, all: make(chan struct{})}
	if approved := atOnce(t, remembering(t, engine, memory, &limited{approvals: 1}, 3), 3); approved != 1 {
		t.Errorf("%d were approved, want 1", approved)
	}
}

// TestAHundredCallsOverThreeProcesses.
func TestAHundredCallsOverThreeProcesses(t *testing.T) {
	t.Parallel()
	engine := memstore.New()
	if approved := atOnce(t, remembering(t, engine, engine, &limited{approvals: 3}, 3), 100); approved != 3 {
		t.Errorf("%d were approved, want 3", approved)
	}
}

// TestWhoGoesAwayHoldsUpNobody: a call that waits for its customer's turn ends
// with its client, changes nothing, and the next one goes on.
func TestWhoGoesAwayHoldsUpNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		engine := memstore.New()
		memory := &held{Memory: engine, release: make(chan struct{})}
		rules := &limited{approvals: 9}
		s := remembering(t, engine, memory, rules, 1)[0]
		call := func(ctx context.Context) error {
			session, err := s.CreateSession(t.Context(), caller("m"), buyer("a@b.se"), nil)
			if err != nil {
				return err
			}
			_, err = s.Browser(ctx, caller("m"), session.ID, service.BrowserCall{Call: risk.CallAuthorize, AutoFinalize: true})
			return err
		}
		first, last, impatient := make(chan error, 1), make(chan error, 1), make(chan error, 1)
		go func() { first <- call(t.Context()) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go func() { impatient <- call(ctx) }()
		synctest.Wait()
		go func() { last <- call(t.Context()) }()
		if err := <-impatient; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who went away was told %v", err)
		}
		close(memory.release)
		if err := errors.Join(<-first, <-last); err != nil {
			t.Error(err)
		}
		if len(rules.seen) != 2 || countOf(rules.newest(), risk.FactApproved) != 1 {
			t.Errorf("%d assessments, the last of which knows of %d approvals", len(rules.seen), countOf(rules.newest(), risk.FactApproved))
		}
	})
}

// held answers when it is released.
type held struct {
	service.Memory
	release chan struct{}
}

func (h *held) Subjects(ctx context.Context, keys []store.SubjectKey) ([]store.Subject, error) {
	<-h.release
	return h.Memory.Subjects(ctx, keys)
}

// forgetful fails.
type forgetful struct{ service.Memory }

func (forgetful) Subjects(context.Context, []store.SubjectKey) ([]store.Subject, error) {
	return nil, errDisk
}

// TestNothingIsDecidedWithoutThePast.
func TestNothingIsDecidedWithoutThePast(t *testing.T) {
	t.Parallel()
	engine := memstore.New()
	s := remembering(t, engine, forgetful{engine}, &limited{approvals: 1}, 1)[0]
	session, err := s.CreateSession(t.Context(), caller("m"), buyer("a@b.se"), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Browser(t.Context(), caller("m"), session.ID, service.BrowserCall{Call: risk.CallAuthorize, AutoFinalize: true})
	if kindOf(err) != checkout.KindUnavailable || !errors.Is(err, errDisk) {
		t.Errorf("error %v", err)
	}
	if now, err := s.ReadSession(t.Context(), caller("m"), session.ID); err != nil || now.Revision != 1 {
		t.Errorf("revision %d (%v)", now.Revision, err)
	}
}
