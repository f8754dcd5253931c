package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/store"
)

// ErasurePaymentsMax bounds the payments of one erasure, which are kept in memory: an
// address that more have is nobody's own.
const ErasurePaymentsMax = 10_000

// Eraser erases a person from everything that is stored. All fields but PaymentsMax
// are required.
type Eraser struct {
	Service  *Service // with Memory, SubjectSecret and what writes and reads assessments
	Store    store.Erasing
	Outbox   store.Outbox
	Tenants  store.Tenants
	Exchange ExchangeEraser
	// Answer is what is kept of a shop's answer to a callback when its payer is
	// erased.
	Answer func(kept []byte) []byte

	// PaymentsMax is how many payments may be the person's; 0 is ErasurePaymentsMax.
	PaymentsMax int

	busy sync.Mutex
}

// ExchangeEraser is the request log.
type ExchangeEraser interface {
	Erase(ctx context.Context, e ExchangeErasure) (exchanges int64, err error)
	Purge(ctx context.Context, whole bool) error
}

// ExchangeErasure says who is erased from the request log.
type ExchangeErasure struct {
	MerchantID string // "" is every merchant
	Person     checkout.Person
	// Payments are those of the person, by the ids of session and order and by
	// authorization tokens.
	Payments map[string]*checkout.Erasure
	DryRun   bool
	Progress func(looked int64)
}

// ErasureQuestion says who is to be erased. Somebody is named by one thing at
// least.
type ErasureQuestion struct {
	MerchantID string // "" is every merchant
	Emails     []string
	Phones     []string
	// SessionID or OrderID is a payment of the person, which also names the person by
	// the addresses and numbers in it.
	SessionID string
	OrderID   string
	DryRun    bool   // counts what would be changed and changes nothing
	Whole     bool   // the files are written anew at the end; see store.Erasing
	By        string // a role, which stays in the history
}

// Erasure steps, for those who wait.
const (
	ErasureAssessments = "assessments looked at"
	ErasureSessions    = "sessions looked at"
	ErasureExchanges   = "exchanges looked at"
	ErasureCounted     = "payments counted"
	ErasureRewritten   = "payments erased"
	ErasurePurge       = "files cleaned"
)

// Erased is what was changed, or would be.
type Erased struct {
	Sessions    int64 // with an order or without
	Orders      int64
	Open        int64 // sessions that end by it
	Exchanges   int64
	Assessments int64
	Callbacks   int64
	Subjects    int64 // of whom something was remembered
}

// sessionsListed is how many sessions are listed at a time, and revisionsRead how
// many states are in memory at a time.
const (
	sessionsListed = 500
	revisionsRead  = 32
)

// payment is one that the person has a part in.
type payment struct {
	session  checkout.Session // the newest state
	erasure  *checkout.Erasure
	names    []string // session, order, authorizations
	subjects []store.SubjectKey
}

// erasureRun is one erasure under way.
type erasureRun struct {
	*Eraser
	question ErasureQuestion
	person   checkout.Person
	tell     func(step string, done int64)
	parts    map[string]checkout.Part // that are known before a session is looked at
	payments []*payment
	counted  map[store.SubjectKey]bool // in a dry run, which forgets nobody
	erased   Erased
}

// Erase erases a person, or counts. tell is told how far each step is; it may be
// nil. What was erased before an error or a kill stays erased, and the same question
// again does the rest: a session is found by what was not yet erased of it.
func (e *Eraser) Erase(ctx context.Context, question ErasureQuestion, tell func(step string, done int64)) (Erased, error) {
	if !e.busy.TryLock() {
		return Erased{}, &checkout.Refusal{Kind: checkout.KindOverloaded, Reason: "somebody is being erased; wait until that has ended"}
	}
	defer e.busy.Unlock()
	if tell == nil {
		tell = func(string, int64) {}
	}
	run := erasureRun{Eraser: e, question: question, tell: tell, parts: map[string]checkout.Part{}, counted: map[store.SubjectKey]bool{}}
	for _, step := range []func(context.Context) error{run.name, run.findAssessed, run.findPayments, run.endPayments, run.eraseExchanges,
		run.rewrite, run.forget, run.purge} {
		if err := step(ctx); err != nil {
			return run.erased, err
		}
	}
	return run.erased, nil
}

// name reads who is meant.
func (r *erasureRun) name(ctx context.Context) error {
	q := &r.question
	emails, phones := slices.Clone(q.Emails), slices.Clone(q.Phones)
	if q.OrderID != "" {
		sessionID, err := r.Service.Engine.SessionOfOrder(ctx, q.OrderID)
		if err != nil {
			return unknownPayment(err)
		}
		r.parts[sessionID] = checkout.PartPayer
	}
	if q.SessionID != "" {
		r.parts[q.SessionID] = checkout.PartPayer
	}
	for sessionID := range r.parts {
		history, err := r.Service.Engine.Revisions(ctx, sessionID, revisionsRead, 0)
		if err == nil && q.MerchantID != "" && history[0].Session.MerchantID != q.MerchantID {
			err = store.ErrNotFound
		}
		if err != nil {
			return unknownPayment(err)
		}
		for i := range history {
			mails, numbers := history[i].Session.Named()
			emails, phones = append(emails, mails...), append(phones, numbers...)
		}
	}
	person, problem := checkout.NewPerson(unique(emails), unique(phones))
	if problem == "" && person.Nobody() && len(r.parts) == 0 {
		problem = "nobody is named: give an e-mail address, a phone number, or a payment of the person"
	}
	if problem != "" {
		return &checkout.Refusal{Kind: checkout.KindBadValue, Reason: problem}
	}
	r.person = person
	return nil
}

func unique(texts []string) []string {
	slices.Sort(texts)
	return slices.Compact(texts)
}

func unknownPayment(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return &checkout.Refusal{Kind: checkout.KindNotFound, Reason: "no session or order that can be erased has this id"}
	}
	return unavailable(err)
}

// findAssessed finds sessions by their assessments: who signed in is in no session.
func (r *erasureRun) findAssessed(ctx context.Context) error {
	after, looked := "", int64(0)
	for {
		page, err := r.Service.Memory.AssessmentsAfter(ctx, r.question.MerchantID, after, sessionsListed)
		if err != nil {
			return unavailable(err)
		}
		if len(page) == 0 {
			return nil
		}
		for i := range page {
			in, _, err := r.Service.ReadAssessment(page[i].Document)
			if err != nil {
				continue // what cannot be read can be shown to nobody; the walk of sessions may find it
			}
			erasure := checkout.NewErasure(r.person, checkout.PartNone)
			if in.Content != nil {
				erasure.LookAt(in.Content)
			}
			if r.person.Named(in.Login) {
				erasure.AtLeast(checkout.PartPayer)
			}
			if part := erasure.Part(); part != checkout.PartNone {
				r.parts[page[i].SessionID] = max(part, r.parts[page[i].SessionID])
			}
		}
		after, looked = page[len(page)-1].ID, looked+int64(len(page))
		r.tell(ErasureAssessments, looked)
	}
}

// findPayments looks at every session there is.
func (r *erasureRun) findPayments(ctx context.Context) error {
	cursor, looked := "", int64(0)
	for {
		page, next, err := r.Store.SessionsAfter(ctx, cursor, sessionsListed)
		if err != nil {
			return unavailable(err)
		}
		for _, sessionID := range page {
			found, own, err := r.look(ctx, sessionID)
			if err != nil {
				return err
			}
			if own {
				looked++
			}
			if most := cmp.Or(r.PaymentsMax, ErasurePaymentsMax); found != nil && len(r.payments) == most {
				return &checkout.Refusal{Kind: checkout.KindBadValue, Reason: fmt.Sprintf(
					"more than %d payments have this data, so it is not one person's: give more precise data; nothing was erased", most)}
			}
			if found != nil {
				r.payments = append(r.payments, found)
			}
		}
		r.tell(ErasureSessions, looked)
		if cursor = next; next == "" {
			break
		}
	}
	for _, p := range r.payments {
		r.erased.Sessions++
		if p.session.Complete() {
			r.erased.Orders++
		} else if p.session.ErasedAt.IsZero() && !p.session.Expired(r.now(ctx, p.session.MerchantID)) {
			r.erased.Open++
		}
	}
	return nil
}

func (r *erasureRun) now(ctx context.Context, merchantID string) time.Time {
	now, err := r.Service.Clock.Now(ctx, merchantID)
	if err != nil {
		return time.Time{} // then it counts as open
	}
	return now
}

// look is the payment of a session; nil where the person has no part in it. own tells
// that it is of a merchant who is meant: how many others there are is nobody's affair.
func (r *erasureRun) look(ctx context.Context, sessionID string) (found *payment, own bool, err error) {
	p := &payment{erasure: checkout.NewErasure(r.person, r.parts[sessionID]), names: []string{sessionID}}
	var oldest checkout.Session
	err = r.eachPage(ctx, sessionID, func(history []store.Revision) error {
		newest := &history[len(history)-1].Session
		if p.session.ID == "" {
			p.session = *newest
		}
		if r.question.MerchantID != "" && newest.MerchantID != r.question.MerchantID {
			return errEnough
		}
		for i := range history {
			p.erasure.Find(&history[i].Session)
		}
		oldest = history[0].Session
		return nil
	})
	if errors.Is(err, errEnough) || errors.Is(err, store.ErrNotFound) {
		return nil, false, nil // another merchant's, or retention was here
	}
	if err != nil {
		return nil, false, unavailable(err)
	}
	if !p.session.ErasedAt.Equal(oldest.ErasedAt) {
		p.erasure.AtLeast(p.session.ErasedPart()) // somebody's erasure was interrupted
	}
	if p.erasure.Part() == checkout.PartNone {
		return nil, true, nil
	}
	err = r.eachPage(ctx, sessionID, func(history []store.Revision) error {
		for i := range history {
			p.erasure.Look(&history[i].Session)
			p.note(r.Service, &history[i])
		}
		return nil
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, true, unavailable(err)
	}
	return p, true, nil
}

var errEnough = errors.New("service: enough")

// eachPage reads the history of a session, the newest states first.
func (r *erasureRun) eachPage(ctx context.Context, sessionID string, use func([]store.Revision) error) error {
	for upTo := int64(0); ; {
		history, err := r.Service.Engine.Revisions(ctx, sessionID, revisionsRead, upTo)
		if err != nil {
			return err
		}
		if len(history) == 0 {
			return store.ErrNotFound
		}
		if err := use(history); err != nil {
			return err
		}
		if upTo = history[0].Session.Revision - 1; upTo < 1 {
			return nil
		}
	}
}

// note keeps under which names a payment is known, and who took part.
func (p *payment) note(s *Service, revision *store.Revision) {
	for _, name := range []string{revision.Event.AuthorizationToken, revision.Event.OrderID} {
		if name != "" && !slices.Contains(p.names, name) {
			p.names = append(p.names, name)
		}
	}
	session := &revision.Session
	known := session.Known()
	p.noteSubjects(s, session.MerchantID, &known, "")
	if session.Order != nil {
		p.noteSubjects(s, session.MerchantID, &session.Order.Content, "")
	}
}

// noteSubjects keeps the keys of who is recognised by what says who they are. A device
// and an IP address are those of others too.
func (p *payment) noteSubjects(s *Service, merchantID string, content *checkout.Content, login string) {
	for _, key := range personKeys(s, &risk.Input{MerchantID: merchantID, Content: content, Login: login}) {
		if !slices.Contains(p.subjects, key) {
			p.subjects = append(p.subjects, key)
		}
	}
}

func personKeys(s *Service, in *risk.Input) (keys []store.SubjectKey) {
	for _, one := range s.subjectsOf(in) {
		if one.kind != risk.SubjectDevice && one.kind != risk.SubjectIP {
			keys = append(keys, one.key)
		}
	}
	return keys
}

// endPayments makes the newest state of each payment one without the person. From
// then on no change is decided on the person's data. The states before are what the
// payment is found by until all else is done.
func (r *erasureRun) endPayments(ctx context.Context) error {
	if r.question.DryRun {
		return nil
	}
	for _, p := range r.payments {
		caller, err := r.Service.inPlaceOf(ctx, p.session.MerchantID)
		if err != nil {
			return err
		}
		next, err := r.Service.change(ctx, caller, p.session.ID, func(current checkout.Session) (made decision, err error) {
			p.erasure.Look(&current) // it may have changed since
			if without := p.erasure.State(current); !current.ErasedAt.IsZero() && reflect.DeepEqual(without, current) {
				return made, nil
			}
			made.changed = true
			made.next, made.event = current.Erase(checkout.EraseSession{Erasure: p.erasure, By: r.question.By, Now: caller.Now})
			return made, nil
		})
		var refusal *checkout.Refusal
		if errors.As(err, &refusal) && refusal.Kind == checkout.KindSessionNotFound {
			continue // retention was here
		}
		if err != nil {
			return fmt.Errorf("erase session %s: %w", p.session.ID, err)
		}
		p.session = next
	}
	return nil
}

func (r *erasureRun) eraseExchanges(ctx context.Context) (err error) {
	payments := map[string]*checkout.Erasure{}
	for _, p := range r.payments {
		for _, name := range p.names {
			payments[name] = p.erasure
		}
	}
	r.erased.Exchanges, err = r.Exchange.Erase(ctx, ExchangeErasure{
		MerchantID: r.question.MerchantID, Person: r.person, Payments: payments, DryRun: r.question.DryRun,
		Progress: func(looked int64) { r.tell(ErasureExchanges, looked) },
	})
	return err
}

func (r *erasureRun) purge(ctx context.Context) error {
	if r.question.DryRun {
		return nil
	}
	if err := r.Exchange.Purge(ctx, r.question.Whole); err != nil {
		return err
	}
	r.tell(ErasurePurge, 1)
	if err := r.Store.Purge(ctx, r.question.Whole); err != nil {
		return err
	}
	r.tell(ErasurePurge, 2)
	return nil
}
