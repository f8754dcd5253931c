package notify

import (
	"slices"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/store"
)

var written = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// attempts are when a callback is sent that nobody takes, after it was written.
func attempts(t *testing.T, kind checkout.CallbackKind, first time.Duration) (after []time.Duration) {
	t.Helper()
	c := &store.Callback{Kind: kind, CreatedAt: written}
	for now, again := written.Add(first), true; again; c.Attempts++ {
		after = append(after, now.Sub(written))
		if len(after) > 1000 {
			t.Fatal("it is never given up")
		}
		now, again = Next(c, now)
	}
	return after
}

// TestTheDocumentedSchedules: an authorization three times in all with delays
// that grow from a second; a notification every 10 minutes for 24 hours; a push
// 2, 5, 15, 30 and 60 minutes after the order, then every 4 hours for 48 hours.
func TestTheDocumentedSchedules(t *testing.T) {
	t.Parallel()
	want := map[checkout.CallbackKind][]time.Duration{
		checkout.CallbackAuthorization: {0, time.Second, 3 * time.Second},
		checkout.CallbackPush:          {2 * time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour},
		"unknown":                      {0},
	}
	for n := range 145 {
		want[checkout.CallbackNotification] = append(want[checkout.CallbackNotification], time.Duration(n)*10*time.Minute)
	}
	for hour := 5; hour <= 45; hour += 4 {
		want[checkout.CallbackPush] = append(want[checkout.CallbackPush], time.Duration(hour)*time.Hour)
	}
	first := map[checkout.CallbackKind]time.Duration{checkout.CallbackPush: checkout.PushDelay}
	for kind, times := range want {
		if got := attempts(t, kind, first[kind]); !slices.Equal(got, times) {
			t.Errorf("%s is sent after %v, want %v", kind, got, times)
		}
	}
}

// TestWhatWasMissedIsNotMadeUpFor: a server that was away goes on with the
// schedule, and gives up what has had its time.
func TestWhatWasMissedIsNotMadeUpFor(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		kind checkout.CallbackKind
		at   time.Duration
		next time.Duration // 0 is given up
	}{
		{checkout.CallbackPush, 20 * time.Minute, 30 * time.Minute},
		{checkout.CallbackPush, 6 * time.Hour, 9 * time.Hour},
		{checkout.CallbackPush, 60 * time.Hour, 0},
		{checkout.CallbackNotification, 12 * time.Hour, 12*time.Hour + 10*time.Minute},
		{checkout.CallbackNotification, 23*time.Hour + 51*time.Minute, 24 * time.Hour},
		{checkout.CallbackNotification, 24 * time.Hour, 0},
		{checkout.CallbackNotification, 90 * time.Hour, 0},
	} {
		next, ok := Next(&store.Callback{Kind: row.kind, CreatedAt: written}, written.Add(row.at))
		if ok != (row.next > 0) || ok && next.Sub(written) != row.next {
			t.Errorf("%s at %v: again after %v, %v; want %v", row.kind, row.at, next.Sub(written), ok, row.next)
		}
	}
}

// TestWhatCountsAsTaken: a notification is taken with 200 exactly.
func TestWhatCountsAsTaken(t *testing.T) {
	t.Parallel()
	for _, status := range []int{0, 100, 199, 200, 201, 204, 299, 300, 404, 500} {
		any2xx := status >= 200 && status <= 299
		for kind, want := range map[checkout.CallbackKind]bool{checkout.CallbackAuthorization: any2xx, checkout.CallbackPush: any2xx,
			checkout.CallbackNotification: status == 200} {
			if got := delivered(kind, status); got != want {
				t.Errorf("%s answered with %d is delivered: %v", kind, status, got)
			}
		}
	}
}
