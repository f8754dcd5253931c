package api

import (
	"context"
	"errors"
	"slices"
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
	Callbacks(ctx context.Context, filter store.CallbackFilter) ([]store.Callback, error)
	CallbacksHeld(ctx context.Context, merchantID string) (bool, error)
	HoldCallbacks(ctx context.Context, merchantID string, hold bool) error
	StepCallback(ctx context.Context, merchantID, callbackID string, step store.CallbackStep, now time.Time) error
}

// callbacksShown bounds a list.
const callbacksShown = 100

// callbackStates are the values of ?state=.
var callbackStates = []store.CallbackState{store.CallbackWaiting, store.CallbackDelivered, store.CallbackFailed, store.CallbackDropped}

// readCallbacks lists the merchant's newest callbacks.
func readCallbacks(x *exchange) (answer, error) {
	query := x.request.URL.Query()
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
		Attempts: c.Attempts, Released: c.Released, UnderWay: c.UnderWay, Waiting: c.State == store.CallbackWaiting, Body: c.Body,
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
	store.CallbackDrop:    "the callback does not wait any more, or is being delivered",
}

func stepCallback(x *exchange, step store.CallbackStep) (answer, error) {
	err := x.api.Callbacks.StepCallback(x.request.Context(), x.caller.MerchantID, x.request.PathValue("callback_id"), step, x.caller.Now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return answer{}, &checkout.Refusal{Kind: checkout.KindNotFound, Reason: "no callback of this merchant has this id"}
	case errors.Is(err, store.ErrConflict):
		return answer{}, &checkout.Refusal{Kind: checkout.KindOperationNotAllowed, Reason: notAllowed[step]}
	case err != nil:
		return answer{}, storeFailed(err)
	}
	return noContent()
}
