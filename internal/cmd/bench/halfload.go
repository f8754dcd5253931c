package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// measureHalf finds the highest rate of each target that is Kvitto and then
// offers half of it at an even pace, whether answers come or not: a slow answer
// also counts for those that waited behind it.
func (p *plan) measureHalf(ctx context.Context) error {
	all, err := p.open(ctx)
	defer func() {
		for _, t := range all {
			t.close()
		}
	}()
	if err != nil {
		return err
	}
	sync, err := syncTime(p.dir)
	if err != nil {
		return err
	}
	fmt.Printf("an fsync of 8 KiB takes %.3f ms (median of 500)\n", sync)
	fmt.Println("| target | lines | connections | highest/s | offered/s | p50 ms | p99 ms | p99 in fsyncs |")
	fmt.Println("|---|---|---|---|---|---|---|---|")
	for _, t := range all {
		served, ok := t.(*httpTarget)
		if !ok {
			continue
		}
		for _, lines := range p.lines {
			body, connections := cart(lines), p.connections[len(p.connections)-1]
			top, err := t.measure(ctx, body, connections, p.duration)
			if err != nil {
				return err
			}
			got, err := offer(ctx, served, body, connections, top.rate/2, p.duration)
			if err != nil {
				return err
			}
			fmt.Printf("| %s | %d | %d | %.0f | %.0f | %.3f | %.3f | %.1f |\n", t.name(), lines, connections,
				top.rate, top.rate/2, got.p50, got.p99, got.p99/sync)
		}
	}
	return nil
}

// offer sends updates at a fixed rate and measures each from the moment it was
// due. The connections take turns.
func offer(ctx context.Context, t *httpTarget, body []byte, connections int, rate float64, duration time.Duration) (result, error) {
	due := make(chan time.Time, int(rate*duration.Seconds())+1)
	var mu sync.Mutex
	var times []time.Duration
	go func() {
		defer close(due)
		gap := time.Duration(float64(time.Second) / rate)
		for next, end := time.Now(), time.Now().Add(duration); next.Before(end) && ctx.Err() == nil; next = next.Add(gap) {
			<-time.After(time.Until(next)) // what is late is due at once
			due <- next
		}
	}()
	err := each(connections, func(worker int) error {
		c, err := dial(ctx, t.endpoints[worker%len(t.endpoints)])
		if err != nil {
			return err
		}
		defer c.Close()
		var own []time.Duration
		for i := worker; ; i += connections {
			at, open := <-due
			if !open {
				break
			}
			if err := c.update(t.ids[i*7919%len(t.ids)], body); err != nil {
				return err
			}
			own = append(own, time.Since(at))
		}
		mu.Lock()
		times = append(times, own...)
		mu.Unlock()
		return nil
	})
	if err != nil {
		return result{}, err
	}
	slices.Sort(times)
	return summarize(times, duration)
}

// syncTime is the median time of a durable write of 8 KiB, in milliseconds.
func syncTime(dir string) (float64, error) {
	file, err := os.Create(filepath.Join(dir, "fsync"))
	if err != nil {
		return 0, err
	}
	defer file.Close()
	page := make([]byte, 8192)
	times := make([]time.Duration, 500)
	for i := range times {
		began := time.Now()
		if _, err := file.Write(page); err != nil {
			return 0, err
		}
		if err := file.Sync(); err != nil {
			return 0, err
		}
		times[i] = time.Since(began)
	}
	slices.Sort(times)
	return float64(times[len(times)/2].Microseconds()) / 1000, nil
}
