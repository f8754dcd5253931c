package notify

import (
	"context"

	"github.com/kvitto/kvitto/internal/store"
)

// Notes is where a callback that waits is found and noted.
type Notes interface {
	Callbacks(ctx context.Context, filter store.CallbackFilter) ([]store.Callback, error)
	NoteCallback(ctx context.Context, merchantID, callbackID string, answer []byte) error
}

// DeliverTwice asks for a waiting callback to be delivered twice: when the
// receiver has taken it, it is sent once more. store.ErrNotFound for a callback
// that is not the merchant's, store.ErrConflict for one that does not wait or is
// being delivered.
func DeliverTwice(ctx context.Context, notes Notes, merchantID, callbackID string) error {
	found, err := notes.Callbacks(ctx, store.CallbackFilter{MerchantID: merchantID, CallbackID: callbackID, Limit: 1})
	if err != nil {
		return err
	}
	if callbackID == "" || len(found) == 0 {
		return store.ErrNotFound
	}
	answer, err := DecodeAnswer(found[0].Answer)
	if err != nil {
		return err
	}
	answer.Twice = true
	noted, err := answer.encode()
	if err != nil {
		return err
	}
	return notes.NoteCallback(ctx, merchantID, callbackID, noted)
}

// wantedTwice tells whether somebody asked for a second delivery.
func wantedTwice(c *store.Callback) bool {
	before, err := DecodeAnswer(c.Answer)
	return err == nil && before.Twice
}

// sendAgain delivers a callback that was taken a second time, as part of the same
// attempt: nothing of the session comes between. Whatever the receiver says now,
// the callback has been delivered.
func (n *Notifier) sendAgain(ctx context.Context, c *store.Callback, secret []byte, first *Answer) (Answer, Result) {
	n.record(ctx, c, first, ResultDelivered)
	n.observe(ResultDelivered)
	second := n.send(ctx, c, secret, n.options.System())
	if delivered(c.Kind, second.Status) {
		return second, ResultDelivered
	}
	return second, ResultFailed
}
