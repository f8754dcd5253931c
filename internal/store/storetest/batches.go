package storetest

import (
	"testing"

	"github.com/kvitto/kvitto/internal/store"
)

// batchRules: the changes of one Commit are one transaction with an answer
// for each.
var batchRules = []rule{
	{"an empty batch is answered by nothing", func(t *testing.T, engine store.Engine) {
		commit(t, engine)
	}},
	{"the changes of one session in one batch apply in order", func(t *testing.T, engine store.Engine) {
		s := begin(t, newMerchant(t, engine))
		token, orderID := newID(), newID()
		batch := []store.Change{
			s.created(), s.take(updating("two")), s.take(authorizing(token)),
			s.take(tokenizing(newID())), s.take(ordering(orderID)), s.take(capturing(1)),
		}
		mustCommit(t, engine, batch...)
		mustHaveHistory(t, engine, s.session.ID, revisionsOf(batch...))
		mustFind(t, "token", engine.SessionOfAuthorization, token, s.session.ID)
		mustFind(t, "order", engine.SessionOfOrder, orderID, s.session.ID)
	}},
	{"the changes of one session in the wrong order are conflicts", func(t *testing.T, engine store.Engine) {
		s := begin(t, newMerchant(t, engine))
		one, two, three := s.created(), s.take(updating("two")), s.take(updating("three"))
		mustAnswer(t, engine, []store.Change{three, two, one}, []error{store.ErrConflict, store.ErrConflict, nil})
		mustHaveHistory(t, engine, s.session.ID, revisionsOf(one))
	}},
	{"of two changes for the same revision in one batch the first wins", func(t *testing.T, engine store.Engine) {
		s := begin(t, newMerchant(t, engine))
		created := s.created()
		loser := s.fork().take(updating("second"))
		winner := s.take(updating("first"))
		mustAnswer(t, engine, []store.Change{created, created, winner, loser}, []error{nil, store.ErrConflict, nil, store.ErrConflict})
		mustHaveHistory(t, engine, s.session.ID, revisionsOf(created, winner))
	}},
	{"a conflict does not disturb the others of its batch", func(t *testing.T, engine store.Engine) {
		merchant := newMerchant(t, engine)
		before, taken, after := begin(t, merchant), begin(t, merchant), begin(t, merchant)
		mustCommit(t, engine, taken.created())
		batch := []store.Change{before.created(), taken.created(), after.created(), after.take(updating("after the conflict"))}
		mustAnswer(t, engine, batch, []error{nil, store.ErrConflict, nil, nil})
		mustHaveHistory(t, engine, before.session.ID, revisionsOf(batch[0]))
		mustHaveHistory(t, engine, taken.session.ID, revisionsOf(taken.created()))
		mustHaveHistory(t, engine, after.session.ID, revisionsOf(batch[2:]...))
	}},
	{"what follows a conflict in a batch is decided on what was written", func(t *testing.T, engine store.Engine) {
		merchant := newMerchant(t, engine)
		owner, s := begin(t, merchant), begin(t, merchant)
		taken, free := newID(), newID()
		created, loser := s.created(), s.fork()
		mustCommit(t, engine, owner.created(), owner.take(authorizing(taken)), created)
		refused := []store.Change{loser.take(authorizing(taken)), loser.take(ordering(newID()))}
		winning := s.take(authorizing(free))
		mustAnswer(t, engine, append(refused, winning), []error{store.ErrConflict, store.ErrConflict, nil})
		mustHaveHistory(t, engine, s.session.ID, revisionsOf(created, winning))
	}},
	{"a token or order id taken earlier in the batch is a conflict later in it", takenWithinBatch},
	{"a batch of many hundred changes is written whole", func(t *testing.T, engine store.Engine) {
		merchant := newMerchant(t, engine)
		stories := make([]*story, 600)
		batch := make([]store.Change, 0, 2*len(stories))
		for i := range stories {
			stories[i] = begin(t, merchant)
			batch = append(batch, stories[i].created())
		}
		for _, s := range stories {
			batch = append(batch, s.take(authorizing(newID())))
		}
		mustCommit(t, engine, batch...)
		for _, s := range stories {
			mustRead(t, engine, s.session)
			mustFind(t, "token", engine.SessionOfAuthorization, tokenOf(&s.session), s.session.ID)
		}
	}},
	{"the caller may use the slice of changes again", func(t *testing.T, engine store.Engine) {
		merchant := newMerchant(t, engine)
		first, second := begin(t, merchant), begin(t, merchant)
		batch := []store.Change{first.created()}
		mustCommit(t, engine, batch...)
		batch[0] = second.created()
		mustCommit(t, engine, batch...)
		clear(batch)
		mustRead(t, engine, first.session)
		mustRead(t, engine, second.session)
	}},
}

func takenWithinBatch(t *testing.T, engine store.Engine) {
	merchant := newMerchant(t, engine)
	one, two := begin(t, merchant), begin(t, merchant)
	token, orderID := newID(), newID()
	mustAnswer(t, engine, []store.Change{
		one.created(), two.created(), one.take(authorizing(token)), two.fork().take(authorizing(token)), two.take(authorizing(newID())),
	}, []error{nil, nil, nil, store.ErrConflict, nil})
	mustAnswer(t, engine, []store.Change{
		one.take(ordering(orderID)), two.fork().take(ordering(orderID)), two.take(ordering(newID())),
	}, []error{nil, store.ErrConflict, nil})
	mustFind(t, "token", engine.SessionOfAuthorization, token, one.session.ID)
	mustFind(t, "order", engine.SessionOfOrder, orderID, one.session.ID)
	mustRead(t, engine, one.session)
	mustRead(t, engine, two.session)
}
