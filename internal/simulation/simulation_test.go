package simulation_test

import (
	"flag"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	schedules = flag.Int("schedules", schedulesDefault, "how many schedules to play")
	firstSeed = flag.Uint64("seed", 1, "the seed of the first one; each next one has the next seed")
	stepsMax  = flag.Int("steps", 150, "steps of a schedule before it is let come to its end")
)

// tally adds up what the schedules met.
type tally struct {
	mu     sync.Mutex
	played int
	steps  int
	met    map[string]int
}

func (a *tally) add(r result) (played int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.played++
	a.steps += r.steps
	for event, n := range r.met {
		a.met[event] += n
	}
	return a.played
}

// TestSchedules plays schedules one seed after the other. It fails with the
// first wrong change or answer, and when the default number of schedules never
// met something that it is there to meet.
func TestSchedules(t *testing.T) {
	t.Parallel()
	total := tally{met: map[string]int{}}
	var next atomic.Int64
	t.Run("played", func(t *testing.T) {
		for worker := range runtime.GOMAXPROCS(0) {
			t.Run(fmt.Sprintf("by %d", worker), func(t *testing.T) {
				t.Parallel()
				for i := next.Add(1) - 1; i < int64(*schedules) && !t.Failed(); i = next.Add(1) - 1 {
					played := playOne(t, *firstSeed+uint64(i), &total)
					if every := max(1, *schedules/20); played%every == 0 {
						t.Logf("%d of %d schedules played", played, *schedules)
					}
				}
				next.Add(int64(*schedules)) // after a failure nobody goes on
			})
		}
	})
	if t.Failed() {
		return
	}
	for _, event := range slices.Sorted(maps.Keys(total.met)) {
		t.Logf("%8d  %s", total.met[event], event)
	}
	t.Logf("%d schedules, %d steps", total.played, total.steps)
	if *schedules < schedulesDefault {
		return
	}
	for event := range strings.SplitSeq(mustMeet, ",") {
		if event = strings.TrimSpace(event); total.met[event] == 0 {
			t.Errorf("no schedule met: %s. A simulation that does not meet it proves nothing of it", event)
		}
	}
}

func playOne(t *testing.T, seed uint64, total *tally) (played int) {
	r := run(t, seed, *stepsMax)
	if r.failure != nil {
		t.Error(report(t, seed, r))
	}
	return total.add(r)
}

// report is a failure with the shortest beginning of its schedule that fails,
// and the command that plays it again.
func report(t *testing.T, seed uint64, full result) string {
	shortest, steps := full, *stepsMax
	for n := 1; n < full.steps && n < *stepsMax; n++ {
		if r := run(t, seed, n); r.failure != nil {
			shortest, steps = r, n
			break
		}
	}
	const linesMax = 80
	trace := shortest.trace
	if len(trace) > linesMax {
		trace = append([]string{trace[0], fmt.Sprintf("      (%d lines)", len(trace)-linesMax)}, trace[len(trace)-linesMax:]...)
	}
	return fmt.Sprintf("seed %d: %v\n\nThe shortest beginning that fails has %d steps:\n%s\n%v\n\n"+
		"play it again: go test ./internal/simulation -run Schedules -seed=%d -schedules=1 -steps=%d",
		seed, full.failure, steps, strings.Join(trace, "\n"), shortest.failure, seed, steps)
}

// mustMeet is what the default number of schedules has to meet.
const mustMeet = `
	created, updated, read, loaded, authorized, referred, deferred, finalized, denied, released, ordered, customer token,
	order again, order again after a lost answer, another body, customer token again,
	mismatch, bad value, malformed, invalid data, invalid fields, not assessed, nothing to finalize, finalized again, intent buy, intent tokenize,
	older token, released token, token expired, token consumed, rejected, not deletable, unknown token,
	session expired, session completed, unknown session, wall, clock moved, 499, 503,
	batch of several, changed after a conflict, conflict of two processes, commit: conflict, commit: fail before,
	commit: fail after, commit: apply later, applied later, read: fail before,
	crash, crash: transaction applied, crash: transaction lost`

// TestASeedIsASchedule: the same seed gives the same trace, however many
// threads run it.
func TestASeedIsASchedule(t *testing.T) {
	t.Parallel()
	const seeds = 60
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var first [seeds][]string
	for round, threads := range []int{runtime.GOMAXPROCS(0), 1, 2, 4} {
		runtime.GOMAXPROCS(threads)
		for seed := range uint64(seeds) {
			r := run(t, seed, *stepsMax)
			if round == 0 {
				first[seed] = r.trace
			} else if difference := cmp.Diff(first[seed], r.trace); difference != "" {
				t.Fatalf("seed %d with %d threads plays another schedule:\n%s", seed, threads, difference)
			}
		}
	}
}

// TestALyingStoreIsFound: the auditor finds a store that breaks its promises,
// each within a few schedules, and the report of it can be played again.
func TestALyingStoreIsFound(t *testing.T) {
	t.Parallel()
	for _, told := range []lie{forgets, tearsBatches, showsThePast} {
		found := 0
		for seed := range uint64(40) {
			r := runWith(t, seed, *stepsMax, told)
			if r.failure == nil {
				continue
			}
			found++
			if again := runWith(t, seed, *stepsMax, told); again.failure == nil || again.failure.Error() != r.failure.Error() {
				t.Errorf("seed %d of a store that %s fails differently:\n%v\n%v", seed, told, r.failure, again.failure)
			}
		}
		if found == 0 {
			t.Errorf("a store that %s was not found in 40 schedules", told)
		}
		t.Logf("a store that %s was found by %d of 40 schedules", told, found)
	}
}
