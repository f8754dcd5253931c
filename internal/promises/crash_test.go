package promises_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// rounds of kill -9; KVITTO_CRASH_ROUNDS asks for more.
func rounds(t *testing.T) int {
	text := os.Getenv("KVITTO_CRASH_ROUNDS")
	if text == "" {
		return 12
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("KVITTO_CRASH_ROUNDS: %v", err)
	}
	return n
}

// build makes the binary that users run.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "kvitto")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "github.com/kvitto/kvitto/cmd/kvitto").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, output)
	}
	return binary
}

// process is a running `kvitto dev`.
type process struct {
	command *exec.Cmd
	url     string
}

func startProcess(t *testing.T, binary, data string) *process {
	t.Helper()
	return startProcessWith(t, binary, "--data", data)
}

func startProcessWith(t *testing.T, binary string, flags ...string) *process {
	t.Helper()
	command := exec.CommandContext(t.Context(), binary, append([]string{"dev", "--listen", "127.0.0.1:0", "--json", "--quiet"}, flags...)...)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadBytes('\n')
	var first struct {
		URL string `json:"url"`
	}
	if err == nil {
		err = json.Unmarshal(line, &first)
	}
	if err != nil {
		t.Fatalf("first line %q: %v", line, err)
	}
	return &process{command, first.URL}
}

// kill is kill -9: the process has no chance to write anything.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.command.Wait() // "signal: killed" is what was asked for
}

// countdown closes reached at the n-th acknowledgement.
type countdown struct {
	left    atomic.Int64
	reached chan struct{}
}

func newCountdown(n int) *countdown {
	c := &countdown{reached: make(chan struct{})}
	c.left.Store(int64(n))
	return c
}

func (c *countdown) one() {
	if c.left.Add(-1) == 0 {
		close(c.reached)
	}
}

// ledger is what the clients were told, and what they asked last.
type ledger struct {
	session   string
	acked     int64 // the newest amount that was answered with 204
	attempted int64 // the newest amount that was sent
	token     string
	approved  int64
	orderID   string
	refusals  []string // correlation ids of refusals
	unknown   []string // of calls about a session that is not there
}

// shopUntilKilled works like a shop until the connection breaks: create, then
// update, authorize, make mistakes, and at last order.
func shopUntilKilled(shop *merchant, random *rand.Rand, acks *countdown) []*ledger {
	var all []*ledger
	for {
		created, err := shop.call("POST", "/payments/v1/sessions", cart(1))
		if err != nil || created.Status != 200 {
			return all
		}
		acks.one()
		own := &ledger{session: created.SessionID, acked: 1, attempted: 1}
		all = append(all, own)
		if !own.live(shop, random, acks) {
			return all
		}
	}
}

// live runs one session; false when the server is gone.
func (l *ledger) live(shop *merchant, random *rand.Rand, acks *countdown) bool {
	for range 3 + random.IntN(8) {
		l.attempted++
		answer, err := shop.call("POST", "/payments/v1/sessions/"+l.session, cart(l.attempted))
		if err != nil || answer.Status != 204 {
			return false
		}
		l.acked = l.attempted
		acks.one()
		if random.IntN(3) == 0 {
			mistake, err := shop.call("POST", "/payments/v1/sessions/"+l.session, `{"order_amount":7000}`)
			if err != nil || mistake.Status != 400 {
				return false
			}
			l.refusals = append(l.refusals, mistake.CorrelationID)
			acks.one()
		}
		if random.IntN(6) == 0 {
			lost, err := shop.call("GET", "/payments/v1/sessions/01934b1e-7a3c-4def-8123-456789abcdef", "")
			if err != nil || lost.Status != 404 {
				return false
			}
			l.unknown = append(l.unknown, lost.CorrelationID)
			acks.one()
		}
	}
	result, err := shop.call("POST", "/kvitto/v1/sessions/"+l.session+"/authorize", `{}`)
	if err != nil || !result.Approved {
		return false
	}
	l.token, l.approved = result.AuthorizationToken, l.acked
	acks.one()
	order, err := shop.call("POST", "/payments/v1/authorizations/"+l.token+"/order", cart(l.approved))
	if err != nil || order.Status != 200 {
		return false
	}
	l.orderID = order.OrderID
	acks.one()
	return true
}

// audit compares a restarted server with what its clients were told.
func (l *ledger) audit(t *testing.T, shop *merchant) {
	t.Helper()
	got := shop.must(t, 200, "GET", "/payments/v1/sessions/"+l.session, "")
	if got.OrderAmount < l.acked || got.OrderAmount > l.attempted {
		t.Errorf("session %s: amount %d, acknowledged %d, attempted %d", l.session, got.OrderAmount, l.acked, l.attempted)
	}
	if reference := strconv.FormatInt(got.OrderAmount, 10); len(got.OrderLines) != 1 || got.OrderLines[0].TotalAmount != got.OrderAmount || got.MerchantReference1 != reference {
		t.Errorf("session %s: half an update: %+v", l.session, got)
	}
	for _, id := range l.refusals {
		explained := shop.must(t, 200, "GET", "/kvitto/v1/exchanges/"+id, "")
		if len(explained.Violations) == 0 || explained.Violations[0].Path != "order_amount" || explained.Violations[0].Sent != float64(7000) {
			t.Errorf("refusal %s lost its explanation: %+v", id, explained)
		}
	}
	for _, id := range l.unknown {
		shop.must(t, 200, "GET", "/kvitto/v1/exchanges/"+id, "")
	}
	if l.token == "" {
		return
	}
	// The same call again: the order that was acknowledged, or the one that
	// was being placed when the process died; never a second one.
	first := shop.must(t, 200, "POST", "/payments/v1/authorizations/"+l.token+"/order", cart(l.approved))
	again := shop.must(t, 200, "POST", "/payments/v1/authorizations/"+l.token+"/order", cart(l.approved))
	if first.OrderID != again.OrderID || (l.orderID != "" && first.OrderID != l.orderID) {
		t.Errorf("session %s: orders %q (acknowledged), %q, %q", l.session, l.orderID, first.OrderID, again.OrderID)
	}
	if got := shop.must(t, 200, "GET", "/payments/v1/sessions/"+l.session, ""); got.SessionStatus != "complete" {
		t.Errorf("session %s has an order and is %s", l.session, got.SessionStatus)
	}
}

// auditSearch holds that a restarted server lists every error that its clients
// were told, each once, and finds it by its id.
func auditSearch(t *testing.T, shop *merchant, told []*ledger) {
	t.Helper()
	listed := map[string]int{}
	for before := ""; ; {
		page := shop.must(t, 200, "GET", "/kvitto/v1/exchanges?status=4xx&limit=200&before="+url.QueryEscape(before), "")
		for _, e := range page.Exchanges {
			listed[e.CorrelationID]++
		}
		if before = page.Next; before == "" {
			break
		}
	}
	for _, l := range told {
		for i, id := range append(slices.Clone(l.refusals), l.unknown...) {
			if listed[id] != 1 {
				t.Errorf("the error %s is listed %d times", id, listed[id])
			}
			if i > 0 {
				continue // one of a session is enough
			}
			found := shop.must(t, 200, "GET", "/kvitto/v1/exchanges?text="+id, "")
			if len(found.Exchanges) != 1 || found.Exchanges[0].CorrelationID != id {
				t.Errorf("a search for %s gives %+v", id, found.Exchanges)
			}
		}
	}
}

// TestPromise1And4And7SurviveKill kills the server at random moments under
// load, restarts it on the same files, and compares: no acknowledged write is
// lost, no write is half there, no order is placed twice, no explanation is
// gone, no error is missing in a list. The moment of the kill is a random number of acknowledgements.
func TestPromise1And4And7SurviveKill(t *testing.T) {
	t.Parallel()
	binary, data := build(t), t.TempDir()
	const shops = 8
	checked, refusals, orders := 0, 0, 0
	for round := range rounds(t) {
		server := startProcess(t, binary, data)
		random := rand.New(rand.NewPCG(uint64(round), 9))
		acks := newCountdown(1 + random.IntN(600))
		told := make([][]*ledger, shops)
		var wait sync.WaitGroup
		for i := range shops {
			shop := newMerchant(server.url, fmt.Sprintf("shop-%d", i))
			wait.Go(func() {
				told[i] = shopUntilKilled(shop, rand.New(rand.NewPCG(uint64(round), uint64(i))), acks)
			})
		}
		stopped := make(chan struct{})
		go func() { wait.Wait(); close(stopped) }()
		select {
		case <-acks.reached:
		case <-stopped:
			t.Fatalf("round %d: every shop stopped before the kill: an answer was not what it must be", round)
		}
		server.kill(t)
		<-stopped
		server = startProcess(t, binary, data)
		for i := range shops {
			shop := newMerchant(server.url, fmt.Sprintf("shop-%d", i))
			auditSearch(t, shop, told[i])
			for _, l := range told[i] {
				l.audit(t, shop)
				checked++
				refusals += len(l.refusals) + len(l.unknown)
				if l.orderID != "" {
					orders++
				}
			}
		}
		server.kill(t)
	}
	if checked == 0 || refusals == 0 || orders == 0 {
		t.Fatalf("the rounds saw %d sessions, %d refusals, %d orders: nothing was proved", checked, refusals, orders)
	}
	t.Logf("compared %d sessions, %d orders and %d refusals after %d kills", checked, orders, refusals, 2*rounds(t))
}
