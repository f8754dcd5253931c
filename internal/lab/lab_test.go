package lab_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/credential"
	"github.com/kvitto/kvitto/internal/lab"
	"github.com/kvitto/kvitto/internal/store/memstore"
)

func TestEveryMerchantHasAClockOfItsOwn(t *testing.T) {
	t.Parallel()
	engine := memstore.New()
	for _, m := range []string{"a", "b"} {
		if err := engine.EnsureMerchant(t.Context(), m, time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	start := time.Date(2026, 1, 1, 12, 0, 0, 123_456_789, time.UTC)
	clock, err := lab.NewClock(func() time.Time { return start }, engine, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := clock.Advance(t.Context(), "a", 48*time.Hour+time.Minute); err != nil {
		t.Fatal(err)
	}
	for merchant, want := range map[string]string{"a": "2026-01-03T12:01:00.123Z", "b": "2026-01-01T12:00:00.123Z"} {
		now, err := clock.Now(t.Context(), merchant)
		if got := now.Format("2006-01-02T15:04:05.999999999Z07:00"); err != nil || got != want {
			t.Errorf("%s: %s, want %s (%v)", merchant, got, want, err)
		}
	}
	// A new process over the same store goes on where the old one was.
	again, err := lab.NewClock(func() time.Time { return start }, engine, false)
	if err != nil {
		t.Fatal(err)
	}
	if advanced, err := again.Advanced(t.Context(), "a"); err != nil || advanced != 48*time.Hour+time.Minute {
		t.Errorf("%s, %v", advanced, err)
	}
}

func TestClocksMoveForwardAndNotFar(t *testing.T) {
	t.Parallel()
	engine := memstore.New()
	if err := engine.EnsureMerchant(t.Context(), "a", time.Time{}); err != nil {
		t.Fatal(err)
	}
	clock, err := lab.NewClock(time.Now, engine, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, by := range []time.Duration{-1, lab.AdvanceMax + 1} {
		if err := clock.Advance(t.Context(), "a", by); !errors.Is(err, lab.ErrAdvance) {
			t.Errorf("%s: %v", by, err)
		}
	}
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			if err := clock.Advance(t.Context(), "a", time.Hour); err != nil {
				t.Error(err)
			}
			if _, err := clock.Now(t.Context(), "a"); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if advanced, err := clock.Advanced(t.Context(), "a"); err != nil || advanced != 50*time.Hour {
		t.Errorf("%s, %v", advanced, err)
	}
	if err := clock.Advance(t.Context(), "a", lab.AdvanceMax); !errors.Is(err, lab.ErrAdvance) {
		t.Errorf("more than the sum allows: %v", err)
	}
}

// brokenLine takes a move of the clock and loses the answer.
type brokenLine struct{ *memstore.Engine }

func (b brokenLine) AdvanceClock(ctx context.Context, merchantID string, by time.Duration) (time.Duration, error) {
	_, err := b.Engine.AdvanceClock(ctx, merchantID, by)
	return 0, errors.Join(errors.New("connection lost"), err)
}

func TestAMoveWithAnUnknownEndIsReadAnew(t *testing.T) {
	t.Parallel()
	engine := memstore.New()
	if err := engine.EnsureMerchant(t.Context(), "a", time.Time{}); err != nil {
		t.Fatal(err)
	}
	clock, err := lab.NewClock(time.Now, brokenLine{engine}, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := clock.Advance(t.Context(), "a", time.Hour); err == nil {
		t.Fatal("a lost answer is no success")
	}
	if advanced, err := clock.Advanced(t.Context(), "a"); err != nil || advanced != time.Hour {
		t.Errorf("the clock says %s, the store has an hour (%v)", advanced, err)
	}
}

func TestTheDoorLetsAnyoneInButOne(t *testing.T) {
	t.Parallel()
	door, err := lab.NewOpenDoor(memstore.New(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		user, password string
		refused        bool
	}{
		{"K123_abc", "secret", false}, {"a", "", false}, {"åäö", "x", false},
		{"a", "invalid", true}, {"", "secret", true}, {strings.Repeat("a", 256), "x", true}, {"\xff", "x", true}, {"a\x00b", "x", true},
	} {
		merchant, err := door.Authenticate(t.Context(), c.user, c.password)
		if errors.Is(err, credential.ErrRefused) != c.refused || (!c.refused && merchant != c.user) {
			t.Errorf("%q:%q: %q, %v", c.user, c.password, merchant, err)
		}
	}
}

// closedBooks cannot make a merchant known.
type closedBooks struct{}

func (closedBooks) EnsureMerchant(context.Context, string, time.Time) error {
	return errors.New("disk full")
}

func TestAFailingStoreIsNoRefusal(t *testing.T) {
	t.Parallel()
	door, err := lab.NewOpenDoor(closedBooks{}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := door.Authenticate(t.Context(), "a", "b"); err == nil || errors.Is(err, credential.ErrRefused) {
		t.Errorf("%v", err)
	}
}

func TestOutcomesHaveNames(t *testing.T) {
	t.Parallel()
	for _, name := range strings.Split(lab.OutcomeNames, ", ") {
		decision, ok := lab.Decide(name, nil, 0)
		if later := strings.HasSuffix(name, "_later"); !ok || lab.Name(strings.ToUpper(name)) != name || !later && string(decision.Outcome) != name ||
			later != (decision.Review.Due == 6*time.Hour && decision.Outcome == checkout.OutcomeRefer) {
			t.Errorf("%s: %+v", name, decision)
		}
	}
	if decision, ok := lab.Decide("DENIED", nil, 0); !ok || decision.Outcome != checkout.OutcomeDeny {
		t.Errorf("%+v", decision)
	}
	if _, ok := lab.Decide("maybe", nil, 0); ok {
		t.Error("an unknown outcome is taken")
	}
	for name, verdict := range map[string]checkout.ReviewVerdict{"accept_later": checkout.ReviewAccept, "Reject_Later": checkout.ReviewReject} {
		if decision, _ := lab.Decide(name, nil, 90); decision.Review != (checkout.ReviewTerms{Due: 90 * time.Minute, AtDue: verdict}) {
			t.Errorf("%s: %+v", name, decision)
		}
	}
	if decision, _ := lab.Decide("invalid_fields", nil, 0); len(decision.InvalidFields) != 1 {
		t.Errorf("%+v", decision)
	}
}
