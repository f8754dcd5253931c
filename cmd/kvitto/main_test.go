package main_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/kvitto/kvitto/client"
)

// TestTheBinary builds kvitto, starts a playground, speaks to it, and stops it
// with a signal.
func TestTheBinary(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	binary := filepath.Join(dir, "kvitto")
	if output, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, output)
	}
	for name, signal := range map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stopsCleanly(t, binary, filepath.Join(t.TempDir(), "data"), signal)
		})
	}
	t.Run("a reader of the first line alone", func(t *testing.T) {
		t.Parallel()
		stopsWithAFullPipe(t, binary, filepath.Join(t.TempDir(), "data"))
	})
	t.Run("exit code", func(t *testing.T) {
		t.Parallel()
		var exit *exec.ExitError
		if err := exec.CommandContext(t.Context(), binary, "no-such-command").Run(); !errors.As(err, &exit) || exit.ExitCode() != 2 {
			t.Errorf("an unknown command ends with %v, want exit code 2", err)
		}
	})
}

// running is a server whose first line was read.
type running struct {
	command *exec.Cmd
	stdout  *bufio.Reader
	client  *client.Client
}

func start(ctx context.Context, t *testing.T, binary, data string) running {
	t.Helper()
	command := exec.CommandContext(ctx, binary, "dev", "--listen", "127.0.0.1:0", "--data", data, "--json")
	command.Stderr = t.Output()
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(stdout)
	line, err := reader.ReadBytes('\n')
	if err != nil {
		t.Fatalf("the first line: %v", err)
	}
	var first struct {
		URL string `json:"url"`
		PID int    `json:"pid"`
	}
	if err := json.Unmarshal(line, &first); err != nil || first.URL == "" || first.PID != command.Process.Pid {
		t.Fatalf("the first line is %s, %v", line, err)
	}
	return running{command, reader, client.New(first.URL, "demo", "secret")}
}

func (r running) createSession(ctx context.Context, t *testing.T) {
	t.Helper()
	session, err := r.client.CreateSession(ctx, map[string]any{
		"purchase_country": "SE", "purchase_currency": "SEK", "order_amount": 4900,
		"order_lines": []client.OrderLine{{Name: "Socks", Quantity: 1, UnitPrice: 4900, TotalAmount: 4900}},
	})
	if err != nil || session.SessionID == "" {
		t.Fatalf("create session: %v", err)
	}
}

func stopsCleanly(t *testing.T, binary, data string, signal syscall.Signal) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	server := start(ctx, t, binary, data)
	server.createSession(ctx, t)
	if err := server.command.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(server.stdout)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.command.Wait(); err != nil {
		t.Errorf("%v ends the server with %v, want exit code 0; it printed %s", signal, err, rest)
	}
}

// stopsWithAFullPipe: whoever starts the server for its first line and never
// reads on can still stop it.
func stopsWithAFullPipe(t *testing.T, binary, data string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	server := start(ctx, t, binary, data)
	for range 1500 { // more than a pipe and the console's queue hold
		server.createSession(ctx, t)
	}
	if err := server.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if state, err := server.command.Process.Wait(); err != nil || !state.Success() {
		t.Errorf("the server ended with %v, %v", state, err)
	}
}
