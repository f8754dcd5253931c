package app_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/pgtest"
)

// TestAPlaygroundKeepsOutOfARealStore: kvitto dev on the store of kvitto serve
// would let anybody in.
func TestAPlaygroundKeepsOutOfARealStore(t *testing.T) {
	t.Parallel()
	stores := map[string]func(*testing.T) string{
		"SQLite":     func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "kvitto.db") },
		"PostgreSQL": func(t *testing.T) string { return pgtest.URL(t) },
	}
	for name, store := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := store(t)
			dev := func() error {
				server, err := app.Open(t.Context(), app.Config{Store: url, Listen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
				if err != nil {
					return err
				}
				return server.Close()
			}
			// A playground's own store stays open to it.
			for range 2 {
				if err := dev(); err != nil {
					t.Fatal(err)
				}
			}
			key(t, url)
			if err := dev(); err == nil || !strings.Contains(err.Error(), "kvitto merchant add") || !strings.Contains(err.Error(), "kvitto serve") {
				t.Errorf("a playground on it: %v", err)
			}
		})
	}
}

// TestAPlaygroundLooksAtStrangeFiles: what is no store is refused as ever, and
// is not changed.
func TestAPlaygroundLooksAtStrangeFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "letter.db")
	if err := os.WriteFile(path, []byte("Dear database"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := app.Open(t.Context(), app.Config{Store: "sqlite:" + path, Listen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "is not a SQLite database") {
		t.Errorf("a letter: %v", err)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "Dear database" {
		t.Errorf("the letter is now %q, %v", content, err)
	}
}
