package service_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/memstore"
)

// wall is a clock that a test sets.
type wall struct {
	mu  sync.Mutex
	now time.Time
}

func (w *wall) Now(context.Context, string) (time.Time, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now, nil
}

// reviewing is a service with a referred order of the merchant m.
func reviewing(t *testing.T, rules map[string]int64) (s *service.Service, engine *faulty, clock *wall, orderID string) {
	t.Helper()
	memory := memstore.New()
	engine, clock = &faulty{Engine: memory}, &wall{now: start}
	s, err := service.New(service.Options{Engine: memory, Committer: engine, Clock: clock, Minter: fixedMinter{}, Assessor: risk.Playground{},
		NewID: identifier.New, CacheBytes: 1 << 20, ReviewTerms: checkout.ReviewTerms{Due: time.Hour, AtDue: checkout.ReviewAccept}, FourEyesAbove: rules})
	if err != nil {
		t.Fatal(err)
	}
	refer := &checkout.Decision{Outcome: checkout.OutcomeRefer}
	answered, err := s.Browser(t.Context(), caller("m"), create(t, s), service.BrowserCall{Call: risk.CallAuthorize, AutoFinalize: true, Decided: refer})
	if err != nil {
		t.Fatal(err)
	}
	session, err := s.PlaceOrder(t.Context(), caller("m"), answered.Result.AuthorizationToken, cart(1), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, engine, clock, session.Order.ID
}

// TestAnOperatorReviewsOrdersOfAll and a merchant its own; whoever asks for
// another's, for none and for one that was not referred gets the same answer.
func TestAnOperatorReviewsOrdersOfAll(t *testing.T) {
	t.Parallel()
	s, _, _, order := reviewing(t, nil)
	ctx := t.Context()
	if got, err := s.StepOperatorReview(ctx, order, service.ReviewClaim, "anna", ""); err != nil || got.Order.Review.ClaimedBy != "anna" {
		t.Errorf("%+v, %v", got.Order, err)
	}
	if _, err := s.StepReview(ctx, caller("m"), order, service.ReviewAccept, "bo", ""); kindOf(err) != checkout.KindOperationNotAllowed {
		t.Errorf("another than who claimed it: %v", err)
	}
	if got, err := s.StepReview(ctx, caller("m"), order, service.ReviewAccept, "anna", ""); err != nil || got.Order.FraudStatus != "ACCEPTED" {
		t.Errorf("%+v, %v", got.Order, err)
	}
	answered, err := s.Browser(ctx, caller("m"), create(t, s), service.BrowserCall{Call: risk.CallAuthorize, AutoFinalize: true})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := s.PlaceOrder(ctx, caller("m"), answered.Result.AuthorizationToken, cart(1), nil)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, ask := range []func() error{
		func() error { _, err := s.Review(ctx, caller("another"), order); return err },
		func() error {
			_, err := s.StepReview(ctx, caller("another"), order, service.ReviewStop, "x", "")
			return err
		},
		func() error { _, err := s.Review(ctx, caller("m"), identifier.New(start)); return err },
		func() error { _, err := s.Review(ctx, caller("m"), plain.Order.ID); return err },
		func() error { _, err := s.OperatorReview(ctx, plain.Order.ID); return err },
		func() error { _, err := s.StepOperatorReview(ctx, "no id", service.ReviewStop, "x", ""); return err },
	} {
		err := ask()
		if kindOf(err) != checkout.KindNotFound {
			t.Fatalf("%v", err)
		}
		said = append(said, err.Error())
	}
	for _, text := range said {
		if text != said[0] {
			t.Errorf("%q, and %q", text, said[0])
		}
	}
}

// TestWhatIsDueIsDecidedOnce, also when the answer of the store is lost or
// somebody is faster.
func TestWhatIsDueIsDecidedOnce(t *testing.T) {
	t.Parallel()
	for fault, firstDecides := range map[string]bool{"": true, "conflict": true, "before": false, "after": false} {
		s, engine, clock, order := reviewing(t, nil)
		session, err := s.OperatorReview(t.Context(), order)
		if err != nil {
			t.Fatal(err)
		}
		due, _ := store.ReviewOf(&session)
		if decided, err := s.DecideDue(t.Context(), &due); decided || err != nil {
			t.Errorf("too early: %v, %v", decided, err)
		}
		clock.now = start.Add(time.Hour)
		if fault != "" {
			engine.plan(fault)
		}
		decided, err := s.DecideDue(t.Context(), &due)
		if decided != firstDecides || (err == nil) != firstDecides {
			t.Errorf("%q: %v, %v", fault, decided, err)
		}
		again, err := s.DecideDue(t.Context(), &due)
		if err != nil || again != (fault == "before") {
			t.Errorf("%q, again: %v, %v", fault, again, err)
		}
		session, err = s.OperatorReview(t.Context(), order)
		if err != nil || session.Order.FraudStatus != "ACCEPTED" || !session.Order.Review.Automatic || session.Revision != 4 {
			t.Errorf("%q: %+v, %v", fault, session.Order, err)
		}
	}
}

// TestTwoPeopleAcceptWhatIsLarge in its currency, and one what is in another.
func TestTwoPeopleAcceptWhatIsLarge(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		above map[string]int64
		state checkout.ReviewState
	}{
		{nil, checkout.ReviewAccepted}, {map[string]int64{"EUR": 0}, checkout.ReviewAccepted},
		{map[string]int64{"SEK": 1}, checkout.ReviewAccepted}, {map[string]int64{"SEK": 0}, checkout.ReviewAwaitingSecond},
	} {
		s, _, _, order := reviewing(t, row.above)
		session, err := s.StepOperatorReview(t.Context(), order, service.ReviewAccept, "anna", "")
		if err != nil || session.Order.Review.State != row.state {
			t.Errorf("%v: %+v, %v", row.above, session.Order.Review, err)
		}
	}
	s, _, _, order := reviewing(t, nil)
	if _, err := s.StepOperatorReview(t.Context(), order, "forget", "anna", ""); err == nil || errors.Is(err, store.ErrNotFound) {
		t.Errorf("an unknown step: %v", err)
	}
}
