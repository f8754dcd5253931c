package api

import (
	"errors"
	"strconv"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/lab"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/wire"
)

// readNext lists what the merchant has primed.
func readNext(x *exchange) (answer, error) {
	primed := x.api.Next.List(x.caller.MerchantID)
	list := make([]wire.Next, len(primed))
	for i, p := range primed {
		list[i] = wire.Next{SessionID: p.SessionID, Call: p.Call, Outcome: p.Outcome,
			InvalidFields: p.InvalidFields, Interaction: string(p.Interaction), Standing: p.Standing}
	}
	return ok(wire.AppendNext(nil, list))
}

// primeNext says what the next call of a browser, or of its stand-in, ends as.
func primeNext(x *exchange) (answer, error) {
	next, problems, err := wire.DecodeNext(x.record.RequestBody)
	if err != nil {
		return answer{}, malformed(err)
	}
	if len(problems) > 0 {
		return answer{}, badBody(problems)
	}
	switch risk.Call(next.Call) {
	case "", risk.CallLoad, risk.CallAuthorize, risk.CallReauthorize, risk.CallFinalize:
	default:
		return answer{}, badValue("call", next.Call, "one of load, authorize, reauthorize, finalize")
	}
	if next.Outcome != "" {
		decision, ok := lab.Decide(next.Outcome, nil)
		if !ok {
			return answer{}, badValue("outcome", next.Outcome, "one of "+lab.OutcomeNames)
		}
		next.Outcome = string(decision.Outcome)
	}
	if len(next.InvalidFields) > lab.InvalidFieldsMax {
		return answer{}, badValue("invalid_fields", strconv.Itoa(len(next.InvalidFields))+" paths", "at most 50 paths of at most 200 bytes")
	}
	for i, path := range next.InvalidFields {
		if len(path) > lab.InvalidFieldMax {
			return answer{}, badValue("invalid_fields["+strconv.Itoa(i)+"]", "a path of "+strconv.Itoa(len(path))+" bytes", "at most 200 bytes")
		}
	}
	interaction := lab.Interaction(next.Interaction)
	if interaction != "" && interaction != lab.InteractionNone && interaction != lab.InteractionFull {
		return answer{}, badValue("interaction", next.Interaction, "none or full")
	}
	if next.SessionID != "" {
		// A typing error would wait for ever.
		x.record.SessionID = next.SessionID
		if _, err := x.api.Service.ReadSession(x.request.Context(), x.caller, next.SessionID); err != nil {
			return answer{}, err
		}
	}
	err = x.api.Next.Prime(x.caller.MerchantID, lab.Primed{SessionID: next.SessionID, Call: next.Call, Outcome: next.Outcome,
		InvalidFields: next.InvalidFields, Interaction: interaction, Standing: next.Standing})
	if errors.Is(err, lab.ErrPrimedFull) {
		return answer{}, &checkout.Refusal{Kind: checkout.KindOperationNotAllowed, Reason: err.Error()}
	} else if err != nil {
		return answer{}, err
	}
	return readNext(x)
}

// clearNext takes all back that the merchant has primed.
func clearNext(x *exchange) (answer, error) {
	x.api.Next.Clear(x.caller.MerchantID)
	return readNext(x)
}
