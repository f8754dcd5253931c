package main

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// sample is the state of one process at a moment. Sizes are bytes.
type sample struct {
	at          time.Duration // since the start of the run
	resident    int64
	heap        int64 // in use, of Go's collector
	descriptors int64
	goroutines  int64
}

// scrapes is the client of /metrics.
var scrapes = &http.Client{Timeout: 10 * time.Second}

// series is what a process says of itself: values by name with labels.
type series map[string]float64

func scrape(s *server) (series, error) {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+s.address+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	response, err := scrapes.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	all := series{}
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		line := lines.Text()
		at := strings.LastIndexByte(line, ' ')
		if strings.HasPrefix(line, "#") || at < 0 {
			continue
		}
		if value, err := strconv.ParseFloat(line[at+1:], 64); err == nil {
			all[line[:at]] = value
		}
	}
	return all, lines.Err()
}

// exchanges are the answers that a process counted, by status.
func (s series) exchanges() map[int]int {
	counts := map[int]int{}
	for name, value := range s {
		labels, ok := strings.CutPrefix(name, "kvitto_exchanges_total{")
		if !ok {
			continue
		}
		_, rest, _ := strings.Cut(labels, `status="`)
		text, _, _ := strings.Cut(rest, `"`)
		if status, err := strconv.Atoi(text); err == nil {
			counts[status] += int(value)
		}
	}
	return counts
}

func measure(s *server, at time.Duration) (sample, error) {
	metrics, err := scrape(s)
	if err != nil {
		return sample{}, err
	}
	proc := filepath.Join("/proc", strconv.Itoa(s.command.Process.Pid))
	descriptors, err := os.ReadDir(filepath.Join(proc, "fd"))
	if err != nil {
		return sample{}, err
	}
	status, err := os.ReadFile(filepath.Join(proc, "status"))
	if err != nil {
		return sample{}, err
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	text, _, ok := strings.Cut(rest, "kB")
	resident, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if !ok || err != nil {
		return sample{}, fmt.Errorf("%s/status has no VmRSS", proc)
	}
	return sample{at: at, resident: resident << 10, heap: int64(metrics["go_memstats_heap_inuse_bytes"]),
		descriptors: int64(len(descriptors)), goroutines: int64(metrics["go_goroutines"])}, nil
}

// sizeOf is the size of a folder's files. Files come and go meanwhile.
func sizeOf(dir string) int64 {
	var sum int64
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil
		}
		if info, err := entry.Info(); err == nil {
			sum += info.Size()
		}
		return nil
	})
	return sum
}

// roomMin is how much of the disk is left free, in bytes.
const roomMin = 2 << 30

// room is an error when the disk is about to be full.
func room(dir string) error {
	var of syscall.Statfs_t
	if err := syscall.Statfs(dir, &of); err != nil {
		return err
	}
	if free := int64(of.Bavail) * int64(of.Bsize); free < roomMin {
		return fmt.Errorf("the disk of %s has only %d MB left; choose another with -dir", dir, free>>20)
	}
	return nil
}
