package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// watch follows the processes through a run.
type watch struct {
	systems []*system
	dir     string
	every   time.Duration // between two samples
	started time.Time
	lasted  time.Duration
	samples map[*server][]sample
	sizes   map[*system][]int64 // of the files
	begin   map[*system]sums    // what the clients saw before the run
	after   map[*system]sums    // what the clients saw while the load ran
	missed  int                 // samples that could not be taken
	before  map[*system]int     // answers at the line of progress before
}

// sampleEvery is the time between two samples of a long run.
const sampleEvery = 10 * time.Second

// samplesMin is how many samples a short run has.
const samplesMin = 24

func newWatch(systems []*system, dir string, length time.Duration) *watch {
	return &watch{systems: systems, dir: dir, every: min(sampleEvery, length/samplesMin), samples: map[*server][]sample{},
		sizes: map[*system][]int64{}, begin: map[*system]sums{}, after: map[*system]sums{}, before: map[*system]int{}}
}

// load starts the clients and the cuts of all systems; they end with ctx, a
// stalled request some seconds later.
func (p *plan) load(ctx context.Context, systems []*system) *sync.WaitGroup {
	var running sync.WaitGroup
	for _, s := range systems {
		for i := range p.workers {
			running.Go(func() { p.newShop(s, i).work(ctx) })
		}
		for i := range troublemakers {
			running.Go(func() { p.newTroublemaker(s, i).work(ctx) })
		}
		running.Go(func() { s.cutConnections(ctx, p.seed) })
	}
	return &running
}

// drive puts the load on the systems for the length of the plan, or until ctx
// ends. The error says why it had to end early.
func (w *watch) drive(ctx context.Context, p *plan) error {
	loaded, stop := context.WithTimeout(ctx, p.length)
	defer stop()
	w.started = time.Now()
	for _, s := range w.systems {
		w.begin[s] = s.tally.sums()
		w.before[s] = w.begin[s].total()
	}
	running := p.load(loaded, w.systems)
	err := w.follow(loaded)
	w.lasted = time.Since(w.started)
	for _, s := range w.systems {
		w.after[s] = s.tally.sums()
	}
	stop()
	running.Wait()
	return err
}

// follow takes samples until ctx ends or something forbids to go on.
func (w *watch) follow(ctx context.Context) error {
	next, progress := time.NewTicker(w.every), time.NewTicker(time.Minute)
	defer next.Stop()
	defer progress.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-progress.C:
			w.progress()
		case <-next.C:
			if err := w.take(); err != nil {
				return err
			}
		}
	}
}

func (w *watch) take() error {
	at := time.Since(w.started)
	for _, s := range w.systems {
		for _, process := range s.processes {
			if !process.alive() {
				return fmt.Errorf("%s ended after %s", process.name, at.Round(time.Second))
			}
			got, err := measure(process, at)
			if err != nil {
				w.missed++
				fmt.Fprintf(os.Stderr, "soak: no sample of %s: %v\n", process.name, err)
				continue
			}
			w.samples[process] = append(w.samples[process], got)
		}
		w.sizes[s] = append(w.sizes[s], sizeOf(s.data))
	}
	return room(w.dir)
}

// progress prints a line for each system.
func (w *watch) progress() {
	for _, s := range w.systems {
		now := s.tally.sums()
		total := now.total()
		var processes []string
		for _, process := range s.processes {
			if all := w.samples[process]; len(all) > 0 {
				last := all[len(all)-1]
				processes = append(processes, fmt.Sprintf("%d MB %d fds %d goroutines", last.resident>>20, last.descriptors, last.goroutines))
			}
		}
		fmt.Printf("%s %s: %d answers/s; %s; %s; files %d MB; %d cuts, %d aborted, %d lost, %d wrong\n",
			time.Since(w.started).Round(time.Second), s.name, (total-w.before[s])/60, statuses(now.byStatus()),
			strings.Join(processes, " | "), last(w.sizes[s])>>20, s.cuts(), now.aborted, now.lost, now.wrong)
		w.before[s] = total
	}
}

func last(values []int64) int64 {
	if len(values) == 0 {
		return 0
	}
	return values[len(values)-1]
}

// statuses is counts as text, in the order of the statuses.
func statuses(counts map[int]int) string {
	var keys []int
	for status := range counts {
		keys = append(keys, status)
	}
	slices.Sort(keys)
	parts := make([]string, len(keys))
	for i, status := range keys {
		parts[i] = fmt.Sprintf("%d×%d", status, counts[status])
	}
	return strings.Join(parts, " ")
}

// quarter is the median of a value in one quarter of the run, from 1 to 4.
func (w *watch) quarter(process *server, which int, value func(sample) int64) (int64, bool) {
	from, to := w.lasted*time.Duration(which-1)/4, w.lasted*time.Duration(which)/4
	var values []int64
	for _, s := range w.samples[process] {
		if s.at >= from && s.at < to {
			values = append(values, value(s))
		}
	}
	if len(values) == 0 {
		return 0, false
	}
	slices.Sort(values)
	return values[len(values)/2], true
}
