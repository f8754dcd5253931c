package service

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/store"
)

// ReplayQuestion asks what other rules would have decided.
type ReplayQuestion struct {
	MerchantID string // whose assessments; empty is all, for operators
	After      string // the id of the assessment to go on behind; empty begins with the oldest
	// From and To bound the time of the assessments; To is exclusive, and a zero
	// bounds nothing.
	From, To time.Time
	Limit    int64 // at most so many; 0 is all
	// Turn is how long it runs before others get their turn; 0 is until its end.
	Turn time.Duration
}

// ReplayProgress is how far a replay is.
type ReplayProgress struct {
	Done, Total int64  // the total is about
	After       string // the newest that is done: a replay can go on behind it
}

// Replayed is what a replay found.
type Replayed struct {
	*risk.Replay
	ReplayProgress
	Unreadable int64 // documents of another version of the program, or damaged
}

// ErrReplayStopped: the server stops, or the service does not keep assessments.
var ErrReplayStopped = errors.New("the server is stopping; go on later behind the last assessment that was done")

// ErrReplayTurn: the replay has had its turn. It has done a page at least.
var ErrReplayTurn = errors.New("others may have their turn now; go on behind the last assessment that was done")

// Replaying is a replay that has its turn. Run or GiveUp must follow.
type Replaying struct {
	service  *Service
	question ReplayQuestion
}

// Replay takes the turn for a replay: a process runs one at a time. Its rules are
// compiled after that, which is work too.
func (s *Service) Replay(question ReplayQuestion) (*Replaying, error) {
	if s.Memory == nil {
		return nil, &checkout.Refusal{Kind: checkout.KindOperationNotAllowed, Reason: "this server keeps no assessments"}
	}
	select {
	case s.replaying <- struct{}{}:
		return &Replaying{s, question}, nil
	default:
		return nil, &checkout.Refusal{Kind: checkout.KindTooManyRequests, Reason: "another replay is running, and there is one at a time; try again when it has ended"}
	}
}

// StopReplays ends the replay that runs and those that would begin. It may be
// called again.
func (s *Service) StopReplays() { s.stopReplays() }

// replayPage is how many assessments are read at a time; fewer when they are
// large.
const replayPage = 1000

// GiveUp gives the turn back, unused.
func (r *Replaying) GiveUp() { <-r.service.replaying }

// Run decides the assessments again by the rules, oldest first, and tells after
// every page how far it is; an error of tell ends it, as the context does, and the
// end of the turn. It gives the turn back.
func (r *Replaying) Run(ctx context.Context, rules *risk.RuleSet, tell func(ReplayProgress) error) (Replayed, error) {
	defer r.GiveUp()
	began := time.Now()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(r.service.replaysEnd, func() { cancel(ErrReplayStopped) })()
	progress, err := r.begin(ctx)
	if err != nil {
		return Replayed{}, cause(ctx, err)
	}
	work := newReplayWork(rules, max(r.service.ReplayWorkers, 1), r.service.ReadInput)
	err = r.read(ctx, began, &progress, work.pages, tell)
	found := work.end()
	found.ReplayProgress = progress
	return found, cause(ctx, err)
}

// cause is why the context ended, where that is why something failed.
func cause(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// begin finds where to begin, and about how many there are.
func (r *Replaying) begin(ctx context.Context) (ReplayProgress, error) {
	q := &r.question
	progress := ReplayProgress{After: q.After}
	if !q.From.IsZero() {
		progress.After = max(q.After, identifier.First(q.From))
	}
	memory := r.service.Memory
	total, err := memory.CountAssessments(ctx, q.MerchantID, progress.After)
	if err == nil && !q.To.IsZero() {
		var behind int64
		behind, err = memory.CountAssessments(ctx, q.MerchantID, max(progress.After, identifier.First(q.To)))
		total -= behind
	}
	if err != nil {
		return progress, notRead(err)
	}
	if q.Limit > 0 {
		total = min(total, q.Limit)
	}
	progress.Total = max(total, 0)
	return progress, nil
}

// read hands the pages to those who decide, until the turn ends.
func (r *Replaying) read(ctx context.Context, began time.Time, progress *ReplayProgress, pages chan<- []store.Assessment, tell func(ReplayProgress) error) error {
	q := &r.question
	for {
		if r.service.replaysEnd.Err() != nil {
			return ErrReplayStopped
		}
		size := int64(replayPage)
		if q.Limit > 0 {
			size = min(size, q.Limit-progress.Done)
		}
		switch {
		case size == 0:
			return nil
		case q.Turn > 0 && progress.Done > 0 && time.Since(began) >= q.Turn:
			return ErrReplayTurn
		}
		page, err := r.service.Memory.AssessmentsAfter(ctx, q.MerchantID, progress.After, int(size))
		if err != nil {
			return notRead(err)
		}
		last := len(page) == 0
		if !q.To.IsZero() {
			for i := range page {
				if !page[i].At.Before(q.To) {
					page, last = page[:i], true
					break
				}
			}
		}
		if len(page) > 0 {
			select {
			case pages <- page:
			case <-ctx.Done():
				return ctx.Err()
			}
			progress.Done += int64(len(page))
			progress.Total = max(progress.Total, progress.Done)
			progress.After = page[len(page)-1].ID
			if err := tell(*progress); err != nil {
				return err
			}
		}
		if last {
			return nil
		}
	}
}

// replayWork are those who decide, each with sums of its own.
type replayWork struct {
	pages      chan []store.Assessment
	workers    sync.WaitGroup
	replays    []*risk.Replay
	unreadable atomic.Int64
	read       func(document []byte) (risk.Input, risk.Decided, error)
}

func newReplayWork(rules *risk.RuleSet, workers int, read func([]byte) (risk.Input, risk.Decided, error)) *replayWork {
	w := &replayWork{pages: make(chan []store.Assessment), replays: make([]*risk.Replay, workers), read: read}
	for i := range w.replays {
		replay := risk.NewReplay(rules)
		w.replays[i] = replay
		w.workers.Go(func() { w.decide(replay) })
	}
	return w
}

func (w *replayWork) decide(replay *risk.Replay) {
	for page := range w.pages {
		for i := range page {
			in, was, err := w.read(page[i].Document)
			if err != nil {
				w.unreadable.Add(1)
				continue
			}
			replay.Add(page[i].ID, &in, was)
			runtime.Gosched() // customers' calls go first
		}
	}
}

// end waits until all is decided and sums up.
func (w *replayWork) end() Replayed {
	close(w.pages)
	w.workers.Wait()
	for _, other := range w.replays[1:] {
		w.replays[0].Merge(other)
	}
	return Replayed{Replay: w.replays[0], Unreadable: w.unreadable.Load()}
}
