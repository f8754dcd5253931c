package service_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/memstore"
	"github.com/kvitto/kvitto/internal/store/storetest"
)

// replayable is a service over so many assessments of two merchants, of the
// amounts 0 to 9 in turn, a second apart. A document is the amount; that of the
// amount 9 cannot be read.
func replayable(t *testing.T, count int) *service.Service {
	t.Helper()
	engine := memstore.New()
	s := remembering(t, engine, engine, trivial{}, 1)[0]
	s.ReplayWorkers = 3
	s.ReadInput = func(document []byte) (in risk.Input, was checkout.Outcome, err error) {
		var amount int64
		if _, err := fmt.Sscan(string(document), &amount); err != nil || amount == 9 {
			return risk.Input{}, "", errors.New("damaged")
		}
		return risk.Input{Call: risk.CallAuthorize, Content: &checkout.Content{OrderAmount: checkout.IntegerOf(amount)}}, checkout.OutcomeApprove, nil
	}
	err := storetest.FillAssessments(t.Context(), engine, count, func(i int) store.Assessment {
		at := start.Add(time.Duration(i) * time.Second)
		return store.Assessment{ID: identifier.New(at), MerchantID: []string{"m", "another"}[i%20/10], SessionID: identifier.New(at), At: at,
			Call: "authorize", Outcome: "approve", Document: fmt.Append(nil, i%10)}
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fours denies the amount 4.
func fours(t *testing.T) *risk.RuleSet {
	t.Helper()
	set, err := risk.Parse([]byte("name = \"fours\"\n[[rule]]\nname = \"four\"\npriority = 1\ncondition = 'order_amount == 4'\naction = \"deny\"\nreason = \"four\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func quietly(service.ReplayProgress) error { return nil }

// TestAReplayComparesWhatItIsAskedFor.
func TestAReplayComparesWhatItIsAskedFor(t *testing.T) {
	t.Parallel()
	s := replayable(t, 4000)
	for name, c := range map[string]struct {
		question              service.ReplayQuestion
		done, total           int64
		different, unreadable int64
	}{
		"a merchant":    {service.ReplayQuestion{MerchantID: "m"}, 2000, 2000, 200, 200},
		"all merchants": {service.ReplayQuestion{}, 4000, 4000, 400, 400},
		"a limit":       {service.ReplayQuestion{Limit: 1500}, 1500, 1500, 150, 150},
		"from":          {service.ReplayQuestion{From: start.Add(3990 * time.Second)}, 10, 10, 1, 1},
		"to":            {service.ReplayQuestion{To: start.Add(1010 * time.Second)}, 1010, 1010, 101, 101},
		"from and to":   {service.ReplayQuestion{From: start.Add(10 * time.Second), To: start.Add(20 * time.Second)}, 10, 10, 1, 1},
		"nothing":       {service.ReplayQuestion{MerchantID: "nobody"}, 0, 0, 0, 0},
		"behind all":    {service.ReplayQuestion{After: "ffffffff-ffff-4fff-bfff-ffffffffffff"}, 0, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) { // one after the other: there is one at a time
			c.question.Rules = fours(t)
			replaying, err := s.Replay(c.question)
			if err != nil {
				t.Fatal(err)
			}
			found, err := replaying.Run(t.Context(), quietly)
			if err != nil {
				t.Fatal(err)
			}
			if found.Done != c.done || found.Total != c.total || found.Different() != c.different || found.Unreadable != c.unreadable || found.Compared != c.done-c.unreadable {
				t.Errorf("%+v, %d compared, %d different", found, found.Compared, found.Different())
			}
		})
	}
}

// TestAReplayEndsEarly: by its client, its caller and the server, each with what
// it came to; afterwards another may run, but not when the server stops.
func TestAReplayEndsEarly(t *testing.T) {
	t.Parallel()
	s := replayable(t, 3000)
	run := func(ctx context.Context, tell func(service.ReplayProgress) error) (service.Replayed, error) {
		t.Helper()
		replaying, err := s.Replay(service.ReplayQuestion{Rules: fours(t)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Replay(service.ReplayQuestion{Rules: fours(t)}); kindOf(err) != checkout.KindTooManyRequests {
			t.Errorf("beside another: %v", err)
		}
		return replaying.Run(ctx, tell)
	}
	gone := errors.New("gone")
	found, err := run(t.Context(), func(service.ReplayProgress) error { return gone })
	if !errors.Is(err, gone) || found.Done != 1000 || found.After == "" {
		t.Errorf("a client that cannot be told: %+v %v", found.ReplayProgress, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	found, err = run(ctx, func(service.ReplayProgress) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) || found.Done != 1000 {
		t.Errorf("a caller that goes away: %+v %v", found.ReplayProgress, err)
	}
	found, err = run(t.Context(), func(service.ReplayProgress) error { s.StopReplays(); return nil })
	if !errors.Is(err, service.ErrReplayStopped) || found.Done < 1000 {
		t.Errorf("a server that stops: %+v %v", found.ReplayProgress, err)
	}
	if _, err = run(t.Context(), quietly); !errors.Is(err, service.ErrReplayStopped) || !strings.Contains(err.Error(), "go on later") {
		t.Errorf("afterwards: %v", err)
	}
}
