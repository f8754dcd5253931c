package checkout_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/checkout"
)

// The tests of this file hold the promises of the project's README as far as
// the domain can: storage and transport have their own.

// TestPromise3WhatWasApprovedIsWhatIsOrdered: whatever became of the session
// after the approval, an order is accepted exactly if it equals what was
// approved; else it is told which property differs. The order then holds what
// was approved, not what the call or the session says.
func TestPromise3WhatWasApprovedIsWhatIsOrdered(t *testing.T) {
	t.Parallel()
	changes := map[string]func(*checkout.Content){
		"": func(*checkout.Content) {}, "order_amount": func(c *checkout.Content) { c.OrderAmount.Value++ },
		"order_tax_amount":  func(c *checkout.Content) { c.OrderTaxAmount.Value-- },
		"purchase_currency": func(c *checkout.Content) { c.PurchaseCurrency = text("NOK") },
		"order_lines":       func(c *checkout.Content) { c.OrderLines = append(c.OrderLines, c.OrderLines[0]) },
	}
	compared(func(path string, change, _ func(*checkout.Content)) { changes[path] = change })
	for path, change := range changes {
		for i, later := range laterUpdates() {
			t.Run(fmt.Sprintf("%s after update %d", path, i), func(t *testing.T) {
				t.Parallel()
				d := open(t, approved())
				token := d.approve()
				d.update(later)
				body := approved()
				body.Intent, body.Customer = text("tokenize"), &checkout.Customer{Type: text("organization"), DateOfBirth: text("1978-12-31")}
				change(&body)
				_, refusal := d.order(token, body)
				if path != "" {
					refused(t, refusal, checkout.KindNotMatching)
					requireSame(t, "named", path, refusal.Violations[0].Path)
					if d.session.Complete() {
						t.Fatal("refused and complete")
					}
					return
				}
				accepted(t, refusal)
				want := approved()
				want.AcquiringChannel, want.Intent = text("ECOMMERCE"), text("buy")
				requireSame(t, "order content", want, d.session.Order.Content)
				if d.session.Order.Ledger.Authorized != 9500 {
					t.Fatalf("%d may be captured", d.session.Order.Ledger.Authorized)
				}
			})
		}
	}
}

// laterUpdates are made to a session after its approval: nothing, another cart,
// another address, another person.
func laterUpdates() []checkout.Content {
	smaller := cart(checkout.Content{}, cartLine("physical", 1, 1))
	smaller.OrderTaxAmount = integer(0)
	return []checkout.Content{
		{}, smaller, {BillingAddress: &checkout.Address{City: text("Lund")}},
		{ShippingAddress: address("NO"), Customer: &checkout.Customer{DateOfBirth: text("2001-01-01")}},
	}
}

// TestPromise3AnUpdateIsNotAnApproval: what the session was changed to after
// the approval cannot be ordered with the earlier token, only with a new one.
func TestPromise3AnUpdateIsNotAnApproval(t *testing.T) {
	t.Parallel()
	for i, later := range laterUpdates()[1:] {
		d := open(t, approved())
		token := d.approve()
		d.update(later)
		body := copied(d.session.Content)
		_, refusal := d.order(token, body)
		if refusal == nil || refusal.Kind != checkout.KindNotMatching {
			t.Errorf("update %d: %+v", i+1, refusal)
		}
		_, refusal = d.order(d.approve(), body)
		accepted(t, refusal)
	}
}

// TestPromise4AtMostOneOrder: however often and with whatever token and body
// the call is made, and whatever else is tried in between, a session has one
// order for good.
func TestPromise4AtMostOneOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		d := open(t, swedish())
		other := swedish()
		other.MerchantReference1 = text("4711")
		var first *checkout.Order
		d.approve()
		for i := range rapid.IntRange(2, 12).Draw(rt, "calls") {
			if next, _, _, refusal := d.session.Authorize(d.call(checkout.OutcomeApprove, checkout.Content{})); refusal == nil {
				d.session = next
			}
			d.wait(time.Duration(rapid.IntRange(0, 3).Draw(rt, "minutes")) * time.Minute)
			token := rapid.SampledFrom(d.issued).Draw(rt, "token")
			body := rapid.SampledFrom([]checkout.Content{swedish(), other}).Draw(rt, "body")
			next, event, replayed, refusal := d.session.PlaceOrder(checkout.PlaceOrder{
				Token: token, Request: body, OrderID: fmt.Sprintf("order-%d", i), Now: d.now,
			})
			d.session = next
			switch placed := event.Kind == checkout.EventOrdered; {
			case placed && first != nil:
				rt.Fatalf("a second order %s after %s", event.OrderID, first.ID)
			case placed:
				first = next.Order
			case refusal == nil && (!replayed || first == nil || next.Order.ID != first.ID || token != first.AuthorizationToken):
				rt.Fatalf("neither placed nor refused nor replayed: %+v", next.Order)
			}
		}
	})
}

// TestPromise4TwoCallsAtTheSameTime are decided on the same revision. Both say
// the next one, so a store can commit only one of them; the other, decided
// again, gives the first one's order.
func TestPromise4TwoCallsAtTheSameTime(t *testing.T) {
	t.Parallel()
	d := open(t, swedish())
	token := d.approve()
	place := func(s checkout.Session, id string) (checkout.Session, bool) {
		next, _, replayed, refusal := s.PlaceOrder(checkout.PlaceOrder{Token: token, Request: swedish(), OrderID: id, Now: d.now})
		accepted(t, refusal)
		return next, replayed
	}
	winner, _ := place(d.session, "order-a")
	loser, _ := place(d.session, "order-b")
	if winner.Revision != d.session.Revision+1 || loser.Revision != winner.Revision {
		t.Fatalf("revisions %d and %d on %d: a store could take both", winner.Revision, loser.Revision, d.session.Revision)
	}
	again, replayed := place(winner, "order-b")
	if !replayed || again.Order.ID != "order-a" || again.Revision != winner.Revision {
		t.Errorf("the loser decided again: %+v, replayed %v", again.Order, replayed)
	}
}

// TestPromise5OnlyTheNewestAuthorizationLives: after each event that ends an
// authorization its token does nothing any more.
func TestPromise5OnlyTheNewestAuthorizationLives(t *testing.T) {
	t.Parallel()
	content := swedish()
	content.Intent = text(checkout.IntentBuyAndTokenize)
	for name, end := range map[string]func(d *desk, token string){
		"a newer approval": func(d *desk, _ string) { d.approve() },
		"a newer approval by reauthorize": func(d *desk, _ string) {
			d.session, _, _, _ = d.session.Reauthorize(d.call(checkout.OutcomeApprove, checkout.Content{}))
		},
		"an approval that waits": func(d *desk, _ string) { d.deferred() },
		"a denial":               func(d *desk, _ string) { d.authorize(checkout.OutcomeDeny, checkout.Content{}) },
		"its expiry":             func(d *desk, _ string) { d.wait(60 * time.Minute) },
		"its release":            func(d *desk, token string) { accepted(d.t, d.release(token)) },
		"its order": func(d *desk, token string) {
			_, refusal := d.order(token, swedish())
			accepted(d.t, refusal)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, content)
			token := d.approve()
			if d.session.LiveToken(d.now) != token {
				t.Fatal("the token is not live before")
			}
			end(d, token)
			before := copied(d.session)
			if d.session.LiveToken(d.now) == token {
				t.Error("the token is still live")
			}
			if replayed, refusal := d.order(token, swedish()); refusal == nil && !replayed {
				t.Error("an order was placed with it")
			}
			if d.release(token) == nil {
				t.Error("it was released")
			}
			if _, refusal := d.tokenize(token, checkout.Content{}); refusal == nil {
				t.Error("a customer token was made with it")
			}
			requireSame(t, "session", before, d.session)
		})
	}
}

// TestPromise6MoneyAddsUp: captured + released <= authorized and refunded <=
// captured after any movements, to the unit.
func TestPromise6MoneyAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, checkLedger)
}

// TestPromise6NoFloatTouchesAnAmount: there is none in the domain.
func TestPromise6NoFloatTouchesAnAmount(t *testing.T) {
	t.Parallel()
	if found := floats(sources(t)); found != nil {
		t.Error(found)
	}
}

// TestPromise9TheDomainReadsNoClock, nor anything else that is not passed in.
func TestPromise9TheDomainReadsNoClock(t *testing.T) {
	t.Parallel()
	if found := impurities(sources(t)); found != nil {
		t.Error(found)
	}
}

// TestPromise9TimeIsAnInput: the same life at another time is the same life.
// A session is driven by the same commands, once now and once long ago or far
// ahead; everything but the times is equal, and the times are as far apart.
func TestPromise9TimeIsAnInput(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.Custom(drawStep), 1, 15).Draw(rt, "steps")
		shift := time.Duration(rapid.Int64Range(-50*365*24, 50*365*24).Draw(rt, "hours")) * time.Hour
		here := live(t, steps, base)
		there := live(t, steps, base.Add(shift))
		requireSame(rt, "the same life elsewhere", shifted(here, shift), there)
	})
}

// step is a wait and a command.
type step struct {
	wait    time.Duration
	command int
}

func drawStep(t *rapid.T) step {
	return step{
		wait:    rapid.SampledFrom([]time.Duration{0, time.Second, 59 * time.Minute, time.Hour, 47 * time.Hour, 48 * time.Hour}).Draw(t, "wait"),
		command: rapid.IntRange(0, 6).Draw(t, "command"),
	}
}

// live drives a session through the steps, from a time on.
func live(t *testing.T, steps []step, from time.Time) checkout.Session {
	content := swedish()
	content.Intent = text(checkout.IntentBuyAndTokenize)
	session, _, refusal := checkout.Create("session-1", "merchant-1", content, nil, from)
	accepted(t, refusal)
	d := &desk{t: t, session: session, now: from}
	for _, s := range steps {
		d.wait(s.wait)
		token := ""
		if len(d.issued) > 0 {
			token = d.issued[len(d.issued)-1]
		}
		next := d.session
		switch s.command {
		case 0:
			next, _, _ = d.session.Update(checkout.Content{}, nil, d.now)
		case 1:
			next, _, _, _ = d.session.Authorize(d.call(checkout.OutcomeApprove, checkout.Content{MerchantData: text("x")}))
		case 2:
			next, _, _, _ = d.session.Authorize(d.call(checkout.OutcomeFinalizeRequired, checkout.Content{}))
		case 3:
			next, _, _, _ = d.session.Finalize(d.call(checkout.OutcomeApprove, checkout.Content{}))
		case 4:
			next, _, _ = d.session.Release(token, d.now)
		case 5:
			_, _ = d.order(token, swedish())
			next = d.session
		case 6:
			_, _ = d.tokenize(token, checkout.Content{})
			next = d.session
		}
		d.session = next
	}
	return d.session
}

// shifted moves every time of a session.
func shifted(s checkout.Session, by time.Duration) checkout.Session {
	s = copied(s)
	times := []*time.Time{&s.CreatedAt, &s.UpdatedAt, &s.ExpiresAt}
	if s.Authorization != nil {
		times = append(times, &s.Authorization.CreatedAt, &s.Authorization.ExpiresAt)
	}
	if s.CustomerToken != nil {
		times = append(times, &s.CustomerToken.CreatedAt)
	}
	if s.Order != nil {
		times = append(times, &s.Order.CreatedAt)
	}
	for _, at := range times {
		*at = at.Add(by)
	}
	return s
}
