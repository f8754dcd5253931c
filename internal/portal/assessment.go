package portal

import (
	"context"

	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
)

// decided is how a payment was decided: every rule that was asked, and what the
// rules could know beside the session's content.
type decided struct {
	service.KeptAssessment
	Rules   []ruleStep
	Others  int // rules that were asked and did not hold
	Signals []risk.Signal
}

// ruleStep is a rule that had a part in it.
type ruleStep struct {
	risk.Step
	Decides bool
}

// decidedIn are the assessments of a session by the exchanges that asked for them.
func (p *portal) decidedIn(ctx context.Context, merchantID, sessionID string) (map[string]*decided, error) {
	found, err := p.Assessments.AssessmentsOf(ctx, service.Caller{MerchantID: merchantID}, sessionID)
	if err != nil {
		return nil, err
	}
	all := make(map[string]*decided, len(found))
	for i := range found {
		all[found[i].CorrelationID] = decidedOf(&found[i])
	}
	return all, nil
}

func decidedOf(kept *service.KeptAssessment) *decided {
	d := &decided{KeptAssessment: *kept, Signals: risk.Signals(&kept.Input)}
	for _, step := range kept.Made.Steps {
		// Which rules did not hold is of interest by their number alone.
		if step.State != risk.StateMatched && step.State != risk.StateFailed {
			d.Others++
			continue
		}
		d.Rules = append(d.Rules, ruleStep{step, step.Rule == kept.Made.Rule})
	}
	return d
}
