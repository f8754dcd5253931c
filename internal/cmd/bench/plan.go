package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// plan is one run of the program.
type plan struct {
	dir         string // for everything that is written
	duration    time.Duration
	connections []int
	lines       []int
	sessions    int
	kvitto      string
	profile     string
	targets     []string
}

// measure prints the table of all targets, each with its ratio to the first.
func (p *plan) measure(ctx context.Context) error {
	all, err := p.open(ctx)
	defer func() {
		for _, t := range all {
			t.close()
		}
	}()
	if err != nil {
		return err
	}
	fmt.Println("| lines | connections | target | updates/s | p50 ms | p99 ms | ratio | bytes written/update | memory MB |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|")
	for _, lines := range p.lines {
		body := cart(lines)
		for _, connections := range p.connections {
			var base result
			for i, t := range all {
				got, err := p.cell(ctx, t, body, connections)
				if err != nil {
					return fmt.Errorf("%s, %d connections: %w", t.name(), connections, err)
				}
				if i == 0 {
					base = got.result
				}
				fmt.Printf("| %d | %d | %s | %.0f | %.3f | %.3f | %.2f | %s | %s |\n", lines, connections, t.name(),
					got.rate, got.p50, got.p99, got.rate/base.rate, got.written, got.memory)
			}
		}
	}
	return nil
}

// open starts the targets; one that is not installed is named and left out.
func (p *plan) open(ctx context.Context) ([]target, error) {
	var all []target
	for _, name := range p.targets {
		t, err := p.start(ctx, name)
		if errors.Is(err, errNotInstalled) {
			fmt.Printf("left out: %v\n", err)
			continue
		}
		if err != nil {
			return all, fmt.Errorf("start %s: %w", name, err)
		}
		all = append(all, t)
	}
	if len(all) == 0 {
		return nil, errors.New("there is nothing to measure")
	}
	return all, nil
}

// cell is what stands in one row.
type cell struct {
	result
	written string // bytes per update that reached the disk, of the whole machine
	memory  string // of all processes of the target
}

func (p *plan) cell(ctx context.Context, t target, body []byte, connections int) (cell, error) {
	before, known := written(p.dir)
	got, err := t.measure(ctx, body, connections, p.duration)
	if err != nil {
		return cell{}, err
	}
	made := cell{result: got, written: "-", memory: "-"}
	if after, _ := written(p.dir); known && got.updates > 0 {
		made.written = fmt.Sprint((after - before) / int64(got.updates))
	}
	if memory, ok := memoryOf(t.pids()); ok {
		made.memory = fmt.Sprint(memory >> 20)
	}
	return made, nil
}
