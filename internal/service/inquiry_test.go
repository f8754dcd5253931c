package service_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/memstore"
)

// inquiring asks somebody about what its rules approve or refer, as a server of the
// operator's is asked; the answer is an approval.
type inquiring struct {
	risk.Assessor // the rules
	ask           func()

	mu    sync.Mutex
	asked []string // what each question was about
}

func (i *inquiring) Reads(merchant string) []risk.SubjectKind {
	return i.Assessor.(risk.Reader).Reads(merchant)
}

func (i *inquiring) Inquire() risk.Inquiry { return &inquiry{of: i} }

// Assess is for those who do not know that they can ask beforehand.
func (i *inquiring) Assess(ctx context.Context, in risk.Input) risk.Assessment {
	one := i.Inquire()
	made, open := one.Assess(ctx, in)
	if open {
		one.Ask(ctx)
		made, _ = one.Assess(ctx, in)
	}
	return made
}

func (i *inquiring) questions() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.asked)
}

type inquiry struct {
	of       *inquiring
	about    string
	answered []string
}

func (i *inquiry) Assess(ctx context.Context, in risk.Input) (made risk.Assessment, open bool) {
	made = i.of.Assessor.Assess(ctx, in)
	if made.Decision.Outcome == checkout.OutcomeDeny || in.Call == risk.CallLoad {
		return made, false
	}
	i.about = string(made.Decision.Outcome) + " " + in.Content.MerchantReference1.Value
	return made, !slices.Contains(i.answered, i.about)
}

func (i *inquiry) Ask(context.Context) {
	i.of.mu.Lock()
	i.of.asked = append(i.of.asked, i.about)
	i.of.mu.Unlock()
	i.of.ask()
	i.answered = append(i.answered, i.about)
}

// all lets those who come go on when so many have come.
func all(count int) (come func()) {
	var mu sync.Mutex
	open := make(chan struct{})
	return func() {
		mu.Lock()
		if count--; count == 0 {
			close(open)
		}
		mu.Unlock()
		<-open
	}
}

// TestNobodyWaitsWhileAnotherIsAsked: the questions about one customer's payments
// are put at the same time, one for each, and a limit of the rules still holds.
func TestNobodyWaitsWhileAnotherIsAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // which ends when all wait for each other
		const calls, limit = 20, 3
		engine, assessor := memstore.New(), &inquiring{Assessor: &limited{approvals: limit}, ask: all(calls)}
		counting := &committing{Committer: &faulty{Engine: engine}}
		s := remembering(t, engine, engine, assessor, 1)[0]
		s.Committer = counting
		if approved := atOnce(t, []*service.Service{s}, calls); approved != limit {
			t.Errorf("%d were approved, want %d", approved, limit)
		}
		if asked := assessor.questions(); len(asked) != calls || counting.conflicts > 0 {
			t.Errorf("%d questions about %d payments, %d decisions in vain", len(asked), calls, counting.conflicts)
		}
	})
}

// TestAnAnswerIsKeptWhileItsQuestionIs: over attempts to commit and over what is
// remembered meanwhile; another content, or another outcome of the rules, is asked
// about anew.
func TestAnAnswerIsKeptWhileItsQuestionIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		conflicts []string
		meanwhile func(*testing.T, *service.Service, string) // while the first question is asked
		want      []string
	}{
		"nothing happens": {nil, nil, []string{"approve "}},
		"conflicts":       {slices.Repeat([]string{"conflict"}, 9), nil, []string{"approve "}},
		"another payment of the customer": {nil, func(t *testing.T, s *service.Service, _ string) {
			authorize(t, s, "m", "a@b.se")
		}, []string{"approve ", "approve ", "refer "}}, // of the other, and twice of this
		"another process changes the cart": {nil, func(t *testing.T, s *service.Service, id string) {
			if err := s.UpdateSession(t.Context(), caller("m"), id, checkout.Content{MerchantReference1: checkout.TextOf("new")}, nil); err != nil {
				t.Error(err)
			}
		}, []string{"approve ", "approve new"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine := memstore.New()
			assessor := &inquiring{Assessor: referring{&limited{approvals: 1}}}
			processes := remembering(t, engine, engine, assessor, 2)
			session, err := processes[0].CreateSession(t.Context(), caller("m"), buyer("a@b.se"), nil)
			if err != nil {
				t.Fatal(err)
			}
			first := true
			assessor.ask = func() {
				if first && c.meanwhile != nil {
					first = false // the one below asks too
					c.meanwhile(t, processes[1], session.ID)
				}
			}
			processes[0].Committer.(*faulty).plan(c.conflicts...)
			answered, err := processes[0].Browser(t.Context(), caller("m"), session.ID, service.BrowserCall{Call: risk.CallAuthorize, AutoFinalize: true})
			if err != nil || !answered.Result.Approved {
				t.Fatalf("%+v %v", answered.Result, err)
			}
			if asked := assessor.questions(); !slices.Equal(asked, c.want) {
				t.Errorf("asked about %q, want %q", asked, c.want)
			}
		})
	}
}

// TestNothingIsAssessedTwiceInVain: the rules decide again only when there is an
// answer, when turns were taken, or when the decision was in vain.
func TestNothingIsAssessedTwiceInVain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		content   checkout.Content
		approvals int // 0 asks nobody
		conflicts int
		want      int
	}{
		"nobody is known, nobody asked":      {cart(100), 0, 0, 1},
		"nobody is known":                    {cart(100), 9, 0, 2},
		"a turn is taken, nobody asked":      {buyer("a@b.se"), 0, 0, 2},
		"a turn is taken after the answer":   {buyer("a@b.se"), 9, 0, 2},
		"a turn is held over the next tries": {buyer("a@b.se"), 9, 5, 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine, rules := memstore.New(), &limited{approvals: c.approvals}
			s := remembering(t, engine, engine, &inquiring{Assessor: rules, ask: func() {}}, 1)[0]
			session, err := s.CreateSession(t.Context(), caller("m"), c.content, nil)
			if err != nil {
				t.Fatal(err)
			}
			s.Committer.(*faulty).plan(slices.Repeat([]string{"conflict"}, c.conflicts)...)
			if _, err := s.Browser(t.Context(), caller("m"), session.ID, service.BrowserCall{Call: risk.CallAuthorize, AutoFinalize: true}); err != nil {
				t.Fatal(err)
			}
			if len(rules.seen) != c.want {
				t.Errorf("assessed %d times, want %d", len(rules.seen), c.want)
			}
		})
	}
}

// referring refers what its rules deny.
type referring struct{ *limited }

func (r referring) Assess(ctx context.Context, in risk.Input) risk.Assessment {
	made := r.limited.Assess(ctx, in)
	if made.Decision.Outcome == checkout.OutcomeDeny {
		made.Decision.Outcome = checkout.OutcomeRefer
	}
	return made
}

// TestQuestionsEnd: a cart that changes during each question is not decided on.
func TestQuestionsEnd(t *testing.T) {
	t.Parallel()
	engine := memstore.New()
	assessor := &inquiring{Assessor: &limited{approvals: 1}}
	processes := remembering(t, engine, engine, assessor, 2)
	session, err := processes[0].CreateSession(t.Context(), caller("m"), buyer("a@b.se"), nil)
	if err != nil {
		t.Fatal(err)
	}
	changes := ""
	assessor.ask = func() {
		changes += "x"
		if err := processes[1].UpdateSession(t.Context(), caller("m"), session.ID, checkout.Content{MerchantReference1: checkout.TextOf(changes)}, nil); err != nil {
			t.Error(err)
		}
	}
	_, err = processes[0].Browser(t.Context(), caller("m"), session.ID, service.BrowserCall{Call: risk.CallAuthorize, AutoFinalize: true})
	if asked := assessor.questions(); kindOf(err) != checkout.KindOverloaded || len(asked) != 4 {
		t.Errorf("%v after %d questions", err, len(asked))
	}
}

// TestAWaitForTurnsEnds: a payment of a customer whose turn does not come is
// refused as by a full server, and its session can be changed again.
func TestAWaitForTurnsEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		engine := memstore.New()
		memory := &held{Memory: engine, release: make(chan struct{})}
		s := remembering(t, engine, memory, &limited{approvals: 9}, 1)[0]
		create := func() string {
			session, err := s.CreateSession(t.Context(), caller("m"), buyer("a@b.se"), nil)
			if err != nil {
				t.Fatal(err)
			}
			return session.ID
		}
		call := func(id string) error {
			_, err := s.Browser(t.Context(), caller("m"), id, service.BrowserCall{Call: risk.CallAuthorize, AutoFinalize: true})
			return err
		}
		first, second := create(), create()
		decided, refused := make(chan error, 1), make(chan error, 1)
		go func() { decided <- call(first) }()
		synctest.Wait()
		began := time.Now()
		go func() { refused <- call(second) }()
		synctest.Wait()
		if err := s.UpdateSession(t.Context(), caller("m"), second, cart(7), nil); err != nil {
			t.Error(err)
		}
		if waited := time.Since(began); waited != 2*time.Second {
			t.Errorf("a change of the session waited %s", waited)
		}
		if err := <-refused; kindOf(err) != checkout.KindOverloaded {
			t.Errorf("error %v", err)
		}
		close(memory.release)
		if err := <-decided; err != nil {
			t.Error(err)
		}
	})
}

// readingOf looks at the past of these kinds, when all have come.
type readingOf struct {
	kinds []risk.SubjectKind
	come  func()
}

func (r readingOf) Reads(string) []risk.SubjectKind { return r.kinds }

func (r readingOf) Assess(context.Context, risk.Input) risk.Assessment {
	r.come()
	return risk.Assessment{Decision: checkout.Decision{Outcome: checkout.OutcomeApprove}, Reads: r.kinds}
}

// TestWhoSharesAnAddressDoesNotWait: an IP address and a street are of many. Their
// past is what was committed when it was read, in one process and in several.
func TestWhoSharesAnAddressDoesNotWait(t *testing.T) {
	t.Parallel()
	for _, processes := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			const calls = 12
			engine := memstore.New()
			all := remembering(t, engine, engine, readingOf{[]risk.SubjectKind{risk.SubjectAddress, risk.SubjectIP}, all(calls)}, processes)
			counting := &committing{Committer: &faulty{Engine: engine}}
			var in risk.Input
			var wait sync.WaitGroup
			for _, s := range all {
				s.Committer = counting
			}
			for i := range calls {
				s := all[i%processes]
				content := cart(100)
				content.BillingAddress = &checkout.Address{StreetAddress: checkout.TextOf("Road 1"), City: checkout.TextOf("Town")}
				own := risk.Input{MerchantID: "m", Content: &content, IP: "198.51.100.7"}
				in = own
				session, err := s.CreateSession(t.Context(), caller("m"), content, nil)
				if err != nil {
					t.Fatal(err)
				}
				wait.Go(func() {
					if _, err := s.Browser(t.Context(), caller("m"), session.ID, service.BrowserCall{Call: risk.CallAuthorize, AutoFinalize: true, IP: own.IP}); err != nil {
						t.Error(err)
					}
				})
			}
			wait.Wait()
			if counting.conflicts > 0 {
				t.Errorf("%d decisions were in vain", counting.conflicts)
			}
			found, err := engine.Subjects(t.Context(), all[0].SubjectKeys(&in))
			if err != nil || len(found) != 2 || slices.ContainsFunc(found, func(s store.Subject) bool { return s.Version != calls }) {
				t.Errorf("%+v %v: each payment leaves a fact", found, err)
			}
		})
	}
}
