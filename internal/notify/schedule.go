package notify

import (
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
)

// delays are the waits after each attempt that failed; after one more the
// callback is given up. The authorization callback is documented with three
// attempts in all and delays that grow from a second.
var delays = map[checkout.CallbackKind][]time.Duration{
	checkout.CallbackAuthorization: {time.Second, 2 * time.Second},
}

// Next is when the attempt after a failed one is made; attempt counts from 1.
// ok is false when there is none: the callback is given up.
func Next(kind checkout.CallbackKind, attempt int, now time.Time) (at time.Time, ok bool) {
	waits := delays[kind]
	if attempt < 1 || attempt > len(waits) {
		return time.Time{}, false
	}
	return now.Add(waits[attempt-1]), true
}
