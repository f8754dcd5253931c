package storetest

import (
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// lookupRules: tokens and orders lead to their session, and nothing else does.
var lookupRules = []rule{
	{"a token leads to its session for ever", func(t *testing.T, engine store.Engine) {
		s := begin(t, newMerchant(t, engine))
		mustCommit(t, engine, s.created())
		superseded, released, referred := newID(), newID(), newID()
		for _, next := range []step{
			authorizing(superseded), authorizing(released), releasing(),
			assessing(checkout.OutcomeDeny, true, ""), assessing(checkout.OutcomeRefer, true, referred), authorizing(newID()), ordering(newID()),
		} {
			mustCommit(t, engine, s.take(next))
		}
		for _, token := range []string{superseded, released, referred} {
			mustFind(t, "token", engine.SessionOfAuthorization, token, s.session.ID)
		}
	}},
	{"an order leads to its session, also after later changes", func(t *testing.T, engine store.Engine) {
		s := begin(t, newMerchant(t, engine))
		orderID := newID()
		mustCommit(t, engine, s.created(), s.take(authorizing(newID())))
		mustNotFind(t, "order", engine.SessionOfOrder, orderID)
		mustCommit(t, engine, s.take(ordering(orderID)))
		mustFind(t, "order", engine.SessionOfOrder, orderID, s.session.ID)
		mustCommit(t, engine, s.take(capturing(1)))
		mustFind(t, "order", engine.SessionOfOrder, orderID, s.session.ID)
	}},
	{"tokens and orders of different sessions are kept apart", func(t *testing.T, engine store.Engine) {
		merchant := newMerchant(t, engine)
		for range 3 {
			s := begin(t, merchant)
			token, orderID := newID(), newID()
			mustCommit(t, engine, s.created(), s.take(authorizing(token)), s.take(ordering(orderID)))
			mustFind(t, "token", engine.SessionOfAuthorization, token, s.session.ID)
			mustFind(t, "order", engine.SessionOfOrder, orderID, s.session.ID)
		}
	}},
	{"a token is not an order and an order is not a token", func(t *testing.T, engine store.Engine) {
		s := begin(t, newMerchant(t, engine))
		token, orderID := newID(), newID()
		mustCommit(t, engine, s.created(), s.take(authorizing(token)), s.take(ordering(orderID)))
		mustNotFind(t, "token", engine.SessionOfAuthorization, orderID)
		mustNotFind(t, "order", engine.SessionOfOrder, token)
		mustNotFind(t, "session", engine.Session, token)
		mustNotFind(t, "session", engine.Session, orderID)
	}},
	{"an event without a token issues none, in any number of sessions", func(t *testing.T, engine store.Engine) {
		merchant := newMerchant(t, engine)
		for range 2 {
			s := begin(t, merchant)
			mustCommit(t, engine, s.created(),
				s.take(assessing(checkout.OutcomeApprove, false, "")), s.take(assessing(checkout.OutcomeDeny, true, "")))
		}
		mustNotFind(t, "token", engine.SessionOfAuthorization, "")
		mustNotFind(t, "order", engine.SessionOfOrder, "")
	}},
	{"ids are compared exactly", func(t *testing.T, engine store.Engine) {
		s := begin(t, newMerchant(t, engine))
		s.session.ID = letteredID()
		token, orderID := letteredID(), letteredID()
		mustCommit(t, engine, s.created(), s.take(authorizing(token)), s.take(ordering(orderID)))
		for _, alter := range []func(string) string{
			func(id string) string { return id + " " },
			func(id string) string { return " " + id },
			func(id string) string { return id + "\x00" },
			func(id string) string { return id[:len(id)-1] },
			func(id string) string { return id[:len(id)-1] + "%" },
			func(id string) string { return strings.ReplaceAll(id, "-", "") },
			func(id string) string { return strings.ReplaceAll(id, "-", "_") },
			func(id string) string { return "{" + id + "}" },
			func(id string) string { return strings.ToUpper(id) },
		} {
			mustNotFind(t, "session", engine.Session, alter(s.session.ID))
			mustNotFind(t, "history", wholeHistory(engine), alter(s.session.ID))
			mustNotFind(t, "token", engine.SessionOfAuthorization, alter(token))
			mustNotFind(t, "order", engine.SessionOfOrder, alter(orderID))
		}
	}},
	{"unknown and malformed ids are not found", func(t *testing.T, engine store.Engine) {
		s := begin(t, newMerchant(t, engine))
		mustCommit(t, engine, s.created(), s.take(authorizing(newID())), s.take(ordering(newID())))
		for _, id := range []string{
			newID(), "", " ", "%", "null", "0", "\x00", "\xff\xfe", "'; DROP TABLE sessions; --", "../../etc/passwd",
			"00000000-0000-0000-0000-000000000000", strings.Repeat("a", 100_000), "ö€𝄞",
		} {
			mustNotFind(t, "session", engine.Session, id)
			mustNotFind(t, "history", wholeHistory(engine), id)
			mustNotFind(t, "token", engine.SessionOfAuthorization, id)
			mustNotFind(t, "order", engine.SessionOfOrder, id)
			mustNotFind(t, "clock of merchant", engine.ClockAdvance, id)
		}
		mustRead(t, engine, s.session)
	}},
}

// letteredID is an id with a letter whose case can be altered.
func letteredID() string { return "a" + newID()[1:] }
