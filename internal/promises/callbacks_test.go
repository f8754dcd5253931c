package promises_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/pgtest"
)

// ear is a shop's server: it notes what it is told, in the order in which calls
// begin.
type ear struct {
	*httptest.Server
	mu       sync.Mutex
	heard    map[string][]string // tokens by session
	taken    map[string]int      // how often a token was taken with 2xx
	underWay map[string]int      // calls by session
	together int                 // calls that began while another of the session was under way
	news     chan struct{}       // holds a value when something was taken since it was looked at
	answer   func(w http.ResponseWriter, token string, before int)
}

// newEar answers as told; before counts the earlier calls with the token.
func newEar(t *testing.T, answer func(w http.ResponseWriter, token string, before int)) *ear {
	t.Helper()
	e := &ear{heard: map[string][]string{}, taken: map[string]int{}, underWay: map[string]int{}, news: make(chan struct{}, 1), answer: answer}
	e.Server = httptest.NewServer(e)
	t.Cleanup(e.Close)
	return e
}

func (e *ear) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var sent struct {
		Token   string `json:"authorization_token"`
		Session string `json:"session_id"`
	}
	if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	e.mu.Lock()
	before := 0
	for _, token := range e.heard[sent.Session] {
		if token == sent.Token {
			before++
		}
	}
	e.heard[sent.Session] = append(e.heard[sent.Session], sent.Token)
	if e.underWay[sent.Session] > 0 {
		e.together++
	}
	e.underWay[sent.Session]++
	e.mu.Unlock()
	status := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	e.answer(status, sent.Token, before)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.underWay[sent.Session]--
	if status.status < 300 {
		e.taken[sent.Token]++
		select {
		case e.news <- struct{}{}:
		default:
		}
	}
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (e *ear) has(token string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.taken[token] > 0
}

// approvals is what a shop was told by the server, in order.
type approvals struct {
	shop, session string
	tokens        []string
}

// andWhatWasCommitted adds the tokens that servers committed and whose answers
// were lost: a session shows its newest. They must be told like the others. It
// returns how many there are.
func andWhatWasCommitted(t *testing.T, url string, all []*approvals) (lost int) {
	t.Helper()
	for _, a := range all {
		read := newMerchant(url, a.shop).must(t, 200, "GET", "/payments/v1/sessions/"+a.session, "")
		if token := read.AuthorizationToken; token != "" && !slices.Contains(a.tokens, token) {
			a.tokens = append(a.tokens, token)
			lost++
		}
	}
	return lost
}

// mustHear waits until every token that was acknowledged has been taken, and
// checks that no session heard of an older one after a newer.
func (e *ear) mustHear(t *testing.T, all []*approvals) (tokens int) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	for _, a := range all {
		for _, token := range a.tokens {
			for !e.has(token) {
				select {
				case <-e.news:
				case <-deadline:
					t.Fatalf("session %s: the token %s was never told", a.session, token)
				}
			}
			tokens++
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, a := range all {
		newest := 0
		for _, token := range e.heard[a.session] {
			place := slices.Index(a.tokens, token)
			if place < 0 {
				place = len(a.tokens) // it was committed, and its answer lost with the process
			}
			if place < newest {
				t.Errorf("session %s heard %v, approved in the order %v", a.session, e.heard[a.session], a.tokens)
				break
			}
			newest = place
		}
	}
	return tokens
}

// telling is a cart with the shop's address.
func telling(url string) string {
	body := cart(100)
	return body[:len(body)-1] + fmt.Sprintf(`,"merchant_urls":{"authorization":%q}}`, url+"/callbacks?key=1")
}

// approveUntilKilled authorizes sessions, some of them again, until the server
// is gone.
func approveUntilKilled(shop *merchant, e *ear, random *rand.Rand, acks *countdown) (all []*approvals) {
	for {
		created, err := shop.call("POST", "/payments/v1/sessions", telling(e.URL))
		if err != nil || created.Status != 200 {
			return all
		}
		own := &approvals{shop: shop.name, session: created.SessionID}
		all = append(all, own)
		for range 1 + random.IntN(4) {
			result, err := shop.call("POST", "/kvitto/v1/sessions/"+own.session+"/authorize", `{}`)
			if err != nil || !result.Approved {
				return all
			}
			own.tokens = append(own.tokens, result.AuthorizationToken)
			acks.one()
		}
	}
}

// TestCallbacksSurviveKill: the process is killed with kill -9 at random
// moments, between commits and deliveries and during deliveries, some of which
// fail the first time. Every token that was acknowledged is told, in the order
// of its session.
func TestCallbacksSurviveKill(t *testing.T) {
	t.Parallel()
	binary, data := build(t), t.TempDir()
	random := rand.New(rand.NewPCG(5, 5))
	var luck sync.Mutex
	e := newEar(t, func(w http.ResponseWriter, _ string, before int) {
		luck.Lock()
		fails := before == 0 && random.IntN(8) == 0
		luck.Unlock()
		if fails {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	const shops = 4
	var all []*approvals
	for round := range rounds(t) / 2 {
		server := startProcess(t, binary, data)
		acks := newCountdown(1 + rand.New(rand.NewPCG(uint64(round), 3)).IntN(150))
		told := make([][]*approvals, shops)
		var wait sync.WaitGroup
		for i := range shops {
			wait.Go(func() {
				own := rand.New(rand.NewPCG(uint64(round), uint64(i)))
				told[i] = approveUntilKilled(newMerchant(server.url, fmt.Sprintf("shop-%d", i)), e, own, acks)
			})
		}
		stopped := make(chan struct{})
		go func() { wait.Wait(); close(stopped) }()
		select {
		case <-acks.reached:
		case <-stopped:
			t.Fatalf("round %d: every shop stopped before the kill", round)
		}
		server.kill(t)
		<-stopped
		all = append(all, slices.Concat(told...)...)
	}
	server := startProcess(t, binary, data)
	lost := andWhatWasCommitted(t, server.url, all)
	tokens := e.mustHear(t, all)
	server.kill(t)
	if tokens == 0 {
		t.Fatal("nothing was approved: nothing was proved")
	}
	t.Logf("%d tokens of %d sessions were told, %d of them in no answer", tokens, len(all), lost)
}

// TestACallbackIsToldAgainWhenItsDeliveryWasKilled: the receiver has the request
// and has not answered; and one that was held was not even begun.
func TestACallbackIsToldAgainWhenItsDeliveryWasKilled(t *testing.T) {
	t.Parallel()
	binary, data := build(t), t.TempDir()
	arrived, gone := make(chan struct{}), make(chan struct{})
	var first sync.Once
	e := newEar(t, func(w http.ResponseWriter, _ string, _ int) {
		status := http.StatusNoContent
		first.Do(func() {
			close(arrived)
			<-gone
			status = http.StatusGone // nobody sees it
		})
		w.WriteHeader(status)
	})
	server := startProcess(t, binary, data)
	shop, other := newMerchant(server.url, "shop"), newMerchant(server.url, "other")
	other.must(t, 204, "POST", "/kvitto/v1/callbacks/hold", `{"hold":true}`)
	approved := func(m *merchant) *approvals {
		created := m.must(t, 200, "POST", "/payments/v1/sessions", telling(e.URL))
		token := m.must(t, 200, "POST", "/kvitto/v1/sessions/"+created.SessionID+"/authorize", `{}`).AuthorizationToken
		return &approvals{session: created.SessionID, tokens: []string{token}}
	}
	held := approved(other)
	began := approved(shop)
	<-arrived
	server.kill(t)
	close(gone)
	server = startProcess(t, binary, data)
	newMerchant(server.url, "other").must(t, 204, "POST", "/kvitto/v1/callbacks/hold", `{"hold":false}`)
	if n := e.mustHear(t, []*approvals{held, began}); n != 2 {
		t.Errorf("%d tokens were told", n)
	}
	server.kill(t)
	e.mu.Lock()
	defer e.mu.Unlock()
	if n := len(e.heard[began.session]); n != 2 {
		t.Errorf("the delivery that was killed was made %d times, want 2", n)
	}
	if n := len(e.heard[held.session]); n != 1 {
		t.Errorf("the held callback was delivered %d times, want 1", n)
	}
}

// TestProcessesShareCallbacks: servers that share one PostgreSQL deliver every
// callback once, those of a session in order and never two at the same time,
// whichever server committed them.
func TestProcessesShareCallbacks(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	const servers, sessions, each = 3, 12, 5
	urls := make([]string, servers)
	for i := range urls {
		urls[i] = serveStore(t, url)
	}
	e := newEar(t, func(w http.ResponseWriter, _ string, before int) { w.WriteHeader(http.StatusNoContent) })
	all := make([]*approvals, sessions)
	var wait sync.WaitGroup
	for i := range sessions {
		wait.Go(func() {
			created, err := newMerchant(urls[i%servers], "shop").call("POST", "/payments/v1/sessions", telling(e.URL))
			if err != nil {
				t.Error(err)
				return
			}
			all[i] = &approvals{session: created.SessionID}
			for n := range each {
				shop := newMerchant(urls[(i+n)%servers], "shop")
				result, err := shop.call("POST", "/kvitto/v1/sessions/"+created.SessionID+"/authorize", `{}`)
				if err != nil || !result.Approved {
					t.Errorf("%+v %v", result, err)
					return
				}
				all[i].tokens = append(all[i].tokens, result.AuthorizationToken)
			}
		})
	}
	wait.Wait()
	if t.Failed() {
		return
	}
	if n := e.mustHear(t, all); n != sessions*each {
		t.Errorf("%d tokens were told, want %d", n, sessions*each)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.together > 0 {
		t.Errorf("%d calls began while another of the session was under way", e.together)
	}
	for token, n := range e.taken {
		if n != 1 {
			t.Errorf("the token %s was told %d times", token, n)
		}
	}
}
