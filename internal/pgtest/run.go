package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// running is a postmaster that was started.
type running struct {
	process *os.Process
	ended   chan struct{} // closed when it has ended and was waited for
}

// startTimeout bounds a start, with the recovery after a kill.
const startTimeout = time.Minute

// Start starts the cluster and returns when it takes connections; a standby,
// when it takes connections that read.
func (c *Cluster) Start(ctx context.Context) error {
	if c.running != nil {
		return errors.New("pgtest: the cluster runs already")
	}
	log, err := os.OpenFile(c.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the process has its own copy
	command := exec.Command(filepath.Join(c.bin, "postgres"), "-D", c.DataDir())
	command.Dir, command.Stdout, command.Stderr = c.dir, log, log
	c.owner.own(command)
	if err := command.Start(); err != nil {
		return err
	}
	started := &running{process: command.Process, ended: make(chan struct{})}
	go func() {
		_ = command.Wait() // how it ended is in the log
		close(started.ended)
	}()
	c.running = started
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := c.awaitReady(ctx); err != nil {
		return errors.Join(fmt.Errorf("pgtest: the cluster does not start: %w\n%s", err, c.endOfLog()), c.Kill())
	}
	return nil
}

// awaitReady reads what the postmaster says of itself in its file.
func (c *Cluster) awaitReady(ctx context.Context) error {
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.running.ended:
			return errors.New("it has ended")
		case <-look.C:
			if c.ready() {
				return nil
			}
		}
	}
}

// ready is true when line 8 of postmaster.pid says so, and line 1 that it is
// no file of a postmaster before.
func (c *Cluster) ready() bool {
	content, err := os.ReadFile(filepath.Join(c.DataDir(), "postmaster.pid"))
	lines := strings.Split(string(content), "\n")
	if err != nil || len(lines) < 8 || lines[0] != strconv.Itoa(c.running.process.Pid) {
		return false
	}
	state := strings.TrimSpace(lines[7])
	return state == "ready" || state == "standby"
}

// Stop ends the cluster in order: open transactions are rolled back, what was
// committed is written to the tables ("fast").
func (c *Cluster) Stop() error { return c.end(syscall.SIGINT) }

// StopImmediately ends all processes at once; the next start recovers.
func (c *Cluster) StopImmediately() error { return c.end(syscall.SIGQUIT) }

// Kill ends all processes with SIGKILL, as the loss of the machine would, but
// for what the system has not written yet. A cluster that does not run is left
// as it is.
func (c *Cluster) Kill() error {
	if c.running == nil {
		return nil
	}
	// A stopped postmaster starts no process while its children are counted.
	_ = c.running.process.Signal(syscall.SIGSTOP) // it may have ended by itself
	children := childrenOf(c.running.process.Pid)
	err := c.end(syscall.SIGKILL)
	for _, pid := range children {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may have noticed
	}
	awaitEnd(children)
	return err
}

func (c *Cluster) end(signal os.Signal) error {
	if c.running == nil {
		return errors.New("pgtest: the cluster does not run")
	}
	if err := c.running.process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-c.running.ended:
		c.running = nil
		return nil
	case <-time.After(startTimeout):
		return fmt.Errorf("pgtest: the cluster does not stop\n%s", c.endOfLog())
	}
}

// childrenOf reads the system's list of processes; where there is none in
// /proc, the children of a killed postmaster end when they notice.
func childrenOf(parent int) []int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well-formed
	var children []int
	for _, stat := range stats {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		if err == nil && parentOf(pid) == parent {
			children = append(children, pid)
		}
	}
	return children
}

// parentOf is 0 for a process that has ended. The second field of the line is
// a name in parentheses, which may hold anything.
func parentOf(pid int) int {
	content, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(content[strings.LastIndexByte(string(content), ')')+1:]))
	if len(fields) < 2 || fields[0] == "Z" {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1]) // 0 is the answer to an error
	return parent
}

// awaitEnd waits until none of the killed processes holds anything any more.
func awaitEnd(pids []int) {
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for _, pid := range pids {
		for parentOf(pid) != 0 {
			<-look.C
		}
	}
}

func (c *Cluster) logFile() string { return filepath.Join(c.dir, "log") }

// endOfLog is for error messages.
func (c *Cluster) endOfLog() string {
	content, err := os.ReadFile(c.logFile())
	if err != nil {
		return err.Error()
	}
	return string(content[max(0, len(content)-2000):])
}
