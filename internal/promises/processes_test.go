package promises_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/pgtest"
)

// TestPromise2OverSeveralProcesses: servers with a cache each share one
// PostgreSQL, every call goes to one of them, and the history of a session has
// an order in which every answer is right.
func TestPromise2OverSeveralProcesses(t *testing.T) {
	t.Parallel()
	for _, count := range []int{2, 3} {
		t.Run(fmt.Sprint(count), func(t *testing.T) {
			t.Parallel()
			url := pgtest.URL(t)
			urls := make([]string, count)
			for i := range urls {
				urls[i] = serveStore(t, url)
			}
			for seed := range uint64(12) {
				t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
					t.Parallel()
					if lost := mustHaveOneOrder(t, seed, everywhere(urls, fmt.Sprintf("history-%d", seed))...); lost > 0 {
						t.Errorf("%d calls were not answered", lost)
					}
				})
			}
		})
	}
}

// TestPromise2WhileConnectionsAreCut: the connections of three servers to
// PostgreSQL are cut before, within and after requests and answers. Whoever is
// answered is answered rightly; a commit whose end was unknown is found out.
func TestPromise2WhileConnectionsAreCut(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Shared(t)
	database := pgtest.Database(t, cluster)
	const servers, cuts = 3, 60
	urls, proxies := make([]string, servers), make([]*pgtest.Proxy, servers)
	for i := range urls {
		proxies[i] = pgtest.NewProxy(t, cluster.Address())
		urls[i] = serveStore(t, cluster.URLThrough(proxies[i].Address(), database))
	}
	random := rand.New(rand.NewPCG(7, 7))
	for range cuts {
		for _, proxy := range proxies {
			points := pgtest.Points()
			proxy.CutAfter(random.IntN(12), points[random.IntN(len(points))], random.IntN(40))
		}
	}
	lost := 0
	for seed := range uint64(16) {
		lost += mustHaveOneOrder(t, seed, everywhere(urls, fmt.Sprintf("cut-%d", seed))...)
	}
	made := 0
	for _, proxy := range proxies {
		made += proxy.Made()
	}
	if made < servers*cuts/2 {
		t.Errorf("only %d of %d cuts were made", made, servers*cuts)
	}
	t.Logf("%d connections were cut, %d answers were lost", made, lost)
}

// serveStore runs a server on a store until the test ends.
func serveStore(t *testing.T, url string) string {
	t.Helper()
	server, stop := startWith(t, app.Config{Store: url})
	t.Cleanup(stop)
	return server.URL
}

// everywhere is one merchant at each of the servers.
func everywhere(urls []string, name string) []*merchant {
	shops := make([]*merchant, len(urls))
	for i, url := range urls {
		shops[i] = newMerchant(url, name)
	}
	return shops
}

// fleet are processes of one store that are killed and started again.
type fleet struct {
	t      *testing.T
	binary string
	stores []string // one URL for each process

	mu        sync.Mutex
	processes []*process
}

func startFleet(t *testing.T, binary string, stores []string) *fleet {
	t.Helper()
	f := &fleet{t: t, binary: binary, stores: stores}
	for _, store := range stores {
		f.processes = append(f.processes, startProcessWith(t, binary, "--store", store))
	}
	t.Cleanup(func() {
		for _, p := range f.processes {
			_ = p.command.Process.Kill() // it may be dead already
			_ = p.command.Wait()
		}
	})
	return f
}

// url is where one of the processes listens now.
func (f *fleet) url(which int) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.processes[which%len(f.processes)].url
}

// replace kills a process with kill -9 and starts another.
func (f *fleet) replace(which int) {
	f.mu.Lock()
	old := f.processes[which]
	f.mu.Unlock()
	old.kill(f.t)
	started := startProcessWith(f.t, f.binary, "--store", f.stores[which])
	f.mu.Lock()
	f.processes[which] = started
	f.mu.Unlock()
}

// wanderer is a shop that goes on with the next process when one does not
// answer.
type wanderer struct {
	fleet  *fleet
	name   string
	random *rand.Rand
	at     *merchant
	lost   *atomic.Int64
}

// call repeats a call until it is answered. first tells whether that was the
// first attempt; a call that is not idempotent may have happened before.
func (w *wanderer) call(method, path, body string) (answer reply, first bool) {
	for first = true; ; first = false {
		if w.at == nil || w.random.IntN(4) == 0 {
			w.at = newMerchant(w.fleet.url(w.random.IntN(1<<20)), w.name)
		}
		answer, err := w.at.call(method, path, body)
		if err == nil && answer.Status != 503 {
			return answer, first
		}
		w.lost.Add(1)
		w.at = nil
	}
}

// live runs one session through whatever happens to the processes.
func (w *wanderer) live(t *testing.T) *ledger {
	created, _ := w.call("POST", "/payments/v1/sessions", cart(1))
	l := &ledger{session: created.SessionID, acked: 1}
	for range 2 + w.random.IntN(6) {
		l.acked++
		if answer, _ := w.call("POST", "/payments/v1/sessions/"+l.session, cart(l.acked)); answer.Status != 204 {
			t.Errorf("update: %+v", answer)
		}
		if got, _ := w.call("GET", "/payments/v1/sessions/"+l.session, ""); got.OrderAmount != l.acked {
			t.Errorf("session %s reads %d after %d was acknowledged", l.session, got.OrderAmount, l.acked)
		}
	}
	mistake, _ := w.call("POST", "/payments/v1/sessions/"+l.session, `{"order_amount":7000}`)
	l.refusals = append(l.refusals, mistake.CorrelationID)
	result, _ := w.call("POST", "/kvitto/v1/sessions/"+l.session+"/authorize", `{}`)
	l.attempted, l.token, l.approved = l.acked, result.AuthorizationToken, l.acked
	order, _ := w.call("POST", "/payments/v1/authorizations/"+l.token+"/order", cart(l.approved))
	if order.Status != 200 || order.OrderID == "" {
		t.Errorf("order: %+v", order)
	}
	l.orderID = order.OrderID
	return l
}

// TestPromise1And4SurviveKilledProcessesAndCutConnections: shops go from
// process to process while processes are killed and started again and their
// connections to PostgreSQL are cut. At the end every process tells what was
// acknowledged, and every authorization has its one order.
func TestPromise1And4SurviveKilledProcessesAndCutConnections(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Shared(t)
	database := pgtest.Database(t, cluster)
	const processes, shops = 3, 6
	stores := make([]string, processes)
	proxies := make([]*pgtest.Proxy, processes)
	for i := range stores {
		proxies[i] = pgtest.NewProxy(t, cluster.Address())
		stores[i] = cluster.URLThrough(proxies[i].Address(), database)
	}
	f := startFleet(t, build(t), stores)
	var stop atomic.Bool
	var lost atomic.Int64
	told := make([][]*ledger, shops)
	var shopping sync.WaitGroup
	for i := range shops {
		shopping.Go(func() {
			w := &wanderer{fleet: f, name: fmt.Sprintf("shop-%d", i), random: rand.New(rand.NewPCG(uint64(i), 3)), lost: &lost}
			for !stop.Load() {
				told[i] = append(told[i], w.live(t))
			}
		})
	}
	random := rand.New(rand.NewPCG(1, 1))
	kills := max(6, rounds(t)/2)
	for range kills {
		for _, proxy := range proxies {
			points := pgtest.Points()
			proxy.CutAfter(random.IntN(40), points[random.IntN(len(points))], random.IntN(40))
		}
		f.replace(random.IntN(processes))
	}
	stop.Store(true)
	shopping.Wait()
	sessions := 0
	for i, ledgers := range told {
		for n, l := range ledgers {
			l.audit(t, newMerchant(f.url(n), fmt.Sprintf("shop-%d", i)))
			sessions++
		}
	}
	cuts := 0
	for _, proxy := range proxies {
		cuts += proxy.Made()
	}
	if sessions == 0 || cuts == 0 || lost.Load() == 0 {
		t.Fatalf("%d sessions, %d cuts, %d lost answers: nothing was proved", sessions, cuts, lost.Load())
	}
	t.Logf("%d sessions with their orders after %d kills, %d cut connections and %d lost answers", sessions, kills, cuts, lost.Load())
}
