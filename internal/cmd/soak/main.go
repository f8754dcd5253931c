package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// plan is one run of the program.
type plan struct {
	kvitto    string
	length    time.Duration
	rate      float64 // updates per second of each system; 0 is half of what each can do beside the other
	workers   int     // shops of each system that are open at the same time
	merchants int     // of each system
	seed      uint64
	report    string
	dir       string // for everything that is written
}

func run() error {
	var p plan
	flag.StringVar(&p.kvitto, "kvitto", "bin/kvitto", "the kvitto binary to soak")
	minutes := flag.Float64("minutes", 60, "length of the run")
	flag.Float64Var(&p.rate, "rate", 0, "updates per second of each of the two systems; 0 finds out what each can do beside the other and takes half of it")
	flag.IntVar(&p.workers, "workers", 64, "shops of each system that are open at the same time")
	flag.IntVar(&p.merchants, "merchants", 500, "merchants of each system")
	flag.Uint64Var(&p.seed, "seed", 1, "what the random choices start from")
	flag.StringVar(&p.report, "report", "", "write the report to this file too")
	dir := flag.String("dir", "", "make the folder of the run in this one (an hour at the default rate writes several GB)")
	flag.Parse()
	p.length = time.Duration(*minutes * float64(time.Minute))
	if p.length <= 0 || p.rate < 0 || p.workers < 1 || p.merchants < 1 {
		return errors.New("-minutes, -workers and -merchants must be above zero, -rate not below")
	}
	var err error
	if p.kvitto, err = filepath.Abs(p.kvitto); err != nil {
		return err
	}
	if p.dir, err = os.MkdirTemp(*dir, "kvitto-soak-*"); err != nil {
		return err
	}
	defer os.RemoveAll(p.dir)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return p.soak(ctx)
}

// soak runs the systems and reports on them. The error names what did not hold.
func (p *plan) soak(ctx context.Context) error {
	systems, err := p.open(ctx)
	defer func() {
		for _, s := range systems {
			s.close()
		}
	}()
	if err != nil {
		return err
	}
	w := newWatch(systems, p.dir, p.length)
	w.fillCaches(ctx, p)
	if p.rate == 0 {
		w.calibrate(ctx, p)
	}
	ended := w.drive(ctx, p)
	var findings []finding
	if ended != nil {
		findings = append(findings, finding{claim: "the run came to its end", detail: ended.Error()})
	}
	for _, s := range systems {
		findings = append(findings, s.judge(w)...)
	}
	text := w.markdown(p, findings)
	fmt.Println()
	fmt.Print(text)
	if p.report != "" {
		if err := os.WriteFile(p.report, []byte(text), 0o644); err != nil {
			return err
		}
	}
	var failed []error
	for _, f := range findings {
		if !f.holds {
			failed = append(failed, fmt.Errorf("%s: %s", f.claim, f.detail))
		}
	}
	if len(failed) > 0 {
		for _, s := range systems {
			s.printLogs()
		}
	}
	return errors.Join(failed...)
}
