package assessor

import (
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
)

// inquiry implements risk.Inquiry.
type inquiry struct {
	assessor *Assessor
	answers  []answer

	in    risk.Input
	made  risk.Assessment // by the rules
	about [sha256.Size]byte
}

// answer is what became of a question. A failure is kept as well: to ask a server
// again that was too slow would take as long again.
type answer struct {
	about    [sha256.Size]byte // the question
	decision checkout.Decision // of ResultDecided
	result   Result
	failure  string
	took     time.Duration
}

// Inquire implements risk.Inquirer.
func (a *Assessor) Inquire() risk.Inquiry { return a.inquire() }

func (a *Assessor) inquire() *inquiry { return &inquiry{assessor: a} }

// Assess implements risk.Inquiry. The rules decide anew each time.
func (i *inquiry) Assess(ctx context.Context, in risk.Input) (made risk.Assessment, open bool) {
	i.in, i.made = in, i.assessor.options.Rules.Assess(ctx, in)
	state := risk.StateNotReached
	switch outcome := i.made.Decision.Outcome; {
	case in.Call == risk.CallLoad:
		state = risk.StateOtherCall
	case outcome == checkout.OutcomeApprove || outcome == checkout.OutcomeRefer:
		i.about = subjectMatter(&in, outcome)
		return i.conclude()
	}
	return withStep(i.made, risk.Step{Rule: Name, State: state}), false
}

// Ask implements risk.Inquiry.
func (i *inquiry) Ask(ctx context.Context) {
	told := i.assessor.put(ctx, &i.in, &i.made)
	told.about = i.about
	i.answers = append(i.answers, told)
}

// conclude is what holds by the answer to the question; it is open without one.
func (i *inquiry) conclude() (made risk.Assessment, open bool) {
	at := slices.IndexFunc(i.answers, func(told answer) bool { return told.about == i.about })
	if at < 0 {
		return i.made, true
	}
	made = i.made
	step := i.assessor.hold(&made, &i.answers[at])
	return withStep(made, step), false
}

func withStep(made risk.Assessment, step risk.Step) risk.Assessment {
	made.Steps = append(slices.Clip(made.Steps), step)
	return made
}

// subjectMatter tells questions apart: whose payment, its content, and what the
// rules came to. What is remembered is not in it: every payment at the same time
// changes that, and a limit that holds exactly is one of the rules.
func subjectMatter(in *risk.Input, outcome checkout.Outcome) [sha256.Size]byte {
	return sha256.Sum256(question(&risk.Input{
		MerchantID: in.MerchantID, SessionID: in.SessionID, Call: in.Call, Content: in.Content, Login: in.Login, DeviceID: in.DeviceID, IP: in.IP,
	}, &risk.Assessment{Decision: checkout.Decision{Outcome: outcome}}))
}
