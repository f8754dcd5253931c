package lab_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/lab"
)

func prime(t testing.TB, q *lab.Queue, primed ...lab.Primed) {
	t.Helper()
	for _, p := range primed {
		if err := q.Prime("m", p); err != nil {
			t.Fatal(err)
		}
	}
}

// take is a call that ends with a result.
func take(q *lab.Queue, session, call string) string {
	taken := q.Take("m", session, call)
	defer taken.Done(true)
	if primed := taken.Primed(); primed != nil {
		return primed.Outcome
	}
	return ""
}

func TestWhatIsPrimedForACall(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		primed []lab.Primed
		want   []string // session, call and what it gets
	}{
		"once":                        {[]lab.Primed{{Outcome: "deny"}}, []string{"s authorize deny", "s authorize "}},
		"any call but load":           {[]lab.Primed{{Outcome: "deny"}}, []string{"s load ", "s finalize deny"}},
		"load when it is named":       {[]lab.Primed{{Outcome: "deny", Call: "load"}}, []string{"s authorize ", "s load deny", "s load "}},
		"another session":             {[]lab.Primed{{Outcome: "deny", SessionID: "a"}}, []string{"b authorize ", "a authorize deny"}},
		"another call":                {[]lab.Primed{{Outcome: "deny", Call: "finalize"}}, []string{"s authorize ", "s reauthorize ", "s finalize deny"}},
		"the older first":             {[]lab.Primed{{Outcome: "deny"}, {Outcome: "cancel"}}, []string{"s authorize deny", "s authorize cancel", "s authorize "}},
		"its own session first":       {[]lab.Primed{{Outcome: "deny"}, {Outcome: "cancel", SessionID: "s"}}, []string{"s authorize cancel", "s authorize deny"}},
		"standing stays":              {[]lab.Primed{{Outcome: "deny", Standing: true}}, []string{"s authorize deny", "t finalize deny", "s load "}},
		"once before standing":        {[]lab.Primed{{Outcome: "deny", Call: "authorize", Standing: true}, {Outcome: "cancel"}}, []string{"s authorize cancel", "s authorize deny"}},
		"replaced by standing":        {[]lab.Primed{{Outcome: "deny", Standing: true}, {Outcome: "cancel", Standing: true}}, []string{"s authorize cancel", "s authorize cancel"}},
		"replaced by once":            {[]lab.Primed{{Outcome: "deny", Standing: true}, {Outcome: "cancel"}}, []string{"s authorize cancel", "s authorize "}},
		"standing for its own call":   {[]lab.Primed{{Outcome: "deny", Standing: true}, {Outcome: "cancel", Call: "finalize", Standing: true}}, []string{"s authorize deny"}},
		"a session's own one at last": {[]lab.Primed{{Outcome: "deny"}, {Outcome: "cancel", SessionID: "s", Standing: true}}, []string{"s authorize cancel", "t authorize deny"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := lab.NewQueue()
			prime(t, q, c.primed...)
			for _, want := range c.want {
				var session, call string
				if _, err := fmt.Sscan(want, &session, &call); err != nil {
					t.Fatal(err)
				}
				if got := session + " " + call + " " + take(q, session, call); got != want {
					t.Errorf("%q, want %q", got, want)
				}
			}
		})
	}
}

func TestWhatIsPrimedIsTheMerchantsOwn(t *testing.T) {
	t.Parallel()
	q := lab.NewQueue()
	prime(t, q, lab.Primed{Outcome: "deny", InvalidFields: []string{"x"}})
	if taken := q.Take("other", "s", "authorize"); taken != nil || len(q.List("other")) != 0 {
		t.Error("another merchant has it")
	}
	q.Clear("other")
	if list := q.List("m"); len(list) != 1 || list[0].Outcome != "deny" {
		t.Errorf("%+v", list)
	}
	q.Clear("m")
	if len(q.List("m")) != 0 {
		t.Error("cleared and still there")
	}
}

func TestWhatWasAskedGivesItBack(t *testing.T) {
	t.Parallel()
	q := lab.NewQueue()
	prime(t, q, lab.Primed{Outcome: "deny"}, lab.Primed{Outcome: "cancel"})
	for range 3 {
		taken := q.Take("m", "s", "authorize")
		if taken.Primed().Outcome != "deny" {
			t.Fatalf("%+v", taken.Primed())
		}
		// While one call has it, another gets the next.
		other := q.Take("m", "t", "authorize")
		if other.Primed().Outcome != "cancel" {
			t.Fatalf("%+v", other.Primed())
		}
		other.Done(false)
		taken.Done(false)
	}
	// What was taken back meanwhile does not return.
	taken := q.Take("m", "s", "authorize")
	q.Clear("m")
	taken.Done(false)
	if len(q.List("m")) != 0 {
		t.Error("it came back after it was cleared")
	}
	var nothing *lab.Queue
	nothing.Take("m", "s", "authorize").Done(true)
	if nothing.Take("m", "s", "authorize").Primed().Decision() != nil {
		t.Error("a decision of nothing")
	}
}

func TestTheQueueIsBounded(t *testing.T) {
	t.Parallel()
	q := lab.NewQueue()
	for range lab.PrimedOfMerchantMax {
		prime(t, q, lab.Primed{Outcome: "deny"})
	}
	if err := q.Prime("m", lab.Primed{}); !errors.Is(err, lab.ErrPrimedFull) {
		t.Errorf("%v", err)
	}
	take(q, "s", "authorize")
	prime(t, q, lab.Primed{Outcome: "deny"})
	merchants := 0
	for ; merchants < 1000; merchants++ {
		var err error
		for range lab.PrimedOfMerchantMax {
			err = errors.Join(err, q.Prime(fmt.Sprint("m", merchants), lab.Primed{}))
		}
		if err != nil {
			break
		}
	}
	if merchants == 1000 {
		t.Error("there is no bound for all merchants together")
	}
	q.Clear("m0")
	if err := q.Prime("another", lab.Primed{}); err != nil {
		t.Errorf("there is room again: %v", err)
	}
}

func TestAPrimedDecisionSaysWhereItComesFrom(t *testing.T) {
	t.Parallel()
	p := lab.Primed{Outcome: "invalid_fields", InvalidFields: []string{"billing_address.phone"}}
	d := p.Decision()
	if d == nil || string(d.Outcome) != "invalid_fields" || len(d.InvalidFields) != 1 || d.Reason == "" {
		t.Errorf("%+v", d)
	}
	if (&lab.Primed{Interaction: lab.InteractionNone}).Decision() != nil {
		t.Error("an interaction decides nothing")
	}
}

// TestPrimedOnceHappensOnce: however many calls run at the same time, with
// results and without, each outcome is with one of them at a time and used up by
// one result.
func TestPrimedOnceHappensOnce(t *testing.T) {
	t.Parallel()
	const primed, callers = 100, 8
	q := lab.NewQueue()
	used := make([]atomic.Int32, primed)
	holders := make([]atomic.Int32, primed)
	for i := range primed {
		prime(t, q, lab.Primed{Outcome: fmt.Sprint(i)})
	}
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			for round := 0; ; round++ {
				taken := q.Take("m", "s", "authorize")
				if taken == nil {
					if len(q.List("m")) == 0 {
						return
					}
					continue // others have what is left, and may give it back
				}
				var i int
				if _, err := fmt.Sscan(taken.Primed().Outcome, &i); err != nil {
					t.Error(err)
				}
				if holders[i].Add(1) != 1 {
					t.Errorf("%d is with two calls", i)
				}
				result := (round+caller)%3 == 0
				if result {
					used[i].Add(1)
				}
				holders[i].Add(-1)
				taken.Done(result)
			}
		})
	}
	all.Wait()
	for i := range used {
		if n := used[i].Load(); n != 1 {
			t.Errorf("%d was used %d times", i, n)
		}
	}
}

// TestTheQueueAgreesWithAList: a model that knows no concurrency.
func TestTheQueueAgreesWithAList(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		q := lab.NewQueue()
		var model []lab.Primed
		for i := range rapid.IntRange(1, 40).Draw(rt, "steps") {
			session := rapid.SampledFrom([]string{"", "a", "b"}).Draw(rt, "session")
			call := rapid.SampledFrom([]string{"", "load", "authorize"}).Draw(rt, "call")
			switch rapid.SampledFrom([]string{"prime", "prime", "call", "call", "ask", "clear"}).Draw(rt, "step") {
			case "prime":
				p := lab.Primed{SessionID: session, Call: call, Outcome: fmt.Sprint(i), Standing: rapid.Bool().Draw(rt, "standing")}
				kept := model[:0:0]
				for _, m := range model {
					if !m.Standing || m.SessionID != session || m.Call != call {
						kept = append(kept, m)
					}
				}
				model = append(kept, p)
				if err := q.Prime("m", p); err != nil {
					rt.Fatal(err)
				}
			case "clear":
				q.Clear("m")
				model = nil
			case "ask":
				q.Take("m", "a", "authorize").Done(false)
			case "call":
				if session == "" || call == "" {
					session, call = "b", "finalize"
				}
				want, at := "", -1
				for pass := range 4 { // own session once, own standing, any once, any standing
					for k, m := range model {
						applies := (m.Call == call || m.Call == "" && call != "load") && m.Standing == (pass%2 == 1)
						if pass < 2 {
							applies = applies && m.SessionID == session
						} else {
							applies = applies && m.SessionID == ""
						}
						if applies && at < 0 {
							want, at = m.Outcome, k
						}
					}
				}
				if at >= 0 && !model[at].Standing {
					model = append(model[:at:at], model[at+1:]...)
				}
				if got := take(q, session, call); got != want {
					rt.Fatalf("%s %s: %q, want %q", session, call, got, want)
				}
			}
			if got := q.List("m"); len(got) != len(model) {
				rt.Fatalf("%d primed, want %d", len(got), len(model))
			}
		}
	})
}

func TestClientIDsNameMerchants(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"klarna_test_client_ZGVtbw":   "demo",
		"klarna_test_client_ZGVtbw==": "demo",
		"klarna_test_client_w6XDpMO2": "åäö",
		"klarna_test_client_":         "klarna_test_client_",
		"klarna_test_client_!":        "klarna_test_client_!",
		"klarna_test_client__w":       "klarna_test_client__w", // no UTF-8
		"klarna_live_client_ZGVtbw":   "klarna_live_client_ZGVtbw",
		"demo":                        "demo",
		"":                            "",
	} {
		if got := lab.MerchantOfClientID(id); got != want {
			t.Errorf("%q: %q, want %q", id, got, want)
		}
	}
}

func TestTheOneRefusedCode(t *testing.T) {
	t.Parallel()
	if lab.CheckCode("a", lab.RefusedCode) || !lab.CheckCode("a", "123456") || !lab.CheckCode("", "000000") {
		t.Error("any code but one")
	}
}

// TestNobodyUsesUpTheRoomOfOthers: however many names fill the queue, another
// one finds room in it, and what they have stays bounded.
func TestNobodyUsesUpTheRoomOfOthers(t *testing.T) {
	t.Parallel()
	q := lab.NewQueue()
	greedy := func(n int) string { return fmt.Sprint("greedy-", n) }
	for n := range 100 {
		for range lab.PrimedOfMerchantMax {
			if err := q.Prime(greedy(n), lab.Primed{Outcome: "deny"}); err != nil {
				break
			}
		}
	}
	total := func() (total int) {
		for n := range 100 {
			total += len(q.List(greedy(n)))
		}
		return total
	}
	if total() > 16384 {
		t.Fatalf("%d are kept", total())
	}
	for range 10 {
		if err := q.Prime("modest", lab.Primed{Outcome: "approve"}); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(q.List("modest")); got != 10 {
		t.Errorf("%d of 10", got)
	}
	for n := range 100 {
		q.Clear(greedy(n))
	}
	q.Clear("modest")
	for range lab.PrimedOfMerchantMax {
		if err := q.Prime("after", lab.Primed{Outcome: "deny"}); err != nil {
			t.Fatalf("what was taken back still takes room: %v", err)
		}
	}
}
