package app_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/pgtest"
)

// TestAnEmptyDatabaseIsMadeAStore: by a server, and by whoever adds the first
// merchant; what only looks refuses it and says what to run.
func TestAnEmptyDatabaseIsMadeAStore(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	if _, err := app.OpenAdmin(t.Context(), url); err == nil || !strings.Contains(err.Error(), "kvitto migrate") {
		t.Errorf("merchants without a schema: %v", err)
	}
	server, err := app.Open(t.Context(), app.Config{Production: true, Store: url, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatalf("a server on an empty database: %v", err)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	for _, store := range []string{pgtest.URL(t), "sqlite:" + t.TempDir() + "/new/kvitto.db"} {
		for first := range 2 {
			opened, made, err := app.OpenNewAdmin(t.Context(), store)
			if err != nil || made != (first == 0) {
				t.Fatalf("made %v, %v", made, err)
			}
			if _, err := opened.AddMerchant(t.Context(), "Shoes"); err != nil {
				t.Error(err)
			}
			if err := opened.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestASharedStoreIsMigratedOnce, however many try at the same time.
func TestASharedStoreIsMigratedOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	var wait sync.WaitGroup
	var done [4]app.Migrated
	var errs [4]error
	for i := range done {
		wait.Go(func() { done[i], errs[i] = app.Migrate(t.Context(), url) })
	}
	wait.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(done[:], func(m app.Migrated) bool { return len(m.Applied) > 0 }) {
		t.Error("nobody says what it did")
	}
	again, err := app.Migrate(t.Context(), url)
	if err != nil || len(again.Applied) != 0 || again.Schema != done[0].Schema {
		t.Errorf("again: %+v, %v", again, err)
	}
	if _, err := app.Backup(t.Context(), url, t.TempDir()+"/b.tar", "test"); err == nil || !strings.Contains(err.Error(), "pg_basebackup") {
		t.Errorf("backup: %v", err)
	}
}

// TestARevokedKeyStopsOnEveryProcess: two servers on one database, a command
// beside them.
func TestARevokedKeyStopsOnEveryProcess(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	if _, err := app.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	servers := []*running{
		run(t, func(c *app.Config) { c.Store = url }), run(t, func(c *app.Config) { c.Store = url }),
	}
	username, password := key(t, url)
	call := func(server *running) int {
		return send(t, http.DefaultClient, "POST", server.URL+"/payments/v1/sessions", username, password, cart, nil).status
	}
	for _, server := range servers {
		if status := call(server); status != 200 {
			t.Fatalf("with a new key: %d", status)
		}
	}
	admin, err := app.OpenAdmin(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(admin.RevokeKey(t.Context(), username), admin.Close()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, server := range servers {
		for status := 200; status != 401; status = call(server) {
			if ctx.Err() != nil {
				t.Fatalf("the key still works: %d", status)
			}
		}
	}
}
