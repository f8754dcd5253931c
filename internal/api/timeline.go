package api

import (
	"context"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/timeline"
	"github.com/kvitto/kvitto/internal/wire"
)

// Bounds of a timeline.
const (
	timelineExchanges = 500
	timelineBody      = 16 << 10 // bytes of one explanation, or body
	timelineBodies    = 2 << 20  // of all of them
	refusedShown      = 3        // orders
)

// sessionTimeline tells what happened to a payment, in whatever state it is.
func sessionTimeline(x *exchange) (answer, error) {
	ctx, id := x.request.Context(), x.request.PathValue("session_id")
	session, revisions, err := x.api.Service.History(ctx, x.caller, id)
	if err != nil {
		return answer{}, err
	}
	exchanges, err := x.api.Recorder.OfSession(ctx, x.caller.MerchantID, id,
		requestlog.Bounds{Count: timelineExchanges, Body: timelineBody, Bodies: timelineBodies})
	if err != nil {
		return answer{}, storeFailed(err)
	}
	steps, older, err := timeline.Steps(ctx, revisions, id)
	if err != nil {
		return answer{}, storeFailed(err)
	}
	assessed, err := x.api.Service.AssessmentsOf(ctx, x.caller, id)
	if err != nil {
		return answer{}, err
	}
	view := wire.Timeline{Session: &session, Now: x.caller.Now, Older: older}
	for _, e := range timeline.Of(exchanges, steps) {
		event := x.timelineEvent(&e)
		for i := range assessed {
			if assessed[i].CorrelationID == e.CorrelationID {
				event.AssessmentID, event.Assessment = assessed[i].ID, assessed[i].Outcome
			}
		}
		view.Events = append(view.Events, event)
	}
	if view.Refused, err = x.refusedOrders(ctx, &session, exchanges); err != nil {
		return answer{}, err
	}
	x.unrecorded = true // or looking at a payment would be a part of its life
	return ok(wire.AppendTimeline(nil, &view))
}

// timelineEvent hides what is not for the caller: why the rules of an operator decided
// so, and which of its people reviewed an order and why.
func (x *exchange) timelineEvent(e *timeline.Entry) wire.TimelineEvent {
	event := wire.TimelineEvent{
		At: e.At, MerchantTime: e.Clock, Cause: e.Actor, Operation: e.Operation, CorrelationID: e.CorrelationID,
		Logged: e.Known, Status: e.Status, Duration: e.Took, Reason: e.Why, Outcome: e.Outcome.Says, Notes: e.Outcome.Notes,
		OrderID: e.OrderID, Revision: e.Revision, Event: string(e.Event), Token: e.Token, MoreChanges: e.More, Warnings: e.Warnings,
	}
	if !x.api.RulesHidden {
		event.Decision = e.Decision
	}
	if x.reviewView().Names {
		event.Person = e.By
	}
	for _, c := range e.Changes {
		event.Changes = append(event.Changes, wire.TimelineChange(c))
	}
	return event
}

// refusedOrders are the newest orders that were not what was approved.
func (x *exchange) refusedOrders(ctx context.Context, session *checkout.Session, exchanges []requestlog.Exchange) (refused []wire.RefusedOrder, err error) {
	for i := len(exchanges) - 1; i >= 0 && len(refused) < refusedShown; i-- {
		e := exchanges[i]
		if !timeline.IsMismatch(&e) {
			continue
		}
		if e.LeftOut {
			if e, err = x.api.Recorder.Find(ctx, e.MerchantID, e.CorrelationID); err != nil {
				return nil, storeFailed(err)
			}
		}
		m, ok := timeline.MismatchOf(e.Violations, &session.Content, "Session now")
		if !ok {
			continue
		}
		one := wire.RefusedOrder{CorrelationID: e.CorrelationID, At: e.At, Reason: timeline.Headline(&e, e.Violations), Mend: m.Mend}
		for _, row := range m.Rows {
			said := wire.RefusedRow{Path: row.Path, Approved: row.ExpectedText, Order: row.SentText, Follows: row.Follows, ApprovedBy: row.ExpectedBy}
			if m.Session != "" {
				said.Session = row.InSession
			}
			one.Rows = append(one.Rows, said)
		}
		refused = append(refused, one)
	}
	return refused, nil
}
