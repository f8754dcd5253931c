package storetest

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/money"
	"github.com/kvitto/kvitto/internal/store"
)

// story is the life of one session, told through the domain. A step returns
// the change that leads on from here and assumes that it will be committed;
// fork tells another ending from the same point.
type story struct {
	t       testing.TB
	session checkout.Session
	event   checkout.Event
	now     time.Time
}

// dawn is when every story begins: UTC, in milliseconds, as the shell gives
// times to the domain.
var dawn = time.Date(2026, time.March, 14, 9, 26, 53, 589_000_000, time.UTC)

// newID has the shape of all ids of sessions, tokens and orders: a UUID in
// lower case. Engines may rely on it for what they write, not for what they
// are asked.
func newID() string { return uuid.NewString() }

// begin creates a session of the merchant, not yet committed.
func begin(t testing.TB, merchant string) *story {
	t.Helper()
	session, event, refusal := checkout.Create(newID(), merchant, cart(), nil, dawn)
	if refusal != nil {
		t.Fatalf("the domain refused the test's cart: %+v", refusal)
	}
	session.ClientToken = "client-token-of-" + session.ID
	event.CorrelationID = newID()
	return &story{t: t, session: session, event: event, now: dawn}
}

// created is the change that brought the story to this point.
func (s *story) created() store.Change {
	return store.Change{Session: s.session, Event: s.event}
}

// fork is the same story with its own future.
func (s *story) fork() *story {
	forked := *s
	return &forked
}

// take goes one step on, a little later.
func (s *story) take(next step) store.Change {
	s.t.Helper()
	s.now = s.now.Add(1001 * time.Millisecond)
	session, event, refusal := next(s.session, s.now)
	if refusal != nil {
		s.t.Fatalf("the domain refused a step of the test: %+v", refusal)
	}
	event.CorrelationID = newID()
	s.session, s.event = session, event
	return store.Change{Session: session, Event: event}
}

// step is one command of the domain.
type step func(checkout.Session, time.Time) (checkout.Session, checkout.Event, *checkout.Refusal)

func updating(reference string) step {
	return func(s checkout.Session, now time.Time) (checkout.Session, checkout.Event, *checkout.Refusal) {
		return s.Update(checkout.Content{MerchantReference1: checkout.TextOf(reference)}, nil, now)
	}
}

// authorizing approves the session with the token.
func authorizing(token string) step { return assessing(checkout.OutcomeApprove, true, token) }

// assessing authorizes with the outcome; autoFinalize false defers an approval.
func assessing(outcome checkout.Outcome, autoFinalize bool, token string) step {
	return func(s checkout.Session, now time.Time) (checkout.Session, checkout.Event, *checkout.Refusal) {
		next, event, _, refusal := s.Authorize(checkout.Browser{
			Category: "pay_later", AutoFinalize: autoFinalize, Now: now,
			Decide: func(*checkout.Content) checkout.Decision {
				return checkout.Decision{Outcome: outcome, Reason: "the test said " + string(outcome)}
			},
			NewToken: func() string { return token },
		})
		return next, event, refusal
	}
}

func releasing() step {
	return func(s checkout.Session, now time.Time) (checkout.Session, checkout.Event, *checkout.Refusal) {
		return s.Release(tokenOf(&s), now)
	}
}

func tokenizing(id string) step {
	return func(s checkout.Session, now time.Time) (checkout.Session, checkout.Event, *checkout.Refusal) {
		next, event, _, refusal := s.CreateCustomerToken(checkout.CreateCustomerToken{
			Token: tokenOf(&s), ID: id, Now: now,
			Description: checkout.TextOf("Fika på prenumeration"), IntendedUse: checkout.TextOf("SUBSCRIPTION"),
		})
		return next, event, refusal
	}
}

func ordering(orderID string) step {
	return func(s checkout.Session, now time.Time) (checkout.Session, checkout.Event, *checkout.Refusal) {
		request := cart()
		request.MerchantReference2 = checkout.TextOf("order " + orderID)
		next, event, _, refusal := s.PlaceOrder(checkout.PlaceOrder{Token: tokenOf(&s), OrderID: orderID, Request: request, Now: now})
		return next, event, refusal
	}
}

// forcingOrder is what the domain never does: another order in the session,
// with any token. Only the store's own conditions stand against it.
func forcingOrder(token, orderID string) step {
	return func(s checkout.Session, now time.Time) (checkout.Session, checkout.Event, *checkout.Refusal) {
		s.Revision++
		s.UpdatedAt = now
		s.Order = &checkout.Order{
			ID: orderID, AuthorizationToken: token, CreatedAt: now, Content: s.Content, Request: cart(),
			FraudStatus: checkout.FraudAccepted, Ledger: checkout.NewLedger(money.Amount(s.Content.OrderAmount.Value)),
		}
		return s, checkout.Event{Kind: checkout.EventOrdered, At: now, AuthorizationToken: token, OrderID: orderID}, nil
	}
}

// capturing changes the session after its order.
func capturing(amount money.Amount) step {
	return withLedger(func(l checkout.Ledger) checkout.Ledger {
		l, _ = l.Capture(amount)
		return l
	})
}

// withLedger puts another ledger into the order, whether it holds or not.
func withLedger(change func(checkout.Ledger) checkout.Ledger) step {
	return func(s checkout.Session, now time.Time) (checkout.Session, checkout.Event, *checkout.Refusal) {
		order := *s.Order
		order.Ledger = change(order.Ledger)
		s.Order = &order
		s.Revision++
		s.UpdatedAt = now
		return s, checkout.Event{Kind: checkout.EventUpdated, At: now, Reason: "the ledger moved"}, nil
	}
}

// tokenOf is the token of the newest authorization, "" without one.
func tokenOf(s *checkout.Session) string {
	if s.Authorization == nil {
		return ""
	}
	return s.Authorization.Token
}
