package service

import (
	"context"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
)

// OfferQuestion asks what a customer would be offered.
type OfferQuestion struct {
	// SessionID is of the session that is asked about; empty asks about the
	// content alone.
	SessionID string
	Content   checkout.Content // merged into the session's
	Category  string           // payment_method_category; empty asks about all
}

// OfferAnswer is what would be offered.
type OfferAnswer struct {
	Content   checkout.Content // that was asked about
	Offerings []checkout.Offering
	Load      risk.Assessment // what the rules say of a load
}

// Offers tells which ways to pay a load() would show, and why not the others. It
// changes nothing and is not kept.
func (s *Service) Offers(ctx context.Context, caller Caller, question OfferQuestion) (OfferAnswer, error) {
	session := checkout.Session{MerchantID: caller.MerchantID, ExpiresAt: caller.Now.Add(checkout.SessionLifetime)}
	var closed *checkout.Violation
	if question.SessionID != "" {
		found, err := s.newest(ctx, caller, question.SessionID)
		if err != nil {
			return OfferAnswer{}, err
		}
		session = *found
		closed = session.WhyClosed(caller.Now)
	}
	session.Content = session.Content.Merge(question.Content)
	known := session.Known()
	asking := assessing{service: s, ctx: ctx, caller: caller, call: &BrowserCall{Call: risk.CallLoad}, session: &session}
	in := asking.input(&known)
	answer := OfferAnswer{Content: known, Offerings: checkout.WhyNot(&known, question.Category), Load: s.Assessor.Assess(ctx, in)}
	hidden, noted := ofRules(&answer.Load.Decision)
	for i := range answer.Offerings {
		offering := &answer.Offerings[i]
		for _, reason := range []*checkout.Violation{closed, hidden} {
			if reason != nil {
				offering.Reasons, offering.Offered = append(offering.Reasons, *reason), false
			}
		}
		if noted != nil {
			offering.Notes = append(offering.Notes[:len(offering.Notes):len(offering.Notes)], *noted)
		}
	}
	return answer, nil
}

// ofRules is what the decision about a load does to the offer: it hides all, or
// the widget comes with fields to mend.
func ofRules(decision *checkout.Decision) (hidden, noted *checkout.Violation) {
	said := &checkout.Violation{Path: "load", Rule: checkout.RuleRisk, Sent: string(decision.Outcome), Expected: string(checkout.OutcomeApprove), Hint: decision.Reason}
	switch decision.Outcome {
	case checkout.OutcomeDeny, checkout.OutcomeError:
		return said, nil
	case checkout.OutcomeInvalidFields:
		return nil, said
	case checkout.OutcomeApprove, checkout.OutcomeRefer, checkout.OutcomeCancel, checkout.OutcomeFinalizeRequired:
	}
	return nil, nil
}
