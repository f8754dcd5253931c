package service

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"slices"

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
// meanwhile to those of the kinds that were looked at.
func changesOf(subjects []subject, fact *risk.Fact, read []risk.SubjectKind) []store.SubjectChange {
	changes := make([]store.SubjectChange, len(subjects))
	for i, one := range subjects {
		changes[i] = store.SubjectChange{Key: one.key, Expected: store.AnyVersion, At: fact.At, Order: fact.Kind == risk.FactOrdered}
		if slices.Contains(read, one.kind) {
			changes[i].Expected = one.version
		}
		fact.Append(changes[i].Fact[:0])
	}
	return changes
}

// conditional tells whether a change depends on what was remembered.
func conditional(changes []store.SubjectChange) bool {
	return slices.ContainsFunc(changes, func(c store.SubjectChange) bool { return c.Expected != store.AnyVersion })
}

// orderFacts are what the order of a session's authorization leaves with those
// who took part in the assessment of it; where that is not kept, with those of
// the content that was approved.
func (s *Service) orderFacts(ctx context.Context, session *checkout.Session) ([]store.SubjectChange, error) {
	if s.Memory == nil {
		return nil, nil
	}
	in := risk.Input{MerchantID: session.MerchantID, SessionID: session.ID, Content: &session.Order.Content, Now: session.Order.CreatedAt}
	fact := risk.OrderFact(&in)
	assessmentID := session.Authorization.AssessmentID
	if assessmentID == "" {
		return changesOf(s.subjectsOf(&in), &fact, nil), nil
	}
	kept, err := s.Memory.Assessment(ctx, session.MerchantID, assessmentID)
	if errors.Is(err, store.ErrNotFound) {
		return changesOf(s.subjectsOf(&in), &fact, nil), nil
	} else if err != nil {
		return nil, unavailable(err)
	}
	subjects := make([]subject, len(kept.Subjects))
	for i, key := range kept.Subjects {
		subjects[i] = subject{key: key, version: store.AnyVersion}
	}
	return changesOf(subjects, &fact, nil), nil
}

// turns are those of the subjects that a change depends on. They are taken in
// one order by all, after the session's, and left when the change ends.
type turns struct {
	keys  []store.SubjectKey
	leave []func()
}

// take waits for the turns of the subjects of the kinds. Those that are held
// already stay: an attempt that failed decides anew without a place in the queue
// being lost. Where the subjects are others now, all are left first.
func (t *turns) take(ctx context.Context, queues *queues, subjects []subject, kinds []risk.SubjectKind) error {
	var keys []store.SubjectKey
	for _, one := range subjects {
		if slices.Contains(kinds, one.kind) {
			keys = append(keys, one.key)
		}
	}
	slices.SortFunc(keys, func(a, b store.SubjectKey) int { return bytes.Compare(a[:], b[:]) })
	if slices.Equal(keys, t.keys) {
		return nil
	}
	t.end()
	for _, key := range keys {
		leave, err := queues.enterWithin(ctx, string(key[:]))
		if err != nil {
			return err
		}
		t.leave = append(t.leave, leave)
	}
	t.keys = keys
	return nil
}

// end leaves all of them.
func (t *turns) end() {
	for _, leave := range t.leave {
		leave()
	}
	t.keys, t.leave = nil, nil
}
