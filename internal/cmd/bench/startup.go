package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"
)

// measureStart starts kvitto on empty folders and asks for one session.
func (p *plan) measureStart(ctx context.Context) error {
	const rounds = 11
	var times []time.Duration
	var memory int64
	for round := range rounds {
		began := time.Now()
		t, err := p.startSQLiteIn(ctx, filepath.Join(p.dir, fmt.Sprint("start-", round)), 1)
		if err != nil {
			return err
		}
		times = append(times, time.Since(began))
		resident, _ := field(t.processes[0].command.Process.Pid, "status", "VmRSS:") // 0 where there is no /proc
		memory = max(memory, resident)
		t.close()
	}
	slices.Sort(times)
	fmt.Printf("from the start of the process to the first answer: median %s, slowest %s of %d; resident memory then at most %d MB\n",
		times[rounds/2].Round(time.Millisecond), times[rounds-1].Round(time.Millisecond), rounds, memory>>10)
	return nil
}
