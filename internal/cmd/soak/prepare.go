package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"
)

// fillMax bounds the time for filling the caches.
const fillMax = 6 * time.Minute

// fillCaches works each system until the caches of its processes grow no more:
// a cache that fills is no leak, and must not look like one.
func (w *watch) fillCaches(ctx context.Context, p *plan) {
	began := time.Now()
	var filling sync.WaitGroup
	for _, s := range w.systems {
		filling.Go(func() {
			ctx, stop := context.WithTimeout(ctx, min(fillMax, p.length/2))
			defer stop()
			var shops sync.WaitGroup
			for i := range p.workers {
				shops.Go(func() { p.newShop(s, i).fill(ctx) })
			}
			full := awaitFull(ctx, s)
			stop()
			shops.Wait()
			fmt.Printf("%s: %s of filling the caches, full: %t\n", s.name, time.Since(began).Round(time.Second), full)
		})
	}
	filling.Wait()
}

// awaitFull is false when ctx ends before the caches are full: then the first
// quarter of the run has to fill them.
func awaitFull(ctx context.Context, s *system) bool {
	before := make([]float64, len(s.processes))
	for pause(ctx, 5*time.Second) {
		growing := false
		for i, process := range s.processes {
			metrics, err := scrape(process)
			if err != nil {
				fmt.Fprintf(os.Stderr, "soak: no sample of %s: %v\n", process.name, err)
				growing = true
				continue
			}
			held := metrics["kvitto_session_cache_bytes"]
			growing = growing || held == 0 || held > before[i]*1.002
			before[i] = held
		}
		if !growing {
			return true
		}
	}
	return false
}

// calibration is how long it is found out what the systems can do.
const calibration = 30 * time.Second

// calibrate lets both systems work as fast as they can, and sets each to half
// of its rate. The answers count like all others.
func (w *watch) calibrate(ctx context.Context, p *plan) {
	length := min(calibration, p.length/2)
	loaded, stop := context.WithTimeout(ctx, length)
	defer stop()
	began := time.Now()
	running := p.load(loaded, w.systems)
	<-loaded.Done()
	took := time.Since(began).Seconds()
	for _, s := range w.systems {
		highest := float64(s.tally.sums().of("update session", 204)) / took
		s.highest, s.pacer = highest, newPacer(max(1, highest/2))
		fmt.Printf("%s: %.0f updates/s beside the other system, %.0f/s from now on\n", s.name, highest, s.pacer.rate)
	}
	running.Wait()
}
