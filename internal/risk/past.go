package risk

import (
	"cmp"
	"slices"
	"time"
)

// FactsMax is how many facts of a subject are looked at, the newest.
const FactsMax = 100

// window is a time before an assessment. Each is part of those after it.
type window struct {
	name   string
	length time.Duration
}

const day = 24 * time.Hour

// windows, the shortest first.
var windows = [...]window{{"hour", time.Hour}, {"day", day}, {"week", 7 * day}, {"month", 30 * day}}

// counts has a number for each window.
type counts [len(windows)]int64

// add adds to every window that an age is within.
func (c *counts) add(age time.Duration, n int64) {
	for i := len(windows) - 1; i >= 0 && age < windows[i].length; i-- {
		c[i] = saturated(c[i], n)
	}
}

// past is what rules can ask of a subject: of other sessions than the one that is
// assessed, and of each session once.
type past struct {
	known                                bool
	days, orders                         int64
	attempts, denials, approvals, placed counts
	approvedAmount, orderedAmount        counts
	emails, phones, addresses            counts
}

// aged is a fact with the time that has gone by since.
type aged struct {
	*Fact
	age time.Duration
}

// What a session was counted for already.
const (
	countedAttempt byte = 1 << iota
	countedDenial
	countedApproval
	countedOrder
)

// pastOf looks at a subject from a session. A fact that is later than now, on
// another process's clock, is of now.
func pastOf(of *Past, in *Input) *past {
	p := &past{orders: of.Orders}
	if !of.Known {
		return p
	}
	facts := newestFirst(of.Facts[:min(len(of.Facts), FactsMax)], in.Now)
	own, currency := 0, ""
	if in.Content != nil {
		currency = in.Content.PurchaseCurrency.Value
	}
	counted := make(map[string]byte, len(facts))
	var emails, phones, addresses distinct
	for _, fact := range facts {
		if fact.SessionID == in.SessionID {
			own++
			if fact.Kind == FactOrdered {
				p.orders = max(p.orders-1, 0)
			}
			continue
		}
		counted[fact.SessionID] = p.count(&fact, counted[fact.SessionID], currency)
		emails.add(&p.emails, fact.Email, fact.age)
		phones.add(&p.phones, fact.Phone, fact.age)
		addresses.add(&p.addresses, fact.Address, fact.age)
	}
	// A subject of which there are this session's facts alone is not known, unless
	// there were others that are forgotten: the first is then older than all.
	p.known = own == 0 || own < len(facts) || of.FirstAt.Before(facts[len(facts)-1].At)
	if p.known {
		p.days = int64(max(in.Now.Sub(of.FirstAt), 0) / day)
	}
	return p
}

// newestFirst gives the facts their age. They come in the order in which they
// were added, which is that of time unless a clock was moved.
func newestFirst(facts []Fact, now time.Time) []aged {
	all := make([]aged, len(facts))
	for i := range facts {
		all[i] = aged{&facts[i], max(now.Sub(facts[i].At), 0)}
	}
	byAge := func(a, b aged) int { return cmp.Compare(a.age, b.age) }
	if !slices.IsSortedFunc(all, byAge) {
		slices.SortStableFunc(all, byAge)
	}
	return all
}

// count counts a fact for what its session was not counted for by a newer one,
// and returns what it is counted for now. As the newest fact is in every window
// that an older one is in, it stands for all.
func (p *past) count(fact *aged, before byte, currency string) (after byte) {
	after = before
	first := func(what byte) bool {
		is := after&what == 0
		after |= what
		return is
	}
	amount := int64(0)
	if fact.Currency == currency {
		amount = fact.Amount
	}
	if fact.Kind != FactOrdered && first(countedAttempt) {
		p.attempts.add(fact.age, 1)
	}
	switch {
	case fact.Kind == FactDenied && first(countedDenial):
		p.denials.add(fact.age, 1)
	case (fact.Kind == FactApproved || fact.Kind == FactReferred) && first(countedApproval):
		p.approvals.add(fact.age, 1)
		p.approvedAmount.add(fact.age, amount)
	case fact.Kind == FactOrdered && first(countedOrder):
		p.placed.add(fact.age, 1)
		p.orderedAmount.add(fact.age, amount)
	}
	return after
}

// distinct are the digests that were counted.
type distinct []uint32

func (d *distinct) add(to *counts, digest uint32, age time.Duration) {
	if digest == 0 || slices.Contains(*d, digest) {
		return
	}
	*d = append(*d, digest)
	to.add(age, 1)
}

// newHistoryKind has a property for each count and window. Who takes part is
// counted for a day and a month alone.
func newHistoryKind() *kind {
	k := newKind("kvitto.History")
	flag(k, "known", func(p *past) bool { return p.known })
	number(k, "days", func(p *past) int64 { return p.days })
	number(k, "orders", func(p *past) int64 { return p.orders })
	for _, counted := range []struct {
		name string
		of   func(*past) *counts
		few  bool
	}{
		{"attempts", func(p *past) *counts { return &p.attempts }, false},
		{"denials", func(p *past) *counts { return &p.denials }, false},
		{"approvals", func(p *past) *counts { return &p.approvals }, false},
		{"orders", func(p *past) *counts { return &p.placed }, false},
		{"approved_amount", func(p *past) *counts { return &p.approvedAmount }, false},
		{"ordered_amount", func(p *past) *counts { return &p.orderedAmount }, false},
		{"emails", func(p *past) *counts { return &p.emails }, true},
		{"phones", func(p *past) *counts { return &p.phones }, true},
		{"addresses", func(p *past) *counts { return &p.addresses }, true},
	} {
		for i, window := range windows {
			if counted.few && window.name != "day" && window.name != "month" {
				continue
			}
			number(k, counted.name+"_"+window.name, func(p *past) int64 { return counted.of(p)[i] })
		}
	}
	return k
}
