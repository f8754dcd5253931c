package app_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/app"
)

func open(t testing.TB, config app.Config) (*app.App, error) {
	t.Helper()
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	return app.Open(t.Context(), config)
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestOperatorsPaths(t *testing.T) {
	t.Parallel()
	server, err := open(t, app.Config{DataDir: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	for path, want := range map[string]string{
		"/healthz": "ok\n",
		"/readyz":  "ok\n",
		"/metrics": "kvitto_store_commit_batch_size_bucket",
	} {
		if status, body := get(t, server.URL+path); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %.200s", path, status, body)
		}
	}
	if status, body := get(t, server.URL+"/payments/v1/sessions/x"); status != 401 || !strings.Contains(body, "UNAUTHORIZED") {
		t.Errorf("%d %s", status, body)
	}
	if _, body := get(t, server.URL+"/metrics"); !strings.Contains(body, `kvitto_exchanges_total{operation="none",status="401"} 1`) {
		t.Error("the exchange is not counted")
	}
	if n := server.Exchanges(); n != 1 {
		t.Errorf("%d exchanges were counted", n)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
}

func TestATakenAddressLeavesNoFilesBehind(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	data := filepath.Join(t.TempDir(), "data")
	if _, err := open(t, app.Config{DataDir: data, Listen: taken.Addr().String()}); err == nil || !strings.Contains(err.Error(), "--listen") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Errorf("the data directory: %v", err)
	}
}

func TestADataDirectoryThatCannotBeMade(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, app.Config{DataDir: filepath.Join(file, "data"), Listen: "127.0.0.1:0"}); err == nil || !strings.Contains(err.Error(), "--data") {
		t.Errorf("error %v", err)
	}
}

func TestListeningEverywhereIsReachedOnLoopback(t *testing.T) {
	t.Parallel()
	server, err := open(t, app.Config{DataDir: t.TempDir(), Listen: ":0"})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if !strings.HasPrefix(server.URL, "http://127.0.0.1:") {
		t.Errorf("URL %s", server.URL)
	}
}
