package service

import (
	"context"
	"time"
)

// SystemClock is one time for all merchants: the machine's. Its value is the
// time's source, time.Now outside of tests.
type SystemClock func() time.Time

// Now is in UTC with the precision of the protocol, milliseconds.
func (c SystemClock) Now(context.Context, string) (time.Time, error) {
	return c().UTC().Truncate(time.Millisecond), nil
}
