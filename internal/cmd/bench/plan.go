package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// plan is one run of the whole table.
type plan struct {
	duration    time.Duration
	connections []int
	lines       []int
	sessions    int
	kvitto      string
	profile     string
}

func (p *plan) measure(ctx context.Context) error {
	data, err := os.MkdirTemp("", "kvitto-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	bare, err := start(ctx, self, "-bare")
	if err != nil {
		return fmt.Errorf("start the bare handler: %w", err)
	}
	defer bare.stop()
	kvitto, err := start(ctx, p.kvitto, "dev", "--listen", "127.0.0.1:0", "--data", data, "--json", "--quiet", "--cpuprofile", p.profile)
	if err != nil {
		return fmt.Errorf("start kvitto: %w", err)
	}
	defer kvitto.stop()

	fmt.Printf("creating %d sessions …\n", p.sessions)
	ids, err := createSessions(ctx, kvitto.address, p.sessions)
	if err != nil {
		return err
	}
	fmt.Printf("%5s %5s | %9s %8s %8s | %9s %8s %8s | %5s | %s\n", "lines", "conns",
		"bare/s", "p50 ms", "p99 ms", "kvitto/s", "p50 ms", "p99 ms", "ratio", "body bytes")
	for _, lines := range p.lines {
		body := cart(lines)
		for _, connections := range p.connections {
			base, err := load(ctx, bare.address, body, ids, connections, p.duration)
			if err != nil {
				return fmt.Errorf("bare handler, %d connections: %w", connections, err)
			}
			ours, err := load(ctx, kvitto.address, body, ids, connections, p.duration)
			if err != nil {
				return fmt.Errorf("kvitto, %d connections: %w", connections, err)
			}
			fmt.Printf("%5d %5d | %9.0f %8.3f %8.3f | %9.0f %8.3f %8.3f | %5.2f | %d\n", lines, connections,
				base.rate, base.p50, base.p99, ours.rate, ours.p50, ours.p99, ours.rate/base.rate, len(body))
		}
	}
	fmt.Printf("resident memory of kvitto at the end: %s\n", kvitto.memory())
	return nil
}

// server is a process that printed its URL.
type server struct {
	command *exec.Cmd
	address string // host:port
}

func start(ctx context.Context, name string, arguments ...string) (*server, error) {
	command := exec.CommandContext(ctx, name, arguments...)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	s := &server{command: command}
	var first struct {
		URL string `json:"url"`
	}
	reader := bufio.NewReader(output)
	line, err := reader.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &first)
	}
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("%s did not print its URL: %w", name, err)
	}
	s.address = strings.TrimPrefix(first.URL, "http://")
	return s, nil
}

func (s *server) stop() {
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		fmt.Fprintln(os.Stderr, "bench: stop:", err)
	}
	// The exit code of a server that was told to stop says nothing here.
	_ = s.command.Wait()
}

// memory is VmRSS of the process, where the system tells it.
func (s *server) memory() string {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.command.Process.Pid))
	if err != nil {
		return "unknown on this system"
	}
	for _, line := range strings.Split(string(status), "\n") {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
