package storetest

import (
	"errors"
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// conditionRules: a change that was decided on something else than the newest
// state, or that takes what is taken, is refused and leaves nothing behind.
var conditionRules = []rule{
	{"a stale revision is a conflict", func(t *testing.T, engine store.Engine) {
		s := begin(t, newMerchant(t, engine))
		decidedEarlier := s.fork()
		mustCommit(t, engine, s.created(), s.take(updating("two")), s.take(updating("three")))
		mustConflict(t, engine, decidedEarlier.take(updating("also two")))
		mustConflict(t, engine, decidedEarlier.take(updating("also three")))
	}},
	{"a revision committed twice is a conflict the second time", func(t *testing.T, engine store.Engine) {
		s := begin(t, newMerchant(t, engine))
		mustCommit(t, engine, s.created())
		again := s.take(updating("once"))
		mustCommit(t, engine, again)
		mustConflict(t, engine, again)
	}},
	{"a revision from the future is a conflict", func(t *testing.T, engine store.Engine) {
		s := begin(t, newMerchant(t, engine))
		mustCommit(t, engine, s.created())
		skipped := s.take(updating("never written"))
		mustConflict(t, engine, s.take(updating("decided on it")))
		mustCommit(t, engine, skipped)
	}},
	{"a session is created once", func(t *testing.T, engine store.Engine) {
		s := begin(t, newMerchant(t, engine))
		mustCommit(t, engine, s.created())
		mustConflict(t, engine, s.created())
		taken := begin(t, newMerchant(t, engine))
		taken.session.ID = s.session.ID
		mustConflict(t, engine, taken.created())
	}},
	{"a change of an unknown session is a conflict", func(t *testing.T, engine store.Engine) {
		s := begin(t, newMerchant(t, engine))
		mustConflict(t, engine, s.take(updating("of nothing")))
		mustConflict(t, engine, s.take(authorizing(newID())))
	}},
	{"no revision comes before the first", func(t *testing.T, engine store.Engine) {
		merchant := newMerchant(t, engine)
		for _, revision := range []int64{0, -1, -1 << 63} {
			s := begin(t, merchant)
			s.session.Revision = revision
			mustConflict(t, engine, s.created())
		}
	}},
	{"a token is issued once", onceIssued},
	{"a session has at most one order", func(t *testing.T, engine store.Engine) {
		s := begin(t, newMerchant(t, engine))
		first, second := newID(), newID()
		mustCommit(t, engine, s.created(), s.take(authorizing(first)), s.take(authorizing(second)))
		beforeOrder, placed := s.fork(), newID()
		mustCommit(t, engine, s.take(ordering(placed)))
		refused := newID()
		mustConflict(t, engine, beforeOrder.take(ordering(refused)))
		mustConflict(t, engine, s.fork().take(forcingOrder(second, refused)))
		mustConflict(t, engine, s.fork().take(forcingOrder(first, refused)))
		mustNotFind(t, "refused order", engine.SessionOfOrder, refused)
		mustFind(t, "order", engine.SessionOfOrder, placed, s.session.ID)
	}},
	{"an authorization gives at most one order", func(t *testing.T, engine store.Engine) {
		merchant := newMerchant(t, engine)
		one, two := begin(t, merchant), begin(t, merchant)
		token, refused := newID(), newID()
		mustCommit(t, engine, one.created(), one.take(authorizing(token)), one.take(ordering(newID())))
		mustCommit(t, engine, two.created(), two.take(authorizing(newID())))
		mustConflict(t, engine, two.fork().take(forcingOrder(token, refused)))
		mustNotFind(t, "refused order", engine.SessionOfOrder, refused)
		mustCommit(t, engine, two.take(ordering(refused)))
	}},
	{"an order id is used once", func(t *testing.T, engine store.Engine) {
		merchant := newMerchant(t, engine)
		one, two := begin(t, merchant), begin(t, merchant)
		orderID := newID()
		mustCommit(t, engine, one.created(), one.take(authorizing(newID())), one.take(ordering(orderID)))
		mustCommit(t, engine, two.created(), two.take(authorizing(newID())))
		mustConflict(t, engine, two.fork().take(ordering(orderID)))
		mustFind(t, "order", engine.SessionOfOrder, orderID, one.session.ID)
		mustCommit(t, engine, two.take(ordering(newID())))
	}},
	{"a conflict leaves its token and its order id free", func(t *testing.T, engine store.Engine) {
		s := begin(t, newMerchant(t, engine))
		mustCommit(t, engine, s.created())
		stale, token, orderID := s.fork(), newID(), newID()
		mustCommit(t, engine, s.take(updating("newer")), s.take(updating("newer still")))
		mustConflict(t, engine, stale.take(authorizing(token)))
		mustConflict(t, engine, stale.take(ordering(orderID)))
		mustNotFind(t, "token of a conflict", engine.SessionOfAuthorization, token)
		mustNotFind(t, "order of a conflict", engine.SessionOfOrder, orderID)
		mustCommit(t, engine, s.take(authorizing(token)))
		mustCommit(t, engine, s.take(ordering(orderID)))
	}},
	{"a ledger that does not add up is refused, and alone", brokenLedgers},
}

func onceIssued(t *testing.T, engine store.Engine) {
	merchant := newMerchant(t, engine)
	one, two := begin(t, merchant), begin(t, merchant)
	token := newID()
	mustCommit(t, engine, one.created(), one.take(authorizing(token)), two.created())
	mustConflict(t, engine, one.fork().take(authorizing(token)))
	mustConflict(t, engine, two.fork().take(authorizing(token)))
	mustConflict(t, engine, two.fork().take(assessing(checkout.OutcomeRefer, true, token)))
	mustFind(t, "token", engine.SessionOfAuthorization, token, one.session.ID)

	newer := newID()
	mustCommit(t, engine, one.take(authorizing(newer)))
	mustConflict(t, engine, one.fork().take(authorizing(token)))
	mustCommit(t, engine, two.take(authorizing(newID())))
	mustFind(t, "superseded token", engine.SessionOfAuthorization, token, one.session.ID)
	mustFind(t, "newer token", engine.SessionOfAuthorization, newer, one.session.ID)
}

// brokenLedgers: such a state is a defect, not a conflict that loading again
// could mend.
func brokenLedgers(t *testing.T, engine store.Engine) {
	merchant := newMerchant(t, engine)
	s := begin(t, merchant)
	placing := []store.Change{s.created(), s.take(authorizing(newID())), s.take(ordering(newID()))}
	mustCommit(t, engine, placing...)
	for name, ledger := range map[string]checkout.Ledger{
		"captured more than authorized":              {Authorized: 100, Captured: 101},
		"captured and released more than authorized": {Authorized: 100, Captured: 60, Released: 41},
		"refunded more than captured":                {Authorized: 100, Captured: 60, Refunded: 61},
		"a negative sum":                             {Authorized: -1},
		"a negative capture":                         {Authorized: 100, Captured: -1},
		"a negative release":                         {Authorized: 100, Released: -1},
		"a negative refund":                          {Authorized: 100, Captured: 60, Refunded: -1},
	} {
		broken := s.fork().take(withLedger(func(checkout.Ledger) checkout.Ledger { return ledger }))
		neighbour := begin(t, merchant)
		answers := commit(t, engine, broken, neighbour.created())
		if answers[0] == nil || errors.Is(answers[0], store.ErrConflict) {
			t.Errorf("%s: got %v, want a refusal that is not a conflict", name, answers[0])
		}
		if answers[1] != nil {
			t.Errorf("%s: the other change of the batch got %v", name, answers[1])
		}
		mustRead(t, engine, neighbour.session)
		mustHaveHistory(t, engine, s.session.ID, revisionsOf(placing...))
	}
	full := checkout.Ledger{Authorized: 100, Captured: 60, Released: 40, Refunded: 60}
	mustCommit(t, engine, s.take(withLedger(func(checkout.Ledger) checkout.Ledger { return full })))
	mustRead(t, engine, s.session)
}
