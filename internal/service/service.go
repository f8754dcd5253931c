package service

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/store"
)

// Clock tells a merchant's time. In the playground every merchant has its own.
type Clock interface {
	Now(ctx context.Context, merchantID string) (time.Time, error)
}

// Minter makes the client token of a new session, for a browser that reaches
// the server at browserURL.
type Minter interface {
	Mint(s *checkout.Session, browserURL string) (string, error)
}

// Committer makes a change durable: the store's batcher.
type Committer interface {
	Commit(ctx context.Context, change store.Change) error
}

// Options are what a Service is made of. All fields but CallbackBody and those
// after it are required.
type Options struct {
	Engine     store.Engine
	Committer  Committer
	Clock      Clock
	Minter     Minter
	Assessor   risk.Assessor
	NewID      func(now time.Time) string
	CacheBytes int // memory for recent sessions, estimated
	// CallbackBody writes a message to a merchant's server; nil sends none.
	CallbackBody func(*checkout.Callback) []byte
	// Memory keeps assessments and what is remembered of those who take part; nil
	// keeps nothing. SubjectSecret is what those are hashed with, the same for
	// every process of a store; AssessmentDocument writes an assessment down,
	// ReadAssessment reads it, and ReadInput what it was made of and came to.
	Memory             Memory
	SubjectSecret      []byte
	AssessmentDocument func(*risk.Input, *risk.Assessment) []byte
	ReadAssessment     func(document []byte) (risk.Input, risk.Assessment, error)
	ReadInput          func(document []byte) (risk.Input, checkout.Outcome, error)
	// ReplayWorkers is how many goroutines decide assessments again, beside the
	// traffic; one when not positive.
	ReplayWorkers int
	// Backoff waits before a change is decided anew that met another process at
	// one of those who take part; nil is a short random time.
	Backoff func(ctx context.Context) error
	// Shared says that other processes change the same store. Then the store is
	// the truth, and the cache only saves work before a conditional commit.
	Shared bool
	// ReviewTerms are those of reviews whose assessment says nothing of them.
	ReviewTerms checkout.ReviewTerms
	// FourEyesAbove are the amounts by currency, in minor units, above which it
	// takes two people to accept an order; a currency that is absent has no limit.
	FourEyesAbove map[string]int64
}

// Service is the application's use cases. It is safe for concurrent use.
type Service struct {
	Options
	recent *recent
	// queues are of sessions; subjectQueues of those who take part, see turns.
	queues, subjectQueues queues
	// staleness is of the cached states of a shared store.
	staleness staleness
	// explaining has room for one explanation of a mismatch.
	explaining chan struct{}
	// replaying has room for one replay; replaysEnd ends it.
	replaying   chan struct{}
	replaysEnd  context.Context
	stopReplays context.CancelFunc
}

// New returns a Service.
func New(options Options) (*Service, error) {
	if options.NewID == nil {
		options.NewID = identifier.New
	}
	if options.Backoff == nil {
		options.Backoff = shortRandomTime
	}
	recent, err := newRecent(options.CacheBytes)
	if err != nil {
		return nil, fmt.Errorf("session cache: %w", err)
	}
	s := &Service{Options: options, recent: recent, explaining: make(chan struct{}, 1), replaying: make(chan struct{}, 1)}
	s.replaysEnd, s.stopReplays = context.WithCancel(context.Background())
	return s, nil
}

// Caller is who asks, and in which exchange.
type Caller struct {
	MerchantID    string
	CorrelationID string
	Operation     string
	Now           time.Time // the merchant's time, read once per request
	BrowserURL    string    // where the customer's browser reaches the server; for a new session
}

func (c Caller) origin() checkout.Origin {
	return checkout.Origin{CorrelationID: c.CorrelationID, Operation: c.Operation, At: c.Now}
}

// unavailable turns a failure of the machine into a refusal the client may
// retry; the cause goes along for the operator's log. A full queue is no
// failure: it has a kind of its own, so that it is refused cheaply.
func unavailable(err error) error {
	if errors.Is(err, store.ErrOverloaded) {
		return &checkout.Refusal{Kind: checkout.KindOverloaded, Reason: "too many changes wait to be written; this one was not made"}
	}
	refusal := &checkout.Refusal{Kind: checkout.KindUnavailable, Reason: "the store did not take the change"}
	return errors.Join(refusal, err)
}

// newest returns the session's newest committed state, for its merchant only.
func (s *Service) newest(ctx context.Context, caller Caller, sessionID string) (*checkout.Session, error) {
	session, err := s.find(ctx, sessionID)
	return owned(caller, session, err)
}

// owned passes a read of a session on to its merchant. Another merchant's
// session is unknown, in the same words.
func owned(caller Caller, session *checkout.Session, err error) (*checkout.Session, error) {
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return nil, unavailable(err)
	case err != nil, session.MerchantID != caller.MerchantID:
		return nil, &checkout.Refusal{Kind: checkout.KindSessionNotFound, Reason: "no session of this merchant has this id"}
	}
	return session, nil
}

// find returns the newest committed state. When one process owns the store the
// cache is the truth: it is written after each commit, before the answer. A
// miss is read alone in the session's queue, so that what a commit under way
// has written cannot be seen before it is durable.
func (s *Service) find(ctx context.Context, sessionID string) (*checkout.Session, error) {
	if s.Shared {
		return s.read(ctx, sessionID)
	}
	if session, ok := s.recent.get(sessionID); ok {
		return session, nil
	}
	leave := s.queues.enter(sessionID)
	defer leave()
	session, _, err := s.current(ctx, sessionID)
	return session, err
}

// current is the state a change is decided on, and whether it comes from the
// cache. The caller is in the session's queue. While the cached states of a
// shared store are mostly old it is read; what was cached then shows whether
// they still are.
func (s *Service) current(ctx context.Context, sessionID string) (session *checkout.Session, cached bool, err error) {
	if !s.Shared || !s.staleness.likely() {
		if held, ok := s.recent.get(sessionID); ok {
			return held, true, nil
		}
	}
	s.recent.misses.Add(1)
	held, ok := s.recent.peek(sessionID)
	session, err = s.read(ctx, sessionID)
	if ok && err == nil {
		s.staleness.note(held.Revision < session.Revision)
	}
	return session, false, err
}

// read loads a session from the store into the cache.
func (s *Service) read(ctx context.Context, sessionID string) (*checkout.Session, error) {
	session, err := s.Engine.Session(ctx, sessionID)
	if err != nil {
		return nil, err
	}
	s.recent.put(&session)
	return &session, nil
}

// decision is what a command made of a session.
type decision struct {
	next    checkout.Session
	event   checkout.Event
	changed bool
	// assessment and subjects are written with the change.
	assessment *store.Assessment
	subjects   []store.SubjectChange
}

// How often a change is decided anew. Inside one process the queues prevent
// conflicts; several processes may meet. One that depends on what is remembered
// of a customer meets all changes of that customer, so it tries longer: of those
// who meet one gets through, and the others draw anew who is next.
const (
	conflictsMax        = 16
	subjectConflictsMax = 100
)

// backoffMax bounds one wait between two attempts; about what a commit takes.
const backoffMax = 5 * time.Millisecond

func shortRandomTime(ctx context.Context) error {
	timer := time.NewTimer(rand.N(backoffMax))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// change loads, decides and commits, in the session's queue. In a shared store
// a state from the cache may be old: a commit decided on it fails by its
// condition, and an answer that needs no commit is decided again on what the
// store has.
func (s *Service) change(ctx context.Context, caller Caller, sessionID string, decide func(checkout.Session) (decision, error)) (checkout.Session, error) {
	leave := s.queues.enter(sessionID)
	defer leave()
	tries := 0
	for bound := conflictsMax; tries < bound; tries++ {
		found, cached, err := s.current(ctx, sessionID)
		current, err := owned(caller, found, err)
		if err != nil {
			return checkout.Session{}, err
		}
		made, err := decide(*current)
		if err != nil || !made.changed {
			if cached && s.Shared {
				s.recent.drop(sessionID)
				continue
			}
			return *current, err
		}
		made.event.CorrelationID = caller.CorrelationID
		next := made.next
		err = s.Committer.Commit(ctx, store.Change{Session: next, Event: made.event, Callback: s.callback(&next, &made.event),
			Assessment: made.assessment, Subjects: made.subjects})
		if cached && (err == nil || errors.Is(err, store.ErrConflict)) {
			s.staleness.note(err != nil)
		}
		if err == nil {
			s.recent.put(&next)
			return next, nil
		}
		// Whatever happened, the store knows and the cache does not.
		s.recent.drop(sessionID)
		if !errors.Is(err, store.ErrConflict) {
			return checkout.Session{}, unavailable(err)
		}
		if conditional(made.subjects) {
			bound = subjectConflictsMax
			if err := s.Backoff(ctx); err != nil {
				return checkout.Session{}, err
			}
		}
	}
	return checkout.Session{}, unavailable(fmt.Errorf("session %s: %d conflicts in a row", sessionID, tries))
}

// refused makes a *Refusal an error without the trap of a typed nil.
func refused(refusal *checkout.Refusal) error {
	if refusal == nil {
		return nil
	}
	return refusal
}
