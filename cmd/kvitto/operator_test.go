package main_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kvitto/kvitto/client"
)

// shop is a `kvitto serve` process with one merchant and its key.
type shop struct {
	t              *testing.T
	binary, config string
	command        *exec.Cmd
	url            string
	key            struct {
		Merchant string `json:"merchant_id"`
		Username string `json:"username"`
		Password string `json:"password"`
	}
}

// kvitto runs a command to its end and reads its JSON.
func (s *shop) kvitto(ctx context.Context, into any, args ...string) {
	s.t.Helper()
	command := exec.CommandContext(ctx, s.binary, args...)
	command.Stderr = s.t.Output()
	output, err := command.Output()
	if err == nil && into != nil {
		err = json.Unmarshal(output, into)
	}
	if err != nil {
		s.t.Fatalf("kvitto %s: %v\n%s", strings.Join(args, " "), err, output)
	}
}

// serve starts the server and waits for its first line.
func (s *shop) serve(ctx context.Context, args ...string) {
	s.t.Helper()
	s.command = exec.CommandContext(ctx, s.binary, append([]string{"serve", "--config", s.config, "--json"}, args...)...)
	s.command.Stderr = s.t.Output()
	stdout, err := s.command.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.command.Start(); err != nil {
		s.t.Fatal(err)
	}
	var first struct {
		URL string `json:"url"`
	}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &first)
	}
	if err != nil || first.URL == "" {
		s.t.Fatalf("the first line is %q, %v", line, err)
	}
	s.url = first.URL
}

// stop asks the server to stop; it must end well.
func (s *shop) stop() {
	s.t.Helper()
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	if err := s.command.Wait(); err != nil {
		s.t.Errorf("SIGTERM ends the server with %v", err)
	}
}

func (s *shop) client() *client.Client { return client.New(s.url, s.key.Username, s.key.Password) }

func socks(reference int) map[string]any {
	return map[string]any{
		"purchase_country": "SE", "purchase_currency": "SEK", "order_amount": 4900, "merchant_reference1": fmt.Sprint(reference),
		"order_lines": []client.OrderLine{{Name: "Socks", Quantity: 1, UnitPrice: 4900, TotalAmount: 4900}},
	}
}

// until calls until the status is the wanted one.
func (s *shop) until(ctx context.Context, want int) {
	s.t.Helper()
	for {
		_, err := s.client().CreateSession(ctx, socks(0))
		var refused *client.Error
		if status := 200; err == nil && want == status || errors.As(err, &refused) && refused.Status == want {
			return
		}
		if ctx.Err() != nil {
			s.t.Fatalf("the answer never became %d: %v", want, err)
		}
	}
}

// privateFiles: all that a running server has made is its user's alone.
func privateFiles(t *testing.T, directory string) {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil || len(entries) < 6 { // two databases, their -wal and -shm
		t.Fatalf("the files of a running server: %v, %v", entries, err)
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v, %v", entry.Name(), info.Mode(), err)
		}
	}
}

// TestAnOperatorsDay: the binary as an operator uses it, from an empty
// directory to a restored backup.
func TestAnOperatorsDay(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	dir := t.TempDir()
	s := &shop{t: t, binary: filepath.Join(dir, "kvitto"), config: filepath.Join(dir, "kvitto.toml")}
	if output, err := exec.CommandContext(ctx, "go", "build", "-o", s.binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, output)
	}
	text := fmt.Sprintf("listen = \"127.0.0.1:0\"\ndata = %q\n[rate_limit]\nenabled = false\n", filepath.Join(dir, "data"))
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.serve(ctx)
	var merchant struct {
		ID string `json:"merchant_id"`
	}
	s.kvitto(ctx, &merchant, "merchant", "add", "Shoes", "--config", s.config, "--json")
	s.kvitto(ctx, &s.key, "key", "create", "--merchant", merchant.ID, "--config", s.config, "--json")
	s.until(ctx, 200)
	s.noPlayground(ctx)
	privateFiles(t, filepath.Join(dir, "data"))

	// The old key stops, the new one goes on.
	old := s.key
	s.kvitto(ctx, &s.key, "key", "create", "--merchant", merchant.ID, "--config", s.config, "--json")
	s.kvitto(ctx, nil, "key", "revoke", old.Username, "--config", s.config)
	live := s.key
	s.key = old
	s.until(ctx, 401)
	s.key = live
	s.until(ctx, 200)
	s.kvitto(ctx, nil, "merchant", "disable", merchant.ID, "--config", s.config)
	s.until(ctx, 401)
	s.kvitto(ctx, nil, "merchant", "enable", merchant.ID, "--config", s.config)
	s.until(ctx, 200)

	archive := filepath.Join(dir, "kvitto.tar")
	before := s.backUpUnderLoad(ctx, archive)
	s.stop()
	restored := filepath.Join(dir, "restored")
	s.kvitto(ctx, nil, "restore", archive, "--data", restored, "--json")
	s.serve(ctx, "--data", restored)
	for id, reference := range before {
		session, err := s.client().ReadSession(ctx, id)
		if err != nil || !strings.Contains(string(session.Raw), fmt.Sprintf(`"merchant_reference1" : "%d"`, reference)) {
			t.Errorf("session %s of before the backup: %s, %v", id, session.Raw, err)
		}
	}
	s.stop()
}

// noPlayground: Kvitto's own interface is not there, in the API's own shape.
func (s *shop) noPlayground(ctx context.Context) {
	s.t.Helper()
	_, err := s.client().Clock(ctx)
	var refused *client.Error
	if !errors.As(err, &refused) || refused.Status != http.StatusNotFound || refused.Code != "NOT_FOUND" {
		s.t.Errorf("the playground's clock: %v", err)
	}
}

// backUpUnderLoad makes a backup while sessions are created, and returns those
// that were acknowledged before it was asked for.
func (s *shop) backUpUnderLoad(ctx context.Context, archive string) map[string]int {
	s.t.Helper()
	var mu sync.Mutex
	acknowledged := make(map[string]int)
	enough := make(chan struct{})
	loading, stop := context.WithCancel(ctx)
	var wait sync.WaitGroup
	for worker := range 4 {
		wait.Go(func() {
			for n := worker; loading.Err() == nil; n += 4 {
				session, err := s.client().CreateSession(loading, socks(n))
				if err != nil {
					if loading.Err() == nil {
						s.t.Errorf("create session during the backup: %v", err)
					}
					return
				}
				mu.Lock()
				acknowledged[session.SessionID] = n
				if len(acknowledged) == 100 {
					close(enough)
				}
				mu.Unlock()
			}
		})
	}
	select {
	case <-enough:
	case <-ctx.Done():
		s.t.Fatal("no hundred sessions were created")
	}
	mu.Lock()
	before := make(map[string]int)
	for id, n := range acknowledged {
		before[id] = n
	}
	mu.Unlock()
	s.kvitto(ctx, nil, "backup", archive, "--config", s.config, "--json")
	stop()
	wait.Wait()
	return before
}
