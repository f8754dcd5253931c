package api

import (
	"errors"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/lab"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/wire"
)

// badValue refuses one property of Kvitto's own interface.
func badValue(path, sent, expected string) error {
	return &checkout.Refusal{Kind: checkout.KindBadValue, Reason: "the body breaks a rule", Violations: []checkout.Violation{{
		Path: path, Rule: checkout.RuleFormat, Stage: checkout.StageFields, Sent: sent, Expected: expected}}}
}

// browserCall does what a customer's browser would do, without a customer.
func browserCall(x *exchange, call risk.Call) (answer, error) {
	sessionID := x.sessionID()
	request, err := wire.DecodeBrowserRequest(x.record.RequestBody)
	if err != nil {
		return answer{}, malformed(err)
	}
	browser, err := browserCommand(call, &request)
	if err != nil {
		return answer{}, err
	}
	if browser.CollectShippingAddress {
		browser.Person = lab.Person // as for a page without interaction
	}
	var taken *lab.Taken
	if err := checkAfter(request.AfterMinutes); err != nil {
		return answer{}, err
	}
	if request.Outcome.Value != "" {
		decision, ok := lab.Decide(request.Outcome.Value, request.Invalid, request.AfterMinutes.Value)
		if !ok {
			return answer{}, badValue("outcome", request.Outcome.Value, "one of "+lab.OutcomeNames)
		}
		browser.Decided = &decision
	} else {
		taken = x.api.Next.Take(x.caller.MerchantID, sessionID, string(call))
		browser.Decided = taken.Primed().Decision()
	}
	answered, err := x.carryOut(sessionID, &request, browser, taken)
	if err != nil {
		return answer{}, err
	}
	return ok(wire.AppendBrowserResult(nil, string(call), answered.Result))
}

func readExchange(x *exchange) (answer, error) {
	found, err := x.api.Recorder.Find(x.request.Context(), x.caller.MerchantID, x.request.PathValue("correlation_id"))
	if errors.Is(err, requestlog.ErrNotFound) {
		return answer{}, &checkout.Refusal{Kind: checkout.KindNotFound, Reason: "no exchange of this merchant has this correlation id"}
	} else if err != nil {
		return answer{}, err
	}
	view := exchangeView(&found)
	if view.AssessmentID, err = x.api.Service.AssessmentOfExchange(x.request.Context(), x.caller, found.SessionID, found.CorrelationID); err != nil {
		return answer{}, err
	}
	return ok(wire.AppendExchange(nil, view))
}

func exchangeView(e *requestlog.Exchange) wire.Exchange {
	return wire.Exchange{
		CorrelationID: e.CorrelationID, At: e.At, Duration: e.Duration, Method: e.Method, Path: e.Path,
		Operation: e.Operation, Status: e.Status, SessionID: e.SessionID, OrderID: e.OrderID,
		AuthorizationToken: e.AuthorizationToken, Request: e.RequestBody, Response: e.ResponseBody,
		ErrorCode: e.ErrorCode, ErrorMessages: e.ErrorMessages, Reason: e.Reason, Violations: e.Violations, Shed: e.Shed, LeftOut: e.LeftOut,
	}
}

// check validates a body and stores nothing.
func check(x *exchange) (answer, error) {
	request, err := x.decoded()
	if err != nil {
		return answer{}, err
	}
	sessionID := x.query().Get("session_id")
	refusal, corrections, err := x.api.Service.Check(x.request.Context(), x.caller, sessionID, request.Content, request.Problems)
	if err != nil {
		return answer{}, err
	}
	if refusal != nil {
		request.Annotate(refusal.Violations)
	}
	return ok(wire.AppendCheck(nil, x.record.RequestBody, &request, refusal, corrections))
}

func readClock(x *exchange) (answer, error) {
	advanced, err := x.api.Playground.Advanced(x.request.Context(), x.caller.MerchantID)
	if err != nil {
		return answer{}, storeFailed(err)
	}
	return ok(wire.AppendClock(nil, x.caller.Now, advanced))
}

// advanceClock moves the clock of the calling merchant and of no other.
func advanceClock(x *exchange) (answer, error) {
	text, problems, err := wire.DecodeAdvance(x.record.RequestBody)
	if err != nil {
		return answer{}, malformed(err)
	}
	if len(problems) > 0 {
		return answer{}, &checkout.Refusal{Kind: checkout.KindBadValue, Reason: "the body breaks a rule", Violations: problems}
	}
	by, err := time.ParseDuration(text)
	if err != nil {
		return answer{}, badValue("advance", text, `a duration, for example "48h1m"`)
	}
	ctx, merchantID := x.request.Context(), x.caller.MerchantID
	if err := x.api.Playground.Advance(ctx, merchantID, by); errors.Is(err, lab.ErrAdvance) {
		return answer{}, badValue("advance", text, lab.ErrAdvance.Error())
	} else if err != nil {
		return answer{}, storeFailed(err)
	}
	if x.api.ClockMoved != nil {
		x.api.ClockMoved()
	}
	if x.caller.Now, err = x.api.Playground.Now(ctx, merchantID); err != nil {
		return answer{}, storeFailed(err)
	}
	return readClock(x)
}
