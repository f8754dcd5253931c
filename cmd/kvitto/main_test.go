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
	t.Run("exit code", func(t *testing.T) {
		t.Parallel()
		var exit *exec.ExitError
		if err := exec.CommandContext(t.Context(), binary, "no-such-command").Run(); !errors.As(err, &exit) || exit.ExitCode() != 2 {
			t.Errorf("an unknown command ends with %v, want exit code 2", err)
		}
	})
}

func stopsCleanly(t *testing.T, binary, data string, signal syscall.Signal) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
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
	session, err := client.New(first.URL, "demo", "secret").CreateSession(ctx, map[string]any{
		"purchase_country": "SE", "purchase_currency": "SEK", "order_amount": 4900,
		"order_lines": []client.OrderLine{{Name: "Socks", Quantity: 1, UnitPrice: 4900, TotalAmount: 4900}},
	})
	if err != nil || session.SessionID == "" {
		t.Fatalf("create session: %v", err)
	}
	if err := command.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("%v ends the server with %v, want exit code 0; it printed %s", signal, err, rest)
	}
}
