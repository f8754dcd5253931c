package api

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/notify"
	"github.com/kvitto/kvitto/internal/outbound"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/wire"
)

// Callbacks is where messages to merchants' servers are: the outbox of the
// store, and what makes the notifier look at it.
type Callbacks interface {
	notify.Secrets
	notify.Notes
	CallbacksHeld(ctx context.Context, merchantID string) (bool, error)
	HoldCallbacks(ctx context.Context, merchantID string, hold bool) error
	StepCallback(ctx context.Context, merchantID, callbackID string, step store.CallbackStep, at time.Time) error
}

// callbacksShown bounds a list.
const callbacksShown = 100

// callbackStates are the values of ?state=.
var callbackStates = []store.CallbackState{store.CallbackWaiting, store.CallbackDelivered, store.CallbackFailed, store.CallbackDropped}

// readCallbacks lists the merchant's newest callbacks.
func readCallbacks(x *exchange) (answer, error) {
	query := x.query()
	filter := store.CallbackFilter{MerchantID: x.caller.MerchantID, SessionID: query.Get("session_id"),
		State: store.CallbackState(query.Get("state")), Limit: callbacksShown}
	if filter.State != "" && !slices.Contains(callbackStates, filter.State) {
		return answer{}, badValue("state", string(filter.State), "one of waiting, delivered, failed, dropped")
	}
	ctx := x.request.Context()
	held, err := x.api.Callbacks.CallbacksHeld(ctx, filter.MerchantID)
	if err != nil {
		return answer{}, storeFailed(err)
	}
	found, err := x.api.Callbacks.Callbacks(ctx, filter)
	if err != nil {
		return answer{}, storeFailed(err)
	}
	list := make([]wire.Callback, len(found))
	for i := range found {
		if list[i], err = callbackView(&found[i]); err != nil {
			return answer{}, err
		}
	}
	return ok(wire.AppendCallbacks(nil, held, list))
}

func callbackView(c *store.Callback) (wire.Callback, error) {
	kept, err := notify.DecodeAnswer(c.Answer)
	return wire.Callback{
		ID: c.ID, Kind: string(c.Kind), SessionID: c.SessionID, URL: c.URL, State: string(c.State), CreatedAt: c.CreatedAt, DueAt: c.DueAt,
		Attempts: c.Attempts, Released: c.Released, UnderWay: c.UnderWay, Waiting: c.State == store.CallbackWaiting, Twice: kept.Twice, Body: c.Body,
		AnsweredAt: kept.At, Duration: kept.Duration, Status: kept.Status, Headers: kept.Headers, Answer: kept.Body, Error: kept.Error,
	}, err
}

// readCallbackSecret tells a merchant what its callbacks are signed with.
func readCallbackSecret(x *exchange) (answer, error) {
	secret, err := notify.Secret(x.request.Context(), x.api.Callbacks, x.caller.MerchantID)
	if err != nil {
		return answer{}, storeFailed(err)
	}
	return ok(wire.AppendWebhookSecret(nil, outbound.SecretText(secret)))
}

// holdCallbacks keeps the merchant's callbacks back, or ends that.
func holdCallbacks(x *exchange) (answer, error) {
	hold, problems, err := wire.DecodeHold(x.record.RequestBody)
	if err != nil {
		return answer{}, malformed(err)
	}
	if len(problems) > 0 {
		return answer{}, badBody(problems)
	}
	if !hold.Set {
		return answer{}, badValue("hold", "", "true or false")
	}
	if err := x.api.Callbacks.HoldCallbacks(x.request.Context(), x.caller.MerchantID, hold.Value); err != nil {
		return answer{}, storeFailed(err)
	}
	return noContent()
}

// notAllowed says what a step needs.
var notAllowed = map[store.CallbackStep]string{
	store.CallbackRelease: "the callback does not wait any more; replay sends it again",
	store.CallbackReplay:  "the callback still waits; release sends it at once",
	store.CallbackDrop:    doesNotWait,
	store.CallbackDelay:   doesNotWait,
}

const doesNotWait = "the callback does not wait any more, or is being delivered"

func stepCallback(x *exchange, step store.CallbackStep) (answer, error) {
	return stepCallbackAt(x, step, x.caller.Now)
}

func stepCallbackAt(x *exchange, step store.CallbackStep, at time.Time) (answer, error) {
	return steered(x.api.Callbacks.StepCallback(x.request.Context(), x.caller.MerchantID, x.request.PathValue("callback_id"), step, at), notAllowed[step])
}

// duplicateCallback lets a waiting callback be delivered twice.
func duplicateCallback(x *exchange) (answer, error) {
	return steered(notify.DeliverTwice(x.request.Context(), x.api.Callbacks, x.caller.MerchantID, x.request.PathValue("callback_id")),
		doesNotWait+"; replay sends one again that was delivered")
}

// delayMax is the longest delay, in seconds: as long as a session lives.
const delayMax = 48 * 60 * 60

// delayCallback lets a waiting callback be due so many seconds from now, on the
// merchant's clock. The answer says when.
func delayCallback(x *exchange) (answer, error) {
	seconds, problems, err := wire.DecodeDelay(x.record.RequestBody)
	if err != nil {
		return answer{}, malformed(err)
	}
	if len(problems) > 0 {
		return answer{}, badBody(problems)
	}
	if !seconds.Set || seconds.Value < 1 || seconds.Value > delayMax {
		return answer{}, badValue("seconds", strconv.FormatInt(seconds.Value, 10), "1 to "+strconv.Itoa(delayMax))
	}
	due := x.caller.Now.Add(time.Duration(seconds.Value) * time.Second)
	if refused, err := stepCallbackAt(x, store.CallbackDelay, due); err != nil {
		return refused, err
	}
	return ok(wire.AppendDelayed(nil, x.request.PathValue("callback_id"), due))
}

// steered is the answer to a step; conflict says what the step needs.
func steered(err error, conflict string) (answer, error) {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return answer{}, &checkout.Refusal{Kind: checkout.KindNotFound, Reason: "no callback of this merchant has this id"}
	case errors.Is(err, store.ErrConflict):
		return answer{}, &checkout.Refusal{Kind: checkout.KindOperationNotAllowed, Reason: conflict}
	case err != nil:
		return answer{}, storeFailed(err)
	}
	return noContent()
}
