package promises_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/pgtest"
)

// approveAnywhere authorizes sessions, each call at another process. A session
// whose answer was lost is left alone: nobody knows what was committed last.
func (f *fleet) approveAnywhere(name string, e *ear, random *rand.Rand, stop *atomic.Bool) (all []*approvals) {
	call := func(path, body string) (reply, bool) {
		answer, err := newMerchant(f.url(random.IntN(len(f.stores))), name).call("POST", path, body)
		return answer, err == nil && answer.Status == 200
	}
	for !stop.Load() {
		created, ok := call("/payments/v1/sessions", telling(e.URL))
		if !ok {
			continue
		}
		own := &approvals{shop: name, session: created.SessionID}
		all = append(all, own)
		for range 1 + random.IntN(4) {
			result, ok := call("/kvitto/v1/sessions/"+own.session+"/authorize", `{}`)
			if !ok || !result.Approved {
				break
			}
			own.tokens = append(own.tokens, result.AuthorizationToken)
		}
	}
	return all
}

// TestCallbacksSurviveKilledProcesses: three processes on one PostgreSQL are
// killed with kill -9 between commits and deliveries, and while a receiver has a
// request that it has not answered. Every token that was acknowledged is told by
// whoever lives, in the order of its session and never two at a time: what died
// with its process waits for the end of its lease.
func TestCallbacksSurviveKilledProcesses(t *testing.T) {
	t.Parallel()
	const processes, shops, kills = 3, 3, 9
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(7, 7))
	killed := make(chan struct{}) // closed by the next kill
	waiting := make(chan struct{}, 1)
	e := newEar(t, func(w http.ResponseWriter, _ string, before int) {
		mu.Lock()
		waits, next := before == 0 && random.IntN(3) == 0, killed
		mu.Unlock()
		if !waits {
			return
		}
		select {
		case waiting <- struct{}{}:
		default:
		}
		select {
		case <-next:
		case <-time.After(time.Second): // shorter than a sender's patience: most are not killed
		}
	})
	store := pgtest.URL(t)
	f := startFleet(t, build(t), slices.Repeat([]string{store}, processes))
	var stop atomic.Bool
	told := make([][]*approvals, shops)
	var shopping sync.WaitGroup
	for i := range shops {
		shopping.Go(func() {
			told[i] = f.approveAnywhere(fmt.Sprintf("shop-%d", i), e, rand.New(rand.NewPCG(uint64(i), 9)), &stop)
		})
	}
	for kill := range kills {
		if kill%3 != 0 {
			<-waiting // a delivery is under way, perhaps of the process that dies
		}
		mu.Lock()
		which, now := random.IntN(processes), killed
		killed = make(chan struct{})
		mu.Unlock()
		f.replace(which)
		close(now)
	}
	stop.Store(true)
	shopping.Wait()
	all := slices.Concat(told...)
	lost := andWhatWasCommitted(t, f.url(0), all)
	tokens := e.mustHear(t, all)
	e.mu.Lock()
	defer e.mu.Unlock()
	again := 0
	for _, session := range e.heard {
		again += len(session)
	}
	again -= len(e.taken)
	if e.together > 0 {
		t.Errorf("%d calls began while another of the session was under way", e.together)
	}
	if tokens == 0 || again == 0 {
		t.Fatalf("%d tokens were told, %d of them again: nothing was proved", tokens, again)
	}
	t.Logf("%d tokens of %d sessions were told, %d of them in no answer; %d calls were made again after %d kills", tokens, len(all), lost, again, kills)
}
