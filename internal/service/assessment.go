package service

import (
	"context"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/store"
)

// Memory is where assessments are kept, and what they leave with those who took
// part.
type Memory interface {
	store.Assessments
	store.Subjects
}

// assessing carries the assessment of one call through the attempts to commit
// it. What was made for an attempt is forgotten at the next.
type assessing struct {
	service *Service
	ctx     context.Context
	caller  Caller
	call    *BrowserCall
	session *checkout.Session // that is decided on
	turns   turns
	inquiry risk.Inquiry // nil until there is one
	// questions is how many it has put.
	questions int

	err   error // why nothing could be decided
	kept  *store.Assessment
	facts []store.SubjectChange
}

// questionsMax bounds the questions of one call to somebody else. There is one,
// unless the content or the outcome of the rules is another when it is decided.
const questionsMax = 4

// begin is called before each attempt, with the state that it decides on.
func (a *assessing) begin(session *checkout.Session) {
	a.session, a.err, a.kept, a.facts = session, nil, nil, nil
}

// decide is checkout's question. Where there is no answer, err says why and the
// outcome is one that changes nothing.
func (a *assessing) decide(content *checkout.Content) checkout.Decision {
	in := a.input(content)
	subjects := a.recognise(&in)
	made, err := a.assess(&in, subjects)
	if err != nil {
		a.err = err
		return checkout.Decision{Outcome: checkout.OutcomeError, Reason: "nothing could be decided"}
	}
	if a.service.Memory == nil || a.call.Call == risk.CallLoad {
		return made.Decision // what may be shown is asked too often to be kept
	}
	if a.call.Call == risk.CallReauthorize || a.call.Call == risk.CallFinalize {
		made.Decision = made.Decision.Final() // as it holds for the session
	}
	made.Decision.AssessmentID = a.service.NewID(a.caller.Now)
	a.keep(&in, &made, subjects)
	return made.Decision
}

// input is all that rules may look at but the history.
func (a *assessing) input(content *checkout.Content) risk.Input {
	in := risk.Input{
		MerchantID: a.caller.MerchantID, SessionID: a.session.ID, Call: a.call.Call, Content: content,
		DeviceID: a.call.DeviceID, IP: a.call.IP, Changes: a.session.Revision - 1, CreatedAt: a.session.CreatedAt,
		Denied: a.session.Denied(), Now: a.caller.Now,
	}
	if a.call.Flow != nil {
		in.Login = a.call.Flow.Answers.Login.Value
	}
	return in
}

// recognise finds those who take part.
func (a *assessing) recognise(in *risk.Input) []subject {
	if a.service.Memory == nil || in.Call == risk.CallLoad {
		return nil // rules for load cannot ask for the past
	}
	return a.service.subjectsOf(in)
}

// assess decides on what is remembered of the subjects, and fills it in. Where
// rules look at a past that has to hold it takes the turns first, so that the
// calls of one process about one customer do not decide on the same past.
func (a *assessing) assess(in *risk.Input, subjects []subject) (risk.Assessment, error) {
	s := a.service
	inquirer, asks := s.Assessor.(risk.Inquirer)
	switch {
	case a.call.Decided != nil: // no rule is asked
		return risk.Assessment{Decision: *a.call.Decided}, s.remember(a.ctx, in, subjects)
	case asks && in.Call != risk.CallLoad:
		if a.inquiry == nil {
			a.inquiry = inquirer.Inquire()
		}
		return a.inquire(in, subjects)
	}
	if _, err := a.takeTurns(in, subjects); err != nil {
		return risk.Assessment{}, err
	}
	if err := s.remember(a.ctx, in, subjects); err != nil {
		return risk.Assessment{}, err
	}
	return s.Assessor.Assess(a.ctx, *in), nil
}

// inquire is assess where somebody else is asked. Nobody waits for that answer but
// this session: the question is put without a turn, on the past as it is then, and
// the answer holds when it is decided again in turn.
func (a *assessing) inquire(in *risk.Input, subjects []subject) (risk.Assessment, error) {
	for {
		if err := a.service.remember(a.ctx, in, subjects); err != nil {
			return risk.Assessment{}, err
		}
		made, open := a.inquiry.Assess(a.ctx, *in)
		switch {
		case open && a.questions == questionsMax:
			return risk.Assessment{}, &checkout.Refusal{Kind: checkout.KindOverloaded,
				Reason: "what the assessor was asked about changed again and again; nothing was decided"}
		case open:
			a.turns.end()
			a.questions++
			a.inquiry.Ask(a.ctx)
		}
		changed, err := a.takeTurns(in, subjects)
		if err != nil {
			return risk.Assessment{}, err
		}
		if !open && !changed {
			return made, nil // in turn, or no rule looks at a past that has to hold
		}
	}
}

// takeTurns takes those of the subjects whose past the rules are expected to look
// at, and tells whether they are others than those that were held.
func (a *assessing) takeTurns(in *risk.Input, subjects []subject) (changed bool, err error) {
	return a.turns.take(a.ctx, &a.service.subjectQueues, subjects, a.service.reads(in.MerchantID))
}

// keep makes what the decision leaves in the store: the assessment, and a fact
// with each of those who took part. The facts of those whose past was looked at,
// and has to hold, are conditional on that past.
func (a *assessing) keep(in *risk.Input, made *risk.Assessment, subjects []subject) {
	a.kept = &store.Assessment{
		ID: made.Decision.AssessmentID, MerchantID: in.MerchantID, SessionID: in.SessionID, CorrelationID: a.caller.CorrelationID,
		At: in.Now, Call: string(in.Call), Outcome: string(made.Decision.Outcome), Subjects: keysOf(subjects),
		Document: a.service.AssessmentDocument(in, made),
	}
	if fact, ok := risk.FactOf(in, made.Decision.Outcome); ok {
		a.facts = changesOf(subjects, &fact, made.Reads, in.History)
	}
}

// keepAlone stores an assessment that changed nothing.
func (a *assessing) keepAlone() error {
	if a.kept == nil {
		return nil
	}
	if err := a.service.Memory.AddAssessments(a.ctx, []store.Assessment{*a.kept}); err != nil {
		return unavailable(err)
	}
	return nil
}

// made is the id of the assessment that the answer follows; empty when there was
// none, or it is not kept.
func (a *assessing) made() string {
	if a.kept == nil {
		return ""
	}
	return a.kept.ID
}
