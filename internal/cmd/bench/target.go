package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// target is something that takes updates.
type target interface {
	name() string
	measure(ctx context.Context, body []byte, connections int, duration time.Duration) (result, error)
	pids() []int // its processes
	close()
}

// errNotInstalled: the program of a target is missing here.
var errNotInstalled = errors.New("not installed")

var targetNames = []string{"bare", "nginx", "pgbench", "sqlite", "postgres", "postgres2", "prism"}

func (p *plan) start(ctx context.Context, name string) (target, error) {
	switch name {
	case "bare":
		return startBare(ctx)
	case "nginx":
		return startNginx(ctx, p.dir)
	case "prism":
		return startPrism(ctx, p.dir)
	case "pgbench":
		return startPgbench(ctx, p.dir, p.sessions)
	case "sqlite":
		return p.startSQLite(ctx)
	case "postgres":
		return p.startPostgres(ctx, name, 1)
	case "postgres2":
		return p.startPostgres(ctx, name, 2)
	default:
		return nil, fmt.Errorf("there is no target %q; those known are %s", name, strings.Join(targetNames, ", "))
	}
}

// httpTarget is one or several servers that share the load.
type httpTarget struct {
	called    string
	endpoints []endpoint
	ids       []string // sessions to update
	processes []*server
	more      func() []int // further processes whose use counts
	cleanup   func()
}

func (t *httpTarget) name() string { return t.called }

func (t *httpTarget) measure(ctx context.Context, body []byte, connections int, duration time.Duration) (result, error) {
	return load(ctx, t.endpoints, body, t.ids, connections, duration)
}

func (t *httpTarget) pids() []int {
	var pids []int
	for _, s := range t.processes {
		pids = append(pids, withChildren(s.command.Process.Pid)...)
	}
	if t.more != nil {
		pids = append(pids, t.more()...)
	}
	return pids
}

func (t *httpTarget) close() {
	for _, s := range t.processes {
		s.stop()
	}
	if t.cleanup != nil {
		t.cleanup()
	}
}

// memoryOf is what processes hold of their own, in bytes; shared pages would
// count once for each process of PostgreSQL. Processes that have ended hold
// nothing. It is not known where there is no /proc.
func memoryOf(pids []int) (memory int64, known bool) {
	for _, pid := range pids {
		own, ok := field(pid, "status", "RssAnon:")
		known = known || ok
		memory += own << 10
	}
	return memory, known
}

// written is what the disk of the folder has been given since the machine
// started, in bytes, after everything that waits was written. The counters of
// processes will not do: they count a folio of the page cache as a whole.
func written(dir string) (bytes int64, known bool) {
	var stat syscall.Stat_t
	if err := syscall.Stat(dir, &stat); err != nil {
		return 0, false
	}
	syscall.Sync()
	device := uint64(stat.Dev)
	major, minor := (device>>8)&0xfff|(device>>32)&^0xfff, device&0xff|(device>>12)&^0xff
	content, err := os.ReadFile(fmt.Sprintf("/sys/dev/block/%d:%d/stat", major, minor))
	fields := strings.Fields(string(content))
	if err != nil || len(fields) < 7 {
		return 0, false
	}
	const sector = 512
	sectors, err := strconv.ParseInt(fields[6], 10, 64)
	return sectors * sector, err == nil
}

// field reads a number from a file of /proc.
func field(pid int, file, name string) (int64, bool) {
	content, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), file))
	if err != nil {
		return 0, false
	}
	for _, line := range strings.Split(string(content), "\n") {
		if value, ok := strings.CutPrefix(line, name); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(value, "kB")), 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}

// withChildren is the process and those it started.
func withChildren(pid int) []int {
	pids := []int{pid}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return pids
	}
	for _, text := range strings.Fields(string(children)) {
		if child, err := strconv.Atoi(text); err == nil {
			pids = append(pids, child)
		}
	}
	return pids
}

// server is a process.
type server struct {
	command *exec.Cmd
	address string // host:port
}

// start runs a program whose first line says where it listens.
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
	line, err := bufio.NewReader(output).ReadBytes('\n')
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

// startAt runs a program that was told where to listen, and waits until it does.
func startAt(ctx context.Context, address, name string, arguments ...string) (*server, error) {
	command := exec.CommandContext(ctx, name, arguments...)
	if err := command.Start(); err != nil {
		return nil, err
	}
	s := &server{command: command, address: address}
	bounded, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		c, err := net.Dial("tcp", address)
		if err == nil {
			return s, c.Close()
		}
		select {
		case <-bounded.Done():
			s.stop()
			return nil, fmt.Errorf("%s does not listen at %s: %w", name, address, err)
		case <-retry.C:
		}
	}
}

func (s *server) stop() {
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		fmt.Fprintln(os.Stderr, "bench: stop:", err)
	}
	// The exit code of a server that was told to stop says nothing here.
	_ = s.command.Wait()
}

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
