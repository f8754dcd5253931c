package postgres_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/pgtest"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/postgres"
)

// through is the URL of the same database by way of a proxy.
func through(t testing.TB, url string) (string, *pgtest.Proxy) {
	t.Helper()
	target := pgtest.Shared(t).Address()
	proxy := pgtest.NewProxy(t, target)
	return strings.Replace(url, target, proxy.Address(), 1), proxy
}

// mixture is a batch with every kind of change and answer.
type mixture struct {
	changes []store.Change
	want    []error
}

func newMixture(t testing.TB, engine store.Engine) mixture {
	t.Helper()
	existing, stale, ordered := newTale(), newTale(), newTale()
	for _, s := range []*tale{existing, stale, ordered} {
		created := s.next(checkout.EventCreated)
		mustCommit(t, engine, created)
		s.goOn(created)
	}
	late := stale.next(checkout.EventUpdated)
	mustCommit(t, engine, stale.next(checkout.EventUpdated))
	fresh := newTale()
	created := fresh.next(checkout.EventCreated)
	fresh.goOn(created)
	future := newTale()
	future.session.Revision = 7
	return mixture{
		changes: []store.Change{
			created, existing.next(checkout.EventAuthorized), late, ordered.next(checkout.EventOrdered),
			fresh.next(checkout.EventUpdated), future.next(checkout.EventUpdated),
		},
		want: []error{nil, nil, store.ErrConflict, nil, nil, store.ErrConflict},
	}
}

// newTaken is a mixture with a token that another session has: each change is
// then written in a transaction of its own.
func newTaken(t testing.TB, engine store.Engine) mixture {
	t.Helper()
	m := newMixture(t, engine)
	owner, thief := newTale(), newTale()
	for _, s := range []*tale{owner, thief} {
		created := s.next(checkout.EventCreated)
		mustCommit(t, engine, created)
		s.goOn(created)
	}
	issued, stolen := owner.next(checkout.EventAuthorized), thief.next(checkout.EventAuthorized)
	stolen.Event.AuthorizationToken = issued.Event.AuthorizationToken
	mustCommit(t, engine, issued)
	m.changes, m.want = append(m.changes, stolen), append(m.want, store.ErrConflict)
	return m
}

// newUpdates is a batch of updates only: it is committed by one statement.
func newUpdates(t testing.TB, engine store.Engine) mixture {
	t.Helper()
	var m mixture
	for i := range 8 {
		s := newTale()
		created := s.next(checkout.EventCreated)
		mustCommit(t, engine, created)
		s.goOn(created)
		m.changes, m.want = append(m.changes, s.next(checkout.EventUpdated)), append(m.want, nil)
		if i%4 == 0 {
			mustCommit(t, engine, s.next(checkout.EventUpdated))
			m.want[i] = store.ErrConflict
		}
	}
	return m
}

// mustHold expects the changes answered with nil once and the others never.
func (m *mixture) mustHold(t testing.TB, engine store.Engine, answers []error) {
	t.Helper()
	for i, change := range m.changes {
		if !errors.Is(answers[i], m.want[i]) {
			t.Errorf("change %d: got %v, want %v", i, answers[i], m.want[i])
		}
		history, err := engine.Revisions(t.Context(), change.Session.ID, 0, 0)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
		times := 0
		for _, revision := range history {
			if revision.Event.CorrelationID == change.Event.CorrelationID {
				times++
			}
		}
		want := 1
		if m.want[i] != nil {
			want = 0
		}
		if times != want {
			t.Errorf("change %d, answered with %v, is there %d times", i, answers[i], times)
		}
		if want == 1 && change.Event.Kind == checkout.EventAuthorized {
			mustLead(t, engine.SessionOfAuthorization, change.Event.AuthorizationToken, change.Session.ID)
		}
		if want == 1 && change.Event.OrderID != "" {
			mustLead(t, engine.SessionOfOrder, change.Event.OrderID, change.Session.ID)
		}
	}
}

// TestACutConnectionIsAnsweredWithTheTruth cuts the connection of a commit, and
// of the next attempts too, at every point.
func TestACutConnectionIsAnsweredWithTheTruth(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	direct := open(t, url, postgres.Options{MaxConnections: 2})
	for name, batch := range map[string]func(testing.TB, store.Engine) mixture{
		"updates": newUpdates, "mixture": newMixture, "taken": newTaken,
	} {
		for _, point := range pgtest.Points() {
			for _, times := range []int{1, 4} {
				t.Run(fmt.Sprintf("%s, %s, %d times", name, point, times), func(t *testing.T) {
					t.Parallel()
					indirect, proxy := through(t, url)
					engine := open(t, indirect, postgres.Options{MaxConnections: 2})
					warm := newTale()
					mustCommit(t, engine, warm.next(checkout.EventCreated))
					m := batch(t, direct)
					for range times {
						proxy.Cut(point, 40)
					}
					m.mustHold(t, direct, engine.Commit(t.Context(), m.changes))
					if proxy.Made() != times {
						t.Errorf("%d cuts were made, not %d: this test shows nothing", proxy.Made(), times)
					}
					if n := proxy.CancelRequests(); n > 0 {
						t.Errorf("%d requests to cancel: they could cut a commit's wait for its standby", n)
					}
				})
			}
		}
	}
}

// TestAnAnswerCutAnywhere lets through every number of bytes of the answer.
func TestAnAnswerCutAnywhere(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	direct := open(t, url, postgres.Options{MaxConnections: 2})
	indirect, proxy := through(t, url)
	engine := open(t, indirect, postgres.Options{MaxConnections: 1})
	s := newTale()
	var written []store.Change
	take := func() {
		kind := checkout.EventUpdated
		if len(written) == 0 {
			kind = checkout.EventCreated
		}
		change := s.next(kind)
		mustCommit(t, engine, change)
		s.goOn(change)
		written = append(written, change)
	}
	take()
	take()
	const answerMax = 110 // of one change, from the first byte to ReadyForQuery
	for part := range answerMax {
		proxy.Cut(pgtest.WithinAnswer, part)
		take()
	}
	if proxy.Made() != answerMax {
		t.Errorf("%d cuts were made, not %d", proxy.Made(), answerMax)
	}
	mustHave(t, direct, s.session.ID, written...)
}

// TestAReadGoesOnAfterACut: nothing is in doubt about a read.
func TestAReadGoesOnAfterACut(t *testing.T) {
	t.Parallel()
	indirect, proxy := through(t, migrated(t))
	engine := open(t, indirect, postgres.Options{MaxConnections: 1})
	s := newTale()
	created := s.next(checkout.EventCreated)
	mustCommit(t, engine, created)
	for _, point := range pgtest.Points() {
		proxy.Cut(point, 20)
		mustHave(t, engine, s.session.ID, created)
	}
	if proxy.Made() != len(pgtest.Points()) {
		t.Errorf("%d cuts were made", proxy.Made())
	}
}

// TestTenantsAreAnsweredWithTheTruth: what people change has the same care.
func TestTenantsAreAnsweredWithTheTruth(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	for _, point := range pgtest.Points() {
		t.Run(point.String(), func(t *testing.T) {
			t.Parallel()
			indirect, proxy := through(t, url)
			engine := open(t, indirect, postgres.Options{MaxConnections: 1})
			name := "M " + point.String()
			mustAdd(t, engine, name+" warm") // the statements are prepared
			mustMove(t, engine, name+" warm", 1)
			proxy.Cut(point, 20)
			mustAdd(t, engine, name)
			if err := engine.AddMerchant(t.Context(), store.Merchant{ID: name, CreatedAt: dawn}); !errors.Is(err, store.ErrConflict) {
				t.Errorf("AddMerchant again: %v, want ErrConflict", err)
			}
			mustMove(t, engine, name, 1)
			proxy.CutAfter(1, point, 20) // the first exchange reads the clock
			mustMove(t, engine, name, 2)
			if proxy.Made() != 2 {
				t.Errorf("%d cuts were made", proxy.Made())
			}
		})
	}
}

func mustAdd(t *testing.T, engine store.Engine, merchant string) {
	t.Helper()
	if err := engine.AddMerchant(t.Context(), store.Merchant{ID: merchant, CreatedAt: dawn}); err != nil {
		t.Fatalf("AddMerchant: %v", err)
	}
}

func mustMove(t *testing.T, engine store.Engine, merchant string, want int) {
	t.Helper()
	if sum, err := engine.AdvanceClock(t.Context(), merchant, 1); err != nil || int(sum) != want {
		t.Fatalf("AdvanceClock = %d, %v; want %d", sum, err, want)
	}
}
