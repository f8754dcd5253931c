package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// server is a running kvitto dev.
type server struct {
	name    string
	address string // host:port
	log     string // file of what it says to its operator
	command *exec.Cmd
	ended   chan struct{} // closed when the process is gone
}

// startServer starts kvitto dev. It is in a process group of its own: an
// interrupt from the keyboard ends the run first and the servers after it.
func startServer(ctx context.Context, binary, name, dir string, flags ...string) (*server, error) {
	s := &server{name: name, log: filepath.Join(dir, name+".log"), ended: make(chan struct{})}
	log, err := os.Create(s.log)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the process has its own copy
	s.command = exec.Command(binary, append([]string{"dev", "--listen", "127.0.0.1:0", "--json", "--quiet"}, flags...)...)
	s.command.Stderr, s.command.SysProcAttr = log, &syscall.SysProcAttr{Setpgid: true}
	output, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.command.Start(); err != nil {
		return nil, fmt.Errorf("%w (build it with `make build`)", err)
	}
	var first struct {
		URL string `json:"url"`
	}
	line, err := bufio.NewReader(output).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &first)
	}
	go func() {
		_ = s.command.Wait() // how it ended is in its log
		close(s.ended)
	}()
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("%s did not print its URL: %w\n%s", name, err, s.endOfLog())
	}
	s.address = strings.TrimPrefix(first.URL, "http://")
	return s, nil
}

func (s *server) alive() bool {
	select {
	case <-s.ended:
		return false
	default:
		return true
	}
}

func (s *server) stop() {
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		fmt.Fprintln(os.Stderr, "soak: stop:", err)
	}
	select {
	case <-s.ended:
	case <-time.After(time.Minute):
		_ = s.command.Process.Kill() // it may have ended just now
		<-s.ended
	}
}

// endOfLog is for error messages.
func (s *server) endOfLog() string {
	content, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	return string(content[max(0, len(content)-3000):])
}
