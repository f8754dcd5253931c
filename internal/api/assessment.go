package api

import (
	"strconv"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/wire"
)

// readAssessment shows a merchant one of its assessments.
func readAssessment(x *exchange) (answer, error) {
	kept, err := x.api.Service.Assessment(x.request.Context(), x.caller, x.request.PathValue("assessment_id"))
	if err != nil {
		return answer{}, err
	}
	x.record.SessionID = kept.SessionID
	return ok(wire.AppendAssessment(nil, assessmentView(&kept, x.api.RulesHidden)))
}

// AssessmentDocument is an assessment for an operator, in the form of the answers.
func AssessmentDocument(kept *service.KeptAssessment) []byte {
	return wire.AppendAssessment(nil, assessmentView(kept, false))
}

// sessionAssessments shows the newest of a session.
func sessionAssessments(x *exchange) (answer, error) {
	found, err := x.api.Service.AssessmentsOf(x.request.Context(), x.caller, x.sessionID())
	if err != nil {
		return answer{}, err
	}
	list := make([]wire.ListedAssessment, len(found))
	for i := range found {
		a := &found[i]
		list[i] = wire.ListedAssessment{ID: a.ID, SessionID: a.SessionID, CorrelationID: a.CorrelationID, Revision: a.Revision,
			At: a.At, Call: a.Call, Outcome: a.Outcome}
	}
	return ok(wire.AppendAssessments(nil, list))
}

// assessmentView hides of the content what the request log hides, and of the rules
// what the caller may not see.
func assessmentView(a *service.KeptAssessment, rulesHidden bool) wire.Assessment {
	in := &a.Input
	view := wire.Assessment{
		ID: a.ID, SessionID: a.SessionID, CorrelationID: a.CorrelationID, Revision: a.Revision, At: a.At, Call: a.Call,
		RuledBy: ruledBy(&a.Made, rulesHidden), Review: a.Made.Decision.Review,
		Login: in.Login, Device: in.DeviceID, IP: in.IP, Changes: in.Changes, CreatedAt: in.CreatedAt, Denied: in.Denied,
	}
	if in.Content != nil {
		view.Content = requestlog.Redacted(wire.AppendContent(nil, in.Content))
	}
	if !rulesHidden {
		for _, step := range a.Made.Steps {
			view.Duration += step.Duration
			view.Steps = append(view.Steps, wire.AssessmentStep{Rule: step.Rule, State: string(step.State), Duration: step.Duration, Error: step.Error})
		}
	}
	for _, signal := range risk.Signals(in) {
		view.Signals = append(view.Signals, wire.Signal(signal))
	}
	return view
}

func ruledBy(made *risk.Assessment, rulesHidden bool) wire.RuledBy {
	decision := &made.Decision
	by := wire.RuledBy{Outcome: string(decision.Outcome), RuleSet: made.RuleSet, Version: made.Version, InvalidFields: decision.InvalidFields}
	if !rulesHidden {
		by.Reason, by.Rule = decision.Reason, made.Rule
	}
	return by
}

// rulesHidden takes the reasons of rules out of an offering's.
func (x *exchange) rulesHidden(offerings []checkout.Offering) []checkout.Offering {
	if !x.api.RulesHidden {
		return offerings
	}
	for i := range offerings {
		for _, said := range [][]checkout.Violation{offerings[i].Reasons, offerings[i].Notes} {
			for j := range said {
				if said[j].Rule == checkout.RuleRisk {
					said[j].Hint = "the rules of the server's operator"
				}
			}
		}
	}
	return offerings
}

// offersQueryNames are a session, a category, and properties of a session.
var offersQueryNames = []string{"intent", "locale", "order_amount", "payment_method_category", "purchase_country", "purchase_currency", "session_id"}

// readOffers says what a load would show and why not the rest: of a session, of
// what the query says, or of a session as the query would change it.
func readOffers(x *exchange) (answer, error) {
	query := x.query()
	question := service.OfferQuestion{SessionID: query.Get("session_id"), Category: query.Get("payment_method_category")}
	x.record.SessionID = question.SessionID
	for _, field := range checkout.ContentTextFields {
		switch field.Name {
		case "purchase_country", "purchase_currency", "locale", "intent":
			if query.Has(field.Name) {
				*field.At(&question.Content) = checkout.TextOf(query.Get(field.Name))
			}
		}
	}
	if sent := query.Get("order_amount"); sent != "" {
		amount, err := strconv.ParseInt(sent, 10, 64)
		if err != nil {
			return answer{}, badValue("order_amount", sent, "a whole number of minor units")
		}
		question.Content.OrderAmount = checkout.IntegerOf(amount)
	}
	found, err := x.api.Service.Offers(x.request.Context(), x.caller, question)
	if err != nil {
		return answer{}, err
	}
	return ok(wire.AppendOffers(nil, wire.Offers{
		SessionID: question.SessionID, Content: &found.Content, Offerings: x.rulesHidden(found.Offerings), Load: ruledBy(&found.Load, x.api.RulesHidden)}))
}
