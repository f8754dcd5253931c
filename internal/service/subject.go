package service

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/store"
)

// SubjectSecretBytes is the size of the secret that subjects are hashed with.
const SubjectSecretBytes = 32

// subject is one of those who take part in a payment.
type subject struct {
	kind    risk.SubjectKind
	key     store.SubjectKey
	version int64 // of what is remembered; AnyVersion when it was not read
}

// holds tells whether the past of the subject must still be what it was when a
// decision is committed that looked at these kinds.
func (s *subject) holds(read []risk.SubjectKind) bool {
	return s.kind.Exact() && slices.Contains(read, s.kind)
}

// subjectsOf recognises those who take part, for the merchant alone: another's
// subjects have other keys, whoever they are.
func (s *Service) subjectsOf(in *risk.Input) []subject {
	found := risk.Subjects(in)
	subjects := make([]subject, len(found))
	for i, one := range found {
		subjects[i] = subject{one.Kind, s.subjectKey(in.MerchantID, one.Text), store.AnyVersion}
	}
	return subjects
}

// subjectKey is a keyed hash: whoever has the store and not its secret cannot
// try out e-mail addresses.
func (s *Service) subjectKey(merchantID, text string) (key store.SubjectKey) {
	mac := hmac.New(sha256.New, s.SubjectSecret)
	mac.Write([]byte(merchantID))
	mac.Write([]byte{0}) // which no id and no text has
	mac.Write([]byte(text))
	copy(key[:], mac.Sum(nil))
	return key
}

func keysOf(subjects []subject) []store.SubjectKey {
	keys := make([]store.SubjectKey, len(subjects))
	for i := range subjects {
		keys[i] = subjects[i].key
	}
	return keys
}

// reads are the kinds whose past the rules are expected to look at.
func (s *Service) reads(merchantID string) []risk.SubjectKind {
	reader, ok := s.Assessor.(risk.Reader)
	if !ok {
		return nil
	}
	return reader.Reads(merchantID)
}

// remember reads what is remembered of the subjects into the input, and notes
// which version of it that is. It is read whether the rules of today look at it
// or not: those it is replayed against later may.
func (s *Service) remember(ctx context.Context, in *risk.Input, subjects []subject) error {
	if len(subjects) == 0 {
		return nil
	}
	found, err := s.Memory.Subjects(ctx, keysOf(subjects))
	if err != nil {
		return unavailable(err)
	}
	in.History = make(risk.History, len(subjects))
	for i := range found {
		facts, err := risk.DecodeFacts(found[i].Facts)
		if err != nil {
			return unavailable(err)
		}
		subjects[i].version = found[i].Version
		in.History[subjects[i].kind] = risk.Past{Known: found[i].Version > 0, FirstAt: found[i].FirstAt, Orders: found[i].Orders, Facts: facts}
	}
	return nil
}

// changesOf adds the fact to each subject, on condition that nothing was added
// meanwhile to those that were looked at and have to hold.
//
// Few facts of a subject are kept, and a session must not push out those of others
// by trying again and again: its own go first. What is dropped is one of the facts
// that were read, so that such a change is on condition of them too. To a past that
// need not hold the fact is added without one, as long as the session has left
// few there, and is left out where the same is said already: nobody who reads it
// would count anything else, so that nothing depends on when it was read.
func changesOf(subjects []subject, fact *risk.Fact, read []risk.SubjectKind, history risk.History) []store.SubjectChange {
	changes := make([]store.SubjectChange, 0, len(subjects))
	for _, one := range subjects {
		past := history[one.kind]
		change := store.SubjectChange{Key: one.key, Expected: store.AnyVersion, At: fact.At, Order: fact.Kind == risk.FactOrdered}
		fact.Append(change.Fact[:0])
		holds := one.holds(read)
		if !holds && fact.Repeated(&past) {
			continue
		}
		if holds || fact.Crowds(&past) {
			change.Expected, change.Facts = one.version, keptWith(fact, &past)
		}
		changes = append(changes, change)
	}
	return changes
}

// keptWith are the facts of a past after one took the place of an older one of its
// session; nil when it is added to all of them.
func keptWith(fact *risk.Fact, past *risk.Past) []byte {
	replaced := fact.Replaces(past)
	if replaced < 0 {
		return nil
	}
	kept := fact.Append(make([]byte, 0, len(past.Facts)*risk.FactBytes))
	for i := range past.Facts {
		if i != replaced {
			kept = past.Facts[i].Append(kept)
		}
	}
	return kept
}

// conditional tells whether a change depends on what was remembered.
func conditional(changes []store.SubjectChange) bool {
	return slices.ContainsFunc(changes, func(c store.SubjectChange) bool { return c.Expected != store.AnyVersion })
}

// orderFacts are what the order of a session's authorization leaves with those
// who took part in the assessment of it; where that is not kept, with those of
// the content that was approved. So too when it cannot be read: an order is worth
// more than a fact with a device.
func (s *Service) orderFacts(ctx context.Context, session *checkout.Session) []store.SubjectChange {
	if s.Memory == nil {
		return nil
	}
	in := risk.Input{MerchantID: session.MerchantID, SessionID: session.ID, Content: &session.Order.Content, Now: session.Order.CreatedAt}
	fact := risk.OrderFact(&in)
	subjects := s.subjectsOf(&in)
	if id := session.Authorization.AssessmentID; id != "" {
		keys, err := s.Memory.SubjectsOfAssessment(ctx, session.MerchantID, id)
		switch {
		case err == nil:
			subjects = make([]subject, len(keys))
			for i, key := range keys {
				subjects[i] = subject{key: key, version: store.AnyVersion}
			}
		case s.FactsLost != nil && !errors.Is(err, store.ErrNotFound):
			s.FactsLost(id, err)
		}
	}
	return changesOf(subjects, &fact, nil, nil)
}

// turnsWaitMax is how long one call waits for turns in all. Whoever changes its
// session waits with it.
const turnsWaitMax = 2 * time.Second

// turns are those of the subjects whose past a change depends on. They are taken
// in one order by all, after the session's, and left when the change ends.
type turns struct {
	keys   []store.SubjectKey
	leave  []func()
	waited time.Duration
}

// take waits for the turns of those subjects whose past has to hold when these
// kinds are looked at. Turns that are held already stay: an attempt that failed
// decides anew without a place in the queue being lost. Where the subjects are
// others now, all are left first, and changed is true.
func (t *turns) take(ctx context.Context, queues *queues, subjects []subject, read []risk.SubjectKind) (changed bool, err error) {
	var keys []store.SubjectKey
	for _, one := range subjects {
		if one.holds(read) {
			keys = append(keys, one.key)
		}
	}
	slices.SortFunc(keys, func(a, b store.SubjectKey) int { return bytes.Compare(a[:], b[:]) })
	if slices.Equal(keys, t.keys) {
		return false, nil
	}
	t.end()
	began := time.Now()
	defer func() { t.waited += time.Since(began) }()
	bounded, cancel := context.WithTimeout(ctx, turnsWaitMax-t.waited)
	defer cancel()
	for _, key := range keys {
		leave, err := queues.enterWithin(bounded, string(key[:]))
		switch {
		case err != nil && ctx.Err() != nil:
			return true, ctx.Err()
		case err != nil:
			return true, &checkout.Refusal{Kind: checkout.KindOverloaded, Reason: "too many payments of this customer wait to be decided; this one was not"}
		}
		t.leave = append(t.leave, leave)
	}
	t.keys = keys
	return true, nil
}

// end leaves all of them.
func (t *turns) end() {
	for _, leave := range t.leave {
		leave()
	}
	t.keys, t.leave = nil, nil
}
