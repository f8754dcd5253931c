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

	err   error // why nothing could be decided
	kept  *store.Assessment
	facts []store.SubjectChange
}

// begin is called before each attempt, with the state that it decides on.
func (a *assessing) begin(session *checkout.Session) {
	a.session, a.err, a.kept, a.facts = session, nil, nil, nil
}

// decide is checkout's question. Where there is no answer, err says why and the
// outcome is one that changes nothing.
func (a *assessing) decide(content *checkout.Content) checkout.Decision {
	in := a.input(content)
	subjects, err := a.recognise(&in)
	if err != nil {
		a.err = err
		return checkout.Decision{Outcome: checkout.OutcomeError, Reason: "what is remembered could not be read"}
	}
	var made risk.Assessment
	if a.call.Decided != nil {
		made.Decision = *a.call.Decided // no rule was asked
	} else {
		made = a.service.Assessor.Assess(a.ctx, in)
	}
	if a.service.Memory == nil || a.call.Call == risk.CallLoad {
		return made.Decision // what may be shown is asked too often to be kept
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

// recognise finds those who take part and fills in what is remembered of them.
// Of those whose past the rules look at it takes the turns first, so that the
// calls of one process about one customer do not decide on the same past.
func (a *assessing) recognise(in *risk.Input) ([]subject, error) {
	s := a.service
	if s.Memory == nil || in.Call == risk.CallLoad {
		return nil, nil // rules for load cannot ask for the past
	}
	subjects := s.subjectsOf(in)
	if a.call.Decided == nil {
		if err := a.turns.take(a.ctx, &s.subjectQueues, subjects, s.reads(in.MerchantID)); err != nil {
			return nil, err
		}
	}
	return subjects, s.remember(a.ctx, in, subjects)
}

// keep makes what the decision leaves in the store: the assessment, and a fact
// with each of those who took part. The facts of those whose past was looked at
// are conditional on that past.
func (a *assessing) keep(in *risk.Input, made *risk.Assessment, subjects []subject) {
	a.kept = &store.Assessment{
		ID: made.Decision.AssessmentID, MerchantID: in.MerchantID, SessionID: in.SessionID, CorrelationID: a.caller.CorrelationID,
		At: in.Now, Call: string(in.Call), Outcome: string(made.Decision.Outcome), Subjects: keysOf(subjects),
		Document: a.service.AssessmentDocument(in, made),
	}
	if fact, ok := risk.FactOf(in, made.Decision.Outcome); ok {
		a.facts = changesOf(subjects, &fact, made.Reads)
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
