package notify

import (
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

// schedule is when a callback that was not taken is sent again; ok is false when
// it is given up.
type schedule func(c *store.Callback, now time.Time) (at time.Time, ok bool)

// schedules are by kind. A kind without one is not tried again.
var schedules = map[checkout.CallbackKind]schedule{
	// The authorization callback is documented with three attempts in all and
	// delays that grow from a second.
	checkout.CallbackAuthorization: counted(time.Second, 2*time.Second),
	// A notification is repeated every 10 minutes for 24 hours (documented).
	checkout.CallbackNotification: at(24*time.Hour, 10*time.Minute, 10*time.Minute),
	// A push is documented for the checkout's orders: so long after the order, then
	// every 4 hours, for 48 hours in all.
	checkout.CallbackPush: at(48*time.Hour, 4*time.Hour, checkout.PushDelay, 5*time.Minute, 15*time.Minute, 30*time.Minute, 60*time.Minute),
}

// counted waits so long after each attempt, and gives up after one more.
func counted(waits ...time.Duration) schedule {
	return func(c *store.Callback, now time.Time) (time.Time, bool) {
		if c.Attempts >= len(waits) {
			return time.Time{}, false
		}
		return now.Add(waits[c.Attempts]), true
	}
}

// at is so long after the callback was written, then every so often until the
// end. What a server that was away has missed is not made up for.
func at(end, every time.Duration, offsets ...time.Duration) schedule {
	for next := offsets[len(offsets)-1] + every; next <= end; next += every {
		offsets = append(offsets, next)
	}
	return func(c *store.Callback, now time.Time) (time.Time, bool) {
		for _, offset := range offsets {
			if next := c.CreatedAt.Add(offset); next.After(now) {
				return next, true
			}
		}
		return time.Time{}, false
	}
}

// Next is when a callback is sent again that an attempt did not deliver; its
// Attempts are those before that one. ok is false when there is none: the callback
// is given up.
func Next(c *store.Callback, now time.Time) (next time.Time, ok bool) {
	plan, known := schedules[c.Kind]
	if !known {
		return time.Time{}, false
	}
	return plan(c, now)
}

// delivered tells whether the receiver took the callback. A notification is
// documented to be repeated until it is answered with 200: another 2xx is not
// enough.
func delivered(kind checkout.CallbackKind, status int) bool {
	if kind == checkout.CallbackNotification {
		return status == 200
	}
	return status >= 200 && status < 300
}
