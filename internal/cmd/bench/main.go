package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	kvitto := flag.String("kvitto", "bin/kvitto", "the kvitto binary to measure")
	seconds := flag.Float64("seconds", 4, "length of each measurement")
	connections := flag.String("connections", "1,16,64,256", "numbers of connections")
	lines := flag.String("lines", "3,50", "numbers of order lines")
	targets := flag.String("targets", strings.Join(targetNames, ","), "what to measure; the first is what the others are compared with")
	sessions := flag.Int("sessions", 10000, "stored sessions that are updated at random")
	half := flag.Bool("half", false, "measure latency at half of the highest rate instead, beside the time of an fsync")
	start := flag.Bool("start", false, "measure the start instead: time to the first answer, memory then")
	grow := flag.Int("grow", 0, "compare the rate with this many stored sessions to that with -sessions instead")
	dir := flag.String("dir", "", "keep the stores of -grow in this folder, and use what is there; within two days")
	bare := flag.Bool("bare", false, "serve the bare handler (the program starts itself with this)")
	profile := flag.String("profile", "", "let kvitto on SQLite write a CPU profile of its life to this file")
	flag.Parse()
	if *bare {
		return serveBare()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := plan{duration: time.Duration(*seconds * float64(time.Second)), sessions: *sessions,
		kvitto: *kvitto, profile: *profile, targets: strings.Split(*targets, ",")}
	var err error
	if p.connections, err = numbers(*connections); err != nil {
		return err
	}
	if p.lines, err = numbers(*lines); err != nil {
		return err
	}
	if p.dir = *dir; p.dir != "" {
		err = os.MkdirAll(p.dir, 0o711)
	} else if p.dir, err = os.MkdirTemp("", "kvitto-bench-*"); err == nil {
		defer os.RemoveAll(p.dir)
	}
	if err != nil {
		return err
	}
	switch {
	case *half:
		return p.measureHalf(ctx)
	case *start:
		return p.measureStart(ctx)
	case *grow > 0:
		return p.measureGrowth(ctx, *grow)
	default:
		return p.measure(ctx)
	}
}

func numbers(list string) ([]int, error) {
	var all []int
	for _, text := range strings.Split(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 || n > 4096 {
			return nil, fmt.Errorf("%q is not a list of numbers from 1 to 4096", list)
		}
		all = append(all, n)
	}
	return all, nil
}
