package promises_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// operation is one call of a history.
type operation struct {
	kind   string // update, read, authorize, order, release
	amount int64
	token  string
}

// state is the model of one session: what the next call must answer follows
// from it alone. It is written independently of the domain.
type state struct {
	amount       int64
	token        string // newest authorization
	live         bool
	approved     int64
	orderID      string
	orderToken   string
	orderedOnFor int64
}

// unknown stands for an id that was made by a call whose answer was lost.
const unknown = "?"

// model says which answers are possible in which state. A lost answer leaves
// open whether the call took effect.
var model = (&porcupine.NondeterministicModel{
	Init: func() []any { return []any{state{amount: 1}} },
	Step: func(before, input, output any) []any {
		s, in, out := before.(state), input.(operation), output.(reply)
		if out.lost() {
			return []any{s, stepLost(s, in)}
		}
		if ok, next := step(s, in, out); ok {
			return []any{next}
		}
		return nil
	},
	DescribeOperation: func(input, output any) string {
		in, out := input.(operation), output.(reply)
		return fmt.Sprintf("%s %d %s -> %d %d %s %s", in.kind, in.amount, in.token, out.Status, out.OrderAmount, out.AuthorizationToken, out.OrderID)
	},
}).ToModel()

// lost tells whether the caller cannot know what became of its call.
func (r reply) lost() bool { return r.Status == 0 || r.Status == 503 }

func step(s state, in operation, out reply) (bool, any) {
	switch in.kind {
	case "update":
		return stepUpdate(s, in, out)
	case "read":
		return stepRead(s, out)
	case "authorize":
		return stepAuthorize(s, out)
	case "release":
		return stepRelease(s, in, out)
	default:
		return stepOrder(s, in, out)
	}
}

// stepLost is the state if the call took effect and nobody was told.
func stepLost(s state, in operation) state {
	switch {
	case in.kind == "update" && s.orderID == "":
		s.amount = in.amount
	case in.kind == "authorize" && s.orderID == "":
		s.token, s.live, s.approved = unknown, true, s.amount
	case in.kind == "release" && s.live && s.token == in.token:
		s.live = false
	case in.kind == "order" && s.orderID == "" && s.live && s.token == in.token && s.approved == in.amount:
		s.orderID, s.orderToken, s.orderedOnFor, s.live = unknown, in.token, in.amount, false
	}
	return s
}

func stepUpdate(s state, in operation, out reply) (bool, any) {
	if s.orderID != "" {
		return out.Status == 404 && out.ErrorCode == "SESSION_COMPLETED", s
	}
	s.amount = in.amount
	return out.Status == 204, s
}

func stepRead(s state, out reply) (bool, any) {
	if s.live && s.token == unknown {
		s.token = out.AuthorizationToken
	}
	want := ""
	if s.live {
		want = s.token
	}
	complete := out.SessionStatus == "complete"
	return out.Status == 200 && out.OrderAmount == s.amount && out.AuthorizationToken == want &&
		s.live == (want != "") && complete == (s.orderID != ""), s
}

func stepAuthorize(s state, out reply) (bool, any) {
	if s.orderID != "" {
		return out.Status == 404 && out.ErrorCode == "SESSION_COMPLETED", s
	}
	if out.Status != 200 || !out.Approved || out.AuthorizationToken == "" {
		return false, s
	}
	s.token, s.live, s.approved = out.AuthorizationToken, true, s.amount
	return true, s
}

func stepRelease(s state, in operation, out reply) (bool, any) {
	if !s.live || s.token != in.token {
		return out.Status == 404, s
	}
	s.live = false
	return out.Status == 204, s
}

func stepOrder(s state, in operation, out reply) (bool, any) {
	switch {
	case s.orderID == unknown && s.orderToken == in.token && s.orderedOnFor == in.amount:
		s.orderID = out.OrderID
		return out.Status == 200 && out.OrderID != "", s
	case s.orderID != "" && s.orderToken == in.token && s.orderedOnFor == in.amount:
		return out.Status == 200 && out.OrderID == s.orderID, s
	case s.orderID != "" && s.orderToken == in.token:
		return out.Status == 409, s
	case !s.live || s.token != in.token:
		return out.Status == 404, s
	case s.approved != in.amount:
		return out.Status == 409, s
	}
	if out.Status != 200 || out.OrderID == "" {
		return false, s
	}
	s.orderID, s.orderToken, s.orderedOnFor, s.live = out.OrderID, in.token, in.amount, false
	return true, s
}

// TestPromise2OneOrderOfEvents drives updates, reads, authorizations, releases
// and orders of one session from several clients at once and checks that the
// history has an order in which every answer is right.
func TestPromise2OneOrderOfEvents(t *testing.T) {
	t.Parallel()
	server := startInside(t, t.TempDir(), time.Now)
	for seed := range uint64(24) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			shop := newMerchant(server.URL, fmt.Sprintf("history-%d", seed))
			if lost := mustHaveOneOrder(t, seed, shop); lost > 0 {
				t.Errorf("%d calls were not answered", lost)
			}
		})
	}
}

// mustHaveOneOrder records a history of one session over the servers that the
// shop reaches and checks it. It returns how many answers were lost.
func mustHaveOneOrder(t *testing.T, seed uint64, shops ...*merchant) (lost int) {
	t.Helper()
	session := shops[0].must(t, 200, "POST", "/payments/v1/sessions", cart(1)).SessionID
	history := record(t, shops, session, seed)
	for _, op := range history {
		if op.Output.(reply).lost() {
			lost++
		}
	}
	if porcupine.CheckOperations(model, history) {
		return lost
	}
	for _, op := range history {
		t.Log(op.ClientId, op.Call, op.Return, model.DescribeOperation(op.Input, op.Output))
	}
	t.Fatalf("seed %d: no order of these %d calls explains their answers", seed, len(history))
	return lost
}

// record runs four clients with a few calls each, every call to one of the
// servers. Orders are rare, so that most histories go on for a while. A call
// whose answer was lost may take effect until the end of the history.
func record(t *testing.T, shops []*merchant, session string, seed uint64) []porcupine.Operation {
	const clients, calls = 4, 14
	var mu sync.Mutex
	var history []porcupine.Operation
	tokens := []string{"00000000-0000-4000-8000-000000000000"}
	began := time.Now()
	var wait sync.WaitGroup
	for client := range clients {
		wait.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(client)))
			for range calls {
				mu.Lock()
				in := draw(random, tokens)
				mu.Unlock()
				call := time.Since(began).Nanoseconds()
				out, err := carryOut(shops[random.IntN(len(shops))], session, in)
				ended := time.Since(began).Nanoseconds()
				if err != nil || out.lost() {
					out, ended = reply{}, math.MaxInt64
				}
				mu.Lock()
				if out.AuthorizationToken != "" && in.kind == "authorize" {
					tokens = append(tokens, out.AuthorizationToken)
				}
				history = append(history, porcupine.Operation{
					ClientId: client, Input: in, Call: call, Output: out, Return: ended})
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	return history
}

func draw(random *rand.Rand, tokens []string) operation {
	amount := 1 + random.Int64N(3)
	token := tokens[max(0, len(tokens)-1-random.IntN(3))]
	switch dice := random.IntN(100); {
	case dice < 35:
		return operation{kind: "update", amount: amount}
	case dice < 60:
		return operation{kind: "read"}
	case dice < 82:
		return operation{kind: "authorize"}
	case dice < 88:
		return operation{kind: "release", token: token}
	default:
		return operation{kind: "order", amount: amount, token: token}
	}
}

func carryOut(shop *merchant, session string, in operation) (reply, error) {
	switch in.kind {
	case "update":
		return shop.call("POST", "/payments/v1/sessions/"+session, cart(in.amount))
	case "read":
		return shop.call("GET", "/payments/v1/sessions/"+session, "")
	case "authorize":
		return shop.call("POST", "/kvitto/v1/sessions/"+session+"/authorize", `{}`)
	case "release":
		return shop.call("DELETE", "/payments/v1/authorizations/"+in.token, "")
	default:
		return shop.call("POST", "/payments/v1/authorizations/"+in.token+"/order", cart(in.amount))
	}
}
