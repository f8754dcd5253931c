package app_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/app"
)

// TestOnlyServersAndMigrateMakeAStore: a mistyped path stays empty.
func TestOnlyServersAndMigrateMakeAStore(t *testing.T) {
	t.Parallel()
	directory := filepath.Join(t.TempDir(), "mistyped")
	url := "sqlite:" + filepath.Join(directory, "kvitto.db")
	_, opened := app.OpenAdmin(t.Context(), url)
	_, copied := app.Backup(t.Context(), url, filepath.Join(t.TempDir(), "b.tar"), "test")
	for what, err := range map[string]error{"merchants": opened, "backup": copied} {
		if err == nil || !strings.Contains(err.Error(), "there is no store at "+directory) || !strings.Contains(err.Error(), "kvitto migrate") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := os.Stat(directory); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory was made: %v", err)
	}
}

// TestTheDataOfAnotherUser: root would leave files there that the server cannot
// open, and others are told who they must be.
func TestTheDataOfAnotherUser(t *testing.T) {
	t.Parallel()
	directory := filepath.Join(t.TempDir(), "data")
	url := "sqlite:" + directory
	if _, err := app.Migrate(t.Context(), url+"/"); err != nil {
		t.Fatal(err)
	}
	calls := map[string]func() error{
		"merchants": func() error { _, err := app.OpenAdmin(t.Context(), url+"/kvitto.db"); return err },
		"backup": func() error {
			_, err := app.Backup(t.Context(), url+"/kvitto.db", filepath.Join(t.TempDir(), "b.tar"), "test")
			return err
		},
	}
	if os.Geteuid() == 0 {
		calls["migrate"] = func() error { _, err := app.Migrate(t.Context(), url); return err }
		if err := os.Chown(directory, 12345, 12345); err != nil {
			t.Fatal(err)
		}
	} else {
		if err := os.Chmod(directory, 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(directory, 0o700) }) // or the directory stays
	}
	for what, call := range calls {
		if err := call(); err == nil || !strings.Contains(err.Error(), "runuser -u ") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
