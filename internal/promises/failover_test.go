package promises_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/pgtest"
)

// failover is what the shops met.
type failover struct {
	mu      sync.Mutex
	answers []answered
}

type answered struct {
	at   time.Time // when the answer came
	took time.Duration
	ok   bool
}

func (f *failover) note(began time.Time, ok bool) {
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers = append(f.answers, answered{now, now.Sub(began), ok})
}

// TestPromise1SurvivesAFailover: under load the primary is killed with kill -9
// and its synchronous standby promoted. No acknowledged write is lost, errors
// come during the switch only, and the service returns by itself: nobody tells
// the servers anything.
func TestPromise1SurvivesAFailover(t *testing.T) {
	t.Parallel()
	primary, standby, store := replicated(t)
	f := startFleet(t, build(t), []string{store, store})
	const shops, before, after = 8, 400, 400
	var seen failover
	acks := newCountdown(before)
	var stop atomic.Bool
	told := make([][]*ledger, shops)
	var shopping sync.WaitGroup
	for i := range shops {
		shopping.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 5))
			for !stop.Load() {
				told[i] = append(told[i], seen.session(newMerchant(f.url(i), fmt.Sprintf("shop-%d", i)), random, acks, &stop))
			}
		})
	}
	<-acks.reached
	killed := time.Now()
	if err := primary.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := standby.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	promoted := time.Now()
	later := newCountdown(after)
	var waiting sync.WaitGroup
	waiting.Go(func() { // the service is back when a new shop is served
		shop := newMerchant(f.url(0), "newcomer")
		for range after {
			began := time.Now()
			answer, err := shop.call("POST", "/payments/v1/sessions", cart(1))
			seen.note(began, err == nil && answer.Status == 200)
			later.one()
		}
	})
	<-later.reached
	stop.Store(true)
	shopping.Wait()
	waiting.Wait()

	sessions := 0
	for i, ledgers := range told {
		for _, l := range ledgers {
			if l.session != "" {
				l.audit(t, newMerchant(f.url(i+1), fmt.Sprintf("shop-%d", i)))
				sessions++
			}
		}
	}
	seen.judge(t, sessions, killed, promoted)
}

// replicated is a primary whose commits wait for the standby, and a URL that
// leads to whichever of the two takes writes.
func replicated(t *testing.T) (primary, standby *pgtest.Cluster, store string) {
	t.Helper()
	primary = pgtest.Start(t, pgtest.Options{Name: "first"})
	database := pgtest.Database(t, primary)
	standby = pgtest.Start(t, pgtest.Options{Name: "second", StandbyOf: primary})
	if err := primary.Configure("synchronous_standby_names = 'second'"); err != nil {
		t.Fatal(err)
	}
	if err := primary.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	return primary, standby, primary.URLThrough(primary.Address()+","+standby.Address(), database) + "?target_session_attrs=read-write"
}

// session is one session of a shop that gives a session up when an answer is
// lost; what was acknowledged until then must hold.
func (f *failover) session(shop *merchant, random *rand.Rand, acks *countdown, stop *atomic.Bool) *ledger {
	l := &ledger{}
	call := func(method, path, body string, want int) (reply, bool) {
		began := time.Now()
		answer, err := shop.call(method, path, body)
		ok := err == nil && answer.Status == want
		f.note(began, ok)
		if ok {
			acks.one()
		}
		return answer, ok
	}
	created, ok := call("POST", "/payments/v1/sessions", cart(1), 200)
	if !ok {
		return l
	}
	l.session, l.acked, l.attempted = created.SessionID, 1, 1
	for range 2 + random.IntN(6) {
		l.attempted++
		if _, ok = call("POST", "/payments/v1/sessions/"+l.session, cart(l.attempted), 204); !ok || stop.Load() {
			return l
		}
		l.acked = l.attempted
	}
	result, ok := call("POST", "/kvitto/v1/sessions/"+l.session+"/authorize", `{}`, 200)
	if !ok {
		return l
	}
	l.token, l.approved = result.AuthorizationToken, l.acked
	if order, ok := call("POST", "/payments/v1/authorizations/"+l.token+"/order", cart(l.approved), 200); ok {
		l.orderID = order.OrderID
	}
	return l
}

// judge wants errors during the switch only, which ends with the first answer
// after the promotion, and prints what the switch cost.
func (f *failover) judge(t *testing.T, sessions int, killed, promoted time.Time) {
	t.Helper()
	slices.SortFunc(f.answers, func(a, b answered) int { return a.at.Compare(b.at) })
	var back time.Time
	failures, slowest := 0, time.Duration(0)
	for _, a := range f.answers {
		switch {
		case a.ok && back.IsZero() && a.at.After(promoted):
			back = a.at
		case !a.ok && a.at.Before(killed):
			t.Errorf("an error %s before the kill", killed.Sub(a.at))
		case !a.ok:
			failures++
		}
		slowest = max(slowest, a.took)
	}
	if back.IsZero() || sessions == 0 {
		t.Fatalf("%d sessions, back %v: nothing was proved", sessions, back)
	}
	// A request that was on its way when the primary died may be given up for
	// as long as the engine tries again, and no longer.
	for _, a := range f.answers {
		if !a.ok && a.at.Add(-a.took).After(back) {
			t.Errorf("an error of a request that began %s after the service was back", a.at.Add(-a.took).Sub(back))
		}
	}
	t.Logf("%d answers, %d of them errors; %d sessions compared; promotion took %s, the service was back %s after the kill; the slowest answer took %s",
		len(f.answers), failures, sessions, promoted.Sub(killed).Round(time.Millisecond), back.Sub(killed).Round(time.Millisecond), slowest.Round(time.Millisecond))
}
