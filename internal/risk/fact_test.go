package risk_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/risk"
)

// anySessionID is one of few, so that they meet.
func anySessionID(t *rapid.T) string {
	return identifier.Format([16]byte{15: byte(rapid.IntRange(0, 5).Draw(t, "session"))})
}

func anyFact(t *rapid.T) risk.Fact {
	return risk.Fact{
		Kind: risk.FactKind(rapid.IntRange(1, 4).Draw(t, "kind")),
		At: noon.Add(-time.Duration(rapid.OneOf(rapid.Int64Range(-3_600_000, 40*24*3_600_000),
			rapid.SampledFrom([]int64{3_600_000, 24 * 3_600_000, 168 * 3_600_000, 720 * 3_600_000})).Draw(t, "ago")) * time.Millisecond),
		SessionID: anySessionID(t), Amount: rapid.OneOf(rapid.Int64Range(0, 1000), rapid.Int64()).Draw(t, "amount"),
		Currency: rapid.SampledFrom([]string{"", "SEK", "AAA", "ZZZ"}).Draw(t, "currency"),
		Email:    rapid.Uint32Range(0, 4).Draw(t, "email"), Phone: rapid.Uint32Range(0, 2).Draw(t, "phone"), Address: rapid.Uint32().Draw(t, "address"),
	}
}

func TestFactsAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := rapid.SliceOfN(rapid.Custom(anyFact), 0, 5).Draw(t, "facts")
		var data []byte
		for i, fact := range facts {
			if data = fact.Append(data); len(data) != (i+1)*risk.FactBytes {
				t.Fatalf("%d facts have %d bytes", i+1, len(data))
			}
		}
		read, err := risk.DecodeFacts(data)
		if err != nil || !slices.Equal(read, facts) {
			t.Fatalf("%v: read %v, written %v", err, read, facts)
		}
	})
}

// TestWhatAFactCannotHold becomes nothing.
func TestWhatAFactCannotHold(t *testing.T) {
	t.Parallel()
	read, err := risk.DecodeFacts(risk.Fact{Kind: risk.FactDenied, At: noon, SessionID: "one", Currency: "sek"}.Append(nil))
	if err != nil || len(read) != 1 || read[0].SessionID != "00000000-0000-0000-0000-000000000000" || read[0].Currency != "" {
		t.Errorf("%v %+v", err, read)
	}
}

// FuzzDecodeFacts: what is taken is written again as the same bytes.
func FuzzDecodeFacts(f *testing.F) {
	good := risk.Fact{Kind: risk.FactOrdered, At: noon, SessionID: identifier.New(noon), Amount: 7, Currency: "SEK", Email: 1, Phone: 2, Address: 3}.Append(nil)
	f.Add(good)
	f.Add(good[1:])
	f.Add(append(slices.Clone(good), good...))
	for _, at := range []int{0, 1, 2, 3} {
		damaged := slices.Clone(good)
		damaged[at] ^= 0xff
		f.Add(damaged)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		facts, err := risk.DecodeFacts(data)
		if err != nil {
			return
		}
		var again []byte
		for _, fact := range facts {
			again = fact.Append(again)
		}
		if !bytes.Equal(again, data) {
			t.Errorf("%x is written again as %x", data, again)
		}
	})
}

// TestDamagedFactsAreRefused, none of them read.
func TestDamagedFactsAreRefused(t *testing.T) {
	t.Parallel()
	good := risk.Fact{Kind: risk.FactOrdered, At: noon, Currency: "SEK"}.Append(nil)
	for at, value := range map[int]byte{0: 2, 1: 5, 2: 0xff, 3: 0} {
		damaged := slices.Clone(good)
		damaged[at] = value
		if facts, err := risk.DecodeFacts(damaged); err == nil {
			t.Errorf("byte %d: read %+v", at, facts)
		}
	}
	if _, err := risk.DecodeFacts(good[:risk.FactBytes-1]); err == nil {
		t.Error("a fact that is cut off was read")
	}
}

// TestWhatLeavesAFact: decisions about a payment and orders, with digests of
// those who took part.
func TestWhatLeavesAFact(t *testing.T) {
	t.Parallel()
	in := &risk.Input{Call: risk.CallAuthorize, SessionID: "s", Content: richContent(), Now: noon.Add(time.Microsecond)}
	for outcome, want := range map[checkout.Outcome]risk.FactKind{
		checkout.OutcomeApprove: risk.FactApproved, checkout.OutcomeFinalizeRequired: risk.FactApproved, checkout.OutcomeRefer: risk.FactReferred,
		checkout.OutcomeDeny: risk.FactDenied, checkout.OutcomeInvalidFields: 0, checkout.OutcomeCancel: 0, checkout.OutcomeError: 0,
	} {
		if fact, ok := risk.FactOf(in, outcome); fact.Kind != want || ok != (want != 0) {
			t.Errorf("%s: %+v, %t", outcome, fact, ok)
		}
	}
	load := *in
	load.Call = risk.CallLoad
	if _, ok := risk.FactOf(&load, checkout.OutcomeDeny); ok {
		t.Error("a payment method that is not shown leaves a fact")
	}
	order := risk.OrderFact(in)
	if order.Kind != risk.FactOrdered || order.SessionID != "s" || order.Amount != 30000 || order.Currency != "SEK" || !order.At.Equal(noon) {
		t.Errorf("%+v", order)
	}
	if order.Email == 0 || order.Phone == 0 || order.Address != 0 {
		t.Errorf("digests of what is stated, and of nothing else: %+v", order)
	}
	other := richContent()
	other.BillingAddress.Email = checkout.TextOf("other@example.org")
	if fact := risk.OrderFact(&risk.Input{Content: other}); fact.Email == order.Email || fact.Phone != order.Phone {
		t.Errorf("%+v and %+v", fact, order)
	}
}

// TestAFactIsRepeated when its session said the same a moment ago.
func TestAFactIsRepeated(t *testing.T) {
	t.Parallel()
	fact := risk.Fact{Kind: risk.FactDenied, At: noon, SessionID: identifier.New(noon), Amount: 7, Currency: "SEK", Email: 1, Phone: 2, Address: 3}
	with := func(change func(*risk.Fact)) *risk.Past {
		before := fact
		change(&before)
		return &risk.Past{Known: true, Facts: []risk.Fact{aFact(risk.FactDenied, 1, 0), before}}
	}
	for name, c := range map[string]struct {
		past *risk.Past
		want bool
	}{
		"nothing before":  {&risk.Past{}, false},
		"the same":        {with(func(*risk.Fact) {}), true},
		"minutes before":  {with(func(f *risk.Fact) { f.At = noon.Add(-9 * time.Minute) }), true},
		"long before":     {with(func(f *risk.Fact) { f.At = noon.Add(-10 * time.Minute) }), false},
		"later":           {with(func(f *risk.Fact) { f.At = noon.Add(time.Second) }), false},
		"another kind":    {with(func(f *risk.Fact) { f.Kind = risk.FactApproved }), false},
		"another session": {with(func(f *risk.Fact) { f.SessionID = "other" }), false},
		"another amount":  {with(func(f *risk.Fact) { f.Amount++ }), false},
		"another e-mail":  {with(func(f *risk.Fact) { f.Email++ }), false},
	} {
		if got := fact.Repeated(c.past); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}
