package checkout_test

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/money"
)

func TestLedger(t *testing.T) {
	t.Parallel()
	l := checkout.NewLedger(1000)
	step := func(what string, next checkout.Ledger, ok, want bool, remaining money.Amount) {
		t.Helper()
		if ok != want || next.Remaining() != remaining || !next.Holds() {
			t.Fatalf("%s: ok %v, want %v; remaining %d, want %d; %+v", what, ok, want, next.Remaining(), remaining, next)
		}
		if !ok && next != l {
			t.Fatalf("%s: refused and changed: %+v", what, next)
		}
		l = next
	}
	next, ok := l.Refund(1)
	step("nothing was captured", next, ok, false, 1000)
	next, ok = l.Capture(0)
	step("a capture of nothing", next, ok, false, 1000)
	next, ok = l.Capture(-1)
	step("a negative capture", next, ok, false, 1000)
	next, ok = l.Capture(400)
	step("a part", next, ok, true, 600)
	next, ok = l.Capture(601)
	step("more than remains", next, ok, false, 600)
	next, ok = l.Refund(401)
	step("more than was captured", next, ok, false, 600)
	next, ok = l.Refund(0)
	step("a refund of nothing", next, ok, false, 600)
	next, ok = l.Refund(-1)
	step("a negative refund", next, ok, false, 600)
	next, ok = l.Refund(400)
	step("all of it", next, ok, true, 600)
	next, ok = l.Refund(1)
	step("twice", next, ok, false, 600)
	next, ok = l.Capture(100)
	step("another part", next, ok, true, 500)
	step("the rest is given back", l.Release(), true, true, 0)
	step("again", l.Release(), true, true, 0)
	next, ok = l.Capture(1)
	step("after the release", next, ok, false, 0)
	next, ok = l.Refund(100)
	step("the second part", next, ok, true, 0)
	if want := (checkout.Ledger{Authorized: 1000, Captured: 500, Released: 500, Refunded: 500}); l != want {
		t.Errorf("%+v, want %+v", l, want)
	}
}

// TestAnOrderOfZeroIsCapturedWithZero: a free trial.
func TestAnOrderOfZeroIsCapturedWithZero(t *testing.T) {
	t.Parallel()
	next, ok := checkout.NewLedger(0).Capture(0)
	if !ok || next != checkout.NewLedger(0) {
		t.Errorf("%+v, %v", next, ok)
	}
	if _, ok := checkout.NewLedger(0).Capture(1); ok {
		t.Error("a free order was charged")
	}
}

// TestHoldsSeesEveryBrokenEquation: the store asserts it.
func TestHoldsSeesEveryBrokenEquation(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]checkout.Ledger{
		"captured beyond":          {Authorized: 10, Captured: 11},
		"released beyond":          {Authorized: 10, Released: 11},
		"together beyond":          {Authorized: 10, Captured: 6, Released: 5},
		"refunded beyond":          {Authorized: 10, Captured: 5, Refunded: 6},
		"negative authorized":      {Authorized: -1},
		"negative captured":        {Authorized: 10, Captured: -1},
		"negative released":        {Authorized: 10, Released: -1},
		"negative refunded":        {Authorized: 10, Captured: 5, Refunded: -1},
		"a sum that would wrap":    {Authorized: 1<<63 - 1, Captured: 1<<63 - 1, Released: 1<<63 - 1},
		"released after a capture": {Authorized: 1<<63 - 1, Captured: 1, Released: 1<<63 - 1},
	} {
		if l.Holds() {
			t.Errorf("%s: %+v holds", name, l)
		}
	}
	for _, l := range []checkout.Ledger{
		{}, {Authorized: 10, Captured: 5, Released: 5, Refunded: 5}, {Authorized: 1<<63 - 1, Captured: 1<<63 - 1},
	} {
		if !l.Holds() {
			t.Errorf("%+v does not hold", l)
		}
	}
}

// ledgerModel keeps every movement and adds them up in big integers.
type ledgerModel struct {
	authorized                   int64
	captures, releases, refunded []int64
}

func total(movements []int64) *big.Int {
	sum := new(big.Int)
	for _, m := range movements {
		sum.Add(sum, big.NewInt(m))
	}
	return sum
}

// remaining is authorized - captured - released.
func (m *ledgerModel) remaining() *big.Int {
	rest := big.NewInt(m.authorized)
	return rest.Sub(rest, total(m.captures)).Sub(rest, total(m.releases))
}

// refundable is captured - refunded.
func (m *ledgerModel) refundable() *big.Int {
	return new(big.Int).Sub(total(m.captures), total(m.refunded))
}

func (m *ledgerModel) same(l checkout.Ledger) bool {
	return total(m.captures).Cmp(big.NewInt(int64(l.Captured))) == 0 && total(m.releases).Cmp(big.NewInt(int64(l.Released))) == 0 &&
		total(m.refunded).Cmp(big.NewInt(int64(l.Refunded))) == 0 && big.NewInt(int64(l.Remaining())).Cmp(m.remaining()) == 0
}

// checkLedger runs random movements against the model.
func checkLedger(t *rapid.T) {
	amount := rapid.OneOf(rapid.Int64Range(-5, 50), rapid.Int64Range(0, 1000), rapid.Int64())
	m := &ledgerModel{authorized: rapid.OneOf(rapid.Int64Range(0, 1000), rapid.SampledFrom([]int64{0, 1, 1<<63 - 1})).Draw(t, "authorized")}
	l := checkout.NewLedger(money.Amount(m.authorized))
	t.Repeat(map[string]func(*rapid.T){
		"capture": func(t *rapid.T) {
			a := amount.Draw(t, "amount")
			next, ok := l.Capture(money.Amount(a))
			want := (a > 0 || (a == 0 && m.authorized == 0)) && big.NewInt(a).Cmp(m.remaining()) <= 0
			if ok != want {
				t.Fatalf("capture %d of %+v: %v", a, l, ok)
			}
			if ok {
				m.captures = append(m.captures, a)
			}
			l = next
		},
		"capture the rest": func(t *rapid.T) {
			if next, ok := l.Capture(l.Remaining()); ok {
				m.captures, l = append(m.captures, m.remaining().Int64()), next
			}
		},
		"refund": func(t *rapid.T) {
			a := amount.Draw(t, "amount")
			next, ok := l.Refund(money.Amount(a))
			if want := a > 0 && big.NewInt(a).Cmp(m.refundable()) <= 0; ok != want {
				t.Fatalf("refund %d of %+v: %v", a, l, ok)
			}
			if ok {
				m.refunded = append(m.refunded, a)
			}
			l = next
		},
		"release": func(t *rapid.T) {
			m.releases = append(m.releases, m.remaining().Int64())
			l = l.Release()
		},
		"": func(t *rapid.T) {
			if !l.Holds() || !m.same(l) {
				t.Fatalf("%+v does not hold or differs from %+v", l, m)
			}
		},
	})
}

func TestTheStatusOfAnOrderFollowsFromItsSums(t *testing.T) {
	t.Parallel()
	for want, ledgers := range map[checkout.OrderStatus][]checkout.Ledger{
		checkout.OrderAuthorized:   {{Authorized: 100}, {}},
		checkout.OrderPartCaptured: {{Authorized: 100, Captured: 1}, {Authorized: 100, Captured: 1, Refunded: 1}},
		checkout.OrderCaptured:     {{Authorized: 100, Captured: 100}, {Authorized: 100, Captured: 1, Released: 99}},
		checkout.OrderCancelled:    {{Authorized: 100, Released: 100}},
	} {
		for _, ledger := range ledgers {
			if got := ledger.Status(); got != want {
				t.Errorf("%+v is %s, want %s", ledger, got, want)
			}
		}
	}
}
