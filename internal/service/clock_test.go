package service_test

import (
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/service"
)

func TestTheSystemClockHasTheProtocolsPrecision(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("east", 3600)
	clock := service.SystemClock(func() time.Time { return time.Date(2030, 6, 1, 13, 0, 0, 123_999_999, zone) })
	got, err := clock.Now(t.Context(), "anybody")
	if want := time.Date(2030, 6, 1, 12, 0, 0, 123_000_000, time.UTC); err != nil || got != want {
		t.Errorf("the time is %v, %v; want %v", got, err, want)
	}
}
