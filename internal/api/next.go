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
		if p.AfterMinutes > 0 {
			list[i].AfterMinutes = checkout.IntegerOf(p.AfterMinutes)
		}
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
	if sent := next.Outcome; sent != "" {
		if next.Outcome = lab.Name(next.Outcome); next.Outcome == "" {
			return answer{}, badValue("outcome", sent, "one of "+lab.OutcomeNames)
		}
	}
	if err := checkAfter(next.AfterMinutes); err != nil {
		return answer{}, err
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
		InvalidFields: next.InvalidFields, AfterMinutes: next.AfterMinutes.Value, Interaction: interaction, Standing: next.Standing})
	if errors.Is(err, lab.ErrPrimedFull) {
		return answer{}, &checkout.Refusal{Kind: checkout.KindOperationNotAllowed, Reason: err.Error()}
	} else if err != nil {
		return answer{}, err
	}
	return readNext(x)
}

// checkAfter refuses a time at which no review ends.
func checkAfter(minutes checkout.Integer) error {
	if minutes.Set && (minutes.Value < 1 || minutes.Value > lab.AfterMinutesMax) {
		return badValue("after_minutes", strconv.FormatInt(minutes.Value, 10), "1 to "+strconv.Itoa(lab.AfterMinutesMax))
	}
	return nil
}

// clearNext takes all back that the merchant has primed.
func clearNext(x *exchange) (answer, error) {
	x.api.Next.Clear(x.caller.MerchantID)
	return readNext(x)
}
